# Tracewright. Targets:
#   make all           set up, then build build/tracewright and the experiments
#   make test          set up, build, run every test                    (T=pattern: some)
#   make invoker       the program alone: tracewright plan, invoke, serve
#   make reproduce     every figure and table, tables.xlsx, the paper, the claims
#                      SCALE=small|full  SEED=n  DATA=dir of real traces
#                      FROM=checkpoints, or the folder of one: used instead of training
#   make checkpoints   make the shipped checkpoints again, with cards and sums
#   make compare CHECKPOINT=dir   a checkpoint beside all baselines
#   make list          figures and tables: paper number, driver, minutes, memory
#   make figure-NAME   one figure           make table-NAME   one table
#   make paper         typeset paper/paper.pdf and paper/paper.html
#   make demo          a minute's look: two trees and a figure
#   make bench         measure against other programs: a table, and build/bench.json
#                      (B=train: one; B="train S": a part of it, as its file says)
#   make lint          both compilers, cppcheck, room walls, line lengths, shell syntax
#   make asan          every test under the address and undefined-behaviour sanitizers
#   make fuzz          every parser on mutated input, FUZZ_SECONDS=60 each, and again until
#                      a round of it finds no new code
#   make interop       readers that are not ours (npm's, Debian's python3-torch) open what we
#                      write                                        (T=pattern: some)
#                      LLAMA7B=1: a Llama-2-7B-shaped model too; 13.5 GB, minutes
#   make soak          ten minutes of 5000 calls/s, memory and descriptors watched
#                                                              (SOAK_SECONDS=, SOAK_RATE=)
#   make bulk          exports of 5 GB are imported; memory is watched  (BULK_GB=)
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
STRICT := -std=c17 -D_POSIX_C_SOURCE=200809L -ffp-contract=off -fno-math-errno -fno-trapping-math -Wall -Wextra -Wshadow -Wvla \
          -Wstrict-prototypes -Wmissing-prototypes -Werror
