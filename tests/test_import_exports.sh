#!/bin/sh
# Real exports, if they lie in ../shared: every trace and span of each is used or has a cause; and
# what was repaired is read again without any repair.
tracewright=$(cd "$BUILD" && pwd)/tracewright
data=$(cd .. && pwd)/shared/data/callgraphs
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0

fail() {
    echo "$*"
    failed=1
}

number() { sed -n "s/^{.*\"$1\":\([0-9]*\).*/\1/p" "$dir/r.json" | head -n 1; }

# export FILE GRAPHS SPANS USED-GRAPHS USED-SPANS [OPTION...]
export_of() {
    file=$data/$1 want="$2 $3 $4 $5"
    shift 5
    "$tracewright" import -q "$file" --report "$dir/r.json" "$@" >"$dir/out.csv" 2>"$dir/words"
    got="$(number graphs_read) $(number rows_read) $(number graphs_used) $(number rows_used)"
    [ "$got" = "$want" ] || fail "$file: $got, not $want"
    dropped=$(sed -n 's/^ {"cause":"[^"]*","rows":\([0-9]*\),.*/\1/p' "$dir/r.json" |
        awk '{ n += $1 } END { print n + 0 }')
    [ $((dropped + $(number rows_used))) -eq "$(number rows_read)" ] ||
        fail "$file: $dropped dropped rows do not account for all"
}

reference() {
    "$tracewright" reference callgraphs -q --defects --preset "$1" --traces 4000 --seed 5 \
        -o "$dir/raw.csv" || fail "reference $1"
    "$tracewright" import -q --from alibaba-2022 --repair all "$dir/raw.csv" \
        --report "$dir/r.json" >"$dir/out.csv" 2>"$dir/words" || fail "repair of $1"
    [ "$(number graphs_used)" -eq 4000 ] || fail "$1: $(number graphs_used) of 4000 traces"
    "$tracewright" import -q "$dir/out.csv" >/dev/null 2>"$dir/words" ||
        fail "$1: repaired, not read"
    grep -q 'rows .*graphs  ' "$dir/words" && fail "$1: what was repaired is dropped"
}
reference 2022
reference 2021

if [ ! -d "$data" ]; then
    echo "skipped: no real exports in ../shared"
    [ $failed = 0 ] && exit 77
    exit 1
fi
export_of jaeger-json/hotel_load50.tar.zst 1000 11000 1000 11000
export_of jaeger-json/hotel_load150.tar.zst 1000 11000 1000 11000
export_of jaeger-json/media_load75.tar.zst 300 8100 300 8100
export_of jaeger-json/node_load50.tar.zst 300 1800 300 1800
export_of nezha-trainticket-csv/trainticket_traces.tar.zst 7088 517503 7088 508610
export_of nezha-onlineboutique-csv/onlineboutique_traces.tar.zst 4296 171137 4296 170102
export_of zipkin-json/smartthings-mobile-web-install.json 1 1041 1 1041
export_of zipkin-json/smartthings-oauth-authorization.json 1 175 1 175
export_of zipkin-json/yelp.json 1 16 1 16
export_of zipkin-json/ascend.json 1 8 1 8
export_of zipkin-json/messaging2.json 1 11 0 0
export_of zipkin-json/messaging2.json 1 11 1 4 --repair loss
export_of otlp-json/smartpcr-otlp-traces.json 2 186 0 0
export_of otlp-json/smartpcr-otlp-traces.json 2 186 2 186 --repair parent
# CASPER (ICPE 2024) reconstructs 98.6 % of the traces of 2022 and 83.8 % of those of 2021.
export_of alibaba-raw/2022-callgraph-sample.csv 149 782 149 643 --repair all
grep -q '"reconstructed":{"traces":149,"trees":149,"whole":149,"named":13[0-9]}' "$dir/r.json" ||
    fail "2022: $(grep reconstructed "$dir/words")"
export_of alibaba-raw/2021-callgraph-sample.csv 14 795 14 661 --repair all
grep -q '"reconstructed":{"traces":14,"trees":14,"whole":14,"named":[5-9]}' "$dir/r.json" ||
    fail "2021: $(grep reconstructed "$dir/words")"

# jaeger-ui's fixtures: OTLP and what it makes of it are the same spans.
same() {
    "$tracewright" import -q --repair all "$data/otlp-json/$1" 2>/dev/null >"$dir/a.csv"
    "$tracewright" import -q --repair all "$data/otlp-json/$2" 2>/dev/null >"$dir/b.csv"
    [ -s "$dir/a.csv" ] && cmp -s "$dir/a.csv" "$dir/b.csv" || {
        fail "$1 and $2 differ"
        diff "$dir/a.csv" "$dir/b.csv"
    }
}
same jaegerui-otlp2jaeger-in.json jaegerui-otlp2jaeger-out.json
same jaegerui-otlp2jaeger-multi-in-combined.json jaegerui-oltp2jaeger-multi-out.json
same jaegerui-otlp2jaeger-multi-in.json.txt jaegerui-oltp2jaeger-multi-out.json
exit $failed
