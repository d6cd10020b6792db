/* import_report.c: the account of an import, for machines (JSON) and for people. */
#include "trace/import.h"

#include <inttypes.h>
#include <string.h>

const char *const import_cause_names[IMPORT_CAUSES] = {
    [CAUSE_LONG] = "line too long",
    [CAUSE_QUOTE] = "quote not closed",
    [CAUSE_FIELDS] = "wrong number of fields",
    [CAUSE_TRACEID] = "no trace id",
    [CAUSE_SPANID] = "bad span id",
    [CAUSE_TWICE] = "field given twice",
    [CAUSE_SERVICE] = "unknown service",
    [CAUSE_RPCID] = "bad rpc_id",
    [CAUSE_TYPE] = "unknown rpctype",
    [CAUSE_UM] = "unknown um",
    [CAUSE_DM] = "unknown dm",
    [CAUSE_TIMESTAMP] = "bad timestamp",
    [CAUSE_RT] = "bad rt",
    [CAUSE_UTF8] = "invalid UTF-8",
    [CAUSE_EXTRA] = "bad kind, status or async",
    [CAUSE_SECOND] = "second record of a call",
    [CAUSE_NO_ROW] = "no usable row",
    [CAUSE_TOO_LARGE] = "graph too large",
    [CAUSE_SERVICES] = "several services",
    [CAUSE_NO_ROOT] = "no root call 0",
    [CAUSE_ORPHAN] = "call without parent",
    [CAUSE_CONFLICT] = "one rpc_id, several calls",
    [CAUSE_SRC] = "caller is not the parent's callee",
    [CAUSE_FINISH] = "finishes after its parent",
    [CAUSE_SEEN] = "seen before",
    [CAUSE_SYNTAX] = "not well-formed",
    [CAUSE_MEMBER] = "field missing or of the wrong kind",
    [CAUSE_CYCLE] = "cycle of calls",
    [CAUSE_ROOTS] = "several roots",
    [CAUSE_UNREACHED] = "call not reached from the root",
    [CAUSE_INVALID] = "invalid graph",
    [CAUSE_DEPTH] = "deeper than 15",
    [CAUSE_CRASH] = "crashed the original",
    [CAUSE_COLUMNS] = "wrong columns",
    [CAUSE_EMPTY] = "empty input",
    [CAUSE_BROKEN] = "input breaks off",
};

const char *const import_deed_names[IMPORT_DEEDS] = {
    [DEED_DOUBLE] = "double",        [DEED_PARENT] = "parent",
    [DEED_ROOT] = "root",            [DEED_CALLER] = "caller",
    [DEED_IDS] = "ids",              [DEED_LOSS] = "loss",
    [DEED_SERVICE] = "service",      [DEED_TYPE] = "type",
    [DEED_NO_START] = "no-start",    [DEED_NO_END] = "no-duration",
    [DEED_NO_SERVICE] = "no-service", [DEED_OUTLASTS] = "outlasts",
    [DEED_SKEW] = "skew",            [DEED_ROUNDED] = "rounded",
    [DEED_KIND] = "kind",            [DEED_PADDED] = "padded",
};

const char *const import_deed_words[IMPORT_DEEDS] = {
    [DEED_DOUBLE] = "records of one call differ: merged",
    [DEED_PARENT] = "the parent is missing: a call put in its place",
    [DEED_ROOT] = "the root is not in the recording: the only candidate is taken",
    [DEED_CALLER] = "caller or callee unknown or in conflict: its parent or children say who",
    [DEED_IDS] = "several calls under one id, or one numbered below another's: told apart",
    [DEED_LOSS] = "what hangs below a lost or ambiguous call: dropped, the rest kept",
    [DEED_SERVICE] = "several services: the root's is taken",
    [DEED_NO_START] = "no start: its parent's is taken",
    [DEED_NO_END] = "no duration: 0 is taken",
    [DEED_NO_SERVICE] = "no name of a service: unknown_service is taken",
    [DEED_OUTLASTS] = "ends after its parent: asynchronous",
    [DEED_SKEW] = "starts before its parent: left alone",
    [DEED_ROUNDED] = "finer than 1 us: rounded down",
    [DEED_KIND] = "client or producer, but not where its parent is: kind internal",
    [DEED_TYPE] = "unknown rpctype: other",
    [DEED_PADDED] = "id with fewer digits: zeros put in front",
};

