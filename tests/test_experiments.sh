#!/bin/sh
# What the files of experiments/ say of one another holds: drivers exist, shares fit the budget,
# figures and tables name a driver, the paper names figures and tables that exist, and types no number.
BUILD=${BUILD:-build}
bad=0
fail() { echo "$1"; bad=1; }
drivers=$(sed -n 's/^\([a-z_0-9]\{1,\}\)\t.*/\1/p' experiments/drivers.tsv)
for d in $drivers; do
    [ -f "experiments/$d.c" ] || fail "drivers.tsv names $d, which is no file"
done
awk -F'\t' '!/^#/ { m += $3 } END { exit !(m <= 11.0001) }' experiments/drivers.tsv ||
    fail 'the shares of time add up to more than eleven minutes'
for f in experiments/figures/*.fig experiments/tables/*.tab; do
    case $f in */claims.tab) continue ;; esac
    d=$(sed -n 's/^# driver = //p' "$f")
    echo "$drivers" | grep -qx "$d" || fail "$f: driver \"$d\" is not in drivers.tsv"
done
for name in $(sed -n 's/^{{figure \(.*\)}}$/\1/p' paper/paper.md experiments/compare.md); do
    [ -f "experiments/figures/$name.fig" ] || fail "no figure $name"
done
for name in $(sed -n 's/^{{table \(.*\)}}$/\1/p' paper/paper.md experiments/compare.md); do
    [ -f "experiments/tables/$name.tab" ] || fail "no table $name"
done
for id in $(grep -v '^#' experiments/expected/*/claims.tsv | sed 's/^[^:]*://' | cut -f1); do
    [ "$id" = core ] || cut -f1 experiments/claims.tsv | grep -qx "$id" || fail "a number is expected of \"$id\", which nobody claims"
done
"$BUILD/tracewright" paper --lint paper/paper.md || fail 'the paper has a number that was typed'
"$BUILD/tracewright" paper --lint experiments/compare.md || fail 'the page of compare has a number that was typed'
make -s --no-print-directory list | awk 'NR > 1 { n++; if ($0 !~ /^(figure|table)-/) exit 1 } END { exit !(n > 10) }' || fail 'make list'
for target in reproduce compare paper demo figure-tracellm_trees table-tracellm_fidelity; do
    make -n "$target" CHECKPOINT=x > /dev/null 2>&1 || fail "make $target makes no sense"
done
exit $bad
