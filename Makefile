# Tracewright. Targets:
#   make all           set up, then build build/tracewright and the experiments
#   make test          set up, build, run every test                    (T=pattern: some)
#   make reproduce     every figure and table, tables.xlsx, the paper, the claims
#                      SCALE=small|full  SEED=n  DATA=dir  FROM=checkpoints
#   make compare CHECKPOINT=dir   a checkpoint beside all baselines
#   make list          figures and tables: paper number, driver, minutes, memory
#   make figure-NAME   one figure           make table-NAME   one table
#   make paper         typeset paper/paper.pdf and paper/paper.html
#   make demo          a minute's look: two trees and a figure
#   make bench         measure against other programs
#   make lint          both compilers, cppcheck, room walls, line lengths, shell syntax
#   make asan          every test under the address and undefined-behaviour sanitizers
#   make fuzz          every parser on mutated input, FUZZ_SECONDS=60 each, and again until
#                      a round of it finds no new code
#   make install       program, man page, completion                    (PREFIX=, DESTDIR=)
#   make clean         remove the build folders
# Variables: CC, ARCH (-march), OPT, BUILD, THREADS; V=1 prints the commands.

.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

SCALE ?= small
SEED ?= 1
THREADS ?= $(shell nproc)
BUILD ?= build
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
CC = gcc
# The kernels that gain from wider vectors are compiled for them and chosen at run time.
ARCH ?= $(if $(filter x86_64,$(shell uname -m)),x86-64-v2,native)
OPT ?= -O3 -g
STRICT := -std=c17 -D_POSIX_C_SOURCE=200809L -ffp-contract=off -fno-math-errno -Wall -Wextra -Wshadow -Wvla \
          -Wstrict-prototypes -Wmissing-prototypes -Werror
PACKAGES := gsl openblas cairo cairo-pdf cairo-svg pangocairo jansson libarchive libcmark libcrypto
PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
# GSL's own cblas would shadow OpenBLAS's.
LIBS = $(filter-out -lgslcblas,$(shell pkg-config --libs $(PACKAGES))) -lxlsxwriter -lpthread -lm
CFLAGS = $(STRICT) $(OPT) -march=$(ARCH) $(SANITIZE)
COMMIT := $(if $(wildcard .git),$(shell git describe --always --dirty --abbrev=12 2>/dev/null))
Q := $(if $(V),,@)
PARALLEL = --no-print-directory $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))
export LC_ALL := C

SRC := $(filter-out src/cli/main.c,$(wildcard src/*/*.c))
OBJ := $(SRC:%.c=$(BUILD)/%.o)
LIB := $(BUILD)/libtracewright.a
DRIVERS := $(patsubst experiments/%.c,$(BUILD)/experiments/%,$(wildcard experiments/*.c))
TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))
FUZZERS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/fuzz_*.c))
MANUAL := $(BUILD)/tracewright.1 $(BUILD)/tracewright.bash

.PHONY: all test reproduce compare list paper demo bench lint everything asan fuzz fuzzers install
.PHONY: help clean setup programs tests
# Packages may arrive in setup, so what asks pkg-config is a second make.
all: setup
	@$(MAKE) $(PARALLEL) programs
programs: $(BUILD)/tracewright $(MANUAL) $(DRIVERS); @:

help:
	@sed -n '/^$$/q; s/^# \{0,1\}//p' Makefile

setup:
	@sh tests/setup.sh

# Two facts that make cannot see: the flags (every object hangs on them) and the commit.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D); echo '$(CC) $(CFLAGS)' | cmp -s - $@ || echo '$(CC) $(CFLAGS)' > $@
$(BUILD)/commit: FORCE
	@mkdir -p $(@D); echo '$(COMMIT)' | cmp -s - $@ || echo '$(COMMIT)' > $@
.PHONY: FORCE
$(BUILD)/src/base/version.o: $(BUILD)/commit
$(BUILD)/src/base/version.o: DEFINES = -DVERSION_COMMIT='"$(or $(COMMIT),unknown)"' \
                                       -DVERSION_FLAGS='"$(strip $(CFLAGS))"'

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D); echo "  cc   $<"
	$(Q)$(CC) $(CFLAGS) $(PKG_CFLAGS) $(DEFINES) -Isrc -I. -MMD -MP -c $< -o $@
$(LIB): $(OBJ)
	$(Q)rm -f $@; ar rcs $@ $^
$(BUILD)/tracewright: $(BUILD)/src/cli/main.o $(LIB)
$(DRIVERS) $(TESTS) $(FUZZERS): $(BUILD)/%: $(BUILD)/%.o $(LIB)
$(TESTS): private EXTRA = -lcmocka
$(FUZZERS): private EXTRA = -fsanitize=fuzzer
$(BUILD)/tracewright $(DRIVERS) $(TESTS) $(FUZZERS):
	@echo "  ld   $@"
	$(Q)$(CC) $(CFLAGS) $^ -o $@ $(EXTRA) $(LIBS)
$(BUILD)/tracewright.1: $(BUILD)/tracewright
	$(Q)$< man > $@
$(BUILD)/tracewright.bash: $(BUILD)/tracewright
	$(Q)$< completion > $@
.SECONDARY:

test: setup
	@$(MAKE) $(PARALLEL) programs tests
	@BUILD=$(BUILD) sh tests/run.sh '$(T)'

lint:
	@sh tests/setup.sh clang cppcheck shellcheck
	@$(MAKE) $(PARALLEL) everything CC=gcc
	@$(MAKE) $(PARALLEL) everything CC=clang BUILD=build-clang
	@sh tests/lint.sh
tests: $(TESTS); @:
everything: programs tests $(FUZZERS:%=%.o); @:

asan:
	@ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=tests/lsan.supp:print_suppressions=0 \
	 UBSAN_OPTIONS=print_stacktrace=1 SANITIZED=1 $(MAKE) test BUILD=build-asan OPT='-O1 -g' \
	 SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer'

fuzz:
	@sh tests/setup.sh clang libclang-rt-14-dev
	@$(MAKE) $(PARALLEL) fuzzers CC=clang BUILD=build-fuzz OPT='-O1 -g' \
	 SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
	@sh tests/fuzz.sh build-fuzz $(FUZZ_SECONDS) '$(T)'
fuzzers: $(FUZZERS); @:

bench: all
	@$(BUILD)/tracewright --version
	@sed -n 's/^model name[^:]*: */machine  /p' /proc/cpuinfo | head -n 1; echo "cores    $$(nproc)"
	@for b in $(filter $(BUILD)/experiments/bench_%,$(DRIVERS)); do \
	    printf '\n%s\n' "$${b##*/}"; $$b --out $(BUILD)/bench || exit; done

install: all
	install -D -m 755 $(BUILD)/tracewright $(DESTDIR)$(PREFIX)/bin/tracewright
	install -D -m 644 $(BUILD)/tracewright.1 $(DESTDIR)$(PREFIX)/share/man/man1/tracewright.1
	install -D -m 644 $(BUILD)/tracewright.bash \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/tracewright

clean:
	rm -rf $(BUILD) build-*

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
