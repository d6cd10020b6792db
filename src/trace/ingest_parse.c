/* ingest_parse.c: pass 1. A worker turns a chunk into coded rows and a list of its trace ids; the
 * merge gives those their ordinals, which is all that has to happen in order, and files the codes.
 * Most rows find their trace among those of the same chunk, in a table that the cache holds. */
#include "trace/ingest_priv.h"

#include <stdlib.h>
#include <string.h>

enum {
    AHEAD = 16,                /* ids between the prefetch of a trace's slot and its use */
    CELLS = 1 << 13,           /* of a worker's table of a chunk's ids, */
    CELLS_USED = CELLS / 4 * 3, /* and how many of them; further ids are listed at every row */
    ROWS_AT_LEAST = 1 << 24    /* bytes for rows when trace ids take all the memory asked for */
};

struct known {                 /* a trace id of a chunk */
    uint64_t hash;
    const char *id;
    uint32_t id_n, line;       /* line: of its first row, within the chunk, from 0 */
    uint32_t ordinal;
    bool bad;                  /* no UTF-8: its rows are dropped, the trace is none */
};

struct parsed {                /* a good row */
    uint32_t trace;            /* index among the chunk's */
    uint32_t code_n, line;
};

struct slot {
    struct chunk chunk;
    uint8_t *code;
    size_t code_n, code_cap;
    struct parsed *row;
    size_t n, cap;
    struct known *trace;
    size_t n_traces, trace_cap;
    uint64_t rows_read, lines;
    struct arena *ids;         /* trace ids that were quoted */
    struct note notes[IMPORT_CAUSES];
};

struct worker {
    struct row_rules rules;
    struct csv_index index;
    struct csv csv;
    struct lexicon *lex;
    uint32_t cell[CELLS];      /* index of a trace + 1; 0 is free */
};

struct pass {
    struct ingest *in;
    struct slot *slot;
    struct worker *worker;
};

static bool ascii(struct str s)
{
    unsigned char any = 0, zero = 0;
    for (size_t i = 0; i < s.n; i++) {
        any |= (unsigned char)s.p[i];
        zero |= s.p[i] == 0;
    }
    return any < 0x80 && !zero;
}

/* The index of a trace id among the chunk's. */
static uint32_t trace_of(struct slot *s, struct worker *w, struct str id, uint32_t line,
                         bool quoted)
{
    uint64_t hash = tracetable_hash(id);
    size_t i = (size_t)hash & (CELLS - 1);
    for (; w->cell[i]; i = (i + 1) & (CELLS - 1)) {
        const struct known *k = &s->trace[w->cell[i] - 1];
        if (k->hash == hash && str_eq((struct str){ k->id, k->id_n }, id))
            return w->cell[i] - 1;
    }
    MEM_GROW(s->trace, s->n_traces, s->trace_cap);
    s->trace[s->n_traces] = (struct known){
        .hash = hash, .id_n = (uint32_t)id.n, .line = line, .bad = !ascii(id) && !str_utf8(id),
        .id = quoted ? arena_strndup(s->ids, id.p, id.n) : id.p,
    };
    if (s->n_traces < CELLS_USED)
        w->cell[i] = (uint32_t)s->n_traces + 1;
    return (uint32_t)s->n_traces++;
}

static void take_row(struct slot *s, struct worker *w, const struct str f[FIELDS],
                     uint32_t line, bool quoted)
{
    struct row r;
    uint8_t key[KEY_MAX];
    enum field bad;
    enum import_cause c = row_parse(f, w->rules, w->lex, &r, key, &bad);
    uint32_t trace = c == CAUSE_TRACEID ? 0 : trace_of(s, w, f[FIELD_TRACEID], line, quoted);
    if (c == IMPORT_CAUSES && s->trace[trace].bad) {
        c = CAUSE_UTF8;
        bad = FIELD_TRACEID;
    }
    if (c != IMPORT_CAUSES) {
        note_add(s->notes, c, 1, 0, line, f[bad]);
        return;
    }
    MEM_RESERVE(s->code, s->code_n + CODE_MAX, s->code_cap);
    uint32_t n = (uint32_t)rowcode_put(&r, s->code + s->code_n);
    s->code_n += n;
    MEM_GROW(s->row, s->n, s->cap);
    s->row[s->n++] = (struct parsed){ trace, n, line };
}

