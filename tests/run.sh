#!/bin/sh
# run.sh [PATTERN]: run every test program and script, two at a time, and print one line each, in
# the order of their names, and the sum.
# A test is $BUILD/tests/test_NAME (cmocka) or tests/test_NAME.sh; exit 77 means skipped.
pattern=$1
export BUILD="${BUILD:-build}" LC_ALL=C
logs=$BUILD/test-logs

list() {
    for t in tests/test_*.sh "$BUILD"/tests/test_*; do
        case $t in *.o | *.d) continue ;; esac
        [ -f "$t" ] || continue
        # A program whose source is gone is no test any more.
        case $t in *.sh) ;; *) [ -f "tests/$(basename "$t").c" ] || continue ;; esac
        case $(basename "$t" .sh) in *"$pattern"*) echo "$t" ;; esac
    done
}

run_one() {
    name=$(basename "$1" .sh)
    start=$(date +%s)
    case $1 in
    *.sh) timeout 900 sh "$1" >"$logs/$name.log" 2>&1 </dev/null ;;
    *) timeout 900 "$1" >"$logs/$name.log" 2>&1 </dev/null ;;
    esac
    echo "$? $(($(date +%s) - start))" >"$logs/$name.tmp"
    mv "$logs/$name.tmp" "$logs/$name.status"
}

if [ "$1" = --one ]; then
    run_one "$2"
    exit
fi

rm -rf "$logs"
mkdir -p "$logs"
tests=$(list)
[ -n "$tests" ] || { echo "no test matches \"$pattern\""; exit 1; }
printf '%s\n' "$tests" | xargs -n 1 -P 2 sh tests/run.sh --one &
passed=0 failed=0 skipped=0
for t in $tests; do
    name=$(basename "$t" .sh)
    log=$logs/$name.log
    until [ -f "$logs/$name.status" ]; do sleep 0.1; done
    read -r status took <"$logs/$name.status"
    case $status in
    0) passed=$((passed + 1)); echo "ok      $name (${took} s)"; grep -h '^SKIP' "$log" ;;
    77) skipped=$((skipped + 1)); echo "SKIPPED $name: $(tail -n 1 "$log")" ;;
    124) failed=$((failed + 1)); echo "FAILED  $name (over 900 s)"; tail -n 40 "$log" ;;
    *) failed=$((failed + 1)); echo "FAILED  $name (exit $status)"; tail -n 40 "$log" ;;
    esac
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