PACKAGES := gsl openblas cairo cairo-pdf cairo-svg pangocairo glib-2.0 jansson libarchive libcmark \
            libcrypto libssl libnghttp2 libcurl
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
INTEROP_TOOLS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/interop/*.c))
FUZZERS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/fuzz_*.c))
MANUAL := $(BUILD)/tracewright.1 $(BUILD)/tracewright.bash

.PHONY: all invoker test reproduce compare list paper demo bench lint everything asan fuzz fuzzers interop
.PHONY: soak bulk install help clean setup programs tests
# Packages may arrive in setup, so what asks pkg-config is a second make.
all: setup
	@$(MAKE) $(PARALLEL) programs
programs: $(BUILD)/tracewright $(MANUAL) $(DRIVERS); @:
invoker: setup
	@$(MAKE) $(PARALLEL) $(BUILD)/tracewright

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
$(DRIVERS) $(TESTS) $(INTEROP_TOOLS) $(FUZZERS): $(BUILD)/%: $(BUILD)/%.o $(LIB)
$(TESTS): private EXTRA = -lcmocka
$(FUZZERS): private EXTRA = -fsanitize=fuzzer
$(BUILD)/tracewright $(DRIVERS) $(TESTS) $(INTEROP_TOOLS) $(FUZZERS):
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
everything: programs tests $(INTEROP_TOOLS) $(FUZZERS:%=%.o); @:

asan:
	@ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=$(CURDIR)/tests/lsan.supp:print_suppressions=0 \
	 UBSAN_OPTIONS=print_stacktrace=1 SANITIZED=1 $(MAKE) test BUILD=build-asan OPT='-O1 -g' \
	 SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer'

fuzz:
	@sh tests/setup.sh clang libclang-rt-14-dev
	@$(MAKE) $(PARALLEL) fuzzers CC=clang BUILD=build-fuzz OPT='-O1 -g' \
	 SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
	@sh tests/fuzz.sh build-fuzz $(FUZZ_SECONDS) '$(T)'
fuzzers: $(FUZZERS); @:

interop: all
	@command -v npm >/dev/null || sh tests/setup.sh nodejs npm
	@/usr/bin/python3 -c 'import torch' 2>/dev/null || sh tests/setup.sh python3 python3-torch
	@$(MAKE) $(PARALLEL) $(INTEROP_TOOLS)
	@BUILD=$(BUILD) sh tests/interop.sh '$(T)'

SOAK_SECONDS ?= 600
SOAK_RATE ?= 5000
soak: invoker
	@BUILD=$(BUILD) sh tests/soak.sh $(SOAK_SECONDS) $(SOAK_RATE)

BULK_GB ?= 5
bulk: invoker
	@sh tests/setup.sh time
	@BUILD=$(BUILD) sh tests/bulk.sh $(BULK_GB)

DEMO := $(BUILD)/demo
demo: all
	@mkdir -p $(DEMO); printf '%s\n' 'title = Call graphs' 'caption = One real, one generated.' \
	    'csv = trees.csv' 'facet = graph' 'kind = tree' 'width = page' 'columns = 2' > $(DEMO)/trees.fig
	$(BUILD)/tracewright reference callgraphs --traces 2000 -o $(DEMO)/real.csv
	$(BUILD)/tracewright tree $(DEMO)/real.csv --least 6 --most 14
	$(BUILD)/tracewright train --data $(DEMO)/real.csv --preset tiny --epochs 12 -o $(DEMO)/model
	$(BUILD)/tracewright generate --checkpoint $(DEMO)/model --like $(DEMO)/real.csv -n 200 \
	    -o $(DEMO)/generated.csv
	$(BUILD)/tracewright tree $(DEMO)/generated.csv --least 6 --most 14
	@$(BUILD)/tracewright tree real=$(DEMO)/real.csv generated=$(DEMO)/generated.csv \
	    --least 6 --most 14 --to csv -o $(DEMO)/trees.csv
	$(BUILD)/tracewright figure $(DEMO)/trees.fig --data $(DEMO) -o $(DEMO)/trees

bench: all
	@$(BUILD)/tracewright --version
	@sed -n 's/^model name[^:]*: */machine  /p' /proc/cpuinfo | head -n 1; echo "cores    $$(nproc)"
	@for b in $(filter $(BUILD)/experiments/bench_$(or $(firstword $(B)),%),$(DRIVERS)); do \
	    printf '\n%s\n' "$${b##*/}"; $$b --out $(BUILD)/bench --only '$(word 2,$(B))' || exit; done
	@awk -v json=$(BUILD)/bench.json -f experiments/bench.awk $(BUILD)/bench/*.csv

install: all
	install -D -m 755 $(BUILD)/tracewright $(DESTDIR)$(PREFIX)/bin/tracewright
	install -D -m 644 $(BUILD)/tracewright.1 $(DESTDIR)$(PREFIX)/share/man/man1/tracewright.1
	install -D -m 644 $(BUILD)/tracewright.bash \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/tracewright

clean:
	rm -rf $(BUILD) build-*

# ---- reproduction ---------------------------------------------------------------------------
# experiments/drivers.tsv says which driver needs which, and its share of time and memory;
# figures and tables name theirs in experiments/{figures,tables}. A driver that ended leaves
# NAME.done: an interrupted run goes on where it was.
RUN := $(SCALE)$(if $(filter-out 1,$(SEED)),-seed$(SEED))$(if $(DATA),-data)
OUT ?= $(BUILD)/repro/$(RUN)
FIGS ?= figures/$(RUN)
PAPER ?= $(if $(filter small,$(RUN)),paper,$(FIGS))
FIG_FILES := $(wildcard experiments/figures/*.fig)
TAB_FILES := $(wildcard experiments/tables/*.tab)
SPACE := $() $()
# Without DATA= what only real traces can show is left out: its driver's minutes are "data".
ABSENT := $(if $(DATA),,$(shell awk -F'\t' '$$3 == "data" { print $$1 }' experiments/drivers.tsv))
ABSENT_FILES := $(if $(ABSENT),$(shell grep -lxE '# driver = ($(subst $(SPACE),|,$(ABSENT)))' \
                                         $(FIG_FILES) $(TAB_FILES)))
FIG_NAMES := $(patsubst experiments/figures/%.fig,%,$(filter-out $(ABSENT_FILES),$(FIG_FILES)))
TABS := $(filter-out $(ABSENT_FILES),$(TAB_FILES))
TAB_NAMES := $(patsubst experiments/tables/%.tab,%,$(TABS))
STEPS := $(filter-out $(ABSENT),$(shell sed -n 's/^\([a-z_0-9]\{1,\}\)\t.*/\1/p' experiments/drivers.tsv))
WEIGHTS := $(or $(CHECKPOINT),$(if $(wildcard $(FROM)/compact/config.json),$(FROM:/=)/compact,$(FROM)))
ARGUMENTS = --out $(OUT) --scale $(SCALE) --seed $(SEED) --threads $(THREADS) --data '$(DATA)' \
            --checkpoint '$(WEIGHTS)' --shipped '$(SHIPS)'
