#!/bin/sh
# What invoke puts on the wire, seen by Python's http.server: templates filled in, W3C trace context,
# and for every call a Zipkin v2 span under the same ids.
dir=$(mktemp -d) || exit 1
. tests/load_tools.sh
py=/usr/bin/python3
$py -c 'import http.server' 2>/dev/null || { echo 'no python3 here'; exit 77; }
cat >"$dir/server.py" <<'P'
import http.server, json, sys, threading
lock = threading.Lock()
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with lock:
            if self.path == "/api/v2/spans":
                spans.extend(json.loads(body))
            else:
                calls.append({"path": self.path, "body": body, "host": self.headers["Host"],
                              "type": self.headers["Content-Type"],
                              "parent": self.headers["traceparent"]})
        self.send_response(202 if self.path == "/api/v2/spans" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *a):
        pass
calls, spans = [], []
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
json.dump({"calls": calls, "spans": spans}, open(sys.argv[1], "w"))
P
cat >"$dir/judge.py" <<'P'
import csv, json, re, sys
seen = json.load(open(sys.argv[1]))
rows = list(csv.DictReader(open(sys.argv[2])))
def need(good, what):
    if not good:
        sys.exit("not so: " + what)
need(len(rows) == len(seen["calls"]) == len(seen["spans"]) == 60, "60 rows, calls and spans: %d %d %d"
     % (len(rows), len(seen["calls"]), len(seen["spans"])))
spans = {s["id"]: s for s in seen["spans"]}
need(len(spans) == 60, "span ids differ")
by_id = {r["id"]: r for r in rows}
uuids, starts = set(), set()
for c in seen["calls"]:
    m = re.fullmatch(r"/([a-z]+)/(\d+)\?unit=0&at=(\d+)", c["path"])
    need(m, "path " + c["path"])
    r = by_id[m[2]]
    need(r["function"] == m[1] and r["index"] == m[3], "function and place of call " + m[2])
    need(c["host"] == r["endpoint"] and c["type"] == "text/x", "host and type")
    b = re.fullmatch(r'\{"to":"([a-z.]+)","id":"([0-9a-f-]{36})","x":\{y\}\}', c["body"])
    need(b and b[1] == r["endpoint"], "body " + c["body"])
    uuids.add(b[2])
    p = re.fullmatch(r"00-([0-9a-f]{32})-([0-9a-f]{16})-01", c["parent"] or "")
    need(p, "traceparent %s" % c["parent"])
    s = spans[p[2]]
    need(s["traceId"] == p[1] and s["kind"] == "CLIENT", "span of the call")
    need(s["name"] == r["function"] and s["remoteEndpoint"]["serviceName"] == r["function"], "names")
    need(s["tags"]["endpoint"] == r["endpoint"] and s["tags"]["grpc.status"] == "OK", "tags")
    took = float(r["done_us"]) - float(r["sent_us"])
    need(abs(s["duration"] - took) <= 1, "duration %s, %s in the record" % (s["duration"], took))
    starts.add(round(s["timestamp"] - float(r["sent_us"])))
need(len(uuids) == 60, "uuids differ")
need(max(starts) - min(starts) <= 2, "spans and record have one clock")
P
mkfifo "$dir/in"
$py "$dir/server.py" "$dir/seen.json" <"$dir/in" >"$dir/port" 2>"$dir/log" &
pid=$!
servers="$servers $pid"
exec 3>"$dir/in"
k=0
until [ -s "$dir/port" ]; do
    sleep 0.1
    k=$((k + 1))
    [ $k -lt 200 ] || { fail 'the server did not start'; cat "$dir/log"; exit 1; }
done
port=$(cat "$dir/port")
brisk 60 one.example two.example >"$dir/load.json"
fire --load "$dir/load.json" --protocol http1 --target "127.0.0.1:$port" --method POST \
    --path '/{function}/{id}?unit={unit}&at={index}' --content-type text/x \
    --body '{"to":"{endpoint}","id":"{uuid}","x":{y}}' \
    --zipkin "http://127.0.0.1:$port/api/v2/spans" || { fail "exit $?"; cat "$dir/err"; }
whole spans 60
expect ok 60 spans
expect spans_lost 0 spans
exec 3>&-
wait "$pid"
$py "$dir/judge.py" "$dir/seen.json" "$dir/calls.csv" || { fail 'what arrived'; head -c 400 "$dir/seen.json"; }
exit $failed
