#!/bin/sh
# invoke at 100 calls/s and the emulator it calls, both under valgrind: no error, no leak.
command -v valgrind >/dev/null || sh tests/setup.sh valgrind >/dev/null 2>&1
command -v valgrind >/dev/null || { echo 'no valgrind here'; exit 77; }
[ -z "$SANITIZED" ] || { echo 'valgrind cannot run what is sanitized'; exit 77; }
dir=$(mktemp -d) || exit 1
. tests/load_tools.sh
real=$T
T="valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,possible \
 --show-leak-kinds=definite,possible $real"
start_checked() {   # the emulator takes seconds to come up here
    rm -f "$dir/port"
    $T serve --listen 127.0.0.1:0 "$@" >"$dir/port" 2>"$dir/log" &
    pid=$!
    servers="$servers $pid"
    until [ -s "$dir/port" ] || ! kill -0 $pid 2>/dev/null; do sleep 0.2; done
    port=$(sed 's/.* //' "$dir/port")
}
end_checked() {
    kill -INT $pid
    wait $pid || { fail "$1: the emulator, exit $?"; cat "$dir/log"; }
}
plan 4 100 a.example b.example 127.0.0.1:1 >"$dir/load.json"
start_checked --latency exp:5
for how in '--protocol grpc' '--protocol http1' '--protocol grpc --connect-per-call --timeout 0.01'; do
    sed "s/[ab].example/127.0.0.1:$port/g" "$dir/load.json" >"$dir/here.json"
    $T invoke -q --unit second --warmup 0 --duration 4 --load "$dir/here.json" $how --latf "$dir/lat" \
        --zipkin http://127.0.0.1:1/ -o "$dir/calls.csv" >"$dir/out" 2>"$dir/err" ||
        { fail "$how: exit $?"; cat "$dir/err"; }
    whole "$how" 300
done
end_checked latency
"$real" reference callgraphs -q --traces 40 -o "$dir/graphs.csv"
start_checked --callgraphs "$dir/graphs.csv"
$T invoke -q --callgraphs "$dir/graphs.csv" --port "$port" --rate 20 -o "$dir/calls.csv" 2>"$dir/err" ||
    { fail "graphs: exit $?"; cat "$dir/err"; }
end_checked graphs
exit $failed
