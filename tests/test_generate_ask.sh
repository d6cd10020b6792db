#!/bin/sh
# generate from a checkpoint, at the command line: prompts in the file's order, words, files of
# TraceLLM's prompts; what was asked and what the mask took; every way to be wrong.
set -eu
T=$BUILD/tracewright
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "FAILED: $*"; exit 1; }
status() { want=$1 words=$2; shift 2; got=0; "$@" >"$dir/out" 2>"$dir/err" || got=$?
           [ "$got" -eq "$want" ] || { cat "$dir/err"; fail "exit $got, not $want: $*"; }
           grep -q "$words" "$dir/err" || { cat "$dir/err"; fail "no \"$words\": $*"; }
           [ "$(wc -l <"$dir/err")" -eq 1 ] || { cat "$dir/err"; fail "not one line: $*"; }; }
g() { "$T" generate -q --checkpoint "$dir/model" --seed 3 "$@" 2>"$dir/words"; }
calls() { awk -F, 'NR > 1 { n[$2]++ } END { for (t in n) print n[t] }' "$1" | sort -n | uniq -c |
          awk '{ print $2 "x" $1 }' | paste -sd' '; }
having() { awk -F, -v w="$2" '$5 "," $6 "," $9 == w { print $2 }' "$1" | sort -u | wc -l; }

"$T" reference callgraphs --traces 400 --seed 4 -o "$dir/train.csv" 2>/dev/null
"$T" train -q --data "$dir/train.csv" --preset tiny --epochs 1 -o "$dir/model" 2>/dev/null
service=$(awk -F, 'NR > 1 && $4 == "0" { n[$3]++ } END { for (s in n) print n[s], s }' \
    "$dir/train.csv" | sort -rn | awk 'NR == 1 { print $2 }')
call=$(awk -F, 'NR > 1 && $5 == "mc" && $6 ~ /^MS/ && $9 ~ /^MS/ { print $6 ">mc>" $9; exit }' \
    "$dir/train.csv")
