#!/bin/sh
# invoke and serve on the command line: every call is in the record, whatever becomes of the servers.
dir=$(mktemp -d) || exit 1
. tests/load_tools.sh

# ---- what makes no sense ----------------------------------------------------------------------
refuse() {   # refuse STATUS TEXT ARGUMENT...
    want=$1 text=$2
    shift 2
    "$T" "$@" >"$dir/out" 2>"$dir/err"
    got=$?
    [ $got -eq "$want" ] && grep -q -- "$text" "$dir/err" ||
        { fail "$*: exit $got, wanted $want and \"$text\""; cat "$dir/err"; }
}
plan 2 10 a.example >"$dir/load.json"
refuse 2 'needs --load' invoke
refuse 2 'needs --load' invoke --load x --callgraphs y
refuse 2 'is not one of grpc' invoke --load "$dir/load.json" --protocol smtp
refuse 2 'neither seconds since 1970' invoke --load "$dir/load.json" --start-at noon
refuse 2 'is neither I nor I/N' invoke --load "$dir/load.json" --shard 2/2
refuse 2 'is neither I nor I/N' invoke --load "$dir/load.json" --shard x
refuse 2 'that was' invoke --load "$dir/load.json" --start-at 1000000000
refuse 2 'is not http' invoke --load "$dir/load.json" --zipkin localhost
refuse 2 'standard input' invoke --load -
refuse 66 'nowhere.json' invoke --load "$dir/nowhere.json"
refuse 66 'ca.pem' invoke --load "$dir/load.json" --tls --cacert "$dir/ca.pem"
echo '[{"timestamp":[1],"endpoint":[]}]' >"$dir/bad.json"
refuse 65 'bad.json:1' invoke --load "$dir/bad.json"
echo '[{"timestamp":[1000001],"endpoint":["a"]}]' >"$dir/bad.json"
refuse 65 'unit 0, call 0: time 1000001 us' invoke --load "$dir/bad.json" --unit second
echo '[{"timestamp":[1],"endpoint":["a:70000"]}]' >"$dir/bad.json"
refuse 65 'is no port' invoke --load "$dir/bad.json"
refuse 2 'not fixed:MS' serve --latency slow:1
refuse 2 'not fixed:MS' serve --latency fixed:x
refuse 2 'needs --callgraphs' serve --latency trace
refuse 2 'not ADDRESS:PORT' serve --listen 50051
refuse 66 'nowhere.csv' serve --callgraphs "$dir/nowhere.csv"

# ---- every protocol, a unit without calls (the original's invoker panics), a load that is shorter -
start fast
plan 3 100 a.example b.example >"$dir/load.json"
for protocol in grpc h2c http1; do
    fire --load "$dir/load.json" --duration 5 --protocol $protocol --target "127.0.0.1:$port" \
        --latf "$dir/lat" || fail "$protocol: exit $?"
    whole $protocol 200
    expect ok 200 $protocol
    grep -q 'has 3 units' "$dir/err" || fail "$protocol: nothing is said of the missing units"
    [ "$(grep -c '^[0-9][0-9]*$' "$dir/lat")" = 200 ] && [ "$(wc -l <"$dir/lat")" = 200 ] ||
        fail "$protocol: the latency file has not a number a call"
    [ "$(count function a)" = 100 ] && [ "$(count endpoint b.example)" = 100 ] ||
        fail "$protocol: functions and endpoints"
done
echo '[{"timestamp":[],"endpoint":[]}]' >"$dir/empty.json"
fire --load "$dir/empty.json" --duration 1 || fail "a load without calls: exit $?"
whole empty 0

# ---- warm-up: in the record, not in the figures ------------------------------------------------
fire --load "$dir/load.json" --warmup 1 --duration 2 --target "127.0.0.1:$port" \
    --latf "$dir/lat" --report "$dir/report.d" || fail "warm-up: exit $?"
whole warm-up 200
[ "$(count phase warmup)" = 100 ] && [ "$(wc -l <"$dir/lat")" = 100 ] || fail "warm-up is measured"
expect warmup 100 warm-up
for f in latency.pdf latency.png lateness.svg tables.xlsx latency.hgrm functions.csv; do
    [ -s "$dir/report.d/$f" ] || fail "--report left no $f"
