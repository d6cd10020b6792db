# layers.awk: which room may include which. Reads every source file; prints each breach.
BEGIN {
    may["base"] = ""
    may["trace"] = "base"; may["ml"] = "base"; may["stats"] = "base"; may["report"] = "base"
    may["llm"] = "base ml"
    may["text"] = "base trace"
    may["replay"] = "base stats trace"; may["load"] = "base stats trace replay"
    may["gen"] = "base stats ml trace text llm"
    may["eval"] = "base stats ml trace text llm gen"
    may["cli"] = "*"
    bad = 0
}
FNR == 1 {
    split(FILENAME, part, "/")
    room = part[1] == "src" ? part[2] : "*"
}
room != "*" && /^#include "/ {
    split($0, q, "\""); split(q[2], to, "/")
    if (to[1] == room || may[room] == "*") next
    if (!(room in may) || !(to[1] in may) || !((" " may[room] " ") ~ (" " to[1] " "))) {
        print FILENAME ":" FNR ": room " room " may not include " q[2]
        bad = 1
    }
}
/cblas_|openblas_/ && FILENAME ~ /^src\// && FILENAME !~ /^src\/ml\/linalg/ {
    print FILENAME ":" FNR ": BLAS outside ml/linalg"
    bad = 1
}
END { exit bad }
