#!/bin/sh
# profile --config against a fake cluster: kn and kubectl are scripts that record what they are
# asked, but the service is a real one (tracewright serve), and so is the caller (invoke).
dir=$(mktemp -d) || exit 1
. tests/load_tools.sh
start slow --latency fixed:20
mkdir "$dir/bin" "$dir/yamls"
for y in good broken foreign; do
    printf '%s\n' 'kind: Service' metadata: "  name: $y" 'spec: {}' >"$dir/yamls/kn-$y.yaml"
done
printf '[%s,%s,%s,%s]' '{"yaml-location":"kn-broken.yaml"}' '{"yaml-location":"missing.yaml"}' \
    '{"yaml-location":"kn-foreign.yaml"}' '{"yaml-location":"kn-good.yaml",
    "predeployment-commands":["echo before >>asked"],
    "postdeployment-commands":["echo after >>asked"]}' >"$dir/config.json"
# broken is deployed and nothing listens where it should; good-2 is somebody else's pod
cat >"$dir/bin/kubectl" <<'K'
#!/bin/sh
echo "kubectl $*" >>asked
case $1 in
apply) sed -n 's/^  name: *//p' "$3" >>services ;;
top)
    k=$(grep -c 'kubectl top' asked)
    echo 'good-2-00001-deployment-x 99m 99Mi'
    sed "s/\$/-00001-deployment-6b9f ${k}m $((20 + k))Mi/" services ;;
esac
K
cat >"$dir/bin/kn" <<'K'
#!/bin/sh
echo "kn $*" >>asked
[ "$2" = delete ] && { grep -v "^$3\$" services >s; mv s services; exit; }
for s in $(cat services); do
    host=127.0.0.1
    [ "$s" = broken ] && host=127.0.0.2
    echo "$s   http://$host   $s-00001   2m   3 OK / 3   True"
done
K
chmod +x "$dir/bin/kubectl" "$dir/bin/kn"
echo foreign >"$dir/services"
program=$(cd "$BUILD" && pwd)/tracewright
(cd "$dir" && PATH=$dir/bin:$PATH "$program" profile --config config.json --yamls yamls \
    --port "$port" --rps 20 --iter 2 --duration 1 --poll 0.05 --ready 5 -o profile.json 2>err) ||
    { fail 'profile failed'; cat "$dir/err"; }
said() { grep -q "$1" "$dir/err" || { fail "it does not say: $1"; cat "$dir/err"; }; }
said '1 of 4: not measured: .*broken.*no call went well'
said '2 of 4: not measured: .*missing.yaml'
said '3 of 4: not measured: a service "foreign" is there already'
said '4 of 4: good'
[ "$(cat "$dir/services")" = foreign ] || fail 'services that stay'
[ "$(grep delete "$dir/asked" | sort -u)" = "kn service delete broken
kn service delete good" ] || fail 'deleted are the two that were deployed'
[ "$(grep -c '^before\|^after' "$dir/asked")" = 2 ] || fail 'commands around the deployment'
[ "$(grep -c 'kubectl top' "$dir/asked")" = 4 ] || fail 'looks at kubectl top'

# number AXIS PERCENTILE: of the one entry
number() { sed -n "/\"$1\"/,/}/s/.*\"$2-percentile\": \([0-9.]*\).*/\1/p" "$dir/profile.json"; }
[ "$(grep -c '"name"' "$dir/profile.json")" = 1 ] || fail 'entries'
[ "$(number memory 0) $(number memory 100)" = '23.0 24.0' ] || fail "memory: $(number memory 0)"
[ "$(number cpu 50)" = 3.5 ] || fail "cpu: $(number cpu 50)"
awk -v x="$(number duration 50)" 'BEGIN { exit !(x >= 20 && x < 60) }' ||
    fail "median duration of a service of 20 ms: $(number duration 50)"
exit $failed
