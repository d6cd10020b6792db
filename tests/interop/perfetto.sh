#!/bin/sh
# perfetto.sh: what `export --to perfetto` writes, opened by speedscope (npm's), in headless
# Chromium: its own parser must take the file and show every lane of every trace.
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
    { echo "no Chromium: install chromium to have the slices opened in a viewer"; exit 77; }
tracewright=$BUILD/tracewright
viewer=$BUILD/interop/node_modules/speedscope/dist/release/index.html
"$tracewright" reference callgraphs --traces 1500 -o "$INTEROP/all.csv" 2>/dev/null || exit 1
# Traces of 9 calls or more, which have parallel ones among them.
awk -F, 'NR == 1 { print; next } { n[$2]++; row[$2] = row[$2] $0 "\n"; if (n[$2] == 1) id[++k] = $2 }
         END { for (i = 1; i <= k; i++) if (n[id[i]] > 8) printf "%s", row[id[i]] }' \
    "$INTEROP/all.csv" >"$INTEROP/graphs.csv"
"$tracewright" export --from-csv "$INTEROP/graphs.csv" -n 8 --to perfetto \
    -o "$INTEROP/slices.json" 2>/dev/null || exit 1
printf 'speedscope.loadFileFromBase64("slices.json", "%s")' "$(base64 -w 0 "$INTEROP/slices.json")" \
    >"$INTEROP/slices.js"
"$chromium" --headless --no-sandbox --disable-gpu --allow-file-access-from-files \
    --virtual-time-budget=10000 --dump-dom "file://$viewer#localProfilePath=$INTEROP/slices.js" \
    >"$INTEROP/dom.html" 2>"$INTEROP/chromium.log"
grep -q '<title>slices.json - speedscope</title>' "$INTEROP/dom.html" ||
    { echo "the viewer did not take the file"; exit 1; }
lanes=$(grep -o '"name":"thread_name"' "$INTEROP/slices.json" | wc -l)
shown=$(grep -o "([0-9]*/[0-9]*)" "$INTEROP/dom.html" | head -n 1)
[ "$lanes" -gt 8 ] && [ "${shown#*/}" = "$lanes)" ] ||
    { echo "$lanes lanes were written, the viewer shows $shown"; exit 1; }
echo "speedscope: 8 traces in $lanes lanes, all shown"
