#!/bin/sh
# clone: an export goes in; traces of its format come out, every span of which imports, without a
# real name if so asked, the same again with the same number of passes; the page says floor and all.
tracewright=$BUILD/tracewright
dir=$BUILD/tests/clone
rm -rf "$dir" && mkdir -p "$dir" || exit 1
fail() { echo "test_clone: $*" >&2; exit 1; }

"$tracewright" reference callgraphs --traces 150 -o "$dir/real.csv" 2>/dev/null || fail "no graphs"
for format in jaeger otlp otlp-proto zipkin spans alibaba-2022; do
    "$tracewright" export --from-csv "$dir/real.csv" --to $format -o "$dir/real.$format" \
        2>/dev/null || fail "no $format"
done

clone() {
    out=$1
    shift
    "$tracewright" clone -q --minutes 1 --epochs 0.3 --model tiny -n 40 -o "$dir/$out" "$@" \
        >"$dir/$out.out" 2>"$dir/$out.err"
}
accepted() {
    "$tracewright" import --from "$1" "$2" >"$dir/back.csv" 2>"$dir/back.err" ||
        fail "$2 is not $1: $(cat "$dir/back.err")"
    head -n 1 "$dir/back.err" | awk '{ exit !($1 == $3 && $6 == 40 && $8 == 40) }' ||
        fail "$2: $(cat "$dir/back.err")"
}

# In, and out in the same format, recognised by content.
clone jaeger "$dir/real.jaeger" || fail "jaeger: $(cat "$dir/jaeger.err")"
accepted jaeger "$dir/jaeger/traces.json"
clone zipkin "$dir/real.zipkin" --rename --json || fail "zipkin: $(cat "$dir/zipkin.err")"
accepted zipkin "$dir/zipkin/traces.json"
grep -q '"format":"zipkin","real":150,"traces":40' "$dir/zipkin.out" || fail "--json"

# The page: both forms, one sheet, a floor in every row.
for d in jaeger zipkin; do
    head -c 5 "$dir/$d/report.pdf" | grep -q '%PDF-' || fail "$d: no PDF"
    [ "$(tr -d '\0' <"$dir/$d/report.pdf" | grep -ac '/Type /Page$')" -le 1 ] || fail "$d: pages"
    grep -q "How private" "$dir/$d/report.html" || fail "$d: no HTML"
    [ "$(grep -c '"floor":[0-9]' "$dir/$d/report.json")" -ge 10 ] ||
        fail "$d: floors are missing: $(cat "$dir/$d/report.json")"
done

# Renamed: what is shared has no name of the input, and the key has them all.
[ -s "$dir/zipkin/private/names.csv" ] || fail "no key"
if grep -q 'MS_[0-9]\|S_[0-9]' "$dir/zipkin/traces.json" "$dir/zipkin/report.html" \
    "$dir/zipkin/report.json"; then
    fail "a real name is in what is shared"
fi
grep -q '^service,MS_[0-9]*,service-1$' "$dir/zipkin/private/names.csv" || fail "key"
grep -q 'MS_[0-9]' "$dir/jaeger/traces.json" || fail "names are kept unless asked"

# The same passes, the same bytes; another seed, others.
clone again "$dir/real.jaeger" --threads 1 || fail "again"
cmp -s "$dir/jaeger/traces.json" "$dir/again/traces.json" || fail "the same is not the same"
cmp -s "$dir/jaeger/report.json" "$dir/again/report.json" || fail "the reports differ"
clone other "$dir/real.jaeger" --seed 2 || fail "other"
cmp -s "$dir/jaeger/traces.json" "$dir/other/traces.json" && fail "the seed does nothing"

# Refused: nothing to learn from, nowhere to go, several formats, something that is no export.
head -n 20 "$dir/real.csv" >"$dir/few.csv"
clone few "$dir/few.csv"; [ $? -eq 65 ] || fail "few"
grep -q "too few" "$dir/few.err" || fail "few: $(cat "$dir/few.err")"
clone both "$dir/real.jaeger" "$dir/real.zipkin"; [ $? -eq 2 ] || fail "both"
clone none "$dir/nothing"; [ $? -eq 66 ] || fail "none"
echo '{"a":1}' >"$dir/odd.json"
clone odd "$dir/odd.json"; [ $? -eq 65 ] || fail "odd"
"$tracewright" clone "$dir/real.jaeger" >/dev/null 2>&1; [ $? -eq 2 ] || fail "no -o"

# Every other format, there and back, renamed or not; protocols stay what they were (a table of
# spans has none).
protocols() {
    cut -d, -f5 "$dir/back.csv" | sort -u | tr '\n' ' '
}
awk -F, 'NR == 1 { print ",traceid,timestamp,rpcid,um,rpctype,dm,interface,rt"; next }
         { printf "%d,%s,%s,%s,%s,%s,%s,%s,%s\n", NR - 2, $2, $1, $4, $6, $5, $9, $8, $11 }' \
    "$dir/real.csv" >"$dir/real.alibaba-2021"
for format in otlp otlp-proto spans alibaba-2022 alibaba-2021; do
    as=$format
    [ $format = alibaba-2021 ] && as=alibaba-2022     # 2021 is read, never written
    rename=--rename
    [ $format = spans ] && rename=
    clone $format "$dir/real.$format" $rename || fail "$format: $(cat "$dir/$format.err")"
    accepted $as "$dir/$format"/traces.*
    kept=$(protocols)
    case $format:$kept in spans:* | *http*mc*rpc*) ;; *) fail "$format: protocols are $kept" ;; esac
    [ -z "$rename" ] || ! grep -aq 'MS_[0-9]' "$dir/$format"/traces.* ||
        fail "$format: a real name is in what is shared"
done

# One new name for each real one, and none twice.
awk -F, 'NR > 1 && (seen[$1 $2]++ || taken[$3]++) { exit 1 }' "$dir/zipkin/private/names.csv" ||
    fail "the key is no renaming"

# Starts follow the export's own process, and the page says which; what gave the traces away too.
for key in '"arrivals":{"process":"' '"cv_real":' '"name":"ks_gaps"' '"name":"nearest_ratio"' \
    '"tells":[{"column":"'; do
    grep -qF "$key" "$dir/jaeger/report.json" || fail "no $key in report.json"
done
grep -q "process" "$dir/jaeger/report.html" || fail "the page does not tell the arrivals"

# The clock ends it, on a busy machine too: what is timed before the page keeps to its share.
sh -c 'while :; do :; done' & busy=$!
sh -c 'while :; do :; done' & busy="$busy $!"
trap 'kill $busy 2>/dev/null' EXIT
"$tracewright" clone -q --minutes 0.1 -n 20 -o "$dir/clock" "$dir/real.jaeger" \
    >"$dir/clock.out" 2>"$dir/clock.err" || fail "clock: $(cat "$dir/clock.err")"
kill $busy
trap - EXIT
grep -o '"train":[0-9.]*' "$dir/clock/report.json" | awk -F: '{ exit !($2 > 0 && $2 < 6) }' ||
    fail "training went on: $(cat "$dir/clock/report.json")"
