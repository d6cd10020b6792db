# load_tools.sh: what the tests of invoke and serve share; they source it. $dir is theirs.

# shellcheck disable=SC2154,SC2034
true   # dir is the caller's, failed and port are for it
T=$BUILD/tracewright
failed=0
servers=''
trap 'for p in $servers; do kill "$p" 2>/dev/null; done; rm -rf "$dir"' EXIT
fail() {
    echo "$1"
    failed=1
}

# start NAME ARGUMENT...: a `tracewright serve` whose port is in $port and whose pid in $pid
start() {
    rm -f "$dir/$1.port"
    name=$1
    shift
    "$T" serve --listen "127.0.0.1:${at:-0}" "$@" >"$dir/$name.port" 2>"$dir/$name.log" &
    pid=$!
    servers="$servers $pid"
    for k in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        [ -s "$dir/$name.port" ] && break
        sleep 0.$((k > 9 ? 5 : 1))
    done
    port=$(sed 's/.* //' "$dir/$name.port")
}

# plan UNITS RATE NAME...: a load of seconds with RATE calls each, even, over the names; unit 1 is
# empty
plan() {
    units=$1 rate=$2
    shift 2
    awk -v u="$units" -v r="$rate" -v w="${within:-1000000}" -v names="$*" 'BEGIN {
        n = split(names, name, " ")
        printf "["
        for (k = 0; k < u; k++) {
            m = k == 1 ? 0 : r
            printf "%s{\"timestamp\":[", k ? "," : ""
            for (i = 0; i < m; i++) printf "%s%d", i ? "," : "", i * w / r
            printf "],\"endpoint\":["
            for (i = 0; i < m; i++) printf "%s\"%s\"", i ? "," : "", name[i % n + 1]
            printf "]}"
        }
        print "]"
    }'
}

# brisk CALLS NAME...: a load of one second whose calls all fall into its first tenth
brisk() {
    within=100000 plan 1 "$@"
}

# fire ARGUMENT...: invoke in seconds, quietly; calls.csv, report and err are in $dir
fire() {
    "$T" invoke -q --unit second --warmup 0 --json -o "$dir/calls.csv" "$@" >"$dir/report" 2>"$dir/err"
}

# expect WHAT NUMBER: a number of the report
expect() {
    got=$(sed -n "s/.*\"$1\":\([0-9.a-z]*\).*/\1/p" "$dir/report")
    [ "$got" = "$2" ] || { fail "$3: $1 is $got, wanted $2"; cat "$dir/report" "$dir/err"; }
}

# whole LABEL N: the record has N calls, each once, and their moments are in order
whole() {
    awk -F, -v n="$2" '
        NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        { if (seen[$c["id"]]++) bad = bad " twice " $c["id"]
          p = $c["planned_us"]; i = $c["issued_us"]; s = $c["sent_us"]; f = $c["first_byte_us"]
          d = $c["done_us"]
          if (p == "" || i == "" || d == "" || p > i + 0 || i > d + 0) bad = bad " order " $c["id"]
          if (s != "" && (s + 0 < i + 0 || s > d + 0)) bad = bad " sent " $c["id"]
          if (f != "" && (f + 0 < i + 0 || f > d + 0)) bad = bad " first " $c["id"]
          if ($c["status"] == "OK" && (s == "" || f == "")) bad = bad " hollow " $c["id"] }
        END { if (NR - 1 != n || bad) { print NR - 1 " rows of " n bad; exit 1 } }' \
        "$dir/calls.csv" || fail "$1: the record is not whole"
}

# count COLUMN VALUE: rows of the record
count() {
    awk -F, -v column="$1" -v value="$2" '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) k = i; next }
        $k == value { n++ }
        END { print n + 0 }' "$dir/calls.csv"
}