bool import_repairs(const char *list, unsigned *repair, struct err *err)
{
    struct str rest = str_of(list), word;
    *repair = 0;
    if (str_is(rest, "all"))
        *repair = REPAIR_ALL;
    if (str_is(rest, "all") || str_is(rest, "none"))
        return true;
    while (str_next(&rest, ',', &word)) {
        int d = 0;
        while (d < IMPORT_REPAIRS && !str_is(word, import_deed_names[d]))
            d++;
        if (d == IMPORT_REPAIRS)
            return err_set(err, EXIT_USAGE, "--repair: \"%.*s\" is not all, none, or some of "
                           "double parent root caller ids loss service", (int)word.n, word.p);
        *repair |= 1u << d;
    }
    return true;
}

static void tally(struct import_tally *t, uint64_t rows, uint64_t graphs, const char *file,
                  uint64_t line, struct str value)
{
    t->rows += rows;
    t->graphs += graphs;
    if (t->example[0])
        return;
    size_t keep = strlen(file) > 120 ? strlen(file) - 120 : 0;   /* the end of a path says more */
    snprintf(t->example, sizeof t->example, "%s%s:%" PRIu64 ": ", keep ? "..." : "", file + keep,
             line);
    str_printable(t->example, sizeof t->example, value);
}

void import_report_drop(struct import_report *r, enum import_cause c, uint64_t rows,
                        uint64_t graphs, const char *file, uint64_t line, struct str value)
{
    r->cause[c].files += c >= CAUSE_COLUMNS;
    tally(&r->cause[c], rows, graphs, file, line, value);
}

void import_report_deed(struct import_report *r, enum import_deed d, uint64_t rows,
                        uint64_t graphs, const char *file, uint64_t line, struct str value)
{
    tally(&r->deed[d], rows, graphs, file, line, value);
}

static void json_text(FILE *f, const char *s)
{
    fputc('"', f);
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            fprintf(f, "\\%c", c);
        else if (c < 0x20)
            fprintf(f, "\\u%04x", c);
        else
            fputc(c, f);
    }
    fputc('"', f);
}

void import_put_json(struct buf *b, struct str s)
{
    buf_char(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"' || c == '\\')
            buf_char(b, '\\');
        if (c < 0x20)
            buf_printf(b, "\\u%04x", c);
        else
            buf_char(b, (char)c);
    }
    buf_char(b, '"');
}

void import_refused_json(struct buf *b, struct str trace, uint64_t cut, enum import_cause c,
                         const char *file, uint64_t line, struct str value)
{
    buf_str(b, "{\"trace\":");
    import_put_json(b, trace);
    buf_printf(b, ",\"cause\":\"%s\",\"file\":", import_cause_names[c]);
    import_put_json(b, str_of(file));
    buf_printf(b, ",\"line\":%" PRIu64 ",\"at\":", line);
    import_put_json(b, value);
    if (cut)
        buf_printf(b, ",\"rows_cut\":%" PRIu64, cut);
    buf_str(b, "}\n");
}

/* The lines of f as the elements of an array. */
static void write_lines(const char *key, FILE *f, FILE *json)
{
    if (!f)
        return;
    fprintf(json, ",\"%s\":[", key);
    rewind(f);
    int last = '\n';
    for (int c, any = 0; (c = fgetc(f)) != EOF; last = c) {
        if (last == '\n')
            fputs(any++ ? ",\n " : "\n ", json);
        if (c != '\n')
            fputc(c, json);
    }
    fputc(']', json);
}

static bool tally_empty(const struct import_tally *t)
{
    return t->rows == 0 && t->graphs == 0 && t->files == 0;
}

static void write_deeds(const struct import_report *r, const char *key, int from, int to,
                        FILE *json)
{
    fprintf(json, ",\"%s\":[", key);
    bool first = true;
    for (int d = from; d < to; d++) {
        const struct import_tally *t = &r->deed[d];
        if (tally_empty(t))
            continue;
        fprintf(json, "%s\n {\"name\":\"%s\",\"rows\":%" PRIu64 ",\"graphs\":%" PRIu64
                      ",\"done\":\"%s\",\"example\":", first ? "" : ",",
                import_deed_names[d], t->rows, t->graphs, import_deed_words[d]);
        json_text(json, t->example);
        fputc('}', json);
        first = false;
    }
    fputc(']', json);
}

