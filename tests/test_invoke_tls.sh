#!/bin/sh
# invoke over TLS against servers that are not ours: grpc's own (python3-grpcio), nghttpd for HTTP/2,
# Python's http.server for HTTP/1.1. Whom the certificate does not name, or no known authority
# vouches for, is not called; that costs its own calls, and the reason is told.
dir=$(mktemp -d) || exit 1
. tests/load_tools.sh
py=/usr/bin/python3
command -v openssl >/dev/null && command -v nghttpd >/dev/null && $py -c 'import grpc' 2>/dev/null ||
    sh tests/setup.sh openssl nghttp2-server python3-grpcio >/dev/null 2>&1
command -v openssl >/dev/null || { echo 'no openssl here'; exit 77; }
$py -c 'import grpc, ssl' 2>/dev/null || { echo 'no python3-grpcio here'; exit 77; }

# certificate NAME SUBJECTS [OPTION...]: NAME.pem and NAME.key, signed by ca
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=ca \
    -keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null || { echo 'openssl req'; exit 1; }
certificate() {
    name=$1
    echo "subjectAltName=$2" >"$dir/ext"
    shift 2
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$name" \
        -keyout "$dir/$name.key" -out "$dir/$name.csr" 2>/dev/null &&
        openssl x509 -req -in "$dir/$name.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" \
            -CAcreateserial -extfile "$dir/ext" "$@" -out "$dir/$name.pem" 2>/dev/null ||
        { echo "openssl: $name"; exit 1; }
}
certificate good DNS:localhost,IP:127.0.0.1 -days 2
certificate other DNS:elsewhere.example -days 2
certificate old DNS:localhost,IP:127.0.0.1 -days -1

# server NAME COMMAND...: its port, printed by it, is in $port
server() {
    log=$1
    shift
    "$@" >"$dir/$log.port" 2>"$dir/$log.log" </dev/null &
    servers="$servers $!"
    k=0
    until [ -s "$dir/$log.port" ]; do
        sleep 0.1
        k=$((k + 1))
        [ $k -lt 200 ] || { fail "$log did not start"; cat "$dir/$log.log"; exit 1; }
    done
    port=$(cat "$dir/$log.port")
}
server good $py tests/greeter.py 0 "$dir/good.pem" "$dir/good.key" && good=$port
server other $py tests/greeter.py 0 "$dir/other.pem" "$dir/other.key" && other=$port
server old $py tests/greeter.py 0 "$dir/old.pem" "$dir/old.key" && old=$port

trouble() {   # trouble TEXT LABEL: on the terminal at once, and in the report
    grep -q "$1" "$dir/err" || { fail "$2: not told: $1"; cat "$dir/err"; }
    sed -n 's/.*"troubles":\({[^}]*}\).*/\1/p' "$dir/report" | grep -q "$1" ||
        { fail "$2: not in the report: $1"; cat "$dir/report"; }
}
nobody() {   # nobody N LABEL: no call was sent
    whole "$2" "$1"
    [ "$(count ending refused)" = "$1" ] && [ "$(count sent_us '')" = "$1" ] ||
        { fail "$2: calls were sent"; cat "$dir/report"; }
}

# ---- gRPC: whom to trust ------------------------------------------------------------------------
brisk 100 fine.x also.x >"$dir/load.json"
for host in localhost 127.0.0.1; do
    fire --load "$dir/load.json" --tls --cacert "$dir/ca.pem" --target "$host:$good" ||
        fail "$host: exit $?"
    whole "$host" 100
    expect ok 100 "$host"
    expect lost 0 "$host"
done
fire --load "$dir/load.json" --tls --cacert "$dir/ca.pem" --target "localhost:$good" \
    --connect-per-call || fail "per call: exit $?"
expect ok 100 'per call'
fire --load "$dir/load.json" --tls --target "localhost:$good" || fail "unknown authority: exit $?"
nobody 100 'unknown authority'
trouble 'certificate: .*local issuer' 'unknown authority'
fire --load "$dir/load.json" --tls --cacert "$dir/ca.pem" --target "localhost:$other" ||
    fail "other name: exit $?"
nobody 100 'other name'
trouble 'certificate: hostname mismatch' 'other name'
fire --load "$dir/load.json" --tls --cacert "$dir/ca.pem" --target "127.0.0.1:$other" ||
    fail "other address: exit $?"
nobody 100 'other address'
trouble 'certificate: IP address mismatch' 'other address'
fire --load "$dir/load.json" --tls --cacert "$dir/ca.pem" --target "localhost:$old" ||
    fail "old: exit $?"
nobody 100 old
trouble 'certificate: certificate has expired' old
for port in $good $other $old; do
    fire --load "$dir/load.json" --tls --insecure --target "localhost:$port" ||
        fail "insecure: exit $?"
    expect ok 100 insecure
done

# ---- statuses and deadlines; a bad certificate beside good ones ---------------------------------
brisk 80 broken.x denied.x slow.x fine.x >"$dir/load.json"
fire --load "$dir/load.json" --tls --cacert "$dir/ca.pem" --timeout 1 --target "localhost:$good" ||
    fail "statuses: exit $?"
