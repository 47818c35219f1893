# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds, tests and installs dosed. `make help` lists what it does.

VERSION = 0.1.0

prefix ?= /usr/local
bindir ?= $(prefix)/bin
libexecdir ?= $(prefix)/libexec
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
docdir ?= $(datadir)/doc/dosed
DESTDIR ?=
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
programs := dosed dosectl dosed-mail
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
fault_shims := $(patsubst tests/faults/%.c,$(build)/tests/%.so,$(wildcard tests/faults/*.c))
unit_tests := $(patsubst tests/unit/%.c,$(build)/tests/%,$(wildcard tests/unit/test-*.c))
bus_drivers := $(patsubst tests/bus/%.c,$(build)/tests/%,$(wildcard tests/bus/*.c))
deliver_drivers := $(patsubst tests/deliver/%.c,$(build)/tests/%,$(wildcard tests/deliver/*.c))

.PHONY: all
all: ## build the programs
all: $(addprefix $(build)/,$(programs) dosed.service org.dosed.Dosed1.service)

# What is made with other flags, or for another place, than the last time is made anew: -Werror must see every file, and
# units must name the programs where they are installed.
stamp = @mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(1))' >$@

$(build)/flags: FORCE
	$(call stamp,$(CC) $(our_cppflags) $(CPPFLAGS) $(our_cflags) $(CFLAGS))

$(build)/places: FORCE
	$(call stamp,$(bindir))

$(build)/%.o: %.c $(build)/flags
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

# The longest fitting name counts: what tests a program's own files links them as well.
$(build)/tests/test-ctl-%: $(build)/tests/unit/test-ctl-%.o $(build)/libctl.a $(build)/libdosed.a
	$(link) -lcmocka

$(build)/tests/test-daemon-%: $(build)/tests/unit/test-daemon-%.o $(build)/libdaemon.a $(build)/libdosed.a
	$(link) -lcmocka

$(build)/tests/test-mail-%: $(build)/tests/unit/test-mail-%.o $(build)/libmail.a $(build)/libdosed.a
	$(link) -lcmocka

$(build)/tests/%: $(build)/tests/unit/%.o $(build)/libdosed.a
	$(link) -lcmocka

$(build)/tests/simulator: $(patsubst %.c,$(build)/%.o,$(wildcard tests/simulate/*.c)) $(build)/libdosed.a
	$(link)

$(build)/tests/%: $(build)/tests/bus/%.o $(build)/libdosed.a
	$(link)

$(build)/tests/%: $(build)/tests/deliver/%.o $(build)/libdosed.a
	$(link)

# Preloaded into the daemon by the tests of faults.
$(build)/tests/%.so: tests/faults/%.c
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) -D_GNU_SOURCE -std=gnu11 -Wall -Wextra $(if $(WERROR),-Werror) $(CFLAGS) -fPIC -shared -o $@ $< -ldl

substituted = sed 's|@bindir@|$(bindir)|g' $< >$@

$(build)/%.service: systemd/%.service.in $(build)/places
	@mkdir -p $(@D)
	$(call quiet,SED)$(substituted)

$(build)/%.service: dbus/%.service.in $(build)/places
	@mkdir -p $(@D)
	$(call quiet,SED)$(substituted)

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
		$(foreach folder,project differential deliver delivery hooks bus mail system,$(wildcard tests/$(folder)/test_*.py))

# 120 lives of 3 years, of one or two people, are 500 person-years. SEED=n is the first of them; with SEEDS=1 VERBOSE=1 it is told.
# WITHOUT=drag,far leaves out what these names stand for, ONLY=shift,back all but that (tests/simulate/parts.c).
SEEDS ?= 120
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

.PHONY: lint
lint: ## look for mistakes without running anything
lint: export LINT_FLAGS = $(filter-out -MMD -MP,$(our_cppflags)) -std=gnu11 $(library_cflags)
lint: build/.deps-build build/.deps-lint
	@tests/lint/run

.PHONY: format
format: ## lay out the lines that you changed as .clang-format says
	@git clang-format --force --extensions c,h HEAD

# Where systemd looks, under our prefix.
systemd_folder = $(or $(shell $(PKG_CONFIG) --define-variable=prefix=$(prefix) --variable=$(1) systemd 2>/dev/null),$(2))
userunitdir ?= $(call systemd_folder,systemduserunitdir,$(prefix)/lib/systemd/user)
catalogdir ?= $(call systemd_folder,catalogdir,$(prefix)/lib/systemd/catalog)

# mode:source:destination of every file; install and uninstall both walk it.
installed = \
	755:$(build)/dosed:$(bindir)/dosed \
	755:$(build)/dosectl:$(bindir)/dosectl \
	755:$(build)/dosed-mail:$(libexecdir)/dosed/dosed-mail \
	644:$(build)/dosed.service:$(userunitdir)/dosed.service \
	644:$(build)/org.dosed.Dosed1.service:$(datadir)/dbus-1/services/org.dosed.Dosed1.service \
	$(foreach xml,$(wildcard dbus/*.xml),644:$(xml):$(datadir)/dbus-1/interfaces/$(notdir $(xml))) \
	644:man/dosed.8:$(mandir)/man8/dosed.8 \
	644:man/dosed-hook.5:$(mandir)/man5/dosed-hook.5 \
	$(foreach hook,$(wildcard data/hooks/*),755:$(hook):$(datadir)/dosed/hooks/$(notdir $(hook))) \
	644:man/dosed.conf.5:$(mandir)/man5/dosed.conf.5 \
	644:man/dosed-mail.8:$(mandir)/man8/dosed-mail.8 \
	644:man/dosectl.1:$(mandir)/man1/dosectl.1 \
	644:data/dosed.catalog:$(catalogdir)/dosed.catalog \
	644:data/dosed.conf:$(docdir)/examples/dosed.conf

.PHONY: install
install: ## install under $(prefix), or $(DESTDIR)$(prefix)
install: all
	@for file in $(installed); do \
		mode=$${file%%:*}; paths=$${file#*:}; target="$(DESTDIR)$${paths#*:}"; \
		printf '  %-6s %s\n' INST "$$target"; \
		$(INSTALL) -D -m "$$mode" "$${paths%%:*}" "$$target" || exit 1; \
	done

.PHONY: uninstall
uninstall: ## remove exactly what install put there
	@for file in $(installed); do \
		target="$(DESTDIR)$${file##*:}"; \
		printf '  %-6s %s\n' RM "$$target"; \
		rm -f "$$target" || exit 1; \
	done
	@for folder in "$(DESTDIR)$(docdir)/examples" "$(DESTDIR)$(docdir)" "$(DESTDIR)$(libexecdir)/dosed" \
		"$(DESTDIR)$(datadir)/dosed/hooks" "$(DESTDIR)$(datadir)/dosed"; do \
		[ ! -d "$$folder" ] || rmdir --ignore-fail-on-non-empty "$$folder" || exit 1; \
	done

.PHONY: clean
clean: ## remove what was built
	rm -rf build

.PHONY: help
help: ## list these targets
	@sed -n 's/^\([a-z-]*\): ## /\1\t/p' Makefile | while IFS='	' read -r target text; do \
		printf '  make %-10s %s\n' "$$target" "$$text"; done
	@printf '%s\n' '' 'V=1 shows the commands. SANITIZE=address,undefined and WERROR=1 go with all and check;' \
		'prefix, DESTDIR, bindir, libexecdir and datadir with install and uninstall; CFLAGS and LDFLAGS are yours.'

.PHONY: FORCE
FORCE:
