#!/bin/sh
# invoke against a gRPC server that is not ours (Debian's python3-grpcio): answers, failures,
# deadlines, a GOAWAY with grace, a kill and a restart; every call is in the record.
dir=$(mktemp -d) || exit 1
. tests/load_tools.sh
py=/usr/bin/python3
$py -c 'import grpc' 2>/dev/null || sh tests/setup.sh python3-grpcio >/dev/null 2>&1
$py -c 'import grpc' 2>/dev/null || { echo 'no python3-grpcio here'; exit 77; }

# greeter NAME [PORT]: a server; "echo GRACE >&3" ends the last one started
greeter() {
    mkfifo "$dir/$1.in"
    $py tests/greeter.py ${2:+"$2"} <"$dir/$1.in" >"$dir/$1.port" 2>"$dir/$1.log" &
    pid=$!
    servers="$servers $pid"
    exec 3>"$dir/$1.in"
    k=0
    until [ -s "$dir/$1.port" ]; do
        sleep 0.1
        k=$((k + 1))
        [ $k -lt 200 ] || { fail "greeter $1 did not start"; cat "$dir/$1.log"; exit 1; }
    done
    port=$(cat "$dir/$1.port")
}

greeter first
plan 3 100 fine.example also.example >"$dir/load.json"
fire --load "$dir/load.json" --target "127.0.0.1:$port" || fail "OK: exit $?"
whole OK 200
expect ok 200 OK
expect lost 0 OK

plan 3 40 broken.x denied.x slow.x fine.x >"$dir/load.json"
fire --load "$dir/load.json" --timeout 1 --target "127.0.0.1:$port" || fail "statuses: exit $?"
whole statuses 80
for s in UNAVAILABLE PERMISSION_DENIED DEADLINE_EXCEEDED OK; do
    [ "$(count status $s)" = 20 ] || fail "statuses: $(count status $s) are $s"
done
# whose clock ends a call at the deadline, the server's or the client's, is chance
[ $(($(count ending answer) + $(count ending deadline))) = 80 ] || fail 'endings'
# ---- invitro's executor, whose request the server reads by its fields ------------------------------
brisk 20 executor.x >"$dir/load.json"
fire --load "$dir/load.json" --message executor --runtime 40 --memory 300 \
    --target "127.0.0.1:$port" || fail "executor: exit $?"
expect ok 20 executor
fire --load "$dir/load.json" --message executor --runtime 41 --memory 300 \
    --target "127.0.0.1:$port" || fail "executor: exit $?"
[ "$(count status INVALID_ARGUMENT)" = 20 ] || fail 'another runtime is not another request'

# ---- GOAWAY: with grace, calls under way are answered; then nobody is there ---------------------
plan 4 50 slow.x fine.x >"$dir/load.json"
"$T" invoke -q --load "$dir/load.json" --unit second --warmup 0 --duration 4 --timeout 10 --json \
    --target "127.0.0.1:$port" -o "$dir/calls.csv" >"$dir/report" 2>"$dir/err" &
invoke=$!
sleep 0.6
echo 6 >&3
wait $invoke || fail "GOAWAY: exit $?"
whole GOAWAY 150
[ "$(count status OK)" -ge 20 ] && [ "$(count status UNAVAILABLE)" -ge 80 ] &&
    [ $(($(count status OK) + $(count status UNAVAILABLE))) = 150 ] || fail 'GOAWAY: statuses'
awk -F, 'NR > 1 && $4 == "slow" && $8 < 300000 && $13 != "OK" { exit 1 }' "$dir/calls.csv" ||
    fail 'GOAWAY with grace cut calls off'

# ---- killed in mid-run, and restarted ----------------------------------------------------------
greeter second
plan 8 100 fine.x slow.x fine.x fine.x >"$dir/load.json"
"$T" invoke -q --load "$dir/load.json" --unit second --warmup 0 --duration 8 --timeout 10 --json \
    --target "127.0.0.1:$port" -o "$dir/calls.csv" >"$dir/report" 2>"$dir/err" &
invoke=$!
sleep 0.7
kill -9 "$pid"
wait "$pid" 2>/dev/null
sleep 1
greeter third "$port"
wait $invoke || fail "kill: exit $?"
whole kill 700
[ "$(count ending lost)" -ge 1 ] && [ "$(count ending refused)" -ge 1 ] || fail 'kill: endings'
[ $(($(count status OK) + $(count status UNAVAILABLE))) = 700 ] || fail 'kill: statuses'
awk -F, 'NR > 1 && $2 == 6 && $13 != "OK" { n++ } END { exit n > 0 }' "$dir/calls.csv" ||
    fail 'the restarted server is not used'
exit $failed
