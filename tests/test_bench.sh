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
expect 2 'weights is generate' train --weights int8

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

# One sequence in llama2.c's way; and weights that lie narrower: the same tokens are counted.
expect 2 'writes one sequence' plain --batch 2
expect 0 '^{"size":"S","tokens_per_s":' plain -q --size S --threads 2 --json
for weights in bf16 int8; do
    expect 0 '"tokens":[0-9]*,' generate -q --size S --batch 1 --weights $weights --threads 1 --json
done

# A rounded cache is named, in words and in JSON.
expect 2 'is not one of f32|f16' generate --cache bf16
expect 2 'writes one sequence' plain --cache f16
expect 0 '"fraction":[0-9.]*,"cache":"f16"}$' generate -q --size S --batch 2 --cache f16 --json
expect 0 'keys and values in f16$' generate -q --size S --batch 2 --cache f16

# What the drivers leave becomes tables and JSON: parts of a name are one, what is not known is null.
mkdir "$dir/csv"
printf 'size,rate,ratio\nS,1234.56789,nan\n' >"$dir/csv/bench_a-S.csv"
printf 'size,rate,ratio\nM,-0.5,1e-07\n' >"$dir/csv/bench_a-M.csv"
printf 'what,items\nread and parse,7\n' >"$dir/csv/bench_b.csv"
printf 'driver,wall_s\nbench_b,12.5\n' >"$dir/csv/bench_b.cost.csv"
awk -v json="$dir/json" -f experiments/bench.awk "$dir/csv/bench_a-M.csv" "$dir/csv/bench_a-S.csv" \
    "$dir/csv/bench_b.cost.csv" "$dir/csv/bench_b.csv" >"$dir/table" || failed=1
cat >"$dir/want" <<'END'
{
  "bench_a": [
    {"size": "M", "rate": -0.5, "ratio": 1e-07},
    {"size": "S", "rate": 1234.56789, "ratio": null}
  ],
  "seconds": [
    {"driver": "bench_b", "wall_s": 12.5}
  ],
  "bench_b": [
    {"what": "read and parse", "items": 7}
  ]
}
END
diff "$dir/want" "$dir/json" || failed=1
grep -q '^   S *1235 *n/a$' "$dir/table" || { echo "no such row:"; cat "$dir/table"; failed=1; }
exit $failed
