#!/bin/sh
# A short soak; `make soak` is the long one.
seconds=10 rate=1000
[ -z "$SANITIZED" ] || rate=200
sh tests/soak.sh $seconds $rate
