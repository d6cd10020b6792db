#!/bin/sh
# generate from baselines, at the command line: bytes do not depend on threads, usage errors are 2,
# missing input is 66, what is written is read back whole.
set -eu
T=$BUILD/tracewright
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "FAILED: $*"; exit 1; }
status() { want=$1; shift; got=0; "$@" >"$dir/out" 2>"$dir/err" || got=$?
           [ "$got" -eq "$want" ] || { cat "$dir/err"; fail "exit $got, not $want: $*"; }; }

"$T" reference callgraphs --traces 300 --seed 4 -o "$dir/train.csv" 2>/dev/null
for b in probabilistic probabilistic-weak bootstrap; do
    for threads in 1 4; do
        "$T" generate -q --baseline $b --data "$dir/train.csv" --like "$dir/train.csv" -n 2000 \
            --seed 9 --threads $threads -o "$dir/$b.$threads.csv" 2>/dev/null
    done
    cmp "$dir/$b.1.csv" "$dir/$b.4.csv" || fail "$b: threads change bytes"
    cmp "$dir/$b.1.csv.meta.json" "$dir/$b.4.csv.meta.json" || fail "$b: threads change the provenance"
    "$T" import "$dir/$b.1.csv" 2>"$dir/words" >"$dir/again.csv"
    grep -q '2000 of 2000 graphs used' "$dir/words" || { cat "$dir/words"; fail "$b: not all read back"; }
    "$T" generate -q --baseline $b --data "$dir/train.csv" -n 2000 --seed 9 >"$dir/std.csv" 2>/dev/null
    cmp "$dir/std.csv" "$dir/$b.1.csv" || fail "$b: standard output differs, or --like is not --data"
    "$T" generate -q --baseline $b --data "$dir/train.csv" -n 2000 --seed 10 >"$dir/other.csv" 2>/dev/null
    cmp -s "$dir/other.csv" "$dir/$b.1.csv" && fail "$b: the seed changes nothing"
done
"$T" generate -q --json --baseline bootstrap --data "$dir/train.csv" -n 5 -o "$dir/few.csv" |
    grep -q '"graphs":5,"given_up":0,"redraws":0' || fail "--json"

status 2 "$T" generate -n 5
status 2 "$T" generate --baseline bootstrap -n 5
status 2 "$T" generate --baseline nonsense --data "$dir/train.csv"
status 2 "$T" generate --baseline bootstrap --checkpoint x --data "$dir/train.csv"
status 2 "$T" generate --checkpoint "$dir" -n 5
status 66 "$T" generate --baseline bootstrap --data "$dir/absent.csv"
status 66 "$T" generate --baseline bootstrap --data "$dir/train.csv" --like "$dir/absent.csv"
: >"$dir/empty.csv"
status 65 "$T" generate --baseline bootstrap --data "$dir/empty.csv"
[ "$(ls "$dir" | grep -c tmp)" -eq 0 ] || fail "half-written files stay"
