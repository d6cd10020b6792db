#!/bin/sh
# figure, tables, paper and tree from the command line: what they write, and their exit statuses.
tool=$(cd "$(dirname "${BUILD:-build}")" && pwd)/$(basename "${BUILD:-build}")/tracewright
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir" || exit 1
failed=0
expect() {   # expect STATUS WHAT COMMAND...
    want=$1 what=$2
    shift 2
    "$@" >out 2>err
    got=$?
    [ $got = "$want" ] && return
    echo "$what: exit $got, not $want: $(cat err)"
    failed=1
}
has() {      # has FILE PATTERN
    grep -q -- "$2" "$1" || { echo "$1 lacks $2:"; head -n 5 "$1"; failed=1; }
}
mkdir figs
printf 'name,value,lo,hi\na,1.5,1,2\nb,2.5,2,3\n' >d.csv
printf 'title = T\ncaption = C.\ncsv = d.csv\nkind = bar\nx = name\ny = value\n' >figs/f.fig
printf 'title = T\ncaption = C.\ncsv = d.csv\ncolumn = name\n' >figs/t.tab
echo 'column = value | V | 0.0 | low | lo hi' >>figs/t.tab
printf '# P\n\nWho\n\n## One\n\n{{value d.csv:name=a:value:0.0}} in {{ref f}}.\n' >p.md
printf '\n{{figure f}}\n\n{{table t}}\n' >>p.md

expect 0 figure "$tool" figure figs/f.fig -o f
for ext in pdf svg png; do [ -s f.$ext ] || { echo "no f.$ext"; failed=1; }; done
has f.svg 'sha256'
expect 0 markdown "$tool" tables figs/t.tab
has out '| a | \*\*1.5 \[1.0, 2.0\]\*\* |'
expect 0 workbook "$tool" tables figs/t.tab -o t.xlsx
expect 2 "a workbook on standard output" "$tool" tables figs/t.tab --to xlsx
expect 0 paper "$tool" paper p.md --figures figs --tables figs -o made
has made/p.html '1.5 in <a href="#figure-f">'
[ -s made/p.pdf ] || { echo "no made/p.pdf"; failed=1; }
expect 0 "nothing typed" "$tool" paper --lint p.md
echo 'We saw 42 calls.' >>p.md
expect 1 "a typed number" "$tool" paper --lint p.md
has err 'p.md:.*"42" is typed'

expect 66 "no data" "$tool" figure figs/f.fig --data nowhere
expect 66 "no description" "$tool" figure none.fig
echo 'colour = red' >>figs/f.fig
expect 65 "an unknown key" "$tool" figure figs/f.fig
has err 'f.fig:7: "colour" means nothing here'
expect 65 "a paper with a broken figure" "$tool" paper p.md --figures figs --tables figs -o made
has err 'p.md:9: '

"$tool" reference callgraphs --traces 300 -o r.csv >/dev/null 2>&1
expect 0 tree "$tool" tree real=r.csv -n 2
has out 'real 2: service'
expect 0 "the same tree" "$tool" tree real=r.csv -n 2
cp out first && "$tool" tree real=r.csv -n 2 --threads 1 >out 2>/dev/null
cmp -s first out || { echo "a tree differs by threads"; failed=1; }
expect 0 "trees as CSV" "$tool" tree real=r.csv made=r.csv -n 3 --to csv -o t.csv
printf 'title = T\ncaption = C.\ncsv = t.csv\nkind = tree\nwidth = page\ncolumns = 3\n' >tree.fig
expect 0 "a figure of trees" "$tool" figure tree.fig -o tree
expect 65 "no graph of that size" "$tool" tree r.csv --least 100000 --most 100001
exit $failed
