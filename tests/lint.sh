#!/bin/sh
# lint.sh: what the compilers do not see. Silent and 0 when all is well.
status=0
awk -f tests/layers.awk src/*/*.c src/*/*.h || status=1
code=$(find src tests experiments -name '*.[ch]' 2>/dev/null | sort)
scripts="$(ls tests/*.sh) .ci/run"
awk 'length > 100 && FILENAME ~ /\.[ch]$/ { print FILENAME ":" FNR ": " length " columns"; bad = 1 }
     /[ \t]+$/ { print FILENAME ":" FNR ": blanks at the end"; bad = 1 }
     /\t/ && FILENAME !~ /Makefile$/ { print FILENAME ":" FNR ": a tab"; bad = 1 }
     END { exit bad }' $code $scripts || status=1
for s in $scripts; do
    sh -n "$s" || status=1
done
shellcheck -S warning -s sh -e SC2086,SC2046,SC2010 tests/*.sh || status=1
cppcheck -q -j "$(nproc)" --std=c11 --enable=warning,portability,performance --inline-suppr \
    --library=posix --suppress=missingIncludeSystem --error-exitcode=1 -Isrc -I. \
    --suppress=normalCheckLevelMaxBranches --suppress=readdirCalled \
    --suppress=strtokCalled --suppress=autoVariables \
    src $([ -d experiments ] && echo experiments) || status=1
exit $status
