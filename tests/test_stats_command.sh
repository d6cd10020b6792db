#!/bin/sh
# test_stats_command.sh: reference and stats from the command line: bytes, merging, exit statuses.
set -e
program=${BUILD:-build}/tracewright
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() { echo "test_stats_command: $*"; exit 1; }
status() {
    want=$1 got=0
    shift
    "$@" >/dev/null 2>&1 || got=$?
    [ "$got" = "$want" ] || fail "exit $got, not $want: $*"
}

"$program" reference callgraphs -q --traces 3000 --seed 4 --threads 1 -o "$dir/a.csv"
"$program" reference callgraphs -q --traces 3000 --seed 4 --threads 4 -o "$dir/b.csv"
cmp "$dir/a.csv" "$dir/b.csv" || fail "threads change the workload"
cmp "$dir/a.csv.meta.json" "$dir/b.csv.meta.json" || fail "threads change the provenance"
grep -q '"seed": *"\{0,1\}4"\{0,1\}' "$dir/a.csv.meta.json" || fail "no seed in the provenance"
[ ! -e "$dir/a.csv.truth.csv" ] || fail "a clean workload has a truth"
"$program" reference callgraphs -q --traces 300 --defects -o "$dir/d.csv"
[ -s "$dir/d.csv.truth.csv" ] || fail "no truth beside the defects"
status 2 "$program" reference jobs
status 2 "$program" reference callgraphs --preset 2020

# two files, cut within a trace: careful statistics do not see the seam
"$program" stats -q --json "$dir/a.csv" -o "$dir/whole.json" 2>/dev/null
head -n 4002 "$dir/a.csv" >"$dir/1.csv"
{ head -n 1 "$dir/a.csv"; tail -n +4003 "$dir/a.csv"; } >"$dir/2.csv"
"$program" stats -q --json "$dir/1.csv" "$dir/2.csv" -o "$dir/parts.json" 2>/dev/null
cmp "$dir/whole.json" "$dir/parts.json" || fail "a cut changes careful statistics"
grep -q '"mode":"careful"' "$dir/whole.json" || fail "mode is not in the JSON"

# TraceLLM's way: means are 0, names padded, graphs counted once
"$program" stats -q --json --compat tracellm "$dir/1.csv" "$dir/2.csv" \
    >"$dir/compat.json" 2>/dev/null
grep -q '"mode":"tracellm"' "$dir/compat.json" || fail "compat is not in the JSON"
grep '"mean_ms":[1-9]' "$dir/compat.json" && fail "a mean survived compat"
grep -q '"service":"S_[0-9]\{9\}"' "$dir/compat.json" || fail "names are not padded"
"$program" stats -q --json --compat tracellm "$dir/1.csv" "$dir/2.csv" "$dir/1.csv" 2>/dev/null |
    cmp - "$dir/compat.json" || fail "a file twice is not the file once in compat"

"$program" stats -q "$dir/a.csv" --top 3 2>/dev/null | grep -q '^3\|^service' || fail "no table"
status 66 "$program" stats "$dir/nothing.csv"
echo junk >"$dir/junk.csv"
status 65 "$program" stats "$dir/junk.csv"
status 65 "$program" stats --compat tracellm "$dir/junk.csv"
status 0 "$program" stats --compat tracellm "$dir/junk.csv" "$dir/1.csv"
status 66 "$program" stats --compat tracellm "$dir/1.csv" "$dir/nothing.csv"
status 2 "$program" stats
