#!/bin/sh
# `tracewright import` as scripts use it: every --from, --to, --compat, --dedup and --report.
tracewright=$(cd "$BUILD" && pwd)/tracewright
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failed=0

# is WANTED COMMAND...: its standard output is WANTED, its status 0
is() {
    want=$1
    shift
    got=$("$@" 2>err)
    status=$?
    [ $status -eq 0 ] && [ "$got" = "$want" ] && return
    printf '%s: exit %s\n%s\nwanted\n%s\n' "$*" $status "$got" "$want"
    cat err
    failed=1
}

columns=timestamp,traceid,service,rpc_id,rpctype,um,uminstanceid,interface,dm,dminstanceid,rt
cat >a.csv <<END
$columns
61001,T_1,S_7,0,http,USER,x,,MS_1,x,9.7
61002,T_1,S_7,0.10,mc,MS_1,x,get,MS_2,x,1.0
61002,T_1,S_7,0.9,rpc,MS_1,x,UNKNOWN,MS_3,x,0.0
61002,T_2,S_8,0.9.1,rpc,MS_1,x,UNKNOWN,MS_3,x,0.0
END
cat >b.csv <<END
rt,rpctype,um,dm,service,rpc_id,traceid,timestamp
0,rpc,MS_3,MS_4,S_7,0.9.1,T_1,61002
9.7,http,USER,MS_1,S_7,0,T_3,5
1.0,mc,MS_1,MS_2,S_7,0.10,T_3,6
0.0,rpc,MS_1,MS_3,S_7,0.9,T_3,6
0,rpc,MS_3,MS_4,S_7,0.9.1,T_3,6
END
first="61001,T_1,S_7,0,http,USER,UNAVAILABLE,UNKNOWN,MS_1,UNAVAILABLE,9.0
61002,T_1,S_7,0.9,rpc,MS_1,UNAVAILABLE,UNKNOWN,MS_3,UNAVAILABLE,0.0
61002,T_1,S_7,0.9.1,rpc,MS_3,UNAVAILABLE,UNKNOWN,MS_4,UNAVAILABLE,0.0
61002,T_1,S_7,0.10,mc,MS_1,UNAVAILABLE,get,MS_2,UNAVAILABLE,1.0"
second=$(echo "$first" | sed 's/61001,T_1/5,T_3/; s/61002,T_1/6,T_3/; s/get/UNKNOWN/')
is "$columns
$first
$second" "$tracewright" import a.csv b.csv
is "$columns
$first" "$tracewright" import --dedup --threads 1 a.csv b.csv
is "$columns
$first
$second" "$tracewright" import --from alibaba-2022 --threads 2 --report report.json a.csv b.csv
grep -q '"rows_read":9,"rows_used":8,"graphs_read":3,"graphs_used":2' report.json &&
    grep '"cause":"no root call 0","rows":1,"graphs":1' report.json | grep -q 'a.csv:5: 0.9.1"' ||
    { cat report.json; failed=1; }

calls="0|http|USER|MS_00001|ARRIVED_0|RT_9||0.10|mc|MS_00001|MS_00002|ARRIVED_1|RT_1"
nine="||0.9|rpc|MS_00001|MS_00003|ARRIVED_1|RT_0"
leaf="||0.9.1|rpc|MS_00003|MS_00004|ARRIVED_1|RT_0"
is "00h01m01s001ms S_000000007 $calls$nine
00h00m00s005ms S_000000007 $calls$nine$leaf" \
    "$tracewright" import --compat tracellm --to tracellm-lines a.csv b.csv
root="0|http|USER|MS_00001|ARRIVED_0|RT_9"
ten="||0.10|mc|MS_00001|MS_00002|ARRIVED_1|RT_1"
is "00h00m00s000ms S_000000007 $root$nine$ten
00h00m00s000ms S_000000007 $root$nine$leaf$ten" \
    "$tracewright" import --compat tracellm --to tracellm-lines --dedup a.csv b.csv a.csv
is "$columns
5,T_3,S_000000007,0,http,USER,UNAVAILABLE,UNKNOWN,MS_00001,UNAVAILABLE,9.0
6,T_3,S_000000007,0.10,mc,MS_00001,UNAVAILABLE,UNKNOWN,MS_00002,UNAVAILABLE,1.0
6,T_3,S_000000007,0.9,rpc,MS_00001,UNAVAILABLE,UNKNOWN,MS_00003,UNAVAILABLE,0.0
6,T_3,S_000000007,0.9.1,rpc,MS_00003,UNAVAILABLE,UNKNOWN,MS_00004,UNAVAILABLE,0.0" \
    "$tracewright" import --compat tracellm b.csv
is "00h01m01s001ms S_000000007 $root$nine$ten" \
    "$tracewright" import --to tracellm-lines a.csv

echo '{"service":"S_1","num":3,
 "edges":[{"source":"USER","target":"A","weight":1,"rpctype":"http"}]}' >g.jsonl
is "$columns
0,T_00000000001,S_1,0,http,USER,UNAVAILABLE,UNKNOWN,A,UNAVAILABLE,0.0" \
    "$tracewright" import --from dgg g.jsonl

"$tracewright" import --from dgg --compat tracellm g.jsonl >out 2>err
[ $? -eq 2 ] || { echo "dgg has no compat: exit is not 2"; failed=1; }
exit $failed
