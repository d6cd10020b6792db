#!/bin/sh
# plan --deploy where a cluster fails: what becomes of one function is not the others' business.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
program=$(cd "$BUILD" && pwd)/tracewright
cd "$dir" || exit 1
failed=0
fail() { echo "$1"; failed=1; }
mkdir bin trace yamls
key=HashOwner,HashApp,HashFunction a=percentile_Average m=AverageAllocatedMb ones=1,1,1,1
{ echo $key,Average,Count,Minimum,Maximum,${a}_0,${a}_1,${a}_25,${a}_50,${a}_75,${a}_99,${a}_100
  for f in f1:10 f2:100 f3:1000 f4:10000; do echo "o,a,${f%:*},$ones,$ones,${f#*:},1,1"; done; } \
    >trace/durations.csv
{ printf '%s' "$key,SampleCount,$m,${m}_pct1,${m}_pct5,${m}_pct25,${m}_pct50,${m}_pct75"
  echo ",${m}_pct95,${m}_pct99,${m}_pct100"
  for f in 1 2 3 4; do echo "o,a,f$f,1,1,$ones,$ones"; done; } >trace/memory.csv
{ echo $key,Trigger,1; for f in 1 2 3 4; do echo "o,a,f$f,h,5"; done; } >trace/invocations.csv
axis() {
    printf '{'
    for q in 0 1 5 25 50 95 99 100; do printf '"%s-percentile":1,' $q; done
    printf '"75-percentile":%s}' "$1"
}
entry() { printf '"%s":{"name":"%s","yaml":"kn-%s.yaml","cpu":%s,"memory":%s,"duration":%s}' \
    "$1" "$1" "$1" "$(axis 1)" "$(axis 1)" "$(axis "$2")"; }
printf '{%s,%s,%s,%s}' "$(entry good 10)" "$(entry refused 100)" "$(entry slow 1000)" \
    "$(entry nowhere 10000)" >profile.json
for y in good refused slow nowhere; do
    printf '%s\n' metadata: "  name: $y" >yamls/kn-$y.yaml
done
# refused: kubectl fails; slow: never ready; nowhere: never listed
cat >bin/kubectl <<'K'
#!/bin/sh
name=$(sed -n 's/^  name: *//p' "$3")
case $name in refused-*) echo 'error: denied' >&2; exit 3 ;; esac
echo "$name" >>services
K
cat >bin/kn <<'K'
#!/bin/sh
touch services
for s in $(cat services); do
    case $s in
    good-*) echo "$s http://$s.io r 2m 3 OK / 3 True" ;;
    slow-*) echo "$s http://$s.io r 2m 1 OK / 3 False RevisionMissing : so" ;;
    esac
done
K
chmod +x bin/kubectl bin/kn
plan() { "$program" plan -q --trace trace --profile profile.json --duration 1 --warmup 0 --json \
    --deploy knative --yamls yamls --poll 0.05 --ready 0.2 -o load.csv >out 2>err; }
PATH=$dir/bin:$PATH plan || { fail "exit $?"; cat err; }
said() { grep -q -- "$1" "$2" || { fail "$2 does not say: $1"; cat "$2"; }; }
said '"services":3,"services_failed":1,"services_not_ready":2' out
said 'refused-.* failed with status 3' err
said 'slow-.*is not ready' err
said 'nowhere-.*has no endpoint' err
[ "$(grep -c ',good-[a-z0-9]*\.io,oaf1$' load.csv)" = 5 ] || fail 'calls of the good one'
# one that is late may still come: its address is known, and its calls are planned
[ "$(grep -c ',slow-[a-z0-9]*\.io,oaf3$' load.csv)" = 5 ] || fail 'calls of the slow one'
grep -q 'oaf2\|oaf4' load.csv && fail 'calls without a service'
# nothing to ask: no kn on PATH, or one that fails
mkdir none && ln -s /bin/sh none/sh
PATH=$dir/none plan; [ $? = 66 ] || fail 'without kn'
said 'kn cannot be run' err
printf '#!/bin/sh\nexit 1\n' >bin/kn
PATH=$dir/bin:$PATH plan; [ $? = 66 ] || fail 'kn fails'
said 'kn service list failed with status 1' err
exit $failed
