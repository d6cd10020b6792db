#!/bin/sh
# Two weeks of azure-v1 at the size of the published trace: 50,000 functions, 2.0 GB of CSV. Every
# invocation of the truth is kept, in a tenth of the gigabyte that sparse storage may take, and
# a slice of the cache replays. Needs room for it; takes half a minute.
t=$BUILD/tracewright
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
fail() { echo "failed: $*"; cat "$dir/err" 2>/dev/null; exit 1; }
number() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$2"; }

free_kb=$(df -Pk "$dir" | awk 'NR == 2 { print $4 }')
[ "$free_kb" -gt 4000000 ] ||
    { echo "SKIP full size: needs 4 GB in $(dirname "$dir"), which has $((free_kb / 1000)) MB"; exit 77; }

$t reference azure-v1 -q --functions 50000 --days 14 --law mixed -o "$dir/raw" || fail "reference"
[ "$(ls "$dir"/raw/invocations_per_function_md.anon.d*.csv | wc -l)" = 14 ] || fail "14 files"
$t preprocess -q --trace azure-v1 "$dir/raw" -o "$dir/cache" --json >"$dir/json" 2>"$dir/err" ||
    fail "preprocess"
sum=$(awk -F, 'NR > 1 { n += $9 } END { printf "%.0f", n }' "$dir/raw/truth.csv")
[ "$(number invocations "$dir/json")" = "$sum" ] || fail "not the truth's $sum: $(cat "$dir/json")"
[ "$(number bytes_kept "$dir/json")" -lt 100000000 ] || fail "kept: $(cat "$dir/json")"
rm -rf "$dir/raw"

$t replay -q --trace azure-v1 --models gpt:48 --start 13.0.0 --end 13.1.0 --arrivals gamma \
    --cv-scale 4 --rate-scale 0.01 "$dir/cache" >"$dir/arrivals" 2>"$dir/err" || fail "replay"
[ "$(wc -l <"$dir/arrivals")" -gt 48 ] || fail "arrivals"
