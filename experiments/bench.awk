# bench.awk: what the bench drivers wrote, as tables to read and as one JSON object.
#
# Reads    OUTDIR/NAME.csv and OUTDIR/NAME-PART.csv: parts of a name make one table; NAME.cost.csv
#          says how long a driver took
# Writes   tables to stdout, {"NAME": [{column: value, ...}, ...], ...} to the file -v json=FILE
BEGIN {
    FS = ","
}
FNR == 1 {
    name = FILENAME
    sub(/.*\//, "", name)
    cost = sub(/\.cost\.csv$/, "", name)
    sub(/\.csv$/, "", name)
    sub(/-[^-]*$/, "", name)
    if (cost)
        name = "seconds"
    if (!(name in rows))
        names[++n] = name
    columns[name] = $0
    rows[name] += 0
    next
}
{
    cell[name, ++rows[name]] = $0
}

function value(x)   # as JSON: n/a is null
{
    if (x ~ /^-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?$/)
        return x
    return x ~ /^-?(nan|inf)$/ || x == "" ? "null" : "\"" x "\""
}

function shown(x)   # as a table has it
{
    if (x ~ /^-?(nan|inf)$/)
        return "n/a"
    return x ~ /^-?[0-9]+\.[0-9]|e/ && x + 0 != 0 ? sprintf("%.4g", x) : x
}

function table(name,   r, c, k, part, wide)
{
    cell[name, 0] = columns[name]
    for (r = 0; r <= rows[name]; r++) {
        k = split(cell[name, r], part)
        for (c = 1; c <= k; c++)
            if (length(shown(part[c])) > wide[c])
                wide[c] = length(shown(part[c]))
    }
    printf "\n%s\n", name
    for (r = 0; r <= rows[name]; r++) {
        k = split(cell[name, r], part)
        for (c = 1; c <= k; c++)
            printf((c > 1 ? "  %" : "%") wide[c] "s", shown(part[c]))
        printf "\n"
    }
}

function object(name,   r, c, k, head, part)
{
    k = split(columns[name], head)
    printf "  \"%s\": [", name > json
    for (r = 1; r <= rows[name]; r++) {
        split(cell[name, r], part)
        printf "%s\n    {", (r > 1 ? "," : "") > json
        for (c = 1; c <= k; c++)
            printf "%s\"%s\": %s", (c > 1 ? ", " : ""), head[c], value(part[c]) > json
        printf "}" > json
    }
    printf "\n  ]" > json
}

END {
    printf "{\n" > json
    for (i = 1; i <= n; i++) {
        table(names[i])
        if (i > 1)
            printf ",\n" > json
        object(names[i])
    }
    printf "\n}\n" > json
}
