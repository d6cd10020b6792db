#!/bin/sh
# preprocess on two full-size weeks: a synthetic 14-day azure-v1 (2,000 functions, 80 MB) and an
# azure-v2 of two million rows (306 MB), against the truth written beside them; the same bytes on one
# thread and on four; and the pickles against Python's own, where numpy is.
t=$BUILD/tracewright
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
fail() { echo "failed: $*"; cat "$dir/err" 2>/dev/null; exit 1; }
number() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$2"; }

# status WANT WORDS COMMAND...: refused with this status and one line that has the words.
status() {
    want=$1 words=$2
    shift 2
    "$@" >/dev/null 2>"$dir/err"
    got=$?
    [ $got = "$want" ] && grep -q -- "$words" "$dir/err" || fail "status $got, not $want: $*"
}

# The same files for any number of threads, another seed other files, the truth adds up.
for kind in v1 v2; do
    for threads in 1 4; do
        $t reference azure-$kind -q --functions 300 --days 2 --law mixed --seed 3 \
            --threads $threads -o "$dir/$kind.$threads" || fail "reference azure-$kind"
    done
    diff -r "$dir/$kind.1" "$dir/$kind.4" >"$dir/err" || fail "azure-$kind depends on the threads"
    $t reference azure-$kind -q --functions 300 --days 2 --law mixed --seed 4 -o "$dir/$kind.other"
    cmp -s "$dir/$kind.1/truth.csv" "$dir/$kind.other/truth.csv" && fail "azure-$kind: no seed"
done

# Every law keeps its rate within 5 standard errors (bursty counts spread by cv 4), and periodic
# functions are exact.
for law in poisson bursty periodic diurnal heavy; do
    $t reference azure-v1 -q --functions 200 --days 4 --law $law --invocations 40000 \
        -o "$dir/law" || fail "law $law"
    awk -F, -v law=$law 'NR > 1 { want += 4 * 86400 * $5; got += $9
            if (law == "periodic" && (d = $9 - 4 * 86400 / $7) * d > 1) { print; exit 1 } }
        END { spread = law == "bursty" ? 4 : 1; d = (got - want) / (spread * sqrt(want))
              exit d * d > 25 }' "$dir/law/truth.csv" >"$dir/err" || fail "law $law misses its rate"
done

$t reference azure-v1 -q --functions 2000 --days 14 --law mixed -o "$dir/full1" || fail "14 days"
$t reference azure-v2 -q --functions 424 --days 14 --invocations 142857 -o "$dir/full2" ||
    fail "2 million rows"
for kind in 1 2; do
    sum=$(awk -F, 'NR > 1 { n += $9 } END { print n }' "$dir/full$kind/truth.csv")
    for threads in 1 4; do
        $t preprocess -q --trace azure-v$kind --threads $threads "$dir/full$kind" \
            -o "$dir/cache.$threads" --json >"$dir/json.$threads" 2>"$dir/err" || fail "preprocess"
    done
    cmp "$dir/cache.1" "$dir/cache.4" || fail "azure-v$kind: the cache depends on the threads"
    cmp "$dir/json.1" "$dir/json.4" || fail "azure-v$kind: the account depends on the threads"
    [ "$(number invocations "$dir/json.1")" = "$sum" ] || fail "azure-v$kind: $sum were written"
    [ "$(number days "$dir/json.1")" = 14 ] || fail "azure-v$kind: 14 days"
    $t preprocess -q --trace azure-v$kind "$dir/cache.1" --json >"$dir/json" 2>"$dir/err" ||
        fail "azure-v$kind: the cache"
    for what in days functions invocations max min bytes_kept; do
        [ "$(number $what "$dir/json")" = "$(number $what "$dir/json.1")" ] || fail "$what"
    done
done
[ "$(number bytes_kept "$dir/json")" -lt 20000000 ] || fail "2 million times take over 20 MB"

