#!/bin/sh
# bulk.sh [GB]: exports of GB gigabytes (5) and of a fifth of it are imported, Jaeger's and OTLP's;
# the other formats at a fifth. Prints seconds, spans a second and the most memory; fails where a
# span is missing, or where memory is more than it may be: 250 MB of rows and trace ids, after which
# rows lie on disk, or the ids alone, 70 bytes each, where these are more; and 120 MB for the rest.
# Not part of make test: make bulk runs it.
#
# An export is one of 20,000 traces of the reference workload, repeated with other trace ids, in one
# envelope; it lies in $TMPDIR (/tmp), one at a time.
gb=${1:-5}
T=${BUILD:-build}/tracewright
dir=$(mktemp -d "${TMPDIR:-/tmp}/bulk.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
failed=0
"$T" reference callgraphs --traces 20000 --seed 5 -q -o "$dir/graphs.csv" || exit 1

# One more copy of the traces on standard output; "k" has four hex digits and stands in their ids.
copy() {   # copy FORMAT K
    case $1 in
    jaeger) sed '1d;$d;s/"traceID":"..../"traceID":"'"$2"'/g' "$dir/one" ;;
    otlp | zipkin) sed 's/"traceId":"..../"traceId":"'"$2"'/g' "$dir/one" ;;
    spans) sed '1d;s/^..../'"$2"'/' "$dir/one" ;;
    alibaba-2022) sed '1d;s/T_1/T_'"$2"'_1/' "$dir/one" ;;
    esac
}
write() {  # write FORMAT TIMES
    case $1 in jaeger | spans | alibaba-2022) head -n 1 "$dir/one" ;; esac
    k=0
    while [ $k -lt "$2" ]; do
        [ $k = 0 ] || [ "$1" != jaeger ] || echo ,
        copy "$1" "$(printf '%04x' $k)"
        k=$((k + 1))
    done
    [ "$1" != jaeger ] || tail -n 1 "$dir/one"
}
traces_of() { sed -n 's/.*"graphs_read":\([0-9]*\).*/\1/p' "$1" | head -n 1; }
spans_of() { sed -n 's/.*"rows_used":\([0-9]*\).*/\1/p' "$1" | head -n 1; }

measure() {   # measure FORMAT GB
    "$T" export --from-csv "$dir/graphs.csv" --to "$1" -o "$dir/one" 2>"$dir/err" || exit 1
    "$T" import -q --from "$1" --report "$dir/report" "$dir/one" >"$dir/null" 2>"$dir/err"
    one=$(spans_of "$dir/report") bytes=$(wc -c <"$dir/one")
    times=$(awk "BEGIN { print int($2 * 1e9 / $bytes) + 1 }")
    write "$1" "$times" >"$dir/export" || exit 1
    /usr/bin/time -f '%e %M' -o "$dir/time" "$T" import -q --from "$1" --threads 1 \
        --report "$dir/report" "$dir/export" >/dev/null 2>"$dir/err"
    read -r seconds kb <"$dir/time"
    mb=$((kb / 1000)) used=$(spans_of "$dir/report")
    ids=$(($(traces_of "$dir/report") * 70 / 1000000 + 31))
    most=$(((ids > 250 ? ids : 250) + 120))
    [ "$mb" -le $most ] || { echo "$1: $mb MB, and at most $most are due"; failed=1; }
    [ "$used" = $((one * times)) ] || { echo "$1: $used spans, not $((one * times))"; failed=1; }
    awk -v f="$1" -v b="$(wc -c <"$dir/export")" -v n="$used" -v s="$seconds" -v mb=$mb 'BEGIN {
        printf "%-13s %5.2f GB  %9d spans  %7.1f s  %8.0f spans/s  %6.0f MB/s  %4d MB resident\n",
               f, b / 1e9, n, s, n / s, b / 1e6 / s, mb }'
    rm -f "$dir/export" "$dir/null"
}

fifth=$(awk "BEGIN { print $gb / 5 }")
for format in jaeger otlp; do
    measure $format "$fifth"
    measure $format "$gb"
done
for format in zipkin spans alibaba-2022; do
    measure $format "$fifth"
done
exit $failed
