#!/bin/sh
# fuzz.sh BUILD SECONDS [PATTERN]: run every fuzzer for SECONDS, and again until a round reaches
# no code that the one before had not (at most 10 rounds). The corpus stays in BUILD/corpus/NAME;
# tests/fuzz_seeds/NAME starts it, and tests/fuzz_seeds/NAME.dict lists its language's words. An input
# that crashes stays in BUILD/crashes.
build=$1 seconds=$2 pattern=$3
mkdir -p "$build/crashes"
export LSAN_OPTIONS=suppressions=tests/lsan.supp:print_suppressions=0
failed=0
for fuzzer in "$build"/tests/fuzz_*; do
    case $fuzzer in *.o | *.d) continue ;; esac
    name=$(basename "$fuzzer")
    [ -f "tests/$name.c" ] || continue
    name=${name#fuzz_}
    case $name in *"$pattern"*) ;; *) continue ;; esac
    corpus=$build/corpus/$name
    seeds=tests/fuzz_seeds/$name
    [ -d "$seeds" ] || seeds=
    words=tests/fuzz_seeds/$name.dict
    [ -f "$words" ] && words=-dict=$words || words=
    mkdir -p "$corpus"
    log=$build/fuzz_$name.log
    before=0 round=1
    while :; do
        "$fuzzer" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
            -artifact_prefix="$build/crashes/$name-" $words "$corpus" $seeds >"$log" 2>&1 ||
            { failed=1; echo "FAILED  $name"; tail -n 40 "$log"; break; }
        after=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        echo "ok      $name round $round: $runs inputs, $after edges (before $before)"
        [ "${after:-0}" -le "$before" ] || [ "$round" -ge 10 ] && break
        before=$after round=$((round + 1))
    done
done
exit $failed
