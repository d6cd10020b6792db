#!/bin/sh
# invoke against an HTTP/2 that is not ours (python3-h2): resets, GOAWAY and cut connections each have
# their ending, and a server's limit of concurrent streams is never passed.
dir=$(mktemp -d) || exit 1
. tests/load_tools.sh
py=/usr/bin/python3
$py -c 'import h2' 2>/dev/null || sh tests/setup.sh python3-h2 >/dev/null 2>&1
$py -c 'import h2' 2>/dev/null || { echo 'no python3-h2 here'; exit 77; }

server() {   # server LIMIT: its port is in $port
    rm -f "$dir/in" "$dir/said"
    mkfifo "$dir/in"
    $py tests/h2_server.py "$1" <"$dir/in" >"$dir/said" 2>"$dir/log" &
    pid=$!
    servers="$servers $pid"
    exec 3>"$dir/in"
    k=0
    until [ -s "$dir/said" ]; do
        sleep 0.1
        k=$((k + 1))
        [ $k -lt 200 ] || { fail 'h2_server did not start'; cat "$dir/log"; exit 1; }
    done
    port=$(cat "$dir/said")
}
leave() {    # what the server said at its end is in $said
    exec 3>&-
    wait "$pid"
    said=$(sed -n '2p' "$dir/said")
}
of() {   # of FUNCTION STATUS ENDING: calls
    awk -F, -v f="$1" -v s="$2" -v e="$3" '$4 == f && $13 == s && $14 == e' "$dir/calls.csv" | wc -l
}

# ---- resets: the stream's end, by its error code; other calls on the connection go on ------------
server 100
brisk 80 reset2.x reset7.x reset8.x reset11.x reset12.x half8.x fine.x fine.x >"$dir/load.json"
fire --load "$dir/load.json" --target "127.0.0.1:$port" || fail "resets: exit $?"
whole resets 80
for k in 'reset2 INTERNAL' 'reset7 UNAVAILABLE' 'reset8 CANCELLED' 'reset11 RESOURCE_EXHAUSTED' \
    'reset12 PERMISSION_DENIED' 'half8 CANCELLED'; do
    [ "$(of ${k% *} ${k#* } reset)" = 10 ] || { fail "resets: $k"; cat "$dir/report"; }
done
[ "$(of fine OK answer)" = 20 ] || fail 'resets: others were touched'
expect lost 0 resets

# ---- GOAWAY again and again: what the server took is answered, the rest is told apart ------------
names=$(printf 'fine.x %.0s' $(seq 19))
plan 1 200 $names away.x >"$dir/load.json"
fire --load "$dir/load.json" --target "127.0.0.1:$port" || fail "GOAWAY: exit $?"
whole GOAWAY 200
[ "$(of away OK answer)" -ge 3 ] || { fail 'GOAWAY: the last stream is not answered'; cat "$dir/report"; }
[ $(($(count status OK) + $(count ending goaway) + $(count ending refused))) = 200 ] ||
    { fail 'GOAWAY: other endings'; cat "$dir/report"; }
[ "$(count status OK)" -ge 40 ] || { fail 'GOAWAY: calls before it were lost'; cat "$dir/report"; }

# ---- who breaks the protocol and falls silent is left at once, not at the deadline -----------------
brisk 40 fine.x fine.x fine.x mad.x >"$dir/load.json"
fire --load "$dir/load.json" --target "127.0.0.1:$port" || fail "mad: exit $?"
whole mad 40
awk -F, 'NR > 1 && $11 - $8 > 5000000 { exit 1 }' "$dir/calls.csv" || fail 'mad: calls waited for nothing'
[ "$(count ending deadline)" = 0 ] && [ "$(of mad UNAVAILABLE lost)" -ge 1 ] ||
    { fail 'mad: endings'; cat "$dir/report"; }

# ---- a connection that breaks costs what was on it ------------------------------------------------
names=$(printf 'fine.x %.0s' $(seq 39))
plan 1 200 $names cut.x >"$dir/load.json"
fire --load "$dir/load.json" --target "127.0.0.1:$port" || fail "cut: exit $?"
whole cut 200
[ "$(of cut UNAVAILABLE lost)" -ge 1 ] && [ "$(of fine OK answer)" -ge 20 ] &&
    [ $(($(count status OK) + $(count status UNAVAILABLE))) = 200 ] ||
    { fail 'cut: endings'; cat "$dir/report"; }
leave

# ---- the limit of streams: a further connection is opened; with one alone, calls wait and it shows -
server 4
brisk 40 fine.x >"$dir/load.json"
fire --load "$dir/load.json" --target "127.0.0.1:$port" || fail "limit: exit $?"
whole limit 40
expect ok 40 limit
leave
[ "${said% *}" -le 4 ] && [ "${said#* }" -ge 3 ] || fail "limit: streams and connections are $said"
server 4
fire --load "$dir/load.json" --target "127.0.0.1:$port" --most-connections 1 || fail "queue: exit $?"
whole queue 40
expect ok 40 queue
[ "$(sed -n 's/.*"queued":\([0-9]*\).*/\1/p' "$dir/report")" -ge 20 ] || fail 'the queue is not told'
# 10 rounds of 4 calls of 50 ms: the last leaves 450 ms after the first, and its lateness says so
awk -F, 'NR > 1 && $8 - $7 < 50000 && $9 - $7 > late { late = $9 - $7 } END { exit late < 300000 }' \
    "$dir/calls.csv" || fail 'what waits for the server is not late'
leave
[ "$said" = '4 1' ] || fail "queue: streams and connections are $said"
exit $failed
