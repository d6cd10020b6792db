#!/bin/sh
# replay, replay-process and workload from the command line: the five calls of the original's
# README, vanilla arrivals worked out by awk, guards, bytes over threads, every output.
set -e
program=${BUILD:-build}/tracewright
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() { echo "test_replay_cli: $*"; exit 1; }
status() {
    want=$1 got=0
    shift
    "$@" >/dev/null 2>"$dir/err" || got=$?
    [ "$got" = "$want" ] || { cat "$dir/err"; fail "exit $got, not $want: $*"; }
    [ "$want" = 0 ] || [ "$(grep -c . "$dir/err")" = 1 ] || { cat "$dir/err"; fail "not one line: $*"; }
}
replay() { "$program" replay -q "$@" 2>"$dir/err" || { cat "$dir/err"; fail "replay $*"; }; }

# A 2021 trace: 14 days, 12 functions; a start before the origin, ties, arrivals on borders, a
# function that comes late, one id under two apps.
raw=$dir/AzureFunctionsInvocationTraceForTwoWeeksJan2021.txt
awk 'BEGIN {
    print "app,func,end_timestamp,duration"
    print "a0,f0,1.5,4"; print "a0,f0,600,0"; print "a0,f0,600,0"; print "a1,f0,86400.25,0.25"
    s = 7
    for (i = 0; i < 12000; i++) {
        s = (s * 16807) % 2147483647; u = s / 2147483647
        k = i % 12; day = k == 11 ? 9 + i % 5 : i % 14
        t = day * 86400 + int(u * u * 86400 * 1000) / 1000
        printf "a%d,f%d,%.3f,%.3f\n", k, k, t + 0.125, 0.125
    } }' >"$raw"

# vanilla, both keys, against awk
for compat in "" --compat; do
    awk -F, -v compat="$compat" 'NR > 1 {
        key = compat ? $2 : $1 "," $2
        if (!(key in id)) id[key] = n++
        t = $3 - $4
        if (t >= 0 && t < 5 * 86400) { f[++rows] = id[key]; at[rows] = t; alive[id[key]] = 1 } }
        END { for (i = 0; i < n; i++) if (alive[i]) model[i] = m++ % 5
              for (r = 1; r <= rows; r++) printf "gpt%d,%.6f\n", model[f[r]], at[r] }' "$raw" |
        sort -t, -k1,1 -k2,2n >"$dir/want.csv"
    # shellcheck disable=SC2086
    replay --trace azure-v2 --models gpt:5 --end 5.0.0 --arrivals vanilla $compat "$dir" >"$dir/got.csv"
    sed -n '2,$p' "$dir/got.csv" | awk -F, '{ printf "%s,%.6f\n", $1, $2 }' | cmp - "$dir/want.csv" ||
        fail "vanilla arrivals $compat"
    [ "$(head -n 1 "$dir/got.csv")" = model,arrival ] || fail "header"
done

# the five calls of the original's README
v2="--trace azure-v2 --models gpt:5"
# shellcheck disable=SC2086
{
    replay $v2 --mapping stripe --start 0.0.0 --end 1.0.0 --arrivals vanilla "$dir" >"$dir/1.csv"
    replay $v2 --end 5.0.0 --arrivals gamma --interval 3600 "$dir" >"$dir/2.csv"
    replay $v2 --end 13.23.60 --arrivals vanilla --time-scale 2 "$dir" >"$dir/3.csv"
    replay $v2 --end 1.0.0 --arrivals gamma --rate-scale 8 --cv-scale 8 "$dir" >"$dir/4.csv"
    replay $v2 --end 1.0.0 --stats --plot "$dir/p.pdf" --slo 1 --workload "$dir/w.jsonl" \
        --params "$dir/p.json" -o "$dir/5.csv" "$dir" >"$dir/stats.txt"
}
for i in 1 2 3 4 5; do [ "$(wc -l <"$dir/$i.csv")" -gt 100 ] || fail "call $i wrote nothing"; done
awk -F, 'NR > 1 && ($2 < 0 || $2 >= 7 * 86400) { exit 1 }' "$dir/3.csv" || fail "time scale"
awk -F, 'NR > 1 && ($2 < 0 || $2 >= 86400) { exit 1 }' "$dir/4.csv" || fail "the end of the slice"
grep -q '^Trace for gpt4, duration: (1, 0, 0, 0), 86400 (s), #arrivals: [0-9]*, arrival distribution: exponential, generation interval: 600, scale factor: (1.0, 1.0, 1.0, 1). overall rate: 0.0[0-9], overall cv: [0-9.]*\.$' "$dir/stats.txt" ||
    { cat "$dir/stats.txt"; fail "report_stats"; }
