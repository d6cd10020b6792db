#!/bin/sh
# run.sh: run every test program and script, print one line each and the sum.
# A test is build/tests/test_NAME (cmocka) or tests/test_NAME.sh; exit 77 means skipped.
pattern=$1
export BUILD=${BUILD:-build}
passed=0 failed=0 skipped=0
logs=$BUILD/test-logs
mkdir -p "$logs"
for t in tests/test_*.sh "$BUILD"/tests/test_*; do
    name=$(basename "$t" .sh)
    case $t in *.o|*.d) continue ;; esac
    [ -x "$t" ] || [ "${t%.sh}" != "$t" ] || continue
    [ -f "$t" ] || continue
    case $name in *"$pattern"*) ;; *) continue ;; esac
    start=$(date +%s)
    case $t in *.sh) sh "$t" >"$logs/$name.log" 2>&1 ;; *) "$t" >"$logs/$name.log" 2>&1 ;; esac
    status=$?
    took=$(($(date +%s) - start))
    case $status in
    0) passed=$((passed + 1)); echo "ok      $name (${took} s)"; grep -h '^SKIP' "$logs/$name.log" ;;
    77) skipped=$((skipped + 1)); echo "SKIPPED $name: $(tail -n 1 "$logs/$name.log")" ;;
    *) failed=$((failed + 1)); echo "FAILED  $name (exit $status)"; tail -n 40 "$logs/$name.log" ;;
    esac
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
