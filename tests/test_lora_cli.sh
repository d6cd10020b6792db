#!/bin/sh
# LoRA end to end: an instruction adapter on a recursive base, the same bytes on 1, 2, 3 and 8
# threads and after SIGKILL; adapters in a stack; what was trained on something else is refused.
set -eu
T=$BUILD/tracewright
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "FAILED: $*"; cat "$dir/err"; exit 1; }

"$T" reference callgraphs --traces 60 --seed 4 -o "$dir/train.csv" 2>/dev/null
train() { "$T" train -q --data "$dir/train.csv" --seed 5 "$@" 2>"$dir/err" || fail "train $*"; }
tune() { train --to instruction --lora 4 --base "$dir/base" --mask-prompt --epochs 2 --lr 0.003 "$@"; }
refuses() { # STATUS WORDS COMMAND...
    status=$1 words=$2; shift 2
    code=0
    "$T" "$@" >/dev/null 2>"$dir/err" || code=$?
    [ "$code" = "$status" ] || fail "status $code, not $status: $*"
    grep -q -- "$words" "$dir/err" || fail "no \"$words\": $*"
    [ "$(grep -c '^tracewright: ' "$dir/err")" = 1 ] || fail "more than a line: $*"
}
same() {
    for f in adapter_model.safetensors adapter_config.json losses.csv; do
        cmp "$dir/$1/$f" "$dir/$2/$f" || fail "$f of $1 and $2"
    done
    [ "$(cd "$dir/$1" && find . | sort)" = "$(cd "$dir/$2" && find . | sort)" ] ||
        fail "files of $1 and $2"
}

train --to recursive --preset tiny --epochs 2 -o "$dir/base"
train --to recursive --preset tiny --epochs 1 -o "$dir/other"

# The recursive base has every word of the instructions.
"$T" encode --to instruction "$dir/train.csv" 2>/dev/null | head -c 20000 >"$dir/text"
"$T" tokenize --checkpoint "$dir/base" <"$dir/text" >"$dir/ids" 2>"$dir/err" || fail "tokenize"
bytes=$(tr ' ' '\n' <"$dir/ids" | awk '$1 >= 3 && $1 <= 258 { n++ } END { print n + 0 }')
chars=$(wc -c <"$dir/text")
[ "$((bytes * 3))" -lt "$chars" ] || fail "$bytes of $chars characters fell to bytes"

tune --threads 1 --validation 0.2 -o "$dir/one"
for n in 2 3 8; do
    tune --threads $n --validation 0.2 -o "$dir/threads$n" && same one threads$n
done
[ -f "$dir/one/best/adapter_model.safetensors" ] || fail "no best beside the last"
head -n 1 "$dir/one/losses.csv" | grep -qx 'epoch,step,tokens,lr,train,validation' || fail "losses.csv"
[ "$(wc -l <"$dir/one/losses.csv")" = 3 ] || fail "rows of losses.csv"

for wait in 0.3 0.6 0.9; do
    "$T" train -q --data "$dir/train.csv" --seed 5 --to instruction --lora 4 --base "$dir/base" \
        --mask-prompt --epochs 2 --lr 0.003 --validation 0.2 --threads 2 --resume -o "$dir/killed" \
        2>/dev/null &
    pid=$!
    sleep $wait
    kill -9 $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
done
tune --validation 0.2 --resume -o "$dir/killed" && same one killed

score() { "$T" score --checkpoint "$dir/base" "$@" --data "$dir/train.csv" --json 2>"$dir/err" || fail "score $*"; }
loss() { sed 's/.*"loss_per_token":\([0-9.]*\).*/\1/'; }
score | grep -q '^{"loss_per_token":[0-9.]*,"tokens_per_edge":[0-9.]*,"tokens":[0-9]*,"graphs":60,' || fail "score"
tune --epochs 12 --lr 0.02 --lora-targets q,k,v,o,gate,up,down -o "$dir/tuned"
tuned=$(score --adapter "$dir/tuned" | loss)
tune --lr 0.00000001 -o "$dir/untuned"
untuned=$(score --adapter "$dir/untuned" | loss)
awk "BEGIN { exit !($tuned < 0.95 * $untuned) }" || fail "tuning: loss $tuned, not under $untuned"

# Merged, it is a checkpoint that does the same.
"$T" export --checkpoint "$dir/base" --adapter "$dir/tuned" --to hf -o "$dir/merged" 2>"$dir/err" || fail "export"
merged=$("$T" score --checkpoint "$dir/merged" --data "$dir/train.csv" --json 2>/dev/null | loss)
[ "$merged" = "$tuned" ] || fail "merged scores $merged, stacked $tuned"

# b stands on base and one.
tune --adapter "$dir/one" --lora-targets o,down -o "$dir/b"
generate() { "$T" generate -q --like "$dir/train.csv" -n 5 --attempts 2 -o "$dir/out.csv" "$@" 2>"$dir/err"; }
generate --checkpoint "$dir/base" --adapter "$dir/one" --adapter "$dir/b" || [ $? = 1 ] || fail "generate"
grep -q '"sha256.adapter.2"' "$dir/out.csv.meta.json" || fail "provenance names no second adapter"
g() { refuses 65 "$1" generate -q --like "$dir/train.csv" -n 1 -o "$dir/no.csv" --checkpoint "$2" $3; }
g 'trained on another base' "$dir/other" "--adapter $dir/one"
g 'on top of other adapters, not of the base alone' "$dir/base" "--adapter $dir/b"
g 'on top of other adapters, not of the base alone' "$dir/base" "--adapter $dir/b --adapter $dir/one"
g 'on top of the base alone, not of those' "$dir/base" "--adapter $dir/one --adapter $dir/one"
refuses 65 'trained on another base' train -q --data "$dir/train.csv" --lora 2 --base "$dir/other" \
    --adapter "$dir/one" --to recursive -o "$dir/no"

t() { refuses 2 "$1" train -q --data "$dir/train.csv" -o "$dir/no" $2; }
t 'needs --base' '--lora 2'
t 'no target' "--lora 2 --base $dir/base --lora-targets q,lm_head"
t 'needs --lora' "--base $dir/base --lora-alpha 3"
t 'needs --validation' '--patience 2'
t 'no prompt to mask' '--to recursive --block 64 --mask-prompt'
t 'learns its header' '--mask-prompt'
t 'either --epochs or --tokens' '--epochs 2 --tokens 100'
t 'does not go with --base' "--preset tiny --base $dir/base"

# One text cut in blocks, a number of tokens, and the whole base trained on.
train --to recursive --preset tiny --block 64 --tokens 5000 -o "$dir/blocks"
awk -F, 'END { exit !($3 >= 5000 && $3 < 7000) }' "$dir/blocks/losses.csv" || fail "tokens of a run by tokens"
train --to instruction --base "$dir/base" --adapter "$dir/one" --epochs 1 -o "$dir/whole"
cmp "$dir/base/tokenizer.json" "$dir/whole/tokenizer.json" || fail "the base's tokenizer changed"
