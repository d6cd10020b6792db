#!/bin/sh
# Layered formats at the command line: a free instruction prompt ends where a training token ends;
# words too rare for a token of their own are spelled, and written all the same.
set -eu
T=$BUILD/tracewright
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "FAILED: $*"; cat "$dir/err"; exit 1; }
train() { "$T" train -q --preset tiny --seed 1 "$@" >/dev/null 2>"$dir/err" || fail "train $*"; }
graphs() { awk -F, 'NR > 1 { print $2 }' "$1" | sort -u | wc -l; }

# One call, learnt by heart. "<layer>\n<edges>\n" is one token of it; the original's prompt ends
# within, after "<edges>", and a model asked to go on from there has never seen such a thing.
cat >"$dir/one.csv" <<'CSV'
timestamp,traceid,service,rpc_id,rpctype,um,uminstanceid,interface,dm,dminstanceid,rt
0,T_1,S_1,0,http,USER,i,I,MS_1,i,7
CSV
train --data "$dir/one.csv" --to instruction --fixed-order --mask-prompt --epochs 240 --lr 0.01 \
    -o "$dir/heart"
"$T" generate -q --checkpoint "$dir/heart" --free --attempts 1 --temperature 0 \
    --ask "service=S_1 edges=1 depth=1 latency=7" -n 4 -o "$dir/out.csv" 2>"$dir/err" ||
    fail "a free instruction prompt is not gone on from"
[ "$(graphs "$dir/out.csv")" = 4 ] || fail "$(graphs "$dir/out.csv") graphs of 4"

# MS_77 stands in one graph of 13.
{
    cat "$dir/one.csv"
    for i in 2 3 4 5 6 7 8 9 10 11 12 13; do
        echo "0,T_$i,S_1,0,http,USER,i,I,MS_5,i,7"
    done
    echo "1,T_13,S_1,0.1,rpc,MS_5,i,I,MS_77,i,2"
} >"$dir/rare.csv"
words() { echo "destination is $2" | "$T" tokenize --checkpoint "$1" | wc -w; }
train --data "$dir/rare.csv" --to recursive --epochs 2 -o "$dir/whole"
train --data "$dir/rare.csv" --to recursive --epochs 2 --spell-below 6 -o "$dir/spelt"
[ "$(words "$dir/whole" MS_77)" = "$(words "$dir/whole" MS_5)" ] || fail "a rare word has no token"
[ "$(words "$dir/spelt" MS_77)" -gt "$(words "$dir/spelt" MS_5)" ] || fail "MS_77 is not spelt"
[ "$(words "$dir/spelt" MS_5)" = "$(words "$dir/whole" MS_5)" ] || fail "MS_5 is spelt"
echo "MS_77" | "$T" tokenize --checkpoint "$dir/spelt" |
    "$T" tokenize --checkpoint "$dir/spelt" --decode | grep -qx MS_77 || fail "MS_77 is lost"
"$T" generate -q --checkpoint "$dir/spelt" \
    --ask "service=S_1 edges=2 depth=2 include=MS_5>rpc>MS_77" \
    --attempts 1 -n 3 -o "$dir/out.csv" 2>"$dir/err" || fail "a spelt name is not written"
[ "$(grep -c 'rpc,MS_5,.*,MS_77,' "$dir/out.csv")" = 3 ] || fail "MS_77 is not in every graph"

refused() { # WORDS OPTIONS...
    words=$1 status=0; shift
    "$T" train --data "$dir/rare.csv" -o "$dir/no" "$@" 2>"$dir/err" || status=$?
    { [ $status = 2 ] && grep -q -- "$words" "$dir/err"; } || fail "exit $status, \"$words\": $*"
}
refused spell-below --spell-below 3
refused spell-below --spell-below 3 --to instruction --base "$dir/whole"
refused spell-services --spell-services
refused spell-services --spell-services --to instruction --base "$dir/whole"
[ ! -e "$dir/no" ] || fail "an error leaves a directory"
