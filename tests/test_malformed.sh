#!/bin/sh
# Every way a file of call graphs can be wrong, through the program. Two tables:
# - a bad row or graph among good ones is dropped, counted and named; exit 0, the good ones stay;
# - a file of which nothing can be used: exit 65 (66 if it is not there), file, line and value said.
# Every command that reads call graphs is held to the second, and leaves no half-written file.
tracewright=$(cd "$BUILD" && pwd)/tracewright
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failed=0
header=timestamp,traceid,service,rpc_id,rpctype,um,uminstanceid,interface,dm,dminstanceid,rt

fail() {
    echo "$*"
    cat err
    failed=1
}

# Two good graphs around what standard input holds, which starts at line 4.
among_good() {
    printf '%s\n' "$header" '10,T_1,S_1,0,http,USER,,,MS_1,,9' '11,T_1,S_1,0.1,rpc,MS_1,,,MS_2,,3'
    cat
    echo '20,T_2,S_2,0,rpc,USER,,,MS_3,,4'
}

# row TEXT ROWS: the rows (\n between them, printf escapes) are dropped; stderr says calls.csv:TEXT
row() {
    printf -- "$2\n" | among_good >calls.csv
    "$tracewright" import calls.csv >out 2>err
    got=$?
    [ $got -eq 0 ] || fail "row $2: exit $got"
    grep -qF "calls.csv:$1" err || fail "row $2: not named as calls.csv:$1"
    [ "$(cut -d, -f2 out | sed 1d | sort | uniq -c | tr -s ' \n' ' ')" = ' 2 T_1 1 T_2 ' ] ||
        fail "row $2: the good graphs did not come through alone: $(cat out)"
}

row '4: 30'             '30,T_9'
row '4: 30'             '30,T_9,S_9,0,http,USER,,,MS_1,,1,more,fields'
row '4: nan'            '30,T_9,S_9,0,http,USER,,,MS_1,,nan'
row '4: inf'            '30,T_9,S_9,0,http,USER,,,MS_1,,inf'
row '4: -inf'           '30,T_9,S_9,0,http,USER,,,MS_1,,-inf'
row '4: -3'             '30,T_9,S_9,0,http,USER,,,MS_1,,-3'
row '4: 1e400'          '30,T_9,S_9,0,http,USER,,,MS_1,,1e400'
row '4: 9e18'           '30,T_9,S_9,0,http,USER,,,MS_1,,9e18'
row '4: 0x10'           '30,T_9,S_9,0,http,USER,,,MS_1,,0x10'
row '4: '               '30,T_9,S_9,0,http,USER,,,MS_1,,'
row '4: -30'            '-30,T_9,S_9,0,http,USER,,,MS_1,,1'
row '4: nan'            'nan,T_9,S_9,0,http,USER,,,MS_1,,1'
row '4: 99999999999999999999' '99999999999999999999,T_9,S_9,0,http,USER,,,MS_1,,1'
row '4: soap'           '30,T_9,S_9,0,soap,USER,,,MS_1,,1'
row '4: 0..1'           '30,T_9,S_9,0..1,http,USER,,,MS_1,,1'
row '4: 0.x'            '30,T_9,S_9,0.x,http,USER,,,MS_1,,1'
row '4: 0.-1'           '30,T_9,S_9,0.-1,http,USER,,,MS_1,,1'
row '4: 0.99999999999'  '30,T_9,S_9,0.99999999999,http,USER,,,MS_1,,1'
row '4: '               '30,,S_9,0,http,USER,,,MS_1,,1'
row '4: UNKNOWN'        '30,T_9,S_9,0,http,USER,,,UNKNOWN,,1'
row '4: (?)'            '30,T_9,S_9,0,http,(?),,,MS_1,,1'
row '4: '               '30,T_9,S_9,0,http,USER,,,MS\377_1,,1'
row '4: '               '30,T_9,S_9,0,http,USER,,,MS\000_1,,1'
row '4: '               '\001\002\377\376\000\003'
row '4: 0.3.1'          '30,T_9,S_9,0.3.1,rpc,MS_1,,,MS_2,,1'
row '5: 0.3.1'          '30,T_9,S_9,0,http,USER,,,MS_1,,9\n31,T_9,S_9,0.3.1,rpc,MS_1,,,MS_2,,1'
row '4: 0.1'            '30,T_9,S_9,0.1,rpc,MS_1,,,MS_2,,1'
row '5: '               '30,T_9,S_9,0,http,USER,,,MS_1,,9\n30,T_9,S_8,0.1,rpc,MS_1,,,MS_2,,1'
row '5: '               '30,T_9,S_9,0,http,USER,,,MS_1,,9\n30,T_9,S_9,0.1,rpc,MS_7,,,MS_2,,1'
row '6: '               \
    '1,T_9,S_9,0,http,USER,,,M_1,,9\n1,T_9,S_9,0.1,rpc,M_1,,,M_2,,1\n1,T_9,S_9,0.1,rpc,M_1,,,M_3,,1'
row '5: '               '30,T_9,S_9,0,http,USER,,,MS_1,,9\n35,T_9,S_9,0.1,rpc,MS_1,,,MS_2,,5'

