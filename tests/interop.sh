#!/bin/sh
# interop.sh [PATTERN]: readers that are not ours open what we write. Every tests/interop/NAME.mjs,
# .py and .sh is one check: it runs in the repository's root with $BUILD (the build folder) and
# $INTEROP (a folder of its own under it), prints what it held against what, and exits 0; 77 means
# skipped. The npm packages go to $BUILD/interop; make test needs none of this.
pattern=$1
BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
export BUILD LC_ALL=C
root=$BUILD/interop
mkdir -p "$root"
packages="@huggingface/tokenizers@0.2.0 @huggingface/gguf@0.4.6 speedscope@1.25.0
 @opentelemetry/otlp-transformer@0.57.2"
if [ "$(cat "$root/packages" 2>/dev/null)" != "$packages" ]; then
    # shellcheck disable=SC2086  # the list is words
    npm install --silent --no-audit --no-fund --prefix "$root" $packages >&2 || exit 1
    echo "$packages" >"$root/packages"
fi

failed=0 ran=0
for check in tests/interop/*.mjs tests/interop/*.py tests/interop/*.sh; do
    name=$(basename "$check")
    case $name in *"$pattern"*) ;; *) continue ;; esac
    [ -f "$check" ] || continue
    export INTEROP="$root/${name%.*}"
    mkdir -p "$INTEROP"
    case $name in
    *.mjs) cp "$check" "$root/$name" && node "$root/$name" ;;   # node looks for packages beside it
    *.py) /usr/bin/python3 "$check" ;;   # Debian's, which sees Debian's packages
    *) sh "$check" ;;
    esac
    case $? in
    0) echo "ok      $name" ;;
    77) echo "skipped $name" ;;
    *) echo "FAILED  $name"; failed=1 ;;
    esac
    ran=$((ran + 1))
done
[ "$ran" -gt 0 ] || { echo "no check matches \"$pattern\""; exit 1; }
exit $failed
