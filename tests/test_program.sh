#!/bin/sh
# The program's front door: help, version, wrong words, standard output that cannot be written, and
# the manual page and completion that come from the same option tables.
tracewright=$BUILD/tracewright
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0

# expect STATUS TEXT ARGUMENT...: the exit status, and a text on stdout or stderr
expect() {
    want=$1 text=$2
    shift 2
    "$tracewright" "$@" >"$dir/out" 2>"$dir/err"
    got=$?
    if [ "$got" -ne "$want" ] || ! cat "$dir/out" "$dir/err" | grep -qF -- "$text"; then
        echo "tracewright $*: exit $got, wanted $want and \"$text\":"
        cat "$dir/out" "$dir/err"
        failed=1
    fi
}

expect 2 "usage: tracewright COMMAND"
expect 0 "usage: tracewright COMMAND" --help
expect 0 "commit " --version
expect 0 "blas     OpenBLAS, core " --version
expect 0 "compiler " --version
expect 0 "flags    -std=c17" --version
expect 2 'no command "nosuch"' nosuch
expect 2 'no command ""' ""
expect 2 "unknown option --nosuch; see tracewright man --help" man --nosuch
expect 2 '"extra" is one operand too many' man extra
expect 0 "usage: tracewright man" man --help
expect 0 "usage: tracewright man" man --nosuch -h

for c in "--version" "--help" "man" "completion"; do
    "$tracewright" "$c" >/dev/full 2>"$dir/err"
    [ $? -eq 74 ] && grep -q "No space left on device" "$dir/err" ||
        { echo "$c on a full disk: no 74"; failed=1; }
done

commands=$("$tracewright" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
"$tracewright" man >"$dir/tracewright.1" || failed=1
"$tracewright" completion >"$dir/completion" || failed=1
bash -n "$dir/completion" || failed=1
for c in $commands; do
    "$tracewright" "$c" --help >"$dir/help" || { echo "$c --help failed"; failed=1; }
    grep -q "^\.Ss \"\\\\&$c\"" "$dir/tracewright.1" ||
        { echo "$c is not in the manual"; failed=1; }
    completed=$(bash -c '. "$1"; COMP_WORDS=(tracewright "$2" -); COMP_CWORD=2; _tracewright
                         echo " ${COMPREPLY[*]} "' - "$dir/completion" "$c")
    for o in $(sed -n 's/^  \(--*[a-z0-9-]*\) .*/\1/p' "$dir/help"); do
        [ "$o" = -q ] && continue
        case $completed in *" $o "*) ;; *) echo "$c $o is not completed"; failed=1 ;; esac
    done
done
if command -v mandoc >/dev/null; then
    mandoc -T lint "$dir/tracewright.1" || failed=1
    mandoc "$dir/tracewright.1" | grep -q "E.EX.XI.IT.T" || { echo "no page"; failed=1; }
else
    echo "SKIP the manual page is not checked: no mandoc"
fi
# The release has one number and one date.
number=$("$tracewright" --version | sed -n 's/^tracewright //p')
date=$(sed -n 's/.*version_date.*"\(.*\)".*/\1/p' src/base/version.c)
grep -q "^version: $number\$" CITATION.cff && grep -q "^date-released: $date\$" CITATION.cff ||
    { echo "CITATION.cff names another release"; failed=1; }
exit $failed
