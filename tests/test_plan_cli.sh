#!/bin/sh
# plan, sample, profile and plot-profiles from the command line: vSwarm's own numbers, deployment
# through a fake kn and kubectl that record what they are asked, and every defect of the original
# that shows there.
root=$PWD
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin"
ln -s "$(cd "$BUILD" && pwd)/tracewright" "$dir/bin/tracewright"
export PATH="$dir/bin:$PATH"
data=$(cd ../shared/data/vswarm 2>/dev/null && pwd)
cd "$dir" || exit 1
failed=0
wrong() { echo "wrong: $1"; failed=1; }
has() { grep -q "$2" "$1" || { wrong "$1 does not have: $2"; cat "$1"; }; }

# ---- a small trace: three functions, three proxies, one of them without a usable yaml ----------
mkdir trace yamls
p='1,1,1,1,1,1,1'
key=HashOwner,HashApp,HashFunction a=percentile_Average m=AverageAllocatedMb
{ echo $key,Average,Count,Minimum,Maximum,${a}_0,${a}_1,${a}_25,${a}_50,${a}_75,${a}_99,${a}_100
  for f in f1:10 f2:1000 f3:100; do echo "o,a,${f%:*},$p,1,${f#*:},1,1"; done; } \
    >trace/durations.csv
{ printf '%s' "$key,SampleCount,$m,${m}_pct1,${m}_pct5,${m}_pct25,${m}_pct50,${m}_pct75"
  echo ",${m}_pct95,${m}_pct99,${m}_pct100"
  for f in f1 f2 f3; do echo "o,a,$f,1,50,1,1,1,1,50,1,1,1"; done; } >trace/memory.csv
printf '%s\n' $key,Trigger,1,2,3 o,a,f1,h,2,0,1 o,a,f2,h,1,0,1 o,a,f3,h,1,0,3 \
    >trace/invocations.csv
axis() {
    printf '{'
    for q in 0 1 5 25 50 95 99 100; do printf '"%s-percentile":1,' $q; done
    printf '"75-percentile":%s}' "$1"
}
entry() { printf '"%s":{"name":"%s","yaml":"%s","cpu":%s,"memory":%s,"duration":%s}' "$1" "$2" \
    "$3" "$(axis 3)" "$(axis 50)" "$(axis "$4")"; }
printf '{%s,%s,%s}' "$(entry k1 short kn-short.yaml 10)" "$(entry k2 long kn-long.yaml 1000)" \
    "$(entry k3 lost missing.yaml 100)" >profile.json
tw='tracewright plan -q --trace trace --profile profile.json --duration 2 --warmup 1'

# the original's bytes, its map of times included: f2's and f3's calls at 0 cover f1's
$tw --compat --iat equidistant --endpoint-template '%s.x' --mapping m.csv -o l.json 2>err || \
    wrong compat
cat >want <<'W'
[
   {
      "timestamp": [
         0,
         30000000
      ],
      "endpoint": [
         "lost.x",
         "short.x"
      ]
   },
   {
      "timestamp": [],
      "endpoint": []
   },
   {
      "timestamp": [
         0,
         20000000,
         40000000
      ],
      "endpoint": [
         "lost.x",
         "lost.x",
         "lost.x"
      ]
   }
]
W
truncate -s -1 want
cmp want l.json || wrong "compat load.json"
printf 'trace_key,proxy,error\noaf1,short,0\noaf2,long,0\noaf3,lost,0\n' | cmp - m.csv || wrong \
    mapping
