#!/bin/sh
# plan --shards and invoke --shard: two senders with a file each make the calls of the one plan.
dir=$(mktemp -d) || exit 1
. tests/load_tools.sh
{
    echo 'HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum,percentile_Average_0,percentile_Average_1,percentile_Average_25,percentile_Average_50,percentile_Average_75,percentile_Average_99,percentile_Average_100'
    for k in 1 2 3; do echo "o,a,f$k,$k,9,$k,$k,$k,$k,$k,$k,$k,$k,$k"; done
} >"$dir/durations.csv"
{
    echo 'HashOwner,HashApp,HashFunction,SampleCount,AverageAllocatedMb,AverageAllocatedMb_pct1,AverageAllocatedMb_pct5,AverageAllocatedMb_pct25,AverageAllocatedMb_pct50,AverageAllocatedMb_pct75,AverageAllocatedMb_pct95,AverageAllocatedMb_pct99,AverageAllocatedMb_pct100'
    for k in 1 2 3; do echo "o,a,f$k,9,$k,$k,$k,$k,$k,$k,$k,$k,$k"; done
} >"$dir/memory.csv"
{
    echo 'HashOwner,HashApp,HashFunction,Trigger,1,2,3'
    echo 'o,a,f1,http,41,0,7'
    echo 'o,a,f2,http,30,0,30'
    echo 'o,a,f3,timer,1,0,12'
} >"$dir/invocations.csv"
p='"0-percentile":2,"1-percentile":2,"5-percentile":2,"25-percentile":2,"50-percentile":2,"75-percentile":2,"95-percentile":2,"99-percentile":2,"100-percentile":2'
echo "{\"p\":{\"name\":\"p\",\"yaml\":\"p.yaml\",\"cpu\":{$p},\"memory\":{$p},\"duration\":{$p}}}" >"$dir/profile.json"
"$T" plan -q --trace "$dir" --profile "$dir/profile.json" --unit second --iat exponential --duration 3 \
    --warmup 0 --endpoint-template '%s.example' --shards 2 -o "$dir/load.json" 2>"$dir/err" ||
    { fail 'plan failed'; cat "$dir/err"; exit 1; }
start fast
calls() { awk -F, 'NR > 1 { print $2, $5, $7 }' "$dir/calls.csv" | sort; }
fire --load "$dir/load.json" --duration 3 --target "127.0.0.1:$port" || fail 'the whole'
whole whole 121
calls >"$dir/whole"
: >"$dir/union"
for k in 0 1; do
    fire --load "$dir/load.json" --shard $k --duration 3 --target "127.0.0.1:$port" || fail "shard $k"
    calls >>"$dir/union"
done
sort "$dir/union" | cmp -s - "$dir/whole" || fail 'the shards are not the plan'
for k in 0 1 2; do
    fire --load "$dir/load.json" --shard $k/3 --duration 3 --target "127.0.0.1:$port" || fail "$k/3"
    calls
done | sort | cmp -s - "$dir/whole" || fail 'every third call, three times, is not the plan'
exit $failed
