# rules.awk: what make must know about experiments, from the files that say it.
#   drivers.tsv       driver, needs, ...          -> which driver waits for which
#   figures/*.fig     driver = NAME               -> which driver a figure waits for
#   tables/*.tab      driver = NAME
FILENAME ~ /drivers\.tsv$/ && !/^#/ {
    split($0, f, "\t")
    n = split(f[2], need, ",")
    for (i = 1; i <= n; i++)
        if (need[i] != "-") print "$(OUT)/" f[1] ".done: $(OUT)/" need[i] ".done"
    next
}
FILENAME ~ /\.(fig|tab)$/ && /^# driver *=/ {
    name = FILENAME; sub(/.*\//, "", name); kind = name
    sub(/.*\./, "", kind); sub(/\.[a-z]*$/, "", name)
    n = split(substr($0, index($0, "=") + 1), need, ",")
    for (i = 1; i <= n; i++) {
        gsub(/ /, "", need[i])
        print (kind == "fig" ? "$(FIGS)/" name ".pdf" : "show-table-" name) ": $(OUT)/" need[i] ".done"
    }
}
