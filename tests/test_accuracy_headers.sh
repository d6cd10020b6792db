#!/bin/sh
# Where tracellm_accuracy's headers come from: a folder of TraceLLM's prompt files in its three
# dialects, of which the last prompt is lost under --compat alone; else the list alibaba-headers.
BUILD=$(cd "${BUILD:-build}" && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT || exit 1
data=$work/data out=$work/out
mkdir -p "$data" "$out"
bad=0
fail() { echo "$1"; bad=1; }

# One small compact model stands for all: what is asked is looked at, not what is answered.
"$BUILD/tracewright" reference callgraphs --traces 300 -q -o "$work/all.csv" || exit 1
awk -F, 'NR == FNR { n[$2]++; next } FNR == 1 || n[$2] <= 2' "$work/all.csv" "$work/all.csv" > \
    "$out/real.csv"
for f in layers split0-test; do cp "$out/real.csv" "$out/$f.csv"; done
"$BUILD/tracewright" train --data "$out/real.csv" --preset tiny --tokens 20000 -q -o "$out/split0" \
    2> "$work/err" || { cat "$work/err"; exit 1; }
for n in tabular recursive instruction bare; do
    ln -s split0 "$out/layered-$n"
done
printf %s "$out/split0" > "$out/checkpoint.path"

run() {
    "$BUILD/experiments/tracellm_accuracy" --out "$out" --threads 2 "$@" 2> "$work/err" ||
        { cat "$work/err"; exit 1; }
}
# made DEPTH CALLS: was the cell made up?
made() {
    awk -F, -v d="$1" -v n="$2" '$2 == "compact" && $3 == "greedy" && $5 == d && $6 == n {
        print $9 }' "$out/tracellm_accuracy.csv"
}
want() {    # DEPTH CALLS MADE WHERE
    [ "$(made "$1" "$2")" = "$3" ] || fail "$4: depth $1, $2 calls: made is $(made "$1" "$2")"
}

s=$(awk -F, 'NR == 2 { print $3 }' "$out/real.csv")
printf 'id:%s/num_edges:3/depth:2/latency:7\n' "$s" > "$data/3_2.txt"
printf 'id:%s/num_edges:4/depth:2\nid:%s/num_edges:4/depth:2\n' "$s" "$s" > "$data/4_2.txt"
h="id:$s/num_edges:5/remaining_depth:2"
printf '%s/start_node:USER\n%s\n' "$h" "$h" > "$data/5_3.txt"
i='You are a trace generator that creates traces based on given requirements.'
printf '%s\nRequirements:\nid:%s/num_edges:6/remaining_depth:3/start_node:USER\nConditions:\n' \
    "$i" "$s" > "$data/6_4.txt"
printf 'id:%s/num_edges:9/depth:3\n' "$s" > "$data/7_3.txt"     # not the cell of its name
printf 'nothing to ask\n' > "$data/8_3.txt"
run --data "$data"
grep -q '8_3.txt' "$work/err" || fail 'a file without prompts is passed over in silence'
for c in '2 3' '2 4' '3 5' '4 6'; do want ${c% *} ${c#* } 0 prompts; done
for c in '3 7' '3 8' '3 9'; do want ${c% *} ${c#* } 1 prompts; done
run --data "$data" --compat tracellm
for c in '2 4' '3 5'; do want ${c% *} ${c#* } 0 compat; done     # one of two is left
for c in '2 3' '4 6'; do want ${c% *} ${c#* } 1 compat; done     # the last was the only one
few=$(awk -F, '$2 == "recursive" && $5 == 6 { print $8 }' "$out/tracellm_accuracy.csv" | sort -u)
[ "$few" = 1 ] || fail 'a depth that was not trained on is not marked as thin'

# A shipped model is asked at the seed it knows; at another the run's own, and without either none.
mkdir "$work/ships" && mv "$out/layered-recursive" "$work/ships/recursive" || exit 1
ln -sfn "$out/split0" "$work/ships/recursive"
run --shipped "$work/ships" --seed 1
"$BUILD/experiments/tracellm_accuracy" --out "$out" --threads 2 --shipped "$work/ships" --seed 2 \
    2> "$work/err" && fail 'a shipped model is asked about the workload of another seed'
grep -q layered-recursive "$work/err" || fail 'the model that is missing is not named'
ln -s split0 "$out/layered-recursive"

list=../shared/data/callgraphs
if [ -f "$list/alibaba-headers/headers.csv.xz" ]; then
    run --data "$list"
    want 2 5 0 'list of headers'
    want 3 9 0 'list of headers'
    want 2 1 '' 'list of headers'
    n=$(awk -F, '$2 == "compact" && $3 == "greedy" && !$9 { n++ } END { print n }' \
        "$out/tracellm_accuracy.csv")
    [ "$n" -ge 100 ] || fail "of the list of headers only $n cells have any"
else
    echo "SKIP: no $list/alibaba-headers"
fi
exit $bad