whole statuses 80
for s in UNAVAILABLE PERMISSION_DENIED DEADLINE_EXCEEDED OK; do
    [ "$(count status $s)" = 20 ] || fail "statuses: $(count status $s) are $s"
done
brisk 90 "localhost:$good" "localhost:$other" "127.0.0.1:$good" >"$dir/load.json"
fire --load "$dir/load.json" --tls --cacert "$dir/ca.pem" || fail "beside: exit $?"
whole beside 90
[ "$(count status OK)" = 60 ] && [ "$(count ending refused)" = 30 ] &&
    [ "$(awk -F, '$5 == "localhost:'"$other"'" && $14 == "refused"' "$dir/calls.csv" | wc -l)" = 30 ] ||
    { fail 'a bad certificate touched others'; cat "$dir/report"; }
grep -q '1 of 3 addresses could not be reached' "$dir/err" || fail 'the address is not counted'

# ---- who does not speak TLS, and who is not spoken to in it -------------------------------------
start plain
brisk 20 fine.x >"$dir/load.json"
fire --load "$dir/load.json" --tls --insecure --target "localhost:$port" || fail "plain: exit $?"
whole plain 20
[ "$(count status OK)" = 0 ] || fail 'TLS with whom does not speak it'
grep -q "localhost:$port: " "$dir/err" || fail 'plain: no reason'
fire --load "$dir/load.json" --target "localhost:$good" || fail "no --tls: exit $?"
whole 'no --tls' 20
[ "$(count status UNAVAILABLE)" = 20 ] || fail 'plain text to a TLS server'
for flag in --insecure "--cacert $dir/ca.pem"; do
    fire --load "$dir/load.json" $flag && fail "$flag without --tls is taken"
    grep -q 'needs --tls' "$dir/err" || fail "$flag without --tls: not told"
done

# ---- HTTP/1.1 ------------------------------------------------------------------------------------
echo hello >"$dir/hello.txt"
cat >"$dir/https.py" <<'P'
import functools, http.server, ssl, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201 if body.startswith(b"call ") else 400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a):
        pass
server = http.server.ThreadingHTTPServer(
    ("127.0.0.1", 0), functools.partial(Handler, directory=sys.argv[1]))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
P
server https $py "$dir/https.py" "$dir" "$dir/good.pem" "$dir/good.key"
brisk 60 fine.x >"$dir/load.json"
http1="--protocol http1 --tls --cacert $dir/ca.pem --target localhost:$port"
fire --load "$dir/load.json" $http1 --path /hello.txt || fail "GET: exit $?"
whole GET 60
[ "$(count http_status 200)" = 60 ] && [ "$(count reply_bytes 6)" = 60 ] || fail 'GET over TLS'
fire --load "$dir/load.json" $http1 --method POST --body 'call {id}' || fail "POST: exit $?"
whole POST 60
[ "$(count http_status 201)" = 60 ] || fail 'POST over TLS'
fire --load "$dir/load.json" $http1 --path /nothing || fail "404: exit $?"
[ "$(count http_status 404)" = 60 ] && [ "$(count status UNIMPLEMENTED)" = 60 ] || fail '404'
fire --load "$dir/load.json" --protocol h2c --tls --cacert "$dir/ca.pem" \
    --target "localhost:$port" || fail "no ALPN: exit $?"
nobody 60 'no ALPN'
trouble 'does not choose h2' 'no ALPN'

# ---- HTTP/2 over TLS -----------------------------------------------------------------------------
command -v nghttpd >/dev/null || { echo 'SKIP h2 over TLS: no nghttpd'; exit $failed; }
free=$($py -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
nghttpd -a 127.0.0.1 -m 4 -d "$dir" "$free" "$dir/good.key" "$dir/good.pem" >"$dir/nghttpd.log" 2>&1 &
servers="$servers $!"
k=0
until $py -c "import socket; socket.create_connection(('127.0.0.1', $free))" 2>/dev/null; do
    sleep 0.1
    k=$((k + 1))
    [ $k -lt 100 ] || { fail 'nghttpd did not start'; cat "$dir/nghttpd.log"; exit 1; }
done
h2="--protocol h2c --tls --cacert $dir/ca.pem --target localhost:$free"
fire --load "$dir/load.json" $h2 --path /hello.txt || fail "h2: exit $?"
whole h2 60
[ "$(count http_status 200)" = 60 ] && [ "$(count reply_bytes 6)" = 60 ] || fail 'GET over h2'
fire --load "$dir/load.json" $h2 --path /nothing || fail "h2 404: exit $?"
[ "$(count http_status 404)" = 60 ] || fail 'h2 404'
fire --load "$dir/load.json" --protocol http1 --tls --cacert "$dir/ca.pem" \
    --target "localhost:$free" || fail "h2 alone: exit $?"
whole 'h2 alone' 60
[ "$(count status UNAVAILABLE)" = 60 ] || fail 'HTTP/1.1 with whom speaks HTTP/2 alone'
exit $failed