done
grep -q '#\[Max .*Total count    =          100\]' "$dir/report.d/latency.hgrm" || fail 'latency.hgrm'
if command -v python3 >/dev/null; then
    python3 - "$dir/report.d" <<'P' || fail 'tables.xlsx'
import re, sys, zipfile
book = zipfile.ZipFile(sys.argv[1] + "/tables.xlsx")
sheets = re.findall('<sheet name="([^"]*)"', book.read("xl/workbook.xml").decode())
words = book.read("xl/sharedStrings.xml").decode()
missing = [w for w in ("lateness", "latency from planned", ">a<", ">b<", "never issued", ">OK<")
           if w not in words]
sys.exit("sheets %s, missing %s" % (sheets, missing) if missing or not
         {"Summary", "Functions", "Endings"} <= set(sheets) else 0)
P
fi

# ---- the mark of a run that was late; the words for people ---------------------------------------
brisk 50 a.example b.example >"$dir/load.json"
fire --load "$dir/load.json" --target "127.0.0.1:$port" --lateness-bound 10000 ||
    fail "in time: exit $?"
expect valid true 'in time'
fire --load "$dir/load.json" --target "127.0.0.1:$port" --lateness-bound 0.0001 ||
    fail "late: exit $?"
expect valid false late
"$T" invoke -q --load "$dir/load.json" --unit second --warmup 0 --lateness-bound 0.0001 \
    --target "127.0.0.1:$port" -o "$dir/calls.csv" 2>"$dir/err" || fail "words: exit $?"
grep -q '^50 calls planned, 50 issued, 50 completed: 50 OK, 0 failed' "$dir/err" &&
    grep -q '^INVALID: p99 of lateness is .* over the bound of 0.1 us' "$dir/err" ||
    { fail 'the words'; cat "$dir/err"; }

# ---- the original's defaults: minutes, two of warm-up; times beyond a second are a minute's --------
echo '[{"timestamp":[0,0,1200000],"endpoint":["a:1","a:1","b:1"]}]' >"$dir/minute.json"
"$T" invoke -q --load "$dir/minute.json" --target "127.0.0.1:$port" -o "$dir/calls.csv" 2>"$dir/err" ||
    fail "minute: exit $?"
whole minute 3
[ "$(count planned_us 1200000.000)" = 1 ] && [ "$(count planned_us 0.000)" = 2 ] &&
    [ "$(count phase warmup)" = 3 ] && [ "$(count status OK)" = 3 ] || fail 'a minute'

# ---- the live line ---------------------------------------------------------------------------------
if command -v script >/dev/null; then
    TERM=xterm script -qec "'$T' invoke --load '$dir/minute.json' --target 127.0.0.1:$port \
        -o '$dir/calls.csv'" "$dir/typescript" >/dev/null 2>&1 </dev/null
    tr '\r' '\n' <"$dir/typescript" | grep -q \
        'offered 2 sent 2 done 2 errors 0 p50 [0-9.]* p99 [0-9.]* ms late p99 [0-9.]* us' ||
        { fail 'the live line'; cat -v "$dir/typescript"; }
else
    echo 'SKIP the live line: no script(1)'
fi

# ---- shards: together the plan, at its moments -------------------------------------------------
plan 3 100 a.example b.example >"$dir/load.json"
soon=$(($(date +%s) + 3))
"$T" invoke -q --load "$dir/load.json" --unit second --warmup 0 --shard 0/2 --start-at $soon \
    --target "127.0.0.1:$port" -o "$dir/first.csv" 2>"$dir/err1" &
first=$!
fire --load "$dir/load.json" --shard 1/2 --start-at $soon --target "127.0.0.1:$port" ||
    fail "second shard: exit $?"
[ "$(date +%s)" -ge $((soon + 2)) ] || fail '--start-at was not waited for'
wait $first || { fail 'first shard'; cat "$dir/err1"; }
{ cat "$dir/first.csv"; sed 1d "$dir/calls.csv"; } >"$dir/both.csv"
mv "$dir/both.csv" "$dir/calls.csv"
whole shards 200
awk -F, 'NR > 1 && $7 != sprintf("%.3f", 1e6 * $2 + int($3 * 1e6 / 100)) { exit 1 }' "$dir/calls.csv" ||
    fail 'shards moved calls'