src=${call%%>*} dst=${call##*>}

# Prompts are the file's, in its order, again from the start.
printf 'id:%s/num_edges:3/depth:2/latency:7\nnum_edges:5/remaining_depth:2/id:%s/start_node:USER\n' \
    "$service" "$service" >"$dir/p.txt"
g --prompts "$dir/p.txt" -n 5 -o "$dir/a.csv" --asked "$dir/asked.csv" --stats "$dir/stats.json"
cat >"$dir/want" <<EOF
traceid,service,num_edges,depth,latency
T_00000000001,$service,3,2,7
T_00000000002,$service,5,3,
T_00000000003,$service,3,2,7
T_00000000004,$service,5,3,
T_00000000005,$service,3,2,7
EOF
cmp "$dir/want" "$dir/asked.csv" || { cat "$dir/asked.csv"; fail "--prompts: asked.csv"; }
[ "$(calls "$dir/a.csv")" = "3x3 5x2" ] || fail "--prompts: $(calls "$dir/a.csv")"
awk -F, 'NR > 1 { print $2 }' "$dir/a.csv" | uniq | cmp - /dev/fd/3 3<<EOF || fail "trace ids"
$(sed 1d "$dir/asked.csv" | cut -d, -f1)
EOF
g --prompts "$dir/p.txt" --compat tracellm -n 3 -o "$dir/c.csv"
[ "$(calls "$dir/c.csv")" = "3x3" ] || fail "--compat does not lose the last prompt"
echo "nonsense" >>"$dir/p.txt"
g --prompts "$dir/p.txt" -n 2 -o "$dir/c.csv"
grep -q 'p.txt:3: no header: "nonsense"' "$dir/words" || fail "a bad prompt is not named"

# --like: in order; --resample draws; neither threads nor batch move a byte of any file.
for run in "1 1" "3 64"; do
    set -- $run
    g --like "$dir/train.csv" -n 60 --threads "$1" --batch "$2" -o "$dir/l$1.csv" \
        --asked "$dir/asked$1.csv" --stats "$dir/stats$1.json"
    sed '/"measured"/d' "$dir/stats$1.json" >"$dir/same$1.json"
done
g --like "$dir/train.csv" -n 60 --cache f16 -o "$dir/f16.csv"
grep -q '"cache": *"f16"' "$dir/f16.csv.meta.json" || fail "--cache f16 is not in the provenance"
grep -q '"cache"' "$dir/l1.csv.meta.json" && fail "a cache of floats is in the provenance"
cmp "$dir/l1.csv" "$dir/l3.csv" || fail "threads or batch change graphs"
cmp "$dir/asked1.csv" "$dir/asked3.csv" || fail "threads or batch change asked.csv"
cmp "$dir/same1.json" "$dir/same3.json" || fail "threads or batch change stats.json"
"$T" import -q "$dir/train.csv" 2>/dev/null |
    awk -F, 'NR > 1 { if (!($2 in n)) order[++k] = $2; n[$2]++; service[$2] = $3 }
             END { for (i = 1; i <= 60; i++) print service[order[i]] "," n[order[i]] }' >"$dir/want"
sed 1d "$dir/asked1.csv" | cut -d, -f2,3 | cmp "$dir/want" - || fail "--like is not in order"
g --like "$dir/train.csv" --resample -n 60 -o "$dir/r.csv" --asked "$dir/askedr.csv"
cmp -s "$dir/asked1.csv" "$dir/askedr.csv" && fail "--resample changes nothing"
g --like "$dir/train.csv" --header service -n 3 -o "$dir/s.csv" --asked "$dir/s.asked"
[ "$(sed 1d "$dir/s.asked" | grep -c ',,,$')" -eq 3 ] || fail "open fields are not empty"

# Words.
g --ask "service=$service edges=6 depth=3 latency=50 include=$call" -n 40 -o "$dir/i.csv"
[ "$(calls "$dir/i.csv")" = "6x40" ] && [ "$(having "$dir/i.csv" "mc,$src,$dst")" -eq 40 ] ||
    fail "include= with a full header"
g --ask "include=$call" -n 40 -o "$dir/i.csv"
[ "$(having "$dir/i.csv" "mc,$src,$dst")" -eq 40 ] || fail "include= alone"
g --ask "service=$service high-latency" -n 40 -o "$dir/h.csv"
p90=$("$T" stats --json "$dir/train.csv" 2>/dev/null | tr '{' '\n' | sed -n \
    "s/.*\"service\":\"$service\".*\"p90_ms\":\([0-9]*\).*/\1/p")
awk -F, -v p="$p90" 'NR > 1 && $4 == "0" && $NF < p { bad = 1 } END { exit bad || p == "" }' \
    "$dir/h.csv" || fail "high-latency: below $p90"
g --ask "service=$service edges=4 latency=5000 high-latency" -n 5 -o "$dir/h.csv" --asked "$dir/h.asked"
[ "$(cut -d, -f5 "$dir/h.asked" | grep -cx 5000)" = 5 ] || fail "latency= beside high-latency"
"$T" import "$dir/i.csv" 2>&1 >/dev/null | grep -q '40 of 40 graphs used' || fail "not all read back"

# So it is in layers.
"$T" train -q --data "$dir/train.csv" --to recursive --preset tiny --tokens 3000 -o "$dir/layers" \
    2>/dev/null
inner=$(awk -F, 'NR > 1 && $5 == "rpc" { rpc[$9] = 1 }
                 NR > 1 && $5 == "mc" && rpc[$6] { print $6 ">mc>" $9; exit }' "$dir/train.csv")
"$T" generate -q --checkpoint "$dir/layers" --ask "service=$service edges=6 depth=3 include=$inner" \
    --attempts 1 -n 20 -o "$dir/i.csv" 2>"$dir/words"
[ "$(calls "$dir/i.csv")" = "6x20" ] &&
    [ "$(having "$dir/i.csv" "mc,${inner%%>*},${inner##*>}")" -eq 20 ] || fail "include= in layers"

# What the mask took.
for key in masked_share removed_mean minus_log_kept_per_token free_valid_share \
           effective_sample_size log_weights graphs_per_s calls_per_s; do
    grep -q "\"$key\":[0-9[]" "$dir/stats.json" || fail "stats.json lacks $key"
done
g --free --attempts 2 --like "$dir/train.csv" -n 20 -o "$dir/f.csv" --stats "$dir/free.json" || true
grep -q '"mask":null' "$dir/free.json" || fail "a free run has no mask"
grep -q '"redraws":[1-9]' "$dir/free.json" || fail "a free run of a poor model never fails"
g --unconstrained --attempts 2 --like "$dir/train.csv" -n 20 -o "$dir/u.csv" || true
cmp "$dir/f.csv" "$dir/u.csv" || fail "--unconstrained is not --free"
g --temperature 0 --ask "service=$service edges=3" -n 2 -o "$dir/t.csv" --stats "$dir/t.json"
grep -q '"effective_sample_size":null' "$dir/t.json" || fail "weights at temperature 0"
g --top-p 0.5 --top-k 3 --ask "edges=3" -n 2 -o "$dir/t.csv"

M="$T generate --checkpoint $dir/model -n 1 -o $dir/x.csv"
status 2 'exclude each other' $M --like "$dir/train.csv" --ask edges=3
status 2 'exclude each other' $M --prompts "$dir/p.txt" --ask edges=3
status 2 'says what is asked for' $M
status 2 'resample' $M --resample --ask edges=3
status 2 'compat' $M --compat tracellm --ask edges=3
status 2 'header' $M --header none --ask edges=3
status 2 'speed=3' $M --ask speed=3
status 2 'edges=0' $M --ask edges=0
status 2 'given twice' $M --ask "edges=2 edges=3"
status 2 'no graph has' $M --ask "edges=2 depth=3"
status 65 'is below the p90' $M --ask "service=$service latency=0 high-latency"
status 2 'needs another above it' $M --ask "edges=1 include=$call"
status 2 'http rpc db mc mq' $M --ask "include=A>foo>B"
status 2 'top-p' $M --top-p 2 --ask edges=3
status 65 'no word for MS_nowhere' $M --ask "include=MS_nowhere>rpc>$dst"
status 65 'never called by rpc' $M --ask "include=$src>rpc>$dst"
status 65 'lets it call' $M --ask "include=$dst>mc>$dst"
L="$T generate --checkpoint $dir/layers -n 1 -o $dir/x.csv"
status 65 'does not know MS_nowhere' $L --ask "service=$service include=MS_nowhere>rpc>$dst"
echo "id:$service/num_edges:1/start_edge_id:1/start_node:$src/caller:USER" >"$dir/below.txt"
status 65 'begins no graph' $L --prompts "$dir/below.txt"
status 65 'no graph that this checkpoint' $L --ask "service=$service edges=100000"
status 2 'always name the service' $L --ask "edges=3"
status 65 'too few' $M --ask "service=S_nowhere high-latency"
status 65 'no graph that this checkpoint' $M --ask "edges=100000"
status 65 'train.csv:1: no header: "timestamp,.*; no prompt can be asked (bad: ' $M --prompts \
    "$dir/train.csv"
: >"$dir/empty.txt"
status 65 'empty.txt:1: nothing in it is a prompt' $M --prompts "$dir/empty.txt"
printf '\n\nedges\001"\377:\n' >"$dir/bytes.txt"
status 65 'bytes.txt:3: .*"edges.x01.x22.xff:"' $M --prompts "$dir/bytes.txt"
# What is written is opened first: a path that cannot be leaves nothing at the others.
status 74 'no/such' $M --ask edges=3 --asked "$dir/no/such.csv"
status 74 'no/such' $M --ask edges=3 --stats "$dir/no/such.json"
status 74 'directory' $M --ask edges=3 --stats "$dir"
status 2 'two outputs' $M --ask edges=3 --stats "$dir/x.csv"
status 2 'two outputs' $M --ask edges=3 --stats "$dir/s" --asked "$dir/s"
status 2 'adapter needs --checkpoint' "$T" generate --baseline bootstrap --data "$dir/train.csv" \
    --adapter "$dir/model" -n 1 -o "$dir/x.csv"
status 66 'absent' $M --prompts "$dir/absent.txt"
status 66 'absent' $M --like "$dir/absent.csv"
"$T" import -q "$dir/train.csv" >"$dir/clean.csv" 2>/dev/null
status 2 'need --checkpoint' "$T" generate --baseline bootstrap --data "$dir/clean.csv" \
    --ask high-latency -n 1 -o "$dir/x.csv"
[ -z "$(ls "$dir" | grep '^x.csv')" ] || fail "an error leaves a file"
