#!/bin/sh
# experiments/tracellm_data on folders of real traces: spans and Alibaba's rows keep apart, whose
# ticks differ; a folder of spans alone is learnt from in milliseconds; one of neither is refused.
BUILD=$(cd "${BUILD:-build}" && pwd)
T=$BUILD/tracewright
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
fail() { echo "$1"; exit 1; }
mkdir -p "$dir/both/a" "$dir/both/b" "$dir/spans" "$dir/none"
"$T" reference callgraphs --traces 300 -q -o "$dir/both/a/calls.csv" || exit 1
cat >"$dir/spans/two.json" <<'END'
{"data":[{"traceID":"a1","spans":[
 {"traceID":"a1","spanID":"1","operationName":"get","references":[],"startTime":1000500,
  "duration":7900,"processID":"p1"},
 {"traceID":"a1","spanID":"2","operationName":"find","references":[{"refType":"CHILD_OF",
  "traceID":"a1","spanID":"1"}],"startTime":1002500,"duration":2000,"processID":"p2"}],
 "processes":{"p1":{"serviceName":"front"},"p2":{"serviceName":"back"}}}]}
END
cp "$dir/spans/two.json" "$dir/both/b/"
echo hello >"$dir/none/words.txt"

"$BUILD/experiments/tracellm_data" --out "$dir/out" --data "$dir/both" 2>"$dir/err" ||
    { cat "$dir/err"; exit 1; }
[ "$(cat "$dir/out/spans.tsv")" = "$(printf 'jaeger\t%s' "$dir/both/b/two.json")" ] || fail 'spans.tsv does not name the spans'
grep -q front "$dir/out/real.csv" && fail "spans are among Alibaba's graphs"
[ "$(wc -l <"$dir/out/real.csv")" -gt 300 ] || fail "Alibaba's graphs are missing"
grep -q '^"b/two.json",jaeger,1,1,2,2$' "$dir/out/tracellm_data.csv" || fail 'the account lacks the spans'

# 1000.5 to 1008.4 ms, and 1002.5 to 1004.5: whole milliseconds where a driver reads them.
"$BUILD/experiments/tracellm_data" --out "$dir/alone" --data "$dir/spans" 2>"$dir/err" ||
    { cat "$dir/err"; exit 1; }
"$T" encode --to compact "$dir/alone/real.csv" 2>"$dir/err" >"$dir/line"
grep -q '^front:get 2 2 8 .* 2 2$' "$dir/line" || fail "not in milliseconds: $(cat "$dir/line")"

"$BUILD/experiments/tracellm_data" --out "$dir/no" --data "$dir/none" 2>"$dir/err"
[ $? = 65 ] && grep -q 'no file with timed call graphs' "$dir/err" || fail 'a folder of nothing is not refused'
