#!/bin/sh
# export --from-csv: what goes out of every format that has a way back comes in again, byte for
# byte, made-up graphs and real exports alike; drawings are drawings; wrong words are refused.
tracewright=$BUILD/tracewright
dir=$BUILD/tests/export_traces
rm -rf "$dir" && mkdir -p "$dir" || exit 1
fail() { echo "test_export_traces: $*" >&2; exit 1; }
export="$tracewright export -q"

# There and back: both ends as our CSV.
back() {
    $export --from-csv "$1" --to alibaba-2022 -o "$dir/want.csv" 2>/dev/null || fail "$1"
    for format in jaeger otlp otlp-proto zipkin; do
        $export --from-csv "$1" --to $format -o "$dir/out.$format" 2>/dev/null || fail "$format"
        "$tracewright" import -q --from auto "$dir/out.$format" >"$dir/in.csv" 2>"$dir/err" ||
            fail "$1 as $format: $(cat "$dir/err")"
        $export --from-csv "$dir/in.csv" --to alibaba-2022 -o "$dir/got.csv" 2>/dev/null
        cmp "$dir/want.csv" "$dir/got.csv" || fail "$1 as $format is not what it was"
    done
}
"$tracewright" reference callgraphs --traces 400 -o "$dir/made.csv" 2>/dev/null || fail "no graphs"
back "$dir/made.csv"
real=../shared/data/callgraphs
if [ -d "$real/jaeger-json" ]; then
    for f in hotel_load150 node_load50 media_load75; do
        "$tracewright" import -q --from jaeger "$real/jaeger-json/$f.tar.zst" >"$dir/$f.csv" \
            2>/dev/null || fail "$f"
        back "$dir/$f.csv"
    done
else
    echo "SKIP round trips of real Jaeger exports: no $real"
fi

# Drawings; the first N; the account.
for format in perfetto dot pdf spans; do
    $export --from-csv "$dir/made.csv" --to $format -n 3 --json -o "$dir/few.$format" \
        >"$dir/json" 2>/dev/null || fail "$format"
    grep -q "^{\"to\":\"$format\",\"graphs\":3," "$dir/json" || fail "$format: $(cat "$dir/json")"
done
[ "$(grep -c '^digraph ' "$dir/few.dot")" = 3 ] || fail "three graphs in DOT"
[ "$(grep -c '"process_name"' "$dir/few.perfetto")" = 3 ] || fail "three processes"
[ "$(head -c 5 "$dir/few.pdf")" = %PDF- ] || fail "no PDF"
if command -v dot >/dev/null; then
    dot -Tsvg "$dir/few.dot" >"$dir/few.svg" 2>"$dir/err" || fail "Graphviz: $(cat "$dir/err")"
fi
if command -v pdftotext >/dev/null; then
    pdftotext "$dir/few.pdf" - | grep -q "T_1" || fail "the PDF does not name its traces"
fi
$export --from-csv "$dir/made.csv" --to jaeger -o "$dir/file.json" 2>/dev/null || fail "a file"
$export --from-csv "$dir/made.csv" --to jaeger -o - 2>/dev/null | cmp - "$dir/file.json" ||
    fail "standard output"

refused() {
    want=$1
    shift
    $export "$@" >"$dir/out" 2>"$dir/err"
    got=$?
    [ $got -eq "$want" ] || fail "export $*: exit $got, wanted $want: $(cat "$dir/err")"
}
refused 2 --from-csv "$dir/made.csv" --to jaeger
refused 2 --from-csv "$dir/made.csv" -o "$dir/x"
refused 2 --from-csv "$dir/made.csv" --to gguf -o "$dir/x"
refused 2 --checkpoint "$dir" --to jaeger -o "$dir/x"
refused 2 --from-csv "$dir/made.csv" --to nosuch -o "$dir/x"
refused 66 --from-csv "$dir/nothing.csv" --to jaeger -o "$dir/x"
refused 74 --from-csv "$dir/made.csv" --to jaeger -o "$dir/no/such/folder"
[ ! -e "$dir/x" ] || fail "a refused export left a file"
$export --from-csv "$dir/made.csv" --to pdf -o /dev/full 2>/dev/null; [ $? -eq 74 ] || fail "full: pdf"
$export --from-csv "$dir/made.csv" --to otlp -o /dev/full 2>/dev/null; [ $? -eq 74 ] || fail "full"
