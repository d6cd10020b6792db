#!/bin/sh
# soak.sh SECONDS RATE: calls for a while against the emulator, both watched: memory and descriptors
# after a quarter of the time are those at the end, and every call is in the record with an answer.
seconds=${1:-600} rate=${2:-5000}
BUILD=${BUILD:-build}
T=$BUILD/tracewright
dir=$(mktemp -d) || exit 1
server='' sender=''
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; [ -z "$sender" ] || kill "$sender" 2>/dev/null; rm -rf "$dir"' EXIT

# rate calls a second, evenly, over ten names.
awk -v s="$seconds" -v r="$rate" 'BEGIN {
    print "["
    for (u = 0; u < s; u++) {
        printf "%s{\"timestamp\":[", u ? "," : ""
        for (i = 0; i < r; i++) printf "%s%d", i ? "," : "", i * 1000000 / r
        printf "],\"endpoint\":["
        for (i = 0; i < r; i++) printf "%s\"f%d.example\"", i ? "," : "", i % 10
        print "]}"
    }
    print "]"
}' >"$dir/load.json" || exit 1

"$T" serve --listen 127.0.0.1:0 --latency exp:1 >"$dir/port" 2>/dev/null &
server=$!
until [ -s "$dir/port" ]; do sleep 0.1; done
port=$(sed 's/.* //' "$dir/port")
"$T" invoke --load "$dir/load.json" --unit second --duration "$seconds" --warmup 0 \
    --target "127.0.0.1:$port" --connections 2 -o "$dir/calls.csv" --json >"$dir/report" 2>"$dir/err" &
sender=$!

look() {   # pid: resident kilobytes and descriptors
    echo "$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status") $(ls "/proc/$1/fd" | wc -l)"
}
sleep $((seconds / 4 + 2))
first_sender=$(look "$sender") first_server=$(look "$server")
sleep $((seconds - seconds / 4 - 3))
last_sender=$(look "$sender") last_server=$(look "$server")
wait "$sender" || { echo "invoke failed:"; cat "$dir/err"; exit 1; }
sender=''
rows=$(($(wc -l <"$dir/calls.csv") - 1))
echo "$seconds s at $rate/s: $rows calls; kB and descriptors after a quarter and at the end:"
echo "  invoke $first_sender -> $last_sender   serve $first_server -> $last_server"
sed 's/"functions".*//' "$dir/report"; echo
[ "$rows" -eq $((seconds * rate)) ] || { echo "calls are missing"; exit 1; }
grep -q "\"ok\":$rows," "$dir/report" || { echo "calls failed"; exit 1; }
echo "$first_sender $last_sender $first_server $last_server" | awk '
    { exit !($3 <= $1 * 1.1 + 1024 && $4 == $2 && $7 <= $5 * 1.1 + 1024 && $8 == $6) }' ||
    { echo "memory or descriptors grew"; exit 1; }
