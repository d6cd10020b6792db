#!/bin/sh
# ship.sh DIR TO TITLE COMMAND: a trained checkpoint or adapter as a folder to ship: its files,
# CARD.md (what made it, told by the weights' own metadata) and SHA256SUMS. No path, no date: equal
# work gives equal bytes.
set -eu
from=$1 to=$2 title=$3 command=$4
weights=$from/model.safetensors
[ -f "$weights" ] || weights=$from/adapter_model.safetensors
[ -f "$weights" ] || { echo "$from: no model.safetensors or adapter_model.safetensors"; exit 66; }

# The value of a key of __metadata__: it stands within the header, whose length the file begins with.
length=$(od -An -t u8 -N 8 "$weights" | tr -d ' ')
fact() { v=$(tail -c +9 "$weights" | head -c "$length" | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p")
         [ -n "$v" ] || v=n/a
         printf '| %s | %s |\n' "$2" "$v"; }

rm -rf "$to"
mkdir -p "$to"
for f in config.json generation_config.json special_tokens_map.json tokenizer.json \
         tokenizer_config.json adapter_config.json model.safetensors adapter_model.safetensors; do
    [ ! -f "$from/$f" ] || cp "$from/$f" "$to"
done
{
    printf '# %s\n\nTrained on the reference workload alone.\n\n| | |\n|---|---|\n' "$title"
    printf '| command | `%s` |\n' "$command"
    fact to 'text format'
    [ "${weights##*/}" != model.safetensors ] || fact preset size
    fact epochs epochs
    fact seed seed
    fact commit commit
    fact sha256.data 'SHA-256 of the graphs'
    fact base.sha256 'SHA-256 of the base'
    fact blas 'BLAS core'
    fact loss 'loss, nats a token'
} > "$to/CARD.md"
if [ -f "$from/losses.csv" ]; then
    printf '\nLosses by epoch:\n\n' >> "$to/CARD.md"
    sed 's/^/    /' "$from/losses.csv" >> "$to/CARD.md"
fi
cd "$to"
sum() { find . -type f ! -name SHA256SUMS | sed 's,^\./,,' | LC_ALL=C sort | xargs sha256sum; }
sum > SHA256SUMS
