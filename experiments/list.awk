# list.awk: every figure and table: its number in the papers, driver, minutes, memory, title.
BEGIN {
    FS = "\t"
    line = "%-34s %-22s %-26s %7s %6s  %s\n"
    printf line, "target", "paper", "driver", "minutes", "MB", "title"
}
FILENAME ~ /drivers\.tsv$/ {
    if ($0 !~ /^#/) { minutes[$1] = $3; mb[$1] = $4 }
    next
}
FNR == 1 { flush_row(); name = FILENAME; sub(/.*\//, "", name); kind = name; sub(/.*\./, "", kind)
           sub(/\.[a-z]*$/, "", name); title = paper = driver = "" }
/^title *=/ && title == "" { title = value($0) }
/^number *=/ { paper = value($0) }
/^# driver *=/ { driver = value($0) }
END { flush_row() }
function value(s) { s = substr(s, index(s, "=") + 1); gsub(/^ +| +$/, "", s); return s }
function flush_row(   first) {
    if (name == "") return
    first = driver; sub(/,.*/, "", first)
    printf line, (kind == "fig" ? "figure-" : "table-") name, paper == "" ? "-" : paper, driver,
           minutes[first], mb[first], title
}
