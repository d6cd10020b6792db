#!/bin/sh
# The README tells the truth: every block marked "sh run" runs, in order, in one folder; a block
# marked "text check" is what the block before it printed; every command and every room is listed.
root=$PWD
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin" "$dir/work"
ln -s "$(cd "$BUILD" && pwd)/tracewright" "$dir/bin/tracewright"
export PATH="$dir/bin:$PATH"
failed=0

awk -v dir="$dir" '
    /^```sh run$/ { kind = "run"; file = sprintf("%s/%03d.sh", dir, ++n); printf "" > file; next }
    /^```text check$/ { kind = "check"; file = sprintf("%s/%03d.want", dir, n); next }
    /^```/ { kind = ""; next }
    kind { print > file }' README.md
[ -f "$dir/005.sh" ] || { echo "blocks to run are missing"; exit 1; }
for script in "$dir"/*.sh; do
    (cd "$dir/work" && sh -e "$script" >"$dir/out" 2>"$dir/err") ||
        { echo "failed:"; cat "$script" "$dir/err"; failed=1; }
    want=${script%.sh}.want
    [ ! -f "$want" ] || { sed '$ { /^$/d }' "$dir/out" | diff "$want" - ||
        { echo "printed something else:"; cat "$script"; failed=1; }; }
done

for c in $(tracewright --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
    grep -q "^| \`$c\` |" README.md || { echo "the README does not list $c"; failed=1; }
done
for room in src/*/; do
    room=${room#src/}
    room=${room%/}
    grep -q "^| \`src/$room\` |" README.md ||
        { echo "the README does not list src/$room"; failed=1; }
done
cd "$root" || exit 1
for target in $(grep -o 'make [a-z]*[a-z]' README.md | sed 's/make //' | sort -u); do
    grep -q "^\(.* \)\?$target\( .*\)\?:\|^#   make .*$target" Makefile ||
        { echo "the Makefile has no $target"; failed=1; }
done
exit $failed
