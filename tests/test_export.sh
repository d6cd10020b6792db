#!/bin/sh
# export: a checkpoint goes out as GGUF and as a Hugging Face directory, in every type and in
# shards, writes the same graphs from either place, and what cannot be exported is refused.
tracewright=$BUILD/tracewright
dir=$BUILD/tests/export
rm -rf "$dir" && mkdir -p "$dir" || exit 1
fail() { echo "test_export: $*" >&2; exit 1; }
generate() {
    "$tracewright" generate -q --checkpoint "$1" --like "$dir/graphs.csv" -n 20 --seed 3 -o "$2" \
        2>/dev/null
}

"$tracewright" reference callgraphs --traces 60 -o "$dir/graphs.csv" 2>/dev/null || fail "no graphs"
"$tracewright" train -q --data "$dir/graphs.csv" --preset tiny --epochs 1 -o "$dir/model" \
    2>/dev/null || fail "no model"
export="$tracewright export --checkpoint $dir/model"

# Out and in again: the same weights, so the same graphs; in bf16 half the bytes.
$export --to hf -o "$dir/same" || fail "hf"
cmp -s "$dir/model/model.safetensors" "$dir/same/model.safetensors" || fail "hf changed the weights"
cmp -s "$dir/model/tokenizer.json" "$dir/same/tokenizer.json" || fail "hf changed the tokenizer"
$export --to hf --dtype bf16 -o "$dir/bf16" || fail "bf16"
$export --to hf --dtype bf16 --shard-mb 1 -o "$dir/one" || fail "one shard"
[ -f "$dir/one/model.safetensors" ] || fail "one megabyte is enough for one file"
generate "$dir/model" "$dir/model.csv" && generate "$dir/same" "$dir/same.csv" || fail "generate"
cmp -s "$dir/model.csv" "$dir/same.csv" || fail "hf writes other graphs"
generate "$dir/bf16" "$dir/bf16.csv" || fail "a bf16 checkpoint does not generate"
full=$(wc -c <"$dir/model/model.safetensors") half=$(wc -c <"$dir/bf16/model.safetensors")
[ $((2 * half)) -lt $((full + 10000)) ] || fail "bf16 is no half: $half of $full"
"$tracewright" export --checkpoint "$dir/bf16" --to hf --dtype f32 -o "$dir/wide" || fail "widen"
generate "$dir/wide" "$dir/wide.csv" || fail "generate wide"
cmp -s "$dir/bf16.csv" "$dir/wide.csv" || fail "bf16 as f32 writes other graphs"

# GGUF: the magic, and sizes by type. The rest is test_gguf's.
for type in f32 f16 bf16 same; do
    $export --to gguf --dtype $type -o "$dir/$type.gguf" || fail "gguf $type"
    [ "$(head -c 4 "$dir/$type.gguf")" = GGUF ] || fail "$type.gguf has no magic"
done
cmp -s "$dir/same.gguf" "$dir/f32.gguf" || fail "f32 is not what the checkpoint has"
[ "$(wc -c <"$dir/f16.gguf")" = "$(wc -c <"$dir/bf16.gguf")" ] || fail "16 bits are 16 bits"

# An adapter: merged, and alone (its bytes are test_gguf_adapter's).
"$tracewright" train -q --data "$dir/graphs.csv" --base "$dir/model" --lora 2 --epochs 1 \
    -o "$dir/adapter" 2>/dev/null || fail "no adapter"
$export --adapter "$dir/adapter" --to gguf --dtype f32 -o "$dir/merged.gguf" || fail "merged"
cmp -s "$dir/merged.gguf" "$dir/f32.gguf" && fail "merged is the base"
$export --adapter "$dir/adapter" --to gguf-lora -o "$dir/adapter.gguf" || fail "gguf-lora"
grep -aq adapter.lora.alpha "$dir/adapter.gguf" || fail "no alpha"

# Refusals: one line, the right status, nothing left.
refuse() {
    status=$1 words=$2; shift 2
    "$@" >/dev/null 2>"$dir/err"
    [ $? = "$status" ] || fail "status is not $status: $*"
    [ "$(wc -l <"$dir/err")" = 1 ] && grep -q -- "$words" "$dir/err" ||
        fail "\"$words\" is not what it says: $(cat "$dir/err")"
}
refuse 2 "checkpoint DIR" "$tracewright" export -o "$dir/x"
refuse 2 "checkpoint DIR" $export --to gguf
refuse 2 "last --adapter" $export --to gguf-lora -o "$dir/x"
refuse 2 "last --adapter" $export --adapter "$dir/adapter" --to gguf-lora --dtype f16 -o "$dir/x"
refuse 2 "it goes with --from-csv" $export -n 3 -o "$dir/x"
refuse 2 "goes with --to hf" $export --shard-mb 1 -o "$dir/x"
for option in "--dtype f16" "--shard-mb 1" "--adapter $dir/adapter"; do
    refuse 2 "go with --checkpoint" "$tracewright" export --from-csv "$dir/graphs.csv" --to jaeger \
        $option -o "$dir/x"
done
refuse 66 "adapter_config.json" $export --adapter "$dir/absent" --to gguf-lora -o "$dir/x"
refuse 65 "another base" "$tracewright" export --checkpoint "$dir/bf16" --adapter "$dir/adapter" \
    --to gguf-lora -o "$dir/x"
refuse 66 "config.json" "$tracewright" export --checkpoint "$dir/absent" -o "$dir/x"
refuse 74 "no/such" $export -o "$dir/no/such/x.gguf"
head -c 10000 "$dir/model/model.safetensors" >"$dir/same/model.safetensors"
refuse 65 "model.safetensors" "$tracewright" export --checkpoint "$dir/same" -o "$dir/x"
[ ! -e "$dir/x" ] || fail "something was left"
exit 0
