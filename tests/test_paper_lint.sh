#!/bin/sh
# No number in the paper is typed: the rule is in report/paper.h.
paper=paper/paper.md
[ -f "$paper" ] || { echo "SKIP there is no $paper yet"; exit 77; }
"${BUILD:-build}/tracewright" paper --lint "$paper"
