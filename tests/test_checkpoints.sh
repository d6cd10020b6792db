#!/bin/sh
# Shipped checkpoints: FROM= takes a folder of them or one, sums are held against the files before
# anything is used, 16-bit weights are what was trained, and claims says whether a checkpoint made
# again has the shipped one's bits.
BUILD=$(cd "${BUILD:-build}" && pwd)
root=$(pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT || exit 1
fail() { echo "FAILED: $*"; exit 1; }
T=$BUILD/tracewright
"$T" reference callgraphs --traces 60 --seed 4 -o "$work/train.csv" 2>/dev/null
for k in 'one 1' 'two 2'; do
    "$T" train -q --data "$work/train.csv" --preset tiny --epochs 1 --bf16 --seed "${k#* }" \
        -o "$work/${k% *}" 2>/dev/null || fail "train --bf16"
done
grep -q bfloat16 "$work/one/config.json" || fail 'config.json does not say that weights have 16 bits'
cp -r "$work/one" "$work/again"
for d in one again; do
    "$T" generate -q --checkpoint "$work/$d" --like "$work/train.csv" -n 20 -o "$work/$d.csv" 2>/dev/null ||
        fail "generate from $d"
done
cmp "$work/one.csv" "$work/again.csv" || fail 'a copy of a checkpoint writes other graphs'

# The folder of checkpoints, then one of them.
for ship in first second; do
    sh experiments/ship.sh "$work/one" "$work/$ship/compact" 'A title' 'a command' || fail ship.sh
done
diff -r "$work/first" "$work/second" || fail 'a checkpoint is shipped in other bytes the second time'
mv "$work/first" "$work/ships"
card=$work/ships/compact/CARD.md
grep -q '^| seed | 1 |$' "$card" && grep -q '^| size | tiny |$' "$card" &&
    grep -q "$(sha256sum < "$work/train.csv" | cut -d' ' -f1)" "$card" &&
    grep -q '^    1,' "$card" || { cat "$card"; fail 'the card lacks seed, size, data or losses'; }
grep -q "$work" "$card" && fail 'the card names a folder of this machine'
for file in config.json model.safetensors tokenizer.json CARD.md; do
    grep -q "  $file$" "$work/ships/compact/SHA256SUMS" || fail "$file has no sum"
done
asked() { make -s --no-print-directory -n reproduce-run OUT="$work/out" FROM="$1" |
          sed -n "s/.*tracellm_train .*--checkpoint '\([^']*\)'.*/\1/p" | head -n 1; }
[ "$(asked "$work/ships")" = "$work/ships/compact" ] || fail "FROM=folder: $(asked "$work/ships")"
[ "$(asked "$work/ships/")" = "$work/ships/compact" ] || fail "FROM=folder/: $(asked "$work/ships/")"
[ "$(asked "$work/one")" = "$work/one" ] || fail "FROM=checkpoint: $(asked "$work/one")"

verify() { make -s --no-print-directory verify FROM="$1" > "$work/said" 2>&1; }
for from in ships ships/compact one; do
    verify "$work/$from" || { cat "$work/said"; fail "FROM=$from is refused"; }
done
printf x >> "$work/ships/compact/config.json"
for from in ships ships/compact; do
    verify "$work/$from" && fail "FROM=$from: a changed file is not noticed"
    grep -q 'config.json: FAILED' "$work/said" || { cat "$work/said"; fail 'the file is not named'; }
done
verify "$work/nowhere" && fail 'a folder that is not there is not noticed'
for sums in "$root"/checkpoints/*/SHA256SUMS; do
    [ -f "$sums" ] || continue
    (cd "${sums%/*}" && sha256sum --quiet --strict -c SHA256SUMS) || fail "$sums"
    [ -s "${sums%/*}/CARD.md" ] || fail "${sums%/*} has no card"
done
[ "$(find "$root/checkpoints" -type f -exec cat {} + | wc -c)" -le 20000000 ] ||
    fail 'the shipped checkpoints have over 20 MB'

# One line before the claims.
cd "$work" && mkdir -p experiments/expected/paper experiments/expected/small out checkpoints
: > experiments/claims.tsv; : > experiments/drivers.tsv
: > experiments/expected/paper/claims.tsv; : > experiments/expected/small/claims.tsv
says() { "$BUILD/experiments/claims" --out out "$@" | head -n 1; }
says | grep -q '^claims: ' || fail 'nothing is shipped, yet something is said'
cp -r one checkpoints/compact && cp -r one out/checkpoint
says | grep -q '^checkpoint: made again, the same bits' || fail "$(says)"
says --seed 2 | grep -q '^claims: ' || fail 'another seed makes another checkpoint'
says --data real | grep -q '^claims: ' || fail 'real traces make another checkpoint'
says --checkpoint one | grep -q '^checkpoint: one, nothing was trained' || fail "$(says --checkpoint one)"
rm -r out/checkpoint && cp -r two out/checkpoint
says | grep -q '^checkpoint: made again, other bits' || fail "$(says)"
echo 'checkpoints are what they say'
