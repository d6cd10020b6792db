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
#   make lint asan fuzz           checks          make install PREFIX=dir   make clean
# Variables: CC, ARCH (-march), BUILD, THREADS.

.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

SCALE ?= small
SEED ?= 1
THREADS ?= $(shell nproc)
BUILD ?= build
PREFIX ?= /usr/local
CC = gcc
ARCH ?= x86-64-v2
OPT ?= -O3 -g
STRICT := -std=c17 -D_POSIX_C_SOURCE=200809L -ffp-contract=off -fno-math-errno -Wall -Wextra -Wshadow -Wvla \
          -Wstrict-prototypes -Wmissing-prototypes -Werror
PACKAGES := gsl openblas cairo cairo-pdf cairo-svg pangocairo jansson libarchive libcmark libcrypto
PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
# GSL's own cblas would shadow OpenBLAS's.
LIBS = $(filter-out -lgslcblas,$(shell pkg-config --libs $(PACKAGES))) -lxlsxwriter -lpthread -lm
CFLAGS = $(STRICT) $(OPT) -march=$(ARCH) $(SANITIZE)
COMMIT := $(shell git describe --always --dirty --abbrev=12 2>/dev/null || echo unknown)
export LC_ALL := C

SRC := $(filter-out src/cli/main.c,$(wildcard src/*/*.c))
OBJ := $(SRC:%.c=$(BUILD)/%.o)
LIB := $(BUILD)/libtracewright.a
DRIVERS := $(patsubst experiments/%.c,$(BUILD)/experiments/%,$(wildcard experiments/*.c))
TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))

.PHONY: all test reproduce compare list paper demo bench lint asan fuzz install help clean setup
all: setup
	@$(MAKE) --no-print-directory $(BUILD)/tracewright $(DRIVERS)

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | head -20

setup:
	@sh tests/setup.sh

# The commit is compiled in: version.o is remade when it changes.
$(BUILD)/commit: FORCE
	@mkdir -p $(@D); echo '$(COMMIT)' | cmp -s - $@ || echo '$(COMMIT)' > $@
FORCE:
$(BUILD)/src/base/version.o: $(BUILD)/commit
$(BUILD)/src/base/version.o: DEFINES = -DVERSION_COMMIT='"$(COMMIT)"' -DVERSION_FLAGS='"$(strip $(CFLAGS))"'

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(PKG_CFLAGS) $(DEFINES) -Isrc -I. -MMD -MP -c $< -o $@
$(LIB): $(OBJ)
	rm -f $@; ar rcs $@ $^
$(BUILD)/tracewright: $(BUILD)/src/cli/main.o $(LIB)
	$(CC) $(CFLAGS) $^ -o $@ $(LIBS)
$(BUILD)/experiments/%: $(BUILD)/experiments/%.o $(LIB)
	$(CC) $(CFLAGS) $^ -o $@ $(LIBS)
$(BUILD)/tests/test_%: $(BUILD)/tests/test_%.o $(LIB)
	$(CC) $(CFLAGS) $^ -o $@ -lcmocka $(LIBS)
.PRECIOUS: $(BUILD)/%.o

test: setup
	@$(MAKE) --no-print-directory $(BUILD)/tracewright $(DRIVERS) $(TESTS)
	@BUILD=$(BUILD) sh tests/run.sh '$(T)'

clean:
	rm -rf $(BUILD) build-*

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
