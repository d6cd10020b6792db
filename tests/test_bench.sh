#!/bin/sh
# bench prints one line of JSON that adds up, and refuses what it cannot measure.
T=$BUILD/tracewright
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
expect() {   # expect STATUS TEXT ARGUMENT...
    want=$1 text=$2
    shift 2
    "$T" bench "$@" >"$dir/out" 2>"$dir/err"
    got=$?
    [ $got -eq "$want" ] && grep -q -- "$text" "$dir/out" "$dir/err" && return
    echo "bench $*: exit $got, wanted $want and \"$text\":"
    cat "$dir/out" "$dir/err"
    failed=1
}
expect 2 'missing'
expect 2 '"sleep" is no kind of work' sleep
expect 2 'is not one of S|M|L' train --size XL
expect 2 'outside 1 to' train --batch 0
expect 2 'too many' train train

# Of two sequences a step the tokens are a multiple of 1024; rates are quotients.
expect 0 '^{"size":"S","tokens_per_s":' train -q --size S --batch 2 --json
awk -F'[:,}]' '
    { rate = $4; tokens = $6; seconds = $8; gflops = $10; fraction = $12 }
    END {
        flops = 6 * (4 * (4 * 256 * 256 + 3 * 256 * 704) + 1024 * 256) + 6 * 4 * 256 * 512
        if (NR != 1 || NF != 13 || tokens % 1024 || tokens < 3072 || seconds <= 0 ||
            (rate * seconds / tokens - 1) ^ 2 > 1e-6 ||
            (gflops * 1e9 / (rate * flops) - 1) ^ 2 > 1e-6 || !(fraction > 0 && fraction < 1.5))
            exit 1
    }' "$dir/out" || { echo "does not add up:"; cat "$dir/out"; failed=1; }

# Of one sequence, or of three on two threads, tokens are whole sequences of 256.
for batch in 1 3; do
    expect 0 '^{"size":"S","tokens_per_s":' generate -q --size S --batch $batch --threads 2 --json
    awk -F'[:,}]' -v batch=$batch '
        { rate = $4; tokens = $6; seconds = $8; gflops = $10; fraction = $12 }
        END {
            flops = 2 * (4 * (4 * 256 * 256 + 3 * 256 * 704) + 1024 * 256)
            if (NR != 1 || NF != 13 || tokens < 256 || tokens % (256 * batch) || seconds <= 0 ||
                (rate * seconds / tokens - 1) ^ 2 > 1e-5 ||
                (gflops - rate * flops * 1e-9) ^ 2 > (0.006 + 1e-3 * gflops) ^ 2 || !(fraction > 0))
                exit 1
        }' "$dir/out" || { echo "does not add up:"; cat "$dir/out"; failed=1; }
done
exit $failed
