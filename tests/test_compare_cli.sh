# compare from the command line: the promised JSON, n/a as null, equal bytes on any threads, and
# the exit status of every way to call it wrongly.
set -u
t=$BUILD/tracewright
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

# The first 600 traces train, the others are held out; the generated ones are of the same world.
$t reference callgraphs -q --traces 900 --seed 3 -o "$dir/all.csv" || fail reference
awk -F, -v d="$dir" '
    NR == 1 { print > (d "/train.csv"); print > (d "/real.csv"); next }
    !($2 in seen) { seen[$2] = ++n }
    { print > (d (seen[$2] <= 600 ? "/train.csv" : "/real.csv")) }' "$dir/all.csv"
$t reference callgraphs -q --traces 700 --seed 3 -o "$dir/gen.csv" || fail reference
cp "$dir/gen.csv" "$dir/bad.csv"
echo '9,T_orphan,S_1,0.1,rpc,MS_1,,,MS_2,,1' >> "$dir/bad.csv"   # a graph without a root

compare() { $t compare -q --real "$dir/real.csv" --train "$dir/train.csv" --redraws 30 "$@"; }
for threads in 1 4; do
    compare --json --threads $threads good="$dir/gen.csv" bad="$dir/bad.csv" \
        > "$dir/$threads.json" 2> "$dir/words" || fail "compare: $?"
done
cmp -s "$dir/1.json" "$dir/4.json" || fail "threads change the bytes"
grep -q 'bad.csv' "$dir/words" || fail "the dropped graph is not named"

row() { grep "\"metric\": \"$1\", \"view\": \"$2\", \"name\": \"$3\"" "$dir/1.json"; }
number=": [0-9.e-]*"
values="\"value\"$number, \"lo\"$number, \"hi\"$number, \"n\": [0-9]*, \"floor\"$number}"
for view in traffic topology; do
    for name in good bad; do
        row kl100 $view $name | grep -q "$values" ||
            fail "no row of kl100, $view, $name"
    done
done
row auc_identity traffic good | grep -q '"value": null.*"why": "needs a third slice' ||
    fail "n/a is not null with a reason"
row validity traffic good | grep -q '"value": 1.0' || fail "validity of good"
row validity traffic bad | grep -q '"value": 0.998' || fail "validity of bad"

compare good="$dir/gen.csv" -o "$dir/table" || fail "table: $?"
grep -q '^== by topology' "$dir/table" || fail "no table"
compare --csv good="$dir/gen.csv" -o "$dir/csv" || fail "csv: $?"
sed -n 1p "$dir/csv" | grep -qx 'metric,view,name,value,lo,hi,n,floor' || fail "no CSV"
compare --slice "$dir/gen.csv" good="$dir/gen.csv" --json -o "$dir/slice" || fail "slice: $?"
grep '"auc_identity"' "$dir/slice" | grep -q '"value": 0' || fail "no auc_identity with a slice"
compare good="$dir/gen.csv" --json -o "$dir/out.json" || fail "-o"
grep -q '"seed"' "$dir/out.json.meta.json" || fail "no provenance"

status() {
    want=$1
    shift
    "$@" > /dev/null 2> "$dir/err"
    got=$?
    [ $got = "$want" ] || fail "$* gives $got, not $want: $(cat "$dir/err")"
}
status 2 $t compare x="$dir/gen.csv"
status 2 compare
status 2 compare "$dir/gen.csv"
status 2 compare =x
status 2 compare a="$dir/gen.csv" a="$dir/gen.csv"
status 2 compare --redraws 3 a="$dir/gen.csv"
status 66 compare a="$dir/missing.csv"
: > "$dir/empty.csv"
status 65 compare a="$dir/empty.csv"
grep -q empty.csv "$dir/err" || fail "the empty file is not named"
echo ok
