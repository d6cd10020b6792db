#!/bin/sh
# score sees what training saw: the same texts, so the loss it finds is near that of the last epoch,
# and compact needs at most 8 tokens a call (the reference workload's calls have interfaces, which
# no model learns).
T=$BUILD/tracewright
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
fail() { echo "failed: $*"; cat "$dir/err"; exit 1; }

"$T" reference callgraphs --traces 300 -q -o "$dir/real.csv" 2>"$dir/err" || fail reference
"$T" train -q --data "$dir/real.csv" --preset tiny --epochs 20 --dropout 0 --open-all 0 \
    --open-numbers 0 --open-each 0 -o "$dir/model" 2>"$dir/err" || fail train
"$T" score --checkpoint "$dir/model" --data "$dir/real.csv" --json >"$dir/score" 2>"$dir/err" ||
    fail score
trained=$(tail -n 1 "$dir/model/losses.csv" | cut -d, -f5)   # epoch,step,tokens,lr,train,validation
loss=$(sed 's/.*"loss_per_token":\([0-9.]*\).*/\1/' "$dir/score")
tokens=$(sed 's/.*"tokens_per_edge":\([0-9.]*\).*/\1/' "$dir/score")
awk "BEGIN { exit !($loss > 0 && $loss < 1.1 * $trained && $loss > 0.5 * $trained) }" ||
    fail "a loss of $loss after one of $trained"
awk "BEGIN { exit !($tokens > 2 && $tokens <= 8) }" || fail "$tokens tokens a call"
