#!/bin/sh
# Two senders that mpirun starts (two processes where it is not installed) make the calls of the one
# plan: together their records are the plan, each call once and at its moment.
dir=$(mktemp -d) || exit 1
. tests/load_tools.sh
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# launch COMMAND: two times, with its rank in $RANK
if command -v mpirun >/dev/null && mpirun --oversubscribe -n 2 true >/dev/null 2>&1; then
    launch() { mpirun --oversubscribe -n 2 sh -c "RANK=\$OMPI_COMM_WORLD_RANK; $1" >"$dir/out" 2>&1; }
else
    echo 'SKIP mpirun: it is not here, or does not start; two processes instead'
    launch() {
        RANK=0 sh -c "$1" >"$dir/out" 2>&1 &
        RANK=1 sh -c "$1" >"$dir/out1" 2>&1 && wait $!
    }
fi

start fast
plan 3 50 a.example b.example c.example >"$dir/load.json"
awk -v RS='[{]' 'NR > 1 {
    split($0, half, "endpoint")
    gsub(/[^0-9,]/, "", half[1]); gsub(/[^a-z.,]/, "", half[2])
    n = split(half[1], at, ","); split(half[2], name, ",")
    for (i = 1; i <= n && at[i] != ""; i++)
        printf "%d %d %d %s %.3f\n", id++, NR - 2, i - 1, name[i], (NR - 2) * 1e6 + at[i]
}' "$dir/load.json" | sort >"$dir/plan"
[ "$(wc -l <"$dir/plan")" = 100 ] || fail 'the plan of the test'

union() {   # union LABEL: of the two records
    for k in 0 1; do
        awk -F, 'NR > 1 { print $1, $2, $3, $5, $7 }' "$dir/$k.csv"
        cp "$dir/$k.csv" "$dir/calls.csv"
        [ "$(count status OK)" = 50 ] || fail "$1: sender $k: $(count status OK) of 50 are answered"
    done | sort >"$dir/union"
    cmp -s "$dir/plan" "$dir/union" ||
        { fail "$1: the shards are not the plan"; diff "$dir/plan" "$dir/union" | head; cat "$dir/out"; }
}
common="--unit second --warmup 0 --duration 3 --target 127.0.0.1:$port"
soon=$(($(date +%s) + 2))
launch "'$T' invoke -q --load '$dir/load.json' --shard \$RANK/2 --start-at $soon $common -o '$dir/'\$RANK.csv" ||
    { fail 'the senders'; cat "$dir/out"; }
[ "$(date +%s)" -ge $((soon + 2)) ] || fail '--start-at was not waited for'
union shards
exit $failed