has err '4 calls lost'
# without it nothing is lost (defect 1), and units without calls stay (defect 2)
$tw --iat equidistant --endpoint-template '%s.x' --json -o l.json >out 2>err || wrong plain
has out '"calls":9,"lost":0,"units":3,"empty_units":1'
# unique reports keys
$tw --unique --mapping m.csv -o l.json 2>err || wrong unique
has m.csv '^oaf1,k1,0$'
# the same seed, the same bytes; another, others (defect 14); shards are the whole
$tw --seed 5 --shards 2 -o a.csv 2>err && $tw --seed 5 --threads 3 -o b.csv 2>err || wrong seed
cmp a.csv b.csv || wrong "same seed"
$tw --seed 6 -o b.csv 2>err; cmp -s a.csv b.csv && wrong "other seed"
cat a.0.csv a.1.csv | sort -u >union; sort -u a.csv | cmp - union || wrong "union of shards"
# rates, offsets, binary, endpoints
$tw --scale 3 --json -o s.plan >out 2>err || wrong scale
has out '"calls":27'
printf 'trace_key,F\noaf1,0\n' >scales.csv
$tw --scales scales.csv --json -o s.json >out 2>err; has out '"calls":6'
$tw --offset 2 --json -o s.json >out 2>err; has out '"calls":5'; has out '"cut_functions":3'
printf 'name,endpoint\nshort,http://s.host\noaf2,two.host\n' >hosts
$tw --endpoints hosts -o h.csv 2>err || wrong endpoints
has err '1 of 3 functions have no endpoint'
has h.csv ',s.host,oaf1$'; has h.csv ',two.host,oaf2$'
# limits and capacities (defects 11 and 12)
sed 's/,1000,1,1$/,900000,1,1/' trace/durations.csv >d && mkdir far && cp trace/* far && mv d \
    far/durations.csv
tracewright plan -q --trace far --profile profile.json --max-error 1 --mapping m.csv -o f.json \
    2>err || wrong limit
has m.csv '^oaf2,,inf$'; has err '1 of 3 functions have no proxy'
tracewright plan -q --trace far --profile profile.json -o f.json 2>err; has err \
    'the furthest: oaf2 is 6.8'
printf '{%s}' "$(entry k1 short kn-short.yaml 10)" >one.json
tracewright plan -q --trace trace --profile one.json --capacity 2 -o f.json 2>err
[ $? = 2 ] || wrong "capacity too small"; has err '3 would do'
tracewright plan -q --trace trace --profile one.json --unique -o f.json 2>err || wrong \
    "unique falls back"
has err 'more functions than proxies'
# no proxy at all has a message and a status (defects 9 and 10)
sed 's/"75-percentile":50/"75-percentile":-1/g' profile.json >none.json
tracewright plan -q --trace trace --profile none.json -o f.json 2>err; [ $? = 65 ] || wrong \
    "no proxy"
tracewright plan -q --trace nowhere --profile profile.json -o f.json 2>err; [ $? = 66 ] || wrong \
    "no trace"
$tw --unique --capacity 2 2>err; [ $? = 2 ] || wrong "two rules"

# ---- deployment ---------------------------------------------------------------------------------
for y in short long; do
    printf '%s\n' 'apiVersion: serving.knative.dev/v1' 'kind: Service' metadata: \
        "  name: $y   # its name" '  namespace: default' 'spec: {}' >yamls/kn-$y.yaml
done
printf '[{"yaml-location":"kn-short.yaml",%s,%s}]' \
    '"predeployment-commands":["echo before >>asked"]' \
    '"postdeployment-commands":["echo after >>asked"]' >config.json
cat >bin/kubectl <<'K'
#!/bin/sh
echo "kubectl $*" >>asked
case $1 in
apply) sed -n 's/^  name: *//p' "$3" >>services ;;
top) sed 's/$/-00001-deployment-x 3m 22Mi/' services ;;
esac
K
cat >bin/kn <<'K'
#!/bin/sh
echo "kn $*" >>asked
[ "$2" = delete ] && { grep -v "^$3\$" services >s; mv s services; exit; }
touch services ticks
echo tick >>ticks
ready=False
[ "$(wc -l <ticks)" -gt 2 ] && ready=True
for s in foreign $(cat services); do
    echo "$s   http://$s.default.sslip.io   $s-00001   2m   3 OK / 3   $ready"
done
K
chmod +x bin/kubectl bin/kn
deploy="$tw --deploy knative --yamls yamls --config config.json --poll 0.05"
$deploy --dry-run --endpoint-template '%s.dry' -o dry.csv 2>err || wrong "dry run"
[ ! -e asked ] || wrong "a dry run asked the cluster"
[ "$(ls build/*.yaml | wc -l)" = 2 ] || wrong "yaml files of the dry run"
grep -q '^  name: short-[a-z0-9]\{20\}$' build/kn-short-*.yaml || wrong "renamed yaml"
has dry.csv ',short-[a-z0-9]*.dry,oaf1$'
# f3's yaml is missing: it alone is left out (defect 8)
touch build/mine
$deploy -o real.csv --json >out 2>err || wrong deploy
has err 'missing.yaml'
has out '"services":2,"services_failed":1,"services_not_ready":0'
has real.csv ',short-[a-z0-9]*.default.sslip.io,oaf1$'
has real.csv ',long-[a-z0-9]*.default.sslip.io,oaf2$'
grep -q oaf3 real.csv && wrong "a call of a function without a service"
grep -q 'delete' asked && wrong "a service was deleted (defect 13)"
[ -e build/mine ] || wrong "the build folder was emptied"
[ "$(grep -c '^before' asked)" = 1 ] && [ "$(grep -c '^after' asked)" = 1 ] || wrong commands
# two functions of one proxy: two services, predeployment once (defect 13)
printf '{%s}' "$(entry k1 short kn-short.yaml 10)" >one.json
rm -f asked services ticks
tracewright plan -q --trace trace --profile one.json --deploy knative --yamls yamls --config \
    config.json \
    --poll 0.05 -o two.csv 2>err || wrong "one proxy"
[ "$(wc -l <services)" = 3 ] && [ "$(grep -c '^before' asked)" = 1 ] || wrong \
    "services of one proxy"