.PHONY: verify checkpoints checkpoints-compact checkpoints-layered steps figures tables claims reproduction $(TAB_NAMES:%=table-%) $(FIG_NAMES:%=figure-%)

reproduce compare paper: setup verify
	@$(MAKE) $(PARALLEL) programs
	@$(MAKE) --no-print-directory -j1 $@-run
$(FIG_NAMES:%=figure-%): figure-%: setup
	@$(MAKE) $(PARALLEL) programs
	@$(MAKE) --no-print-directory -j1 $(FIGS)/$*.pdf
$(TAB_NAMES:%=table-%): table-%: setup
	@$(MAKE) $(PARALLEL) programs
	@$(MAKE) --no-print-directory -j1 show-table-$*

# Checkpoints that come with sums are held against them before they are used.
verify:
	@[ -z '$(FROM)' ] || [ -d '$(FROM)' ] || { echo 'FROM=$(FROM): no such folder'; exit 2; }
	@for sums in $(wildcard $(FROM:%=%/SHA256SUMS) $(FROM:%=%/*/SHA256SUMS) $(SHIPS)/*/SHA256SUMS); do \
	    (cd "$${sums%/*}" && sha256sum --quiet --strict -c SHA256SUMS) || \
	    { echo "$$sums: the checkpoint is not the one that was shipped"; exit 65; }; done
# Commit first, then make them, then commit them: the cards name the commit. The compact one is that
# of the small scale; the layered ones are those of full scale, about two hours on one core (a run
# that was interrupted goes on). The adapter's base is the shipped one, to whose bytes it is pinned.
ADAPTER ?= --lora 8 --lora-targets q,k,v,o --tokens 3000000 --lr 0.003 --fixed-order
SHIP := sh experiments/ship.sh
checkpoints: setup
	@$(MAKE) $(PARALLEL) programs
	@$(MAKE) --no-print-directory -j1 checkpoints-compact SCALE=small SEED=1 DATA= FROM= \
	    CHECKPOINT= OUT=$(BUILD)/checkpoints
	@$(MAKE) --no-print-directory -j1 checkpoints-layered SCALE=full SEED=1 DATA= FROM= \
	    CHECKPOINT= OUT=$(BUILD)/checkpoints/full
	@du -sh $(SHIPS)/*/; cat $(SHIPS)/*/CARD.md
checkpoints-compact: $(OUT)/tracellm_train.done
	@$(SHIP) $(OUT)/checkpoint $(SHIPS)/compact 'Call graphs in the compact format' 'make checkpoints'
checkpoints-layered: $(OUT)/tracellm_data.done
	@for m in base recursive instruction tabular; do \
	    $(BUILD)/experiments/tracellm_layered_train $(ARGUMENTS) --only $$m || exit; done
	@for m in recursive instruction tabular; do \
	    $(SHIP) $(OUT)/layered-$$m $(SHIPS)/$$m "Call graphs in TraceLLM's texts: $$m" \
	        'make checkpoints' || exit; done
	@$(BUILD)/tracewright train --seed 1 --threads $(THREADS) --resume --data $(OUT)/layers.csv \
	    --to instruction --base $(SHIPS)/recursive $(ADAPTER) -o $(OUT)/instruction-lora
	@$(SHIP) $(OUT)/instruction-lora $(SHIPS)/instruction-lora \
	    'Instructions: an adapter on recursive/' \
	    'tracewright train --to instruction --base checkpoints/recursive $(ADAPTER) --seed 1'
SHIPS ?= checkpoints

# What a run depends on beside the programs: a change starts it anew.
$(OUT)/inputs: FORCE
	@mkdir -p $(@D); { echo '$(DATA) $(WEIGHTS)'; \
	    cat $(WEIGHTS:%=%/model.safetensors) </dev/null 2>/dev/null | cksum; \
	    [ -z '$(DATA)' ] || find '$(DATA)' -type f -printf '%P %s\n' | sort | cksum; } > $@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
$(STEPS:%=$(OUT)/%.done): $(OUT)/%.done: $(BUILD)/experiments/% $(OUT)/inputs
	@echo "  run  $*"
	@$< $(ARGUMENTS) && touch $@
$(OUT)/tracellm_accuracy.done $(OUT)/tracellm_learning.done: $(wildcard $(SHIPS)/*/SHA256SUMS)
$(FIGS)/%.pdf: experiments/figures/%.fig $(BUILD)/tracewright
	@mkdir -p $(@D); echo "  draw $*"
	@$(BUILD)/tracewright figure $< --data $(OUT) -o $(FIGS)/$*
show-table-claims: $(OUT)/claims.csv
show-table-%: experiments/tables/%.tab
	@$(BUILD)/tracewright tables $< --data $(OUT)
$(FIGS)/tables.xlsx: $(TABS) $(OUT)/claims.csv $(BUILD)/tracewright
	@echo "  draw tables.xlsx"
	@$(BUILD)/tracewright tables $(filter %.tab,$^) --data $(OUT) --claims claims.csv -o $@
# The verdict is read at the end of a run; here a broken claim only has to be written down.
$(OUT)/claims.csv: $(STEPS:%=$(OUT)/%.done) $(BUILD)/experiments/claims experiments/claims.tsv \
                   $(wildcard experiments/expected/*/claims.tsv)
	@$(BUILD)/experiments/claims $(ARGUMENTS) > $(OUT)/claims.txt || [ $$? = 1 ]
paper-run: $(FIG_NAMES:%=$(FIGS)/%.pdf) $(FIGS)/tables.xlsx $(OUT)/claims.csv
	@echo "  set  $(PAPER)/paper.pdf"
	@$(BUILD)/tracewright paper paper/paper.md --data $(OUT) -o $(PAPER)
reproduce-run: paper-run
	@printf '\nfigures and tables: %s   paper: %s\n\n' $(FIGS) $(PAPER)/paper.pdf
	@$(BUILD)/experiments/claims $(ARGUMENTS)

# A checkpoint beside all baselines: the same drivers, other weights, a page of its own.
COMPARE := $(BUILD)/compare
COMPARE_STEPS := tracellm_data tracellm_train tracellm_generate tracellm_oracles \
                 tracellm_fidelity tracellm_distributions tracellm_trees
COMPARE_FIGS := tracellm_distributions tracellm_popular tracellm_frontier tracellm_trees
COMPARE_TABS := tracellm_fidelity tracellm_fidelity_topology tracellm_copies tracellm_hitters \
                tracellm_validity tracellm_oracles
compare-run:
	@[ -n '$(CHECKPOINT)' ] || { echo 'usage: make compare CHECKPOINT=dir'; exit 2; }
	@$(MAKE) --no-print-directory -j1 compare-page OUT=$(COMPARE) FIGS=$(COMPARE)/figures
compare-page: $(COMPARE_STEPS:%=$(OUT)/%.done) $(COMPARE_FIGS:%=$(FIGS)/%.pdf)
	@$(BUILD)/tracewright tables $(COMPARE_TABS:%=experiments/tables/%.tab) --data $(OUT) \
	    -o $(OUT)/tables.xlsx
	@$(BUILD)/tracewright paper experiments/compare.md --data $(OUT) -o $(OUT)
	@$(BUILD)/tracewright tables experiments/tables/tracellm_fidelity.tab --data $(OUT) --to markdown
	@echo "$(OUT): compare.pdf compare.html tables.xlsx figures/"

list:
	@awk -f experiments/list.awk experiments/drivers.tsv $(wildcard experiments/figures/*.fig) \
	    $(wildcard experiments/tables/*.tab)
$(BUILD)/rules.mk: experiments/drivers.tsv $(wildcard experiments/figures/*.fig experiments/tables/*.tab) \
                   experiments/rules.awk
	@mkdir -p $(@D); awk -f experiments/rules.awk $(filter-out %.awk,$^) > $@
-include $(BUILD)/rules.mk

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
