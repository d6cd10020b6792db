#!/bin/sh
# train killed (SIGKILL) at 10 random moments and resumed ends in the checkpoint of a run that was
# never stopped, on another number of threads too; a finished run is left as it is; a changed
# option is not resumed.
set -eu
T=$BUILD/tracewright
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

"$T" reference callgraphs --traces 150 --seed 4 -o "$dir/train.csv" 2>/dev/null
train() { "$T" train -q --data "$dir/train.csv" --preset tiny --epochs 12 --seed 5 "$@" 2>"$dir/err"; }
same() { # every file of the two checkpoints
    for f in config.json model.safetensors tokenizer.json generation_config.json; do
        cmp "$dir/$1/$f" "$dir/$2/$f" || fail "$f of $1 and $2"
    done
    [ "$(ls "$dir/$1")" = "$(ls "$dir/$2")" ] || { ls -a "$dir/$1" "$dir/$2"; fail "other files in $1 than in $2"; }
}
now_ms() { echo $(($(date +%s%N) / 1000000)); }

start=$(now_ms)
train --threads 1 -o "$dir/whole" || { cat "$dir/err"; fail "training"; }
whole_ms=$(($(now_ms) - start))
train --threads 2 -o "$dir/two" && same whole two

# Ten kills at pseudo-random moments of the first half of what a run takes, from a recorded stream.
seed=20 kills=0
while [ $kills -lt 10 ]; do
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    wait_ms=$((whole_ms / 20 + seed / 65536 % (whole_ms / 3 + 1)))
    "$T" train -q --data "$dir/train.csv" --preset tiny --epochs 12 --seed 5 --threads 2 --resume \
        -o "$dir/killed" 2>/dev/null &
    pid=$!
    sleep "$(printf '%d.%03d' $((wait_ms / 1000)) $((wait_ms % 1000)))"
    if kill -9 $pid 2>/dev/null; then kills=$((kills + 1)); fi
    wait $pid 2>/dev/null || true
    if [ -e "$dir/killed/model.safetensors" ]; then   # it ended before the kill: check it, start again
        train --resume -o "$dir/killed" && same whole killed
        rm -rf "$dir/killed"
    fi
done
train --resume -o "$dir/killed" || { cat "$dir/err"; fail "resuming"; }
same whole killed

cp "$dir/killed/model.safetensors" "$dir/before"
train --resume -o "$dir/killed" && cmp "$dir/before" "$dir/killed/model.safetensors" || fail "a finished run changed"
"$T" generate -q --checkpoint "$dir/whole" --like "$dir/train.csv" -n 50 --threads 1 -o "$dir/a.csv" 2>/dev/null
"$T" generate -q --checkpoint "$dir/killed" --like "$dir/train.csv" -n 50 --threads 2 --batch 3 -o "$dir/b.csv" 2>/dev/null
cmp "$dir/a.csv" "$dir/b.csv" || fail "the same checkpoint writes other graphs"
cmp "$dir/a.csv.meta.json" "$dir/b.csv.meta.json" || fail "provenance"
"$T" import "$dir/a.csv" 2>&1 >/dev/null | grep -q ' 50 of 50 graphs used' || fail "invalid graphs"
