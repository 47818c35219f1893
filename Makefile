# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds, tests and installs dosed. `make help` lists what it does.

VERSION = 0.1.0

prefix ?= /usr/local
override prefix := $(patsubst %/,%,$(prefix))
bindir ?= $(prefix)/bin
libexecdir ?= $(prefix)/libexec
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
docdir ?= $(datadir)/doc/dosed
DESTDIR ?=
$(foreach place,prefix bindir libexecdir datadir mandir docdir,$(if $(word 2,$($(place))),$(error $(place) may have no spaces in it)) \
	$(if $(filter-out /%,$($(place))),$(error $(place) is a path from / on)) \
	$(foreach mark,| & ',$(if $(findstring $(mark),$($(place))),$(error $(place) may have no $(mark) in it))))
INSTALL ?= install
PKG_CONFIG ?= pkg-config
PYTHON ?= /usr/bin/python3
CFLAGS ?= -O2 -g
WERROR ?=

# SANITIZE=address,undefined builds in a folder of its own, so that the two kinds of objects never meet.
SANITIZE ?=
comma := ,
build := build/$(if $(SANITIZE),$(subst $(comma),-,$(SANITIZE)),plain)

libraries := libsystemd libical sqlite3 inih jansson smartcols libcurl
programs := dosed dosectl dosed-mail dosed-agent
rooms := base calendar dose medication store engine bus notify deliver

our_cppflags := -D_GNU_SOURCE -DDOSED_VERSION='"$(VERSION)"' -Iinclude -Isrc -MMD -MP
our_cflags := -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wwrite-strings -Wformat=2 -Wimplicit-fallthrough -Wundef -Wdate-time -Wnull-dereference -Wvla \
	-fno-strict-aliasing -fno-common -fstack-protector-strong -D_FORTIFY_SOURCE=$(if $(SANITIZE),0,2) -fPIE \
	$(if $(WERROR),-Werror) $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
our_ldflags := -pie -Wl,-z,relro,-z,now,--as-needed $(if $(SANITIZE),-fsanitize=$(SANITIZE))

# Asked once, and only where something is compiled: `make deps` runs before pkg-config is there.
library_cflags = $(eval library_cflags := $$(shell $(PKG_CONFIG) --cflags $(libraries)))$(library_cflags)
library_libs = $(eval library_libs := $$(shell $(PKG_CONFIG) --libs $(libraries)) -lunistring)$(library_libs)

V ?= 0
quiet = $(if $(filter 0,$(V)),@printf '  %-6s %s\n' '$(1)' '$(subst $(build)/,,$@)';)

objects_of = $(patsubst %.c,$(build)/%.o,$(wildcard src/$(1)/*.c))
room_objects := $(foreach room,$(rooms),$(call objects_of,$(room)))
dosed_objects := $(call objects_of,daemon)
dosectl_objects := $(call objects_of,ctl)
mail_objects := $(call objects_of,mail)
agent_objects := $(call objects_of,agent)
objects := $(patsubst %.c,$(build)/%.o,$(wildcard src/*/*.c tests/unit/*.c tests/bus/*.c tests/deliver/*.c tests/simulate/*.c))
fault_shims := $(patsubst tests/faults/%.c,$(build)/tests/%.so,$(wildcard tests/faults/*.c))
unit_tests := $(patsubst tests/unit/%.c,$(build)/tests/%,$(wildcard tests/unit/test-*.c))
bus_drivers := $(patsubst tests/bus/%.c,$(build)/tests/%,$(wildcard tests/bus/*.c))
deliver_drivers := $(patsubst tests/deliver/%.c,$(build)/tests/%,$(wildcard tests/deliver/*.c))

# Units and activation files name the place of the programs.
made_files := $(patsubst %.in,$(build)/%,$(wildcard systemd/*/*.in dbus/*.in))

.PHONY: all
all: ## build the programs
all: $(addprefix $(build)/,$(programs)) $(made_files)

# What is made with other flags, or for another place, than the last time is made anew: -Werror must see every file, and
# units must name the programs where they are installed.
stamp = @mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(1))' >$@

$(build)/flags: FORCE
	$(call stamp,$(CC) $(our_cppflags) $(CPPFLAGS) $(our_cflags) $(CFLAGS))

$(build)/places: FORCE
	$(call stamp,$(bindir))

$(objects): $(build)/%.o: %.c $(build)/flags
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(our_cppflags) $(CPPFLAGS) $(our_cflags) $(library_cflags) $(CFLAGS) -c -o $@ $<

archive = $(call quiet,AR)rm -f $@ && $(AR) rcs $@ $^

$(build)/libdosed.a: $(room_objects)
	$(archive)

# All of a program but its main(), for tests.
$(build)/libdaemon.a: $(filter-out %/main.o,$(dosed_objects))
	$(archive)

$(build)/libctl.a: $(filter-out %/main.o,$(dosectl_objects))
	$(archive)

$(build)/libmail.a: $(filter-out %/main.o,$(mail_objects))
	$(archive)

link = $(call quiet,LD)$(CC) $(our_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(library_libs)

$(build)/dosed: $(dosed_objects) $(build)/libdosed.a
	$(link)

$(build)/dosectl: $(dosectl_objects) $(build)/libdosed.a
	$(link)

$(build)/dosed-mail: $(mail_objects) $(build)/libdosed.a
	$(link)

$(build)/dosed-agent: $(agent_objects) $(build)/libdosed.a
	$(link)

# Lists, not patterns: rules that fit each other's targets would be tried in every combination, for minutes. What tests a
# program's own files links them as well.
tests_of = $(filter $(build)/tests/test-$(1)-%,$(unit_tests))

$(call tests_of,ctl): $(build)/libctl.a
$(call tests_of,daemon): $(build)/libdaemon.a
$(call tests_of,mail): $(build)/libmail.a

$(unit_tests): $(build)/tests/%: $(build)/tests/unit/%.o $(build)/libdosed.a
	$(call quiet,LD)$(CC) $(our_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) \
		$(filter-out $(build)/libdosed.a,$(filter %.a,$^)) $(build)/libdosed.a $(library_libs) -lcmocka

$(build)/tests/simulator: $(filter $(build)/tests/simulate/%,$(objects)) $(build)/libdosed.a
	$(link)

$(bus_drivers): $(build)/tests/%: $(build)/tests/bus/%.o $(build)/libdosed.a
	$(link)

$(deliver_drivers): $(build)/tests/%: $(build)/tests/deliver/%.o $(build)/libdosed.a
	$(link)

# Preloaded into the daemon by the tests of faults.
$(fault_shims): $(build)/tests/%.so: tests/faults/%.c
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) -D_GNU_SOURCE -std=gnu11 -Wall -Wextra $(if $(WERROR),-Werror) $(CFLAGS) -fPIC -shared -o $@ $< -ldl

$(made_files): $(build)/%: %.in $(build)/places
	@mkdir -p $(@D)
	$(call quiet,SED)sed 's|@bindir@|$(bindir)|g' $< >$@

.SECONDARY:
.DELETE_ON_ERROR:

-include $(wildcard $(build)/src/*/*.d $(build)/tests/*/*.d)

# What is missing on this machine is installed once; the stamp makes it cost nothing the next time.
build/.deps-%: .ci/deps
	@mkdir -p $(@D)
	@.ci/deps $*
	@touch $@

.PHONY: deps
deps: ## install what building, checking and linting need (Debian, Ubuntu), or say what is missing
deps: build/.deps-build build/.deps-check build/.deps-lint

# Their own set-up comes first, whatever -j says; therefore the second make, which uses every processor if nobody said how
# many.
make_flags = --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: check
check: ## run all tests; with SANITIZE=address,undefined under the sanitizers
check: build/.deps-build build/.deps-check
	@$(MAKE) $(make_flags) check-built

.PHONY: check-built
check-built: all $(unit_tests) $(bus_drivers) $(deliver_drivers) $(fault_shims) $(build)/tests/simulator
	@DOSED_BUILD=$(build) SEEDS=$(if $(SANITIZE),12,$(SEEDS)) YEARS=$(YEARS) $(PYTHON) tests/run \
		$(addprefix --alone=,$(wildcard tests/simulate/test_*.py)) $(unit_tests) \
		$(foreach folder,project differential deliver delivery hooks bus mail,$(wildcard tests/$(folder)/test_*.py))

# A booted system is another machine: one after the other, and longer than others may take.
.PHONY: check-system
check-system: ## the service under a booted systemd, in a container; needs root
check-system: build/.deps-build build/.deps-check
	@[ "$$(id -u)" -ne 0 ] || $(MAKE) --no-print-directory build/.deps-system
	@$(MAKE) $(make_flags) all
	@DOSED_BUILD=$(build) $(PYTHON) tests/run --jobs 1 --deadline 3600 $(wildcard tests/system/test_*.py)

# 118 lives of 3 years, of one or two people, are 504 person-years. SEED=n is the first of them; with SEEDS=1 VERBOSE=1 it is told.
# WITHOUT=drag,far leaves out what these names stand for, ONLY=shift,back all but that (tests/simulate/parts.c).
SEEDS ?= 118
YEARS ?= 3
SEED ?= 1

.PHONY: simulate
simulate: ## lives with dosed under a virtual clock: SEEDS=, YEARS=, SEED= (the first), ONLY=, WITHOUT=, VERBOSE=1
simulate: build/.deps-build build/.deps-check
	@$(MAKE) $(make_flags) $(build)/tests/simulator
	@$(if $(VERBOSE),$(build)/tests/simulator $(SEED) $(SEEDS) $(YEARS),DOSED_BUILD=$(build) SEEDS=$(SEEDS) YEARS=$(YEARS) \
		SEED=$(SEED) $(PYTHON) tests/simulate/test_simulate.py)

.PHONY: demo
demo: ## a morning with dosed in under a minute, on a bus and a screen of its own
demo: build/.deps-build build/.deps-check
	@$(MAKE) $(make_flags) all
	@DOSED_BUILD=$(build) $(PYTHON) tests/demo/demo

.PHONY: run
run: ## the same in the foreground, to play with, until Ctrl-C
run: build/.deps-build build/.deps-check
	@$(MAKE) $(make_flags) all
	@DOSED_BUILD=$(build) $(PYTHON) tests/demo/demo --play

.PHONY: screenshot
screenshot: ## the picture in README.md, made anew
screenshot: build/.deps-build build/.deps-check build/.deps-screenshot
	@$(MAKE) $(make_flags) all $(build)/tests/move-clock.so
	@DOSED_BUILD=$(build) $(PYTHON) tests/demo/screenshot data/screenshot.png

.PHONY: lint
lint: ## look for mistakes without running anything
lint: export LINT_FLAGS = $(filter-out -MMD -MP,$(our_cppflags)) -std=gnu11 $(library_cflags)
lint: build/.deps-build build/.deps-lint
	@tests/lint/run

.PHONY: format
format: ## lay out the lines that you changed as .clang-format says
	@git clang-format --force --extensions c,h HEAD

# Where others look for what we bring them, under our prefix; by their own word, if they have one on this machine.
place_of = $(or $(shell $(PKG_CONFIG) $(foreach root,prefix root_prefix rootprefix,--define-variable=$(root)=$(prefix)) \
	--define-variable=datadir=$(datadir) --variable=$(2) $(1) 2>/dev/null),$(3))
systemunitdir ?= $(call place_of,systemd,systemdsystemunitdir,$(prefix)/lib/systemd/system)
userunitdir ?= $(call place_of,systemd,systemduserunitdir,$(prefix)/lib/systemd/user)
sysusersdir ?= $(call place_of,systemd,sysusersdir,$(prefix)/lib/sysusers.d)
tmpfilesdir ?= $(call place_of,systemd,tmpfilesdir,$(prefix)/lib/tmpfiles.d)
catalogdir ?= $(call place_of,systemd,catalogdir,$(prefix)/lib/systemd/catalog)
systemservicesdir ?= $(call place_of,dbus-1,system_bus_services_dir,$(datadir)/dbus-1/system-services)
sessionservicesdir ?= $(call place_of,dbus-1,session_bus_services_dir,$(datadir)/dbus-1/services)
interfacesdir ?= $(call place_of,dbus-1,interfaces_dir,$(datadir)/dbus-1/interfaces)
bashcompletionsdir ?= $(call place_of,bash-completion,completionsdir,$(datadir)/bash-completion/completions)
fishcompletionsdir ?= $(call place_of,fish,completionsdir,$(datadir)/fish/vendor_completions.d)
# Debian keeps the other folder for its administrators, and looks for this one below /usr only.
zshcompletionsdir ?= $(datadir)/zsh/$(if $(and $(filter /usr,$(prefix)),$(wildcard /etc/debian_version)),vendor-completions,site-functions)
# The system bus reads no policies below /usr/local.
sysconfdir ?= $(if $(filter /usr /usr/local,$(prefix)),/etc,$(prefix)/etc)
policydir ?= $(if $(filter /usr,$(prefix)),$(datadir)/dbus-1/system.d,$(sysconfdir)/dbus-1/system.d)

into = $(foreach file,$(3),$(1):$(file):$(2)/$(notdir $(file)))

# mode:source:destination of every file; install and uninstall both walk it, and tests/project/test_install.py knows it by heart.
installed = \
	$(call into,755,$(bindir),$(build)/dosed $(build)/dosectl $(build)/dosed-agent) \
	$(call into,755,$(libexecdir)/dosed,$(build)/dosed-mail) \
	$(call into,644,$(systemunitdir),$(patsubst %.in,$(build)/%,$(wildcard systemd/system/*.in))) \
	$(call into,644,$(userunitdir),$(patsubst %.in,$(build)/%,$(wildcard systemd/user/*.in))) \
	644:systemd/dosed.sysusers:$(sysusersdir)/dosed.conf \
	644:systemd/dosed.tmpfiles:$(tmpfilesdir)/dosed.conf \
	644:$(build)/dbus/org.dosed.Dosed1.service:$(sessionservicesdir)/org.dosed.Dosed1.service \
	644:$(build)/dbus/org.dosed.Dosed1.system.service:$(systemservicesdir)/org.dosed.Dosed1.service \
	$(call into,644,$(policydir),dbus/org.dosed.Dosed1.conf) \
	$(call into,644,$(interfacesdir),$(wildcard dbus/*.xml)) \
	$(foreach section,1 5 7 8,$(call into,644,$(mandir)/man$(section),$(wildcard man/*.$(section)))) \
	$(call into,755,$(datadir)/dosed/hooks,$(wildcard data/hooks/*)) \
	$(foreach file,$(wildcard data/completions/*.bash),644:$(file):$(bashcompletionsdir)/$(basename $(notdir $(file)))) \
	$(call into,644,$(zshcompletionsdir),$(wildcard data/completions/_*)) \
	$(call into,644,$(fishcompletionsdir),$(wildcard data/completions/*.fish)) \
	$(call into,644,$(catalogdir),data/dosed.catalog) \
	$(call into,644,$(docdir)/examples,data/dosed.conf) \
	$(call into,644,$(docdir)/examples/sync,$(wildcard data/sync/*))

# Folders that are ours alone, the inner ones first.
own_folders = $(docdir)/examples/sync $(docdir)/examples $(docdir) $(libexecdir)/dosed $(datadir)/dosed/hooks $(datadir)/dosed

# Pages and examples name the places of Debian's package.
places_told = s|/usr/share/doc/dosed|$(docdir)|g; s|/usr/share/dosed|$(datadir)/dosed|g; s|/usr/share/dbus-1/interfaces|$(interfacesdir)|g

# Below another prefix, systemd and the buses look for nothing.
next_steps = $(if $(filter /usr /usr/local,$(prefix)), \
	'For yourself:    systemctl --user daemon-reload && systemctl --user enable --now dosed' \
	'For a household: systemd-sysusers && systemd-tmpfiles --create dosed.conf && journalctl --update-catalog &&' \
	'                 systemctl daemon-reload && systemctl reload dbus && systemctl enable --now dosed', \
	'For yourself:    systemctl --user enable --now $(userunitdir)/dosed.service' \
	'For a household: install with prefix=/usr/local, where the system looks for services and their policies')

.PHONY: install
install: ## install under $(prefix), or $(DESTDIR)$(prefix)
install: all
	@for file in $(installed); do \
		mode=$${file%%:*}; paths=$${file#*:}; target="$(DESTDIR)$${paths#*:}"; \
		printf '  %-6s %s\n' INST "$$target"; \
		case "$${paths%%:*}" in \
		man/* | data/*) sed '$(places_told)' "$${paths%%:*}" | $(INSTALL) -D -m "$$mode" /dev/stdin "$$target" ;; \
		*) $(INSTALL) -D -m "$$mode" "$${paths%%:*}" "$$target" ;; \
		esac || exit 1; \
	done
	@[ -n "$(DESTDIR)" ] || printf '%s\n' $(next_steps)

.PHONY: uninstall
uninstall: ## remove exactly what install put there
	@for file in $(installed); do \
		target="$(DESTDIR)$${file##*:}"; \
		printf '  %-6s %s\n' RM "$$target"; \
		rm -f "$$target" || exit 1; \
	done
	@for folder in $(own_folders); do \
		folder="$(DESTDIR)$$folder"; \
		[ ! -d "$$folder" ] || rmdir --ignore-fail-on-non-empty "$$folder" || exit 1; \
	done

# In a copy, since it begins and ends by cleaning up; with nothing of how this make was called.
.PHONY: deb
deb: ## the Debian package, in build/deb
	rm -rf build/deb
	mkdir -p build/deb/dosed
	tar -c --exclude=./build --exclude=./.git . | tar -x -C build/deb/dosed
	cd build/deb/dosed && env -u MAKEFLAGS -u MAKEOVERRIDES -u MFLAGS -u MAKELEVEL dpkg-buildpackage -us -uc -b
	rm -rf build/deb/dosed

.PHONY: clean
clean: ## remove what was built
	rm -rf build

.PHONY: help
help: ## list these targets
	@sed -n 's/^\([a-z-]*\): ## /\1\t/p' Makefile | while IFS='	' read -r target text; do \
		printf '  make %-14s %s\n' "$$target" "$$text"; done
	@printf '%s\n' '' 'V=1 shows the commands. SANITIZE=address,undefined and WERROR=1 go with all and check;' \
		'prefix, DESTDIR, bindir, libexecdir and datadir with install and uninstall; CFLAGS and LDFLAGS are yours.'

.PHONY: FORCE
FORCE:
