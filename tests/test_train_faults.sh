#!/bin/sh
# A full disk and a write that fails lose nothing that was saved: the run stops with one line, its
# state stays byte for byte, and resuming ends in the bytes of a run that was never hurt. (Memory
# that is refused: test_train_state.c.)
set -u
T=$BUILD/tracewright
dir=$(mktemp -d) || exit 1
trap 'umount "$dir/small" 2>/dev/null; rm -rf "$dir"' EXIT
fail() { echo "FAILED: $*"; cat "$dir/err"; exit 1; }
state=train_state.safetensors

"$T" reference callgraphs --traces 120 --seed 4 -o "$dir/train.csv" 2>/dev/null || exit 1
train() { "$T" train -q --data "$dir/train.csv" --preset tiny --epochs 6 --seed 5 --threads 2 "$@" 2>"$dir/err"; }
same() { cmp "$dir/whole/model.safetensors" "$1/model.safetensors" || fail "other bytes after $2"; }
# unhurt DIR WHAT: the state is still the one that was copied, and nothing lies half-written.
unhurt() {
    cmp "$dir/kept" "$1/$state" || fail "$2 changed the state"
    [ "$(ls "$1")" = $state ] || { ls -a "$1"; fail "$2 left something behind"; }
}

train -o "$dir/whole" || fail "training"

# A state in the middle of a run: killed when the first one is there.
"$T" train -q --data "$dir/train.csv" --preset tiny --epochs 6 --seed 5 -o "$dir/hurt" 2>/dev/null &
pid=$!
until [ -e "$dir/hurt/$state" ] || [ -e "$dir/hurt/model.safetensors" ]; do sleep 0.01; done
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
[ -e "$dir/hurt/$state" ] || { echo "it ended before it was killed"; exit 1; }
rm -f "$dir/hurt/$state".tmp.*
cp "$dir/hurt/$state" "$dir/kept"

# A write that fails: no file may grow over 4 KiB.
(trap '' XFSZ; ulimit -f 8; train --resume -o "$dir/hurt")
got=$?
[ $got -eq 74 ] || fail "a failing write: exit $got, not 74"
[ "$(grep -c "^tracewright: .*$state: File too large" "$dir/err")" -eq 1 ] || fail "not one line with the place"
unhurt "$dir/hurt" "a failing write"

# A full disk: it holds one state and no second one.
kib=$(($(wc -c <"$dir/kept") / 1024))
mkdir "$dir/small"
if mount -t tmpfs -o size=$((kib * 3 / 2))k none "$dir/small" 2>/dev/null; then
    mkdir "$dir/small/run"
    cp "$dir/kept" "$dir/small/run/$state"
    train --resume -o "$dir/small/run"
    got=$?
    [ $got -eq 74 ] && grep -q "No space left on device" "$dir/err" || fail "a full disk: exit $got"
    unhurt "$dir/small/run" "a full disk"
    umount "$dir/small"
else
    echo "SKIP a small file system cannot be mounted here"
fi

train --resume -o "$dir/hurt" || fail "resuming"
same "$dir/hurt" "all that"
