#!/bin/sh
# experiments/claims: every verdict once, on claims and expectations made up here.
BUILD=$(cd "${BUILD:-build}" && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work" || exit 1
mkdir -p experiments/expected/paper experiments/expected/small out
printf 'name,value\na,1.0\nb,4.0\nc,n/a\n' > out/x.csv
row() { printf '%s\t%s\tclaim %s\tsource\t%s\t%s\t%s\t%s\n' "$1" "$2" "$1" "$3" "$4" "$5" "$6"; }
{
    printf '# a comment\n'
    row holds order 'x.csv|name=a|value' '<' 'x.csv|name=b|value' ''
    row quarter order 'x.csv|name=a|value' '<' '0.3*x.csv|name=b|value' ''
    row near value 'x.csv|name=a|value' '' '' ''
    row far value 'x.csv|name=b|value' '' '' 'other data'
    row later none '' '' '' 'not yet'
    row likeness real 'x.csv|name=b|value' '<' 3 ''
    row unknown value 'x.csv|name=a|value' '' '' ''
    row ships reference 'x.csv|name=a|value' '<' 2 ''
    row lacking real 'x.csv|name=c|value' '<' 3 ''
} > experiments/claims.tsv
printf 'near\t1.1\t0.2\nfar\t9\t1\n' > experiments/expected/paper/claims.tsv
printf 'near\t1.0\t0.1\nfar\t4.1\t0.5\n' > experiments/expected/small/claims.tsv
printf 'quick\t-\t0.5\t100\tdoes little\n' > experiments/drivers.tsv
printf 'driver,wall_s,cpu_s,peak_mb\nquick,3.0,2.0,10\n' > out/quick.cost.csv

want() {    # want STATUS 'ID VERDICT'...
    status=$1; shift
    "$BUILD/experiments/claims" --out out $extra > got.txt 2> err.txt
    got=$?
    [ "$got" = "$status" ] || { echo "exit $got, wanted $status"; cat got.txt err.txt; exit 1; }
    for pair in "$@"; do
        id=${pair%% *} verdict=${pair#* }
        grep -q "^$id,.*,$verdict," out/claims.csv ||
            { echo "$id is not \"$verdict\""; cat out/claims.csv; exit 1; }
    done
}
extra=''
want 0 'holds reproduces' 'quarter reproduces' 'near reproduces' 'far differs' 'later not attempted' \
    'unknown not judged' 'likeness not judged' 'ships reproduces'
head -n 1 got.txt | grep -q '4 reproduce, 1 differ from the paper, 1 not attempted, 3 not judged, 0 broken' ||
    { echo 'the first line has not the counts'; cat got.txt; exit 1; }
extra='--data real'
want 1 'holds reproduces' 'near not judged' 'far not judged' 'likeness broken' \
    'ships not judged'
extra='--seed 7'
want 0 'ships not judged' 'holds reproduces'
extra='--data real'
sed -i '/^likeness/s/\t3\t/\t5\t/' experiments/claims.tsv
want 0 'likeness reproduces' 'lacking not judged'
extra=''
sed -i 's/0\.3\*/0.2*/' experiments/claims.tsv
want 1 'quarter broken'
sed -i 's/0\.2\*/0.3*/' experiments/claims.tsv
printf 'near\t3.0\t0.1\nfar\t4.1\t0.5\n' > experiments/expected/small/claims.tsv
want 1 'near broken'
printf 'near\t1.0\t0.1\nfar\t4.1\t0.5\n' > experiments/expected/small/claims.tsv
row absent order 'x.csv|name=c|value' '<' 9 '' >> experiments/claims.tsv
row nowhere order 'y.csv|name=c|value' '<' 9 '' >> experiments/claims.tsv
want 1 'absent broken' 'nowhere broken'
sed -i '/^absent/d; /^nowhere/d' experiments/claims.tsv
printf 'driver,wall_s,cpu_s,peak_mb\nquick,31.0,2.0,10\n' > out/quick.cost.csv
want 1 'share:quick broken'
printf 'driver,wall_s,cpu_s,peak_mb\nquick,3.0,2.0,101\n' > out/quick.cost.csv
want 1 'share:quick broken'
rm out/quick.cost.csv
want 1 'share:quick broken'
sed -i 's/0\.5/data/' experiments/drivers.tsv
want 0 'holds reproduces'
extra='--data real'
want 1 'share:quick broken'
echo 'every verdict as it should be'
