#!/bin/sh
# Call graphs as load: the emulator plays what the invoker asks for, over the wire, call by call;
# response times obtained are the trace's and what the machine adds.
dir=$(mktemp -d) || exit 1
. tests/load_tools.sh

# Root of 100 ms: A of 40 ms from 10, B of 20 ms from 55 (after A), C of 60 ms from 30 beside both,
# an mq call that goes on after all. A calls D, of 25 ms.
cat >"$dir/graph.csv" <<'G'
timestamp,traceid,service,rpc_id,rpctype,um,dm,rt,async
0,t1,S_1,0,http,USER,MS_1,100,0
10,t1,S_1,0.1,rpc,MS_1,MS_A,40,0
15,t1,S_1,0.1.1,db,MS_A,MS_D,25,0
30,t1,S_1,0.2,rpc,MS_1,MS_C,60,0
55,t1,S_1,0.3,rpc,MS_1,MS_B,20,0
60,t1,S_1,0.4,mq,MS_1,MS_Q,500,1
500,t2,S_2,0,rpc,USER,MS_A,5,0
G
start emulator --callgraphs "$dir/graph.csv"
"$T" invoke -q --callgraphs "$dir/graph.csv" --port "$port" -o "$dir/calls.csv" --json >"$dir/report" \
    2>"$dir/err" || fail "invoke: exit $?"
whole graphs 2
expect ok 2 graphs
awk -F, 'NR == 2 || NR == 3 { took[$4] = $11 - $8; want[$4] = $18; at[$4] = $7 }
    END { if (want["S_1"] != 100000 || want["S_2"] != 5000 || at["S_2"] - at["S_1"] != 500000) exit 1
          for (s in took) if (took[s] < want[s] || took[s] > want[s] + 60000) {
              print s " took " took[s] " us, its trace says " want[s]; exit 1 } }' "$dir/calls.csv" ||
    { fail 'response times are not the trace'"'"'s'; cat "$dir/calls.csv"; }
kill "$pid"
wait "$pid"
grep -q '^7 requests, 6 answered, 5 calls of its own' "$dir/emulator.log" ||
    grep -q '^7 requests, 7 answered, 5 calls of its own' "$dir/emulator.log" ||
    { fail 'the emulator made other calls'; cat "$dir/emulator.log"; }

# Another file on the other side: the emulator says so instead of making something up.
sed 's/MS_A/MS_X/' "$dir/graph.csv" >"$dir/other.csv"
start other --callgraphs "$dir/other.csv"
"$T" invoke -q --callgraphs "$dir/graph.csv" --port "$port" -o "$dir/calls.csv" 2>"$dir/err"
[ "$(count status NOT_FOUND)" = 1 ] || fail 'a call that the emulator does not know'

# A workload: all of it is answered, none faster than its trace, at a rate, burning or asleep.
"$T" reference callgraphs -q --traces 120 -o "$dir/real.csv" || fail 'reference'
for how in '' --burn; do
    start real --callgraphs "$dir/real.csv" $how
    "$T" invoke -q --callgraphs "$dir/real.csv" --port "$port" --rate 40 -o "$dir/calls.csv" \
        --json >"$dir/report" 2>"$dir/err" || fail "workload$how: exit $?"
    whole "workload$how" $(($(wc -l <"$dir/calls.csv") - 1))
    [ "$(count status OK)" = $(($(wc -l <"$dir/calls.csv") - 1)) ] || fail "workload$how: failures"
    awk -F, 'NR > 1 && $11 - $8 < $18 - 1 { n++; print } END { exit n > 0 }' "$dir/calls.csv" ||
        fail "workload$how: faster than its trace"
done

# Arrivals: as recorded, faster, the first seconds alone; graphs of one moment need a rate.
"$T" invoke -q --callgraphs "$dir/graph.csv" --port "$port" --speed 10 -o "$dir/calls.csv" 2>"$dir/err"
[ "$(awk -F, '$1 == 1 { print $7 }' "$dir/calls.csv")" = 50000.000 ] || fail '--speed'
"$T" invoke -q --callgraphs "$dir/graph.csv" --port "$port" --shard 1/2 -o "$dir/calls.csv" 2>"$dir/err"
[ "$(awk -F, 'NR > 1 { print $1 }' "$dir/calls.csv")" = 1 ] || fail '--shard of graphs'
sed 's/^500,/0,/' "$dir/graph.csv" >"$dir/once.csv"
"$T" invoke -q --callgraphs "$dir/once.csv" --port "$port" -o "$dir/calls.csv" 2>"$dir/err"
[ $? -eq 65 ] && grep -q 'give a --rate' "$dir/err" || fail 'graphs of one moment'
exit $failed
