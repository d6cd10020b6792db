/* alibaba_2022.c: the careful importer. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "trace/csv_priv.h"
#include "trace/emit_priv.h"
#include "trace/input_priv.h"
#include "trace/row_priv.h"

enum { LINE_MAX_BYTES = 1 << 20, SLACK = 16 };

struct thin {
    struct import_report *rep;
    struct lexicon_shared *shared;
    struct lexicon *lex;
    struct names *traces;
    struct arena *keys;
    struct row *rows;
    size_t n, cap;
    struct source { char *name; uint64_t first; } *source;
    size_t sources, source_cap;
    uint64_t line;
};

static const char *file_of(const struct thin *t, uint64_t line, uint64_t *local)
{
    size_t i = t->sources - 1;
    while (i && t->source[i].first > line)
        i--;
    *local = line - t->source[i].first + 1;
    return t->source[i].name;
}

static void drop(struct thin *t, enum import_cause c, uint64_t rows, uint64_t graphs, uint64_t line,
                 struct str value)
{
    uint64_t local;
    const char *file = file_of(t, line, &local);
    import_report_drop(t->rep, c, rows, graphs, file, local, value);
}

static void take_row(struct thin *t, const struct layout *l, const struct csv *c)
{
    struct str f[FIELDS];
    struct row r = { .line = t->line };
    uint8_t key[KEY_MAX];
    enum field bad;
    t->rep->rows_read++;
    if (c->n != l->columns) {
        drop(t, CAUSE_FIELDS, 1, 0, t->line, c->field[0]);
        return;
    }
    for (int i = 0; i < FIELDS; i++)
        f[i] = l->col[i] == NO_COLUMN ? (struct str){ "", 0 } : c->field[l->col[i]];
    enum import_cause cause = row_parse(f, l->extra, t->lex, &r, key, &bad);
    if (cause != CAUSE_TRACEID)
        r.ordinal = names_id(t->traces, f[FIELD_TRACEID]);
    if (cause != IMPORT_CAUSES) {
        drop(t, cause, 1, 0, t->line, f[bad]);
        return;
    }
    r.key = memcpy(arena_alloc(t->keys, r.key_n), key, r.key_n);
    for (size_t i = 0; i < 8; i++)
        r.prefix = r.prefix << 8 | (i < r.key_n ? key[i] : 0);
    MEM_GROW(t->rows, t->n, t->cap);
    t->rows[t->n++] = r;
}

static void take_text(struct thin *t, const struct buf *b)
{
    struct csv c = { 0 };
    struct layout l;
    const char *p = b->p, *end = b->p + b->n, *missing;
    if (b->n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
        p += 3;
    if (p == end) {
        drop(t, CAUSE_EMPTY, 0, 0, t->line++, STR(""));
        return;
    }
    bool header = true;
    while (p < end) {
        const char *next;
        if (csv_record(&c, p, end, true, false, &next) == CSV_OPEN) {
            t->rep->rows_read++;
            drop(t, CAUSE_QUOTE, 1, 0, t->line, (struct str){ p, 20 });
            next = memchr(p, '\n', (size_t)(end - p));
            next = next ? next + 1 : end;
        } else if (header) {
            if (!layout_read(&l, c.field, c.n, &missing)) {
                drop(t, CAUSE_COLUMNS, 0, 0, t->line, str_of(missing));
                break;
            }
            header = false;
        } else if (c.n > 1 || c.field[0].n)
            take_row(t, &l, &c);
        for (; p < next; p++)
            t->line += *p == '\n';
    }
    csv_free(&c);
}

static bool take_all(struct thin *t, char *const *paths, size_t n, struct err *err)
{
    struct input *in = input_open(paths, n, err);
    if (!in)
        return false;
    struct buf b = { 0 };
    while (input_next(in, err) || err->status) {
        MEM_GROW(t->source, t->sources, t->source_cap);
        t->source[t->sources++] = (struct source){ mem_strdup(input_name(in)), ++t->line };
        t->rep->files++;
        buf_clear(&b);
        size_t got = 1;
        while (!err->status && got) {
            MEM_RESERVE(b.p, b.n + (1 << 20) + SLACK, b.cap);
            input_read(in, b.p + b.n, 1 << 20, &got, err);
            b.n += got;
        }
        t->rep->bytes += b.n;
        if (b.n || !err->status)
            take_text(t, &b);
        if (err->status)
            drop(t, CAUSE_BROKEN, 0, 0, t->line, str_of(err->msg));
    }
    buf_free(&b);
    input_close(in);
    return true;
}

static int by_ordinal(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->ordinal != y->ordinal)
        return x->ordinal < y->ordinal ? -1 : 1;
    return (x->line > y->line) - (x->line < y->line);
}

static bool give_graph(struct thin *t, struct emit *e, struct row *r, size_t n, struct err *err)
{
    struct call *calls = mem_array(n, sizeof *calls);
    struct callgraph g;
    size_t seconds;
    enum import_cause cause;
    const struct row *second = NULL, *bad;
    struct buf id = { 0 };
    bool good = true;
    if (assemble(r, n, &g, calls, &seconds, &second, &cause, &bad)) {
        uint64_t line;
        if (seconds) {
            row_key_text(second->key, second->key_n, &id);
            drop(t, CAUSE_SECOND, seconds, 0, second->line, buf_view(&id));
        }
        const char *file = file_of(t, r[0].line, &line);
        good = emit_graph(e, &g, names_str(t->traces, r[0].ordinal), 1, file, line, g.n, err);
    } else {
        row_key_text(bad->key, bad->key_n, &id);
        drop(t, cause, n, 1, bad->line, buf_view(&id));
    }
    buf_free(&id);
    free(calls);
    return good;
}

static bool give_all(struct thin *t, struct emit *e, struct err *err)
{
    t->rep->graphs_read = names_count(t->traces);
    if (t->n)
        qsort(t->rows, t->n, sizeof *t->rows, by_ordinal);
    size_t distinct = 0;
    bool good = true;
    for (size_t i = 0, j; good && i < t->n; i = j, distinct++) {
        for (j = i + 1; j < t->n && t->rows[j].ordinal == t->rows[i].ordinal;)
            j++;
        good = give_graph(t, e, t->rows + i, j - i, err);
    }
    if (good && distinct < t->rep->graphs_read)
        import_report_drop(t->rep, CAUSE_NO_ROW, 0, t->rep->graphs_read - distinct, "", 0, STR(""));
    return good;
}

static bool run(char *const *paths, size_t n, const struct import_options *o, struct names *names,
                callgraph_sink sink, void *ctx, struct import_report *rep, struct err *err)
{
    *rep = (struct import_report){ 0 };
    struct thin t = { .rep = rep, .shared = lexicon_shared_new(), .traces = names_new(),
                      .keys = arena_new() };
    t.lex = lexicon_new(t.shared);
    bool good = take_all(&t, paths, n, err);
    if (good) {
        struct emit *e = emit_new(names, t.shared, o && o->dedup, sink, ctx, rep);
        good = give_all(&t, e, err) && (rep->graphs_used || import_report_fail(rep, err));
        emit_free(e);
    }
    for (size_t i = 0; i < t.sources; i++)
        free(t.source[i].name);
    free(t.source);
    free(t.rows);
    arena_free(t.keys);
    names_free(t.traces);
    lexicon_free(t.lex);
    lexicon_shared_free(t.shared);
    return good;
}

bool import_alibaba_2022_stream(char *const *paths, size_t n, const struct import_options *o,
                                callgraph_sink sink, void *ctx, struct import_report *rep,
                                struct err *err)
{
    return run(paths, n, o, NULL, sink, ctx, rep, err);
}

bool import_alibaba_2022(char *const *paths, size_t n, const struct import_options *o,
                         struct graphset *out, struct import_report *rep, struct err *err)
{
    return run(paths, n, o, out->names, import_collect, out, rep, err);
}
