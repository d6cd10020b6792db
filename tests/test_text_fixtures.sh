#!/bin/sh
# test_text_fixtures.sh: 20 graphs of the reference workload in the three formats of TraceLLM, under
# the original's file names in tests/fixtures. Making them again gives the same bytes on any number
# of threads; reading them gives the same graphs in all three; both oracles accept them.
# UPDATE=1 writes them anew (when the law of the reference workload changes).
set -u
t=${BUILD:-build}/tracewright
kept=tests/fixtures
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
fail() { echo "$*"; exit 1; }

# The statistics are those of a larger sample of the same workload: 20 graphs have no rare calls.
make_texts() {
    $t reference callgraphs -q --traces 20 --seed 25 -o "$dir/graphs.csv" || fail reference
    $t reference callgraphs -q --traces 2000 --seed 25 -o "$dir/more.csv" || fail reference
    $t stats -q "$dir/more.csv" --json -o "$dir/stats.json" 2>/dev/null || fail stats
    for format in tabular recursive instruction; do
        name=$format
        [ $format = instruction ] && name=recursive_instruction
        $t encode -q --to $format --stats "$dir/stats.json" --seed 1 --threads "$1" \
            "$dir/graphs.csv" >"$dir/${name}_dataset.txt" 2>/dev/null || fail "encode $format"
    done
}

make_texts 1
if [ -n "${UPDATE:-}" ]; then
    mkdir -p $kept && cp "$dir"/*_dataset.txt $kept/ && echo "fixtures written"
fi
for threads in 1 4; do
    make_texts $threads
    for name in tabular recursive recursive_instruction; do
        cmp "$kept/${name}_dataset.txt" "$dir/${name}_dataset.txt" ||
            fail "$name differs on $threads threads"
    done
done

for format in tabular recursive instruction; do
    name=$format
    [ $format = instruction ] && name=recursive_instruction
    $t import -q --from tracellm-$format "$kept/${name}_dataset.txt" >"$dir/$format.csv" \
        2>"$dir/words" || fail "import $format"
    grep -q 'and 20 of 20 graphs used' "$dir/words" || fail "import $format: $(cat "$dir/words")"
done
cmp "$dir/tabular.csv" "$dir/recursive.csv" || fail "tabular and recursive say different graphs"
cmp "$dir/tabular.csv" "$dir/instruction.csv" || fail "tabular and instruction say different graphs"

# What import reads, encode writes: the compact line of a fixture is that of its graph.
$t encode -q "$dir/tabular.csv" >"$dir/a" 2>/dev/null || fail "encode what tabular says"
$t encode -q "$dir/instruction.csv" >"$dir/b" 2>/dev/null || fail "encode what instruction says"
cmp "$dir/a" "$dir/b" || fail "compact lines differ"
[ "$(wc -l <"$dir/a")" -eq 20 ] || fail "not 20 lines"
$t import -q --from compact "$dir/a" >"$dir/compact.csv" 2>/dev/null || fail "import compact"
cmp "$dir/tabular.csv" "$dir/compact.csv" || fail "compact says other graphs"
$t encode -q --open service,edges,depth,latency "$dir/tabular.csv" >"$dir/open" 2>/dev/null
[ "$(grep -c '^? ? ? ? S_' "$dir/open")" -eq 20 ] || fail "--open leaves nothing open"
$t import -q --from compact "$dir/open" 2>/dev/null | cmp - "$dir/tabular.csv" || fail "open headers"
$t encode -q --open colour "$dir/tabular.csv" >/dev/null 2>&1
[ $? -eq 2 ] || fail "--open colour is not a usage error"

# check: one JSON line in, one verdict out, in order; what is no pair is a verdict too.
pair() {
    printf '{"prompt":"id:S_1/num_edges:%s/depth:1\\n<edges>\\n","output":"(edge_id is 0,' "$1"
    printf 'type is http,source is USER,destination is A,communication starts at 0 milliseconds,'
    printf 'communication finishes at 3 milliseconds)\\n</edges>\\n"}\n'
}
{ pair 1; pair 2; echo junk; echo '{"prompt":1}'; pair 1; } >"$dir/pairs"
cat >"$dir/expected" <<'END'
{"valid":true,"codes":[]}
{"valid":false,"codes":[3]}
{"valid":false,"codes":[14]}
{"valid":false,"codes":[14]}
{"valid":true,"codes":[]}
END
for oracle in original strict; do
    $t check --oracle $oracle --task tabular <"$dir/pairs" >"$dir/verdicts" 2>/dev/null ||
        fail "check --oracle $oracle"
    cmp "$dir/expected" "$dir/verdicts" || fail "verdicts of $oracle"
done
echo junk | $t check >"$dir/verdicts" 2>/dev/null
[ $? -eq 65 ] || fail "junk alone is not 65"
[ "$(cat "$dir/verdicts")" = '{"valid":false,"codes":[14]}' ] || fail "junk has no verdict"
$t check </dev/null >/dev/null 2>&1
[ $? -eq 65 ] || fail "nothing at all is not 65"
exit 0