/* The fields of line i by their places in the index; an empty line is none, and not a row. */
static void take_line(struct slot *s, struct worker *w, const struct layout *l, size_t i)
{
    const struct csv_index *x = &w->index;
    const char *p = s->chunk.p;
    size_t from = i ? x->line[i - 1] + 1 : 0, to = x->line[i];
    size_t start = i ? x->cut[x->line[i - 1]] + 1 : 0, end = x->cut[to];
    end -= end > start && p[end - 1] == '\r';
    if (start == end)
        return;
    s->rows_read++;
    if (to - from + 1 != l->columns) {
        size_t first = x->cut[from] < end ? x->cut[from] : end;
        note_add(s->notes, CAUSE_FIELDS, 1, 0, i, (struct str){ p + start, first - start });
        return;
    }
    struct str f[FIELDS];
    for (int k = 0; k < FIELDS; k++) {
        size_t col = l->col[k];
        if (col == NO_COLUMN) {
            f[k] = (struct str){ p, 0 };
            continue;
        }
        size_t a = col ? x->cut[from + col - 1] + 1 : start,
               b = from + col == to ? end : x->cut[from + col];
        f[k] = (struct str){ p + a, b - a };
    }
    take_row(s, w, f, (uint32_t)i, false);
}

static void take_record(struct slot *s, struct worker *w, const struct layout *l, uint32_t line)
{
    const struct csv *c = &w->csv;
    if (c->n == 1 && c->field[0].n == 0 && !c->quoted[0])
        return;
    s->rows_read++;
    if (c->n != l->columns) {
        note_add(s->notes, CAUSE_FIELDS, 1, 0, line, c->field[0]);
        return;
    }
    struct str f[FIELDS];
    for (int k = 0; k < FIELDS; k++)
        f[k] = l->col[k] == NO_COLUMN ? (struct str){ s->chunk.p, 0 } : c->field[l->col[k]];
    take_row(s, w, f, line, c->quoted[l->col[FIELD_TRACEID]]);
}

static void take_quoted(struct slot *s, struct worker *w, const struct layout *l)
{
    const char *p = s->chunk.p, *end = p + s->chunk.n, *next;
    while (p < end) {
        if (csv_record(&w->csv, p, end, true, false, &next) == CSV_OPEN) {
            next = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;   /* a chunk ends in LF */
            s->rows_read++;
            note_add(s->notes, CAUSE_QUOTE, 1, 0, s->lines,
                     (struct str){ p, (size_t)(next - p) - 1 });
        } else
            take_record(s, w, l, (uint32_t)s->lines);
        for (; p < next && (p = memchr(p, '\n', (size_t)(next - p))); p++)
            s->lines++;
        p = next;
    }
}

static void work(void *ctx, size_t k, size_t worker)
{
    struct pass *pass = ctx;
    struct slot *s = &pass->slot[k];
    struct worker *w = &pass->worker[worker];
    s->n = s->n_traces = s->code_n = s->rows_read = s->lines = 0;
    if (s->chunk.cause != IMPORT_CAUSES)
        return;
    if (!w->lex)
        w->lex = lexicon_new(pass->in->names);
    memset(w->cell, 0, sizeof w->cell);
    const struct layout *l = &chunks_source(pass->in->chunks, s->chunk.source)->layout;
    w->rules = (struct row_rules){ pass->in->tick_us, l->extra, pass->in->lenient };
    if (s->chunk.quotes) {
        arena_reset(s->ids);
        take_quoted(s, w, l);
        return;
    }
    csv_scan(s->chunk.p, s->chunk.n, &w->index);
    s->lines = w->index.lines;
    for (size_t i = 0; i < w->index.lines; i++)
        take_line(s, w, l, i);
}