# Odd but right: all three rows come through.
whole() {
    "$tracewright" import "$2" >out 2>err
    got=$?
    [ $got -eq 0 ] && [ "$(wc -l <out)" -eq 4 ] || fail "$1: exit $got, $(wc -l <out) lines"
}
among_good </dev/null >good.csv
sed 's/$/\r/' good.csv >crlf.csv && whole CRLF crlf.csv
{ printf '\357\273\277'; cat good.csv; } >bom.csv && whole BOM bom.csv
printf '%s' "$(cat good.csv)" >unended.csv && whole "no newline at the end" unended.csv
sed 's/\([^,]*\)/"\1"/g' good.csv >quoted.csv && whole quotes quoted.csv
sed 's/^\([^,]*\),\([^,]*\),\(.*\)/\3,\2,\1/' good.csv >order.csv
whole "other column order" order.csv
gzip -c good.csv >good.csv.gz && whole gz good.csv.gz
xz -c good.csv >good.csv.xz && whole xz good.csv.xz
zstd -q -c good.csv >good.csv.zst && whole zst good.csv.zst
tar czf good.tar.gz good.csv && whole tar.gz good.tar.gz
mkfifo pipe && { cat good.csv >pipe & whole pipe pipe; }
"$tracewright" import - <good.csv >out 2>err && [ "$(wc -l <out)" -eq 4 ] || fail "standard input"

# An archive cut in the middle gives what lies before the cut, and says that the rest is missing.
{ echo "$header"; seq 200000 | sed 's/.*/&,T_&,S_1,0,http,USER,,,MS_&,,1/'; } | gzip >big.csv.gz
head -c 1000000 big.csv.gz >cut.csv.gz
"$tracewright" import cut.csv.gz >out 2>err
got=$?
[ $got -eq 0 ] && [ "$(wc -l <out)" -gt 1000 ] && grep -q 'cut\.csv\.gz' err ||
    fail "cut archive: exit $got, $(wc -l <out) lines"

# A quote that is never closed names its line; what lies before it stays.
echo '30,T_9,S_9,0,http,USER,,,"MS_1,,1' | among_good >calls.csv
"$tracewright" import calls.csv >out 2>err
got=$?
[ $got -eq 0 ] && grep -q 'calls\.csv:4: ' err && grep -q T_1 out || fail "open quote: exit $got"

# A line of a gigabyte is one dropped row.
{ sed -n 1,3p good.csv; head -c 1073741824 /dev/zero | tr '\0' a; echo; sed -n 4p good.csv; } |
    "$tracewright" import - >out 2>err
got=$?
[ $got -eq 0 ] && [ "$(wc -l <out)" -eq 4 ] && grep -q ':4: aaa' err || fail "1 GB line: exit $got"

# Nothing can be used: for every command that reads call graphs.
: >empty.csv
echo "$header" >header.csv
head -c 200 good.csv.gz | head -c 60 >stub.csv.gz
head -c 5000 "$tracewright" >junk.csv
printf 'a,b,c\n1,2,3\n' >columns.csv
printf '%s\n' "$header" '30,T_9,S_9,0.1,rpc,MS_1,,,MS_2,,1' >orphan.csv
printf '{"prompt":"x"}\n' >json.csv
mkdir folder

# reads NAME COMMAND...: the command line with FILE where the bad file goes
reads() {
    name=$1
    shift
    "$tracewright" --help | grep -q "^  $1 " || return 0
    while read -r file status text; do
        rm -rf result result.*
        "$tracewright" $(echo "$*" | sed "s/FILE/$file/") >out 2>err </dev/null
        got=$?
        [ $got -eq "$status" ] || fail "$name $file: exit $got, not $status"
        grep -q "$text" err || fail "$name $file: \"$text\" is not said"
        [ -z "$(find . -name 'result*' -type f)" ] || fail "$name $file: left $(ls -d result*)"
    done <<END
empty.csv 65 empty\.csv
header.csv 65 header\.csv
stub.csv.gz 65 stub\.csv\.gz
junk.csv 65 junk\.csv:1
columns.csv 65 columns\.csv:1
orphan.csv 65 orphan\.csv:2: 0\.1
json.csv 65 json\.csv:1
nosuch.csv 66 nosuch\.csv: No such file
folder 66 folder: [Ii]s a directory
END
}

# full STATUS NAME COMMAND...: the output goes to a full disk
full() {
    name=$1
    shift
    "$tracewright" --help | grep -q "^  $1 " || return 0
    "$tracewright" "$@" >out 2>err </dev/null
    got=$?
    [ $got -eq 74 ] || fail "$name: exit $got, not 74"
    grep -q "/dev/full\|nosuch\|standard output" err || fail "$name: the output is not named"
}

reads import import FILE
reads stats stats FILE
reads encode encode --to compact FILE
reads tree tree FILE --least 1
reads train train --data FILE -o result --preset tiny --epochs 1
reads "generate --data" generate --baseline bootstrap --data FILE --like good.csv -n 5 -o result.csv
reads "generate --like" generate --baseline bootstrap --data good.csv --like FILE -n 5 -o result.csv
reads "compare --real" compare --real FILE --train good.csv model=good.csv
reads "compare --train" compare --real good.csv --train FILE model=good.csv
reads "compare NAME=" compare --real good.csv --train good.csv model=FILE

full "reference" reference callgraphs --traces 10 -o /dev/full
full "reference" reference callgraphs --traces 10 -o nosuch/x.csv
full "generate" generate --baseline bootstrap --data good.csv --like good.csv -n 5 -o /dev/full
full "generate" generate --baseline bootstrap --data good.csv --like good.csv -n 5 -o nosuch/x.csv
full "train" train --data good.csv -o /dev/full --preset tiny --epochs 1
for command in "import good.csv" "stats good.csv" "encode good.csv" "tree good.csv --least 1"; do
    "$tracewright" --help | grep -q "^  ${command%% *} " || continue
    "$tracewright" $command >/dev/full 2>err
    got=$?
    [ $got -eq 74 ] || fail "$command >/dev/full: exit $got, not 74"
done
exit $failed
