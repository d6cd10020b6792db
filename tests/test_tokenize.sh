#!/bin/sh
# tokenize: lines as ids and back, learning, and what it refuses.
tracewright=$BUILD/tracewright
fixtures=tests/fixtures/tokenizers
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
fail() { echo "$1"; failed=1; }

for kind in words gpt2 gpt2_pairs llama llama_added; do
    "$tracewright" tokenize --checkpoint $fixtures/$kind <$fixtures/texts.txt >"$dir/ids" &&
        cmp "$dir/ids" $fixtures/$kind/ids.txt || fail "$kind: other ids than the recorded ones"
    "$tracewright" tokenize --checkpoint $fixtures/$kind --decode <"$dir/ids" >"$dir/text" &&
        cmp "$dir/text" $fixtures/texts.txt || fail "$kind: the text does not come back"
done

# Any bytes, the last line without its newline; a decoded line always ends with one.
printf 'a\000b \377\376\n\n \342\226\201\nend' >"$dir/any"
printf '\n' | cat "$dir/any" - >"$dir/want"
for kind in words gpt2 llama; do
    "$tracewright" tokenize --checkpoint $fixtures/$kind <"$dir/any" |
        "$tracewright" tokenize --checkpoint $fixtures/$kind --decode | cmp - "$dir/want" ||
        fail "$kind: bytes do not come back"
done
[ -z "$("$tracewright" tokenize --checkpoint $fixtures/gpt2 </dev/null)" ] || fail "lines of nothing"

# Learning: the file says the same as the one it was recorded from, and repeats.
for kind in words gpt2 llama; do
    "$tracewright" tokenize --learn $kind --vocab 400 -o "$dir/$kind" <$fixtures/texts.txt &&
        "$tracewright" tokenize --learn $kind --vocab 400 -o "$dir/again" <$fixtures/texts.txt &&
        cmp "$dir/$kind/tokenizer.json" "$dir/again/tokenizer.json" || fail "$kind: other bytes"
    "$tracewright" tokenize --checkpoint "$dir/$kind" <$fixtures/texts.txt |
        "$tracewright" tokenize --checkpoint "$dir/$kind" --decode | cmp - $fixtures/texts.txt ||
        fail "$kind: learnt, the text does not come back"
done

# refuse STATUS TEXT INPUT ARGUMENT...
refuse() {
    status=$1 text=$2 input=$3
    shift 3
    printf "$input" | "$tracewright" tokenize "$@" >/dev/null 2>"$dir/err"
    got=$?
    [ "$got" -eq "$status" ] && grep -qF -- "$text" "$dir/err" && [ "$(wc -l <"$dir/err")" -eq 1 ] ||
        { fail "tokenize $*: $got, wanted $status and \"$text\":"; cat "$dir/err"; }
}
refuse 65 'standard input:2: "5000" is no token id below' '3 4\n5 5000\n' \
    --checkpoint $fixtures/gpt2 --decode
refuse 65 'standard input:1: "x" is no token id' 'x' --checkpoint $fixtures/gpt2 --decode
refuse 65 'standard input:1: "-1" is no token id' ' 3  -1' --checkpoint $fixtures/gpt2 --decode
refuse 65 '"99999999999999999999" is no token id' '99999999999999999999' \
    --checkpoint $fixtures/gpt2 --decode
refuse 66 nosuch '' --checkpoint nosuch
refuse 2 'needs --checkpoint DIR' ''
refuse 2 'takes -o DIR' '' --learn gpt2
refuse 2 'takes -o DIR' '' --learn gpt2 -o "$dir/x" --decode
refuse 2 'with --learn alone' '' --checkpoint $fixtures/gpt2 -o "$dir/x"
refuse 2 '--learn' '' --learn unigram -o "$dir/x"
refuse 65 'standard input:1: no line' '' --learn words -o "$dir/x"
[ ! -e "$dir/x" ] || fail 'a refusal leaves a file'
mkdir "$dir/bad" && echo '{"model": {"type": "WordPiece"}}' >"$dir/bad/tokenizer.json"
refuse 65 'tokenizer.json: pre_tokenizer' '' --checkpoint "$dir/bad"
echo 3 | "$tracewright" tokenize --checkpoint $fixtures/gpt2 >/dev/full 2>"$dir/err"
[ $? -eq 74 ] || fail "a full disk: no 74"
exit $failed