static bool next(void *ctx, size_t k)
{
    struct pass *pass = ctx;
    struct ingest *in = pass->in;
    if (!chunks_next(in->chunks, &pass->slot[k].chunk))
        return false;
    if (in->options->progress)
        progress_set(&in->bar, (double)input_position(chunks_input(in->chunks)));
    return true;
}

static void merge_event(struct ingest *in, const struct chunk *c)
{
    uint64_t local, rows = c->cause == CAUSE_LONG;
    const char *file = ingest_file(in, in->line, &local);
    in->rep->rows_read += rows;
    import_report_drop(in->rep, c->cause, rows, 0, file, local,
                       (struct str){ c->value, c->value_n });
}

static void merge_traces(struct ingest *in, struct slot *s)
{
    for (size_t i = 0; i < s->n_traces; i++) {
        struct known *k = &s->trace[i];
        if (i + AHEAD < s->n_traces)
            tracetable_prefetch(in->traces, s->trace[i + AHEAD].hash);
        if (!k->bad)
            k->ordinal = tracetable_find(in->traces, (struct str){ k->id, k->id_n }, k->hash,
                                         in->line + k->line);
    }
}

static bool merge_rows(struct ingest *in, const struct slot *s)
{
    const uint8_t *code = s->code;
    for (size_t i = 0; i < s->n; code += s->row[i++].code_n) {
        const struct parsed *p = &s->row[i];
        uint32_t ordinal = s->trace[p->trace].ordinal;
        struct trace *t = tracetable_at(in->traces, ordinal);
        if (t->rows == ROWS_MAX) {
            t->over++;
            continue;
        }
        t->rows++;
        if (!rowstore_add(in->store, ordinal, in->line + p->line, code, p->code_n, in->err))
            return false;
    }
    return true;
}

static bool merge(void *ctx, size_t k)
{
    struct pass *pass = ctx;
    struct ingest *in = pass->in;
    struct slot *s = &pass->slot[k];
    while (in->firsts <= s->chunk.source) {
        MEM_GROW(in->first, in->firsts, in->first_cap);
        in->first[in->firsts++] = in->line;
    }
    in->line += s->chunk.skipped;
    if (s->chunk.cause != IMPORT_CAUSES) {
        merge_event(in, &s->chunk);
        return true;
    }
    size_t ids = tracetable_bytes(in->traces), least = ROWS_AT_LEAST;
    least = in->memory < least ? in->memory : least;
    rowstore_limit(in->store, in->memory > ids + least ? in->memory - ids : least);
    merge_traces(in, s);
    bool good = merge_rows(in, s);
    note_report(in, s->notes, in->line);
    in->rep->rows_read += s->rows_read;
    in->line += s->lines;
    return good;
}

bool ingest_parse(struct ingest *in)
{
    size_t slots = in->threads + 30; /* a thread that is not given the processor holds up nobody */
    struct pass pass = { .in = in, .slot = mem_array(slots, sizeof *pass.slot),
                         .worker = mem_array(in->threads, sizeof *pass.worker) };
    for (size_t i = 0; i < slots; i++)
        pass.slot[i].ids = arena_new();
    in->bar = progress_begin("import", "B", (double)input_total(chunks_input(in->chunks)));
    struct ordered o = { in->threads, slots, next, work, merge, &pass };
    bool good = ordered_run(&o);
    progress_end(&in->bar);
    in->rep->files = chunks_sources(in->chunks);
    in->rep->bytes = chunks_bytes(in->chunks);
    for (size_t i = 0; i < slots; i++) {
        free(pass.slot[i].chunk.p);
        free(pass.slot[i].code);
        free(pass.slot[i].row);
        free(pass.slot[i].trace);
        arena_free(pass.slot[i].ids);
    }
    for (size_t i = 0; i < in->threads; i++) {
        csv_index_free(&pass.worker[i].index);
        csv_free(&pass.worker[i].csv);
        lexicon_free(pass.worker[i].lex);
    }
    free(pass.slot);
    free(pass.worker);
    return good;
}