# ---- a connection for each call, spans, the other service --------------------------------------
brisk 200 a.example b.example >"$dir/load.json"
fire --load "$dir/load.json" --connect-per-call --target "127.0.0.1:$port" \
    --zipkin "http://127.0.0.1:$port/api/v2/spans" || fail "per call: exit $?"
whole 'per call' 200
[ "$(sed -n 's/.*"opened":\([0-9]*\).*/\1/p' "$dir/report")" -ge 200 ] || fail 'connections are shared'
expect spans_lost 0 zipkin
fire --load "$dir/load.json" --target "127.0.0.1:$port" --zipkin http://127.0.0.1:1/ ||
    fail "no collector: exit $?"
expect ok 200 'no collector'
expect spans_lost 200 'no collector'
fire --load "$dir/load.json" --message executor --runtime 40 --target "127.0.0.1:$port" ||
    fail "executor: exit $?"
expect ok 200 executor
awk -F, 'NR > 1 && $11 - $8 < 40000 { exit 1 }' "$dir/calls.csv" || fail 'the executor was too fast'

# ---- more connections than a shell usually lets a program have ------------------------------------
# shellcheck disable=SC3045   # dash has ulimit -S
(ulimit -S -n 32 && fire --load "$dir/load.json" --target "127.0.0.1:$port" --connections 60) ||
    fail "60 connections: exit $?"
expect ok 200 '60 connections'
[ "$(sed -n 's/.*"connections":{"opened":\([0-9]*\).*/\1/p' "$dir/report")" -ge 60 ] ||
    fail 'the limit of descriptors holds connections down'

# ---- the deadline is the one given (the original's is always 30 s) -----------------------------
start slow --latency fixed:3000
fire --load "$dir/load.json" --timeout 0.2 --target "127.0.0.1:$port" || fail "time-out: exit $?"
whole time-out 200
[ "$(count status DEADLINE_EXCEEDED)" = 200 ] && [ "$(count ending deadline)" = 200 ] ||
    fail 'time-outs are not told'
expect timed_out 200 time-out
awk -F, 'NR > 1 && ($11 - $8 < 200000) { exit 1 }' "$dir/calls.csv" || fail 'a time-out came early'

# ---- Ctrl-C writes what there is ---------------------------------------------------------------
plan 60 100 a.example >"$dir/long.json"
"$T" invoke -q --load "$dir/long.json" --unit second --warmup 0 --duration 60 --json \
    --target "127.0.0.1:$port" -o "$dir/calls.csv" >"$dir/report" 2>"$dir/err" &
invoke=$!
sleep 1.5
kill -INT $invoke
wait $invoke
[ $? -eq 130 ] || fail 'interrupted: exit is not 130'
expect stopped true interrupted
rows=$(($(wc -l <"$dir/calls.csv") - 1))
whole interrupted $rows
[ "$rows" -ge 50 ] && [ "$(count ending stopped)" -ge 1 ] || fail "interrupted: $rows rows"

# ---- a dead address costs its own calls --------------------------------------------------------
start live
brisk 200 "127.0.0.1:$port" 127.0.0.1:1 >"$dir/load.json"
fire --load "$dir/load.json" || fail "dead endpoint: exit $?"
whole 'dead endpoint' 200
[ "$(count status OK)" = 100 ] && [ "$(count ending refused)" = 100 ] &&
    [ "$(count sent_us '')" = 100 ] || fail 'a dead endpoint touched others, or was not told'
grep -q '1 of 2 addresses could not be reached' "$dir/err" || fail 'the dead address is not named'

# ---- killed and restarted in mid-run -----------------------------------------------------------
plan 6 100 a.example >"$dir/load.json"
"$T" invoke -q --load "$dir/load.json" --unit second --warmup 0 --json --duration 6 \
    --target "127.0.0.1:$port" -o "$dir/calls.csv" >"$dir/report" 2>"$dir/err" &
invoke=$!
sleep 0.5
kill -9 "$pid"
wait "$pid" 2>/dev/null
sleep 1.5
at=$port start again
wait $invoke || fail "restart: exit $?"
whole restart 500
[ "$(count status OK)" -ge 250 ] || fail "restart: only $(count status OK) answers"
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
    $c["status"] != "OK" && $c["status"] != "UNAVAILABLE" { exit 1 }
    $c["unit"] == 5 && $c["status"] != "OK" { late++ }
    END { exit late > 0 }' "$dir/calls.csv" || fail 'restart: the client did not come back'
exit $failed
