#!/bin/sh
# Our column of the README's concordance, run from top to bottom on a small raw file.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin"
ln -s "$(cd "$BUILD" && pwd)/tracewright" "$dir/bin/tracewright"
export PATH="$dir/bin:$PATH"
awk -F'|' '/^## / { inside = $0 == "## Concordance" }
           inside && split($3, cut, "`") == 3 { print cut[2] }' README.md >"$dir/commands"
cp tests/fixtures/*.txt "$dir"
cd "$dir" || exit 1
# A layer that is right and one whose edge count is wrong.
requirement='id:S_1/num_edges:1/start_node:MS_1/caller:USER/start_edge_id:1'
requirement="$requirement/start_communication_at:1/latency:9/num_subgraphs:0/remaining_depth:0/num_current_edges:1"
edge='(edge_id is 1,type is rpc,destination is MS_2,communication starts at 1 milliseconds'
edge="$edge,communication finishes at 9 milliseconds)"
printf '{"prompt":"%s\\n<layer>","output":"\\n<edges>\\n%s\\n</edges>\\n</layer>"}\n' \
    "$requirement" "$edge" "$requirement" "$edge\\\\n$edge" >pairs.jsonl
failed=0 n=0
while read -r command; do
    n=$((n + 1))
    sh -c "$command" >out 2>err </dev/null
    status=$?
    [ $status -eq 0 ] && continue
    echo "exit $status: $command"
    cat err
    failed=1
done <commands
[ $n -ge 15 ] || { echo "only $n commands in the concordance"; failed=1; }
for f in raw.csv graphs.csv stats.json new.csv model-compact/model.safetensors; do
    [ -s "$f" ] || { echo "$f was not written"; failed=1; }
done
exit $failed