# Packed inputs are read as they are.
xz -1 -k "$dir/v1.1/invocations_per_function_md.anon.d01.csv" && gzip "$dir/v1.1"/*d02.csv ||
    fail "packing"
rm "$dir/v1.1/invocations_per_function_md.anon.d01.csv"
$t preprocess -q --trace azure-v1 "$dir/v1.1" --json | cut -d'"' -f1-12 >"$dir/packed"
$t preprocess -q --trace azure-v1 "$dir/v1.4" --json | cut -d'"' -f1-12 | cmp - "$dir/packed" ||
    fail "packed files are another trace"

head -c 9000 "$dir/v1.1/"*d02.csv.gz >"$dir/short.csv.gz"
status 65 'short.csv.gz' $t preprocess --trace azure-v1 "$dir/short.csv.gz"
status 2 'o DIR is missing' $t reference azure-v1
status 2 'traces is not an option of azure-v2' $t reference azure-v2 --traces 5 -o "$dir/x"
status 2 'law is not an option of callgraphs' $t reference callgraphs --law mixed -o "$dir/x"
status 2 'trace is missing' $t preprocess "$dir/v2.1"
status 2 'is not one of' $t preprocess --trace alibaba "$dir/v2.1"
status 2 'needs -o FILE' $t preprocess --trace azure-v2 --to pickle "$dir/v2.1"
status 66 'no file of azure-v1 under its published name' $t preprocess --trace azure-v1 "$dir/v2.1"
status 66 'd03.csv: no such file' $t preprocess --trace azure-v1 --days 3 "$dir/v1.4"
status 66 'd03.csv: no such file' $t preprocess --trace azure-v1 --compat "$dir/v1.4"

python=
for p in python3 /usr/bin/python3; do
    $p -c 'import numpy' 2>/dev/null && python=$p
done
[ -n "$python" ] || { echo "numpy is absent: pickles were not held against Python's"; exit 0; }
for kind in 1 2; do
    $t preprocess -q --trace azure-v$kind --compat --days 2 "$dir/v$kind.4" --to pickle \
        -o "$dir/azure_v$kind.pkl" >/dev/null 2>"$dir/err" || fail "pickle"
done
cat >"$dir/check.py" <<'END'
import collections, csv, pickle, sys
import numpy
d = sys.argv[1]
one = pickle.load(open(d + "/azure_v1.pkl", "rb"))
want = collections.OrderedDict()
for day in (1, 2):
    name = "%s/v1.4/invocations_per_function_md.anon.d%02d.csv" % (d, day)
    for row in csv.DictReader(open(name)):
        v = want.setdefault(row["HashFunction"], numpy.zeros(2880, numpy.int32))
        v[1440 * (day - 1):1440 * day] = [int(row[str(m)]) for m in range(1, 1441)]
assert type(one) is collections.OrderedDict and list(one) == list(want)
assert all(one[k].dtype == numpy.int32 and (one[k] == want[k]).all() for k in want)
two = pickle.load(open(d + "/azure_v2.pkl", "rb"))
want = collections.OrderedDict()
for row in csv.DictReader(open(d + "/v2.4/AzureFunctionsInvocationTraceForTwoWeeksJan2021.txt")):
    start = float(row["end_timestamp"]) - float(row["duration"])
    want.setdefault(row["func"], []).append(start)
assert list(two) == list(want)
assert all(two[k].dtype == numpy.float64 and list(two[k]) == sorted(want[k]) for k in want)
for kind, trace in ((1, one), (2, two)):
    for protocol in (4, 5):
        out = open("%s/p%d.%d" % (d, kind, protocol), "wb")
        pickle.dump(trace, out, protocol=protocol)
END
$python "$dir/check.py" "$dir" 2>"$dir/err" || fail "Python reads another trace"
for kind in 1 2; do
    for p in "p$kind.4" "p$kind.5" "azure_v$kind.pkl"; do
        $t preprocess -q --trace azure-v$kind "$dir/$p" -o "$dir/cache" >/dev/null 2>"$dir/err" ||
            fail "$p"
        sha256sum <"$dir/cache" >>"$dir/sums.$kind"
    done
    [ "$(sort -u "$dir/sums.$kind" | wc -l)" = 1 ] || fail "pickles of azure-v$kind differ"
done
