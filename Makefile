# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds, tests and installs dosed. `make help` lists what it does.

VERSION = 0.1.0

prefix ?= /usr/local
bindir ?= $(prefix)/bin
datadir ?= $(prefix)/share
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

libraries := libsystemd libical sqlite3 inih jansson smartcols
programs := dosed dosectl
rooms := base calendar dose store engine bus notify

our_cppflags := -D_GNU_SOURCE -DDOSED_VERSION='"$(VERSION)"' -Iinclude -Isrc -MMD -MP
our_cflags := -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wwrite-strings -Wformat=2 -Wimplicit-fallthrough -Wundef -Wdate-time -Wnull-dereference -Wvla \
	-fno-strict-aliasing -fno-common -fstack-protector-strong -D_FORTIFY_SOURCE=$(if $(SANITIZE),0,2) -fPIE \
	$(if $(WERROR),-Werror) $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
our_ldflags := -pie -Wl,-z,relro,-z,now,--as-needed $(if $(SANITIZE),-fsanitize=$(SANITIZE))
library_cflags = $(shell $(PKG_CONFIG) --cflags $(libraries))
library_libs = $(shell $(PKG_CONFIG) --libs $(libraries)) -lunistring

V ?= 0
quiet = $(if $(filter 0,$(V)),@printf '  %-6s %s\n' '$(1)' '$(subst $(build)/,,$@)';)

room_objects := $(patsubst %.c,$(build)/%.o,$(foreach room,$(rooms),$(wildcard src/$(room)/*.c)))
dosed_objects := $(patsubst %.c,$(build)/%.o,$(wildcard src/daemon/*.c))
dosectl_objects := $(patsubst %.c,$(build)/%.o,$(wildcard src/ctl/*.c))
unit_tests := $(patsubst tests/unit/%.c,$(build)/tests/%,$(wildcard tests/unit/test-*.c))

.PHONY: all
all: ## build the programs
all: $(addprefix $(build)/,$(programs))

$(build)/%.o: %.c
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(our_cppflags) $(CPPFLAGS) $(our_cflags) $(library_cflags) $(CFLAGS) -c -o $@ $<

$(build)/libdosed.a: $(room_objects)
	@rm -f $@
	$(call quiet,AR)$(AR) rcs $@ $^

$(build)/dosed: $(dosed_objects) $(build)/libdosed.a
	$(call quiet,LD)$(CC) $(our_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(library_libs)

$(build)/dosectl: $(dosectl_objects) $(build)/libdosed.a
	$(call quiet,LD)$(CC) $(our_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(library_libs)

$(build)/tests/%: $(build)/tests/unit/%.o $(build)/libdosed.a
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(our_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(library_libs) -lcmocka

.SECONDARY:

-include $(wildcard $(build)/src/*/*.d $(build)/tests/unit/*.d)

.PHONY: clean
clean: ## remove what was built
	rm -rf build