head -c 5 "$dir/p.pdf" | grep -q '%PDF-' || fail "no PDF"
[ "$(wc -l <"$dir/w.jsonl")" = $(($(wc -l <"$dir/5.csv") - 1)) ] || fail "requests are missing"
[ "$(tr ']' '\n' <"$dir/p.json" | grep -c '"gpt')" = 5 ] || fail "parameters"
[ -s "$dir/5.csv.meta.json" ] || fail "no provenance"

# the same bytes on any number of threads, for any other models; another seed, other bytes
# shellcheck disable=SC2086
for compat in "" --compat; do
    replay $v2 --arrivals gamma --threads 1 $compat "$dir" >"$dir/t1.csv"
    replay $v2 --arrivals gamma --threads 4 $compat "$dir" >"$dir/t4.csv"
    cmp "$dir/t1.csv" "$dir/t4.csv" || fail "threads change the arrivals"
    replay $v2 --arrivals gamma --seed 1 $compat "$dir" >"$dir/s1.csv"
    ! cmp -s "$dir/t1.csv" "$dir/s1.csv" || fail "the seed changes nothing"
done
# shellcheck disable=SC2086
replay $v2 --arrivals gamma --stats --json -o "$dir/t1.csv" "$dir" | grep -q '"group":{"arrivals":[0-9]*,"rate":' || fail "JSON"

# goodness of fit, likeness and input folders
# shellcheck disable=SC2086
replay $v2 --end 2.0.0 --arrivals gamma --interval 43200 --fit "$dir/fit.csv" --fidelity "$dir/like.json" \
    --export "$dir/folder" "$dir" >"$dir/g.csv"
awk -F, 'NR > 1 { n++; best += $15; if (NF != 15) exit 1 } END { exit !(n > 50 && n == 6 * best) }' \
    "$dir/fit.csv" || fail "goodness of fit"
[ "$(grep -c '"score":[01][0-9.]*,"metrics"' "$dir/like.json")" = 5 ] || fail "likeness"
awk -F, 'NR > 1 { for (i = 5; i <= NF; i++) n += $i } END { print n }' "$dir/folder/invocations.csv" |
    grep -qx "$(($(wc -l <"$dir/g.csv") - 1))" || fail "invocations of the folder"
[ "$(head -n 2 "$dir/folder/durations.csv" | tail -n 1 | tr , '\n' | wc -l)" = 14 ] || fail "durations"
[ "$(head -n 2 "$dir/folder/memory.csv" | tail -n 1 | tr , '\n' | wc -l)" = 13 ] || fail "memory"
# shellcheck disable=SC2086
n=$(replay --trace azure-v1 --models a:5 --arrivals gamma "$dir/folder/invocations.csv" | wc -l)
[ "$n" -gt 100 ] || fail "what is exported is not read"

# every law draws; careful counts keep the trace's number in the mean, here within 5 %
# shellcheck disable=SC2086
for law in exponential gamma pareto mmpp deterministic; do
    n=$(replay $v2 --arrivals $law --interval 86400 "$dir" | wc -l)
    [ "$n" -gt 11000 ] && [ "$n" -lt 13000 ] || fail "$law: $n arrivals of 12003"
done

# refusals: one line each
status 2 "$program" replay $v2 --arrivals gamma --time-scale 2 "$dir"
status 2 "$program" replay $v2 --arrivals gamma --replicate 2 "$dir"
status 2 "$program" replay $v2 --cv-scale 2 "$dir"
status 2 "$program" replay $v2 --arrivals vanilla --replicate 0 "$dir"
status 0 "$program" replay -q $v2 --arrivals vanilla --replicate 0 --compat "$dir"
status 2 "$program" replay --models a "$dir"
status 2 "$program" replay $v2
status 66 "$program" replay $v2 "$dir/nothing"
"$program" replay $v2 --start 3.0.0 --end 2.0.0 "$dir" >/dev/null 2>"$dir/err" && fail "reversed slice"
grep -q -- '--start "3.0.0" is after --end "2.0.0"' "$dir/err" || fail "no word on the slice"
"$program" replay --trace azure-v2 --models m:13 "$dir" >/dev/null 2>"$dir/err" || true
"$program" replay --trace azure-v2 --models m:14 "$dir" >/dev/null 2>"$dir/err" && fail "14 models for 13 functions"
grep -q '#function 13 < #models 14' "$dir/err" || fail "no word on functions"

# processes alone
"$program" replay-process --process deterministic --rate 2 --start 5 --duration 2 | tr '\n' ' ' |
    grep -qx 'arrival 5 5.5 6 6.5 ' || fail "deterministic"
for p in poisson gamma pareto mmpp; do
    n=$("$program" replay-process --process $p --rate 10 --start 0 --duration 3000 --seed 3 | wc -l)
    [ "$n" -gt 28500 ] && [ "$n" -lt 31500 ] || fail "$p: $n arrivals"
done
status 2 "$program" replay-process --process poisson --duration 3
status 2 "$program" replay-process --process pareto --rate 1 --cv 0.5 --duration 3
status 2 "$program" replay-process --process mmpp --durations 1,2 --rates 1 --duration 3

# workloads
"$program" workload slice --from 10 --to 20 "$dir/w.jsonl" >"$dir/part.jsonl"
sed -n '11,20p' "$dir/w.jsonl" | cmp - "$dir/part.jsonl" || fail "slice"
"$program" workload split --round-robin 3 "$dir/w.jsonl" -o "$dir/third.jsonl" 2>/dev/null
"$program" workload merge "$dir"/third.[012].jsonl | cmp - "$dir/w.jsonl" || fail "split and merge"
"$program" workload make --slo 1 "$dir/5.csv" | cmp - "$dir/w.jsonl" || fail "make"
{ echo start,finish; sed 's/.*"arrival":\([^,]*\),.*/\1/' "$dir/w.jsonl" |
    awk '{ printf "%.17g,%.17g\n", $1, $1 + (NR % 4 ? 0.5 : 2) }'; } >"$dir/served.csv"
"$program" workload stats --warmup 0 --results "$dir/served.csv" --json "$dir/w.jsonl" |
    grep -q '"goodput":0.7[45]' || fail "goodput"
status 2 "$program" workload turn "$dir/w.jsonl"
status 66 "$program" workload stats "$dir/nothing"
echo junk >"$dir/junk"
status 65 "$program" workload stats "$dir/junk"

# a real day of counts, where it lies beside the checkout
real=../shared/data/azure/invitro_10f_1440min_invocations.csv
if [ -f "$real" ]; then
    n=$(replay --trace azure-v1 --models bert:9 --end 0.1.0 --arrivals gamma --interval 60 \
        --rate-scale 2e-3 --cv-scale 4 --compat "$real" | wc -l)
    [ "$n" -gt 2900 ] && [ "$n" -lt 4400 ] || fail "the known inflation of 1,091 to 3,606: $n"
else
    echo "SKIP the real day of counts: $real is not there"
fi