# ---- profile ------------------------------------------------------------------------------------
printf '1000\n2000\n3000ms\n4s\n' >d.txt; printf '22Mi\n1Gi\n' >m.txt; printf '3m\n' >c.txt
tracewright profile --durations d.txt --memory m.txt --cpu c.txt --name x -o x.json || wrong profile
grep -A9 '"duration"' x.json | grep -q '"100-percentile": 4000' || wrong \
    "true percentile (defect 15)"
tracewright profile --durations d.txt --memory m.txt --compat --name y --append -o x.json || \
    wrong profile
grep -A9 '"duration"' x.json | grep -q '"100-percentile": 1750.75' || wrong "cumulative mean"
[ "$(grep -c '"name"' x.json)" = 2 ] || wrong append
echo x >bad; tracewright profile --durations bad --memory m.txt -o z.json 2>err; [ $? = 65 ] || \
    wrong "bad line"
has err 'bad:1: "x"'
# from a cluster: kubectl top is sampled, the service it deployed is deleted, no other
cat >bin/caller <<'C'
#!/bin/sh
while [ $# -gt 1 ]; do case $1 in -o) out=$2 ;; --load) cp "$2" plan.json ;; esac; shift; done
printf '%s\n' phase,sent_us,done_us,grpc_status warmup,0,9,0 measured,100,2100,0 \
    measured,0,4000,0 measured,0,9,14 >$out
C
chmod +x bin/caller
rm -f asked services ticks; echo foreign >services
printf '[{"yaml-location":"kn-short.yaml"},{"yaml-location":"missing.yaml"}]' >two.json
tracewright profile --config two.json --yamls yamls --invoker caller --rps 2 --iter 2 --duration \
    2 --poll 0.05 \
    -o p.json 2>err || { wrong "profile of a cluster"; cat err; }
has err 'not measured: missing.yaml\|not measured: yamls/missing.yaml'
has p.json '"short"'
grep -A9 '"duration"' p.json | grep -q '"0-percentile": 2' || wrong "measured durations"
grep -A9 '"memory"' p.json | grep -q '"50-percentile": 22' || wrong "sampled memory"
[ "$(grep delete asked)" = 'kn service delete short' ] || wrong "what was deleted"
[ "$(grep -c '"timestamp"' plan.json)" = 3 ] || wrong "seconds of the plan"

# ---- sample and figures -------------------------------------------------------------------------
tracewright sample --trace trace --functions 2,1 --trials 9 -o s >out || wrong sample
[ "$(wc -l <s/2/durations.csv)" = 3 ] && [ "$(wc -l <s/1/memory.csv)" = 2 ] || wrong "sample sizes"
[ "$(sed 1d s/1/invocations.csv | cut -d, -f3)" = \
    "$(sed 1d s/2/invocations.csv | cut -d, -f3 | grep -x "$(sed 1d s/1/invocations.csv | cut -d, \
    -f3)")" ] || wrong nested
tracewright sample --trace trace --functions 3 -o s3 --json >out && has out '"distance":0,'
tracewright sample --trace trace --functions 1 --from 1 --minutes 1 -o s4 2>err; [ $? = 65 ] || \
    wrong "silent minutes"
tracewright plot-profiles --trace trace --profile profile.json -o png >out || wrong plot-profiles
has out 'functions 1.0000, calls 1.0000'
for f in proxy-functions-memory-utilization proxy-functions-cpu-utilization \
    proxy-functions-duration \
    trace-functions-memory-utilization trace-functions-duration-utilization function-profiles; do
    [ -s png/$f.png ] && [ -s png/$f.pdf ] || wrong "$f"
done

# ---- the original's own sample ------------------------------------------------------------------
if [ -n "$data" ]; then
    tracewright plan -q --trace "$data/trace" --profile "$data/profile.json" --compat --iat \
    equidistant \
        --duration 148 --json -o v.json >out 2>err || wrong vswarm
    has out '"proxies_used":81,"total_error":173.700'
    has out '"calls":293122,"lost":31087'
    tracewright plan -q --trace "$data/trace" --profile "$data/profile.json" --duration 148 \
    --json -o v.plan >out 2>err
    has out '"calls":324209,"lost":0'
    mkdir first && cp "$data"/trace/memory.csv "$data"/trace/invocations.csv first
    head -n 151 "$data/trace/durations.csv" >first/durations.csv
    tracewright plan -q --trace first --profile "$data/profile.json" --compat --json -o v.plan \
    >out 2>err
    has out '"proxies_used":63,"total_error":105.23[45]'
    tracewright plan -q --trace first --profile "$data/profile.json" --compat --unique --json -o \
    v.plan >out 2>err
    has out '"proxies_used":150,"total_error":183.90[01]'
else
    echo "SKIP the original's sample: ../shared/data/vswarm is not there"
fi
cd "$root" || exit 1
exit $failed