void import_report_write(const struct import_report *r, FILE *json)
{
    fprintf(json, "{\"files\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"rows_read\":%" PRIu64
                  ",\"rows_used\":%" PRIu64 ",\"graphs_read\":%" PRIu64 ",\"graphs_used\":%" PRIu64
                  ",\"calls_used\":%" PRIu64 ",\"dropped\":[",
            r->files, r->bytes, r->rows_read, r->rows_used, r->graphs_read, r->graphs_used,
            r->calls_used);
    bool first = true;
    for (int c = 0; c < IMPORT_CAUSES; c++) {
        const struct import_tally *t = &r->cause[c];
        if (tally_empty(t))
            continue;
        fprintf(json, "%s\n {\"cause\":\"%s\",\"rows\":%" PRIu64 ",\"graphs\":%" PRIu64
                      ",\"files\":%" PRIu64 ",\"example\":", first ? "" : ",",
                import_cause_names[c], t->rows, t->graphs, t->files);
        json_text(json, t->example);
        fputc('}', json);
        first = false;
    }
    fputc(']', json);
    write_deeds(r, "repairs", 0, IMPORT_REPAIRS, json);
    write_deeds(r, "notes", IMPORT_REPAIRS, IMPORT_DEEDS, json);
    if (r->mended)
        fprintf(json, ",\"reconstructed\":{\"traces\":%" PRIu64 ",\"trees\":%" PRIu64
                      ",\"whole\":%" PRIu64 ",\"named\":%" PRIu64 "}",
                r->graphs_read, r->graphs_used, r->whole, r->named);
    write_lines("changes", r->changes, json);
    write_lines("not_reconstructed", r->refused, json);
    fprintf(json, ",\"kept\":%.6f}\n",
            r->rows_read ? (double)r->rows_used / (double)r->rows_read : 0);
}

void import_report_words(const struct import_report *r, FILE *words)
{
    fprintf(words, "%" PRIu64 " of %" PRIu64 " rows and %" PRIu64 " of %" PRIu64 " graphs used\n",
            r->rows_used, r->rows_read, r->graphs_used, r->graphs_read);
    if (r->mended)
        fprintf(words, "reconstructed: %" PRIu64 " with every call, %" PRIu64
                       " of them with every name\n", r->whole, r->named);
    for (int c = 0; c < IMPORT_CAUSES; c++) {
        const struct import_tally *t = &r->cause[c];
        if (tally_empty(t))
            continue;
        fprintf(words, "  %9" PRIu64 " rows %9" PRIu64 " graphs  %s%s: %s\n", t->rows, t->graphs,
                c >= CAUSE_COLUMNS ? "(input) " : "", import_cause_names[c], t->example);
    }
    for (int d = 0; d < IMPORT_DEEDS; d++) {
        const struct import_tally *t = &r->deed[d];
        if (!tally_empty(t))
            fprintf(words, "  %9" PRIu64 " rows %9" PRIu64 " graphs  %s%s: %s\n", t->rows,
                    t->graphs, d < IMPORT_REPAIRS ? "(repair) " : "(note) ", import_deed_words[d],
                    t->example);
    }
}

bool import_report_fail(const struct import_report *r, struct err *err)
{
    int worst = -1;
    for (int c = 0; c < IMPORT_CAUSES; c++) {
        const struct import_tally *t = &r->cause[c];
        const struct import_tally *w = worst < 0 ? NULL : &r->cause[worst];
        if (!tally_empty(t) && c != CAUSE_NO_ROW &&
            (!w || t->files > w->files || (t->files == w->files && t->rows > w->rows)))
            worst = c;
    }
    if (worst < 0)
        return err_set(err, EXIT_DATA, "no rows in the input");
    const char *x = r->cause[worst].example;
    return err_set(err, EXIT_DATA, "%s: %s; nothing of the input can be used", x,
                   import_cause_names[worst]);
}
