/* ingest_group.c: pass 2. A unit is a run of ordinals with a bounded number of rows within one
 * partition. A worker reads its rows straight to their places (how many each trace has is known),
 * makes the graphs, and the merge lets them out in order. */
#include "trace/ingest_priv.h"

#include <stdlib.h>
#include <string.h>

enum { UNIT_ROWS = 1 << 16 };

struct result {
    uint64_t rows;             /* that it stands for */
    struct callgraph graph;    /* calls is filled in when it leaves: the array may still move */
    size_t first_call;
    uint32_t ordinal;
    uint64_t line;
};

struct slot {
    uint32_t from, to;         /* ordinals */
    bool last;                 /* the partition ends here */
    size_t n_rows;
    struct call *calls;
    size_t n_calls, call_cap;
    struct result *result;
    size_t n, cap;
    struct note notes[IMPORT_CAUSES], deeds[IMPORT_DEEDS];
    uint64_t whole, named;     /* traces mended: see import.h */
    struct buf changes, refused;   /* for the report */
    struct err err;
};

struct worker {
    struct row *rows;
    size_t row_cap;
    uint32_t *place;
    size_t place_cap;
    struct arena *blocks;
    struct buf id;
    struct mend_room *mend;
};

struct pass {
    struct ingest *in;
    struct slot *slot;
    struct worker *worker;
    uint32_t at;               /* the first ordinal of the next unit */
};

static bool next(void *ctx, size_t k)
{
    struct pass *pass = ctx;
    struct slot *s = &pass->slot[k];
    uint32_t count = tracetable_count(pass->in->traces);
    if (pass->at == count)
        return false;
    uint32_t end = pass->at / PARTITION * PARTITION + PARTITION;
    end = end < count ? end : count;
    s->from = s->to = pass->at;
    s->n_rows = 0;
    while (s->to < end && (s->to == s->from || s->n_rows < UNIT_ROWS))
        s->n_rows += tracetable_at(pass->in->traces, s->to++)->rows;
    s->last = s->to == end;
    pass->at = s->to;
    return true;
}

static void drop(struct slot *s, struct worker *w, enum import_cause c, uint64_t rows,
                 uint64_t graphs, const struct row *r)
{
    buf_clear(&w->id);
    if (s->notes[c].rows + s->notes[c].graphs == 0)
        row_key_text(r->key, r->key_n, &w->id);
    note_add(s->notes, c, rows, graphs, r->line, buf_view(&w->id));
}

/* Name a trace that is dropped, or of which `cut` rows are, with its cause and the row that shows
 * it, for the report. */
static void refuse(struct pass *pass, struct slot *s, struct worker *w, enum import_cause c,
                   const struct trace *t, const struct row *r, uint64_t cut)
{
    if (!pass->in->options->refused)
        return;
    uint64_t line;
    const char *file = ingest_file(pass->in, r ? r->line : t->line, &line);
    buf_clear(&w->id);
    if (r)
        row_key_text(r->key, r->key_n, &w->id);
    import_refused_json(&s->refused, (struct str){ t->id, t->id_n }, cut, c, file, line,
                        buf_view(&w->id));
}

static void note_mended(struct slot *s, struct worker *w, const struct mended *d)
{
    for (int k = 0; k < IMPORT_DEEDS; k++) {
        if (!d->deeds[k])
            continue;
        buf_clear(&w->id);
        row_key_text(d->at[k]->key, d->at[k]->key_n, &w->id);
        note_count(&s->deeds[k], d->deeds[k], 1, d->at[k]->line, buf_view(&w->id));
    }
    if (d->seconds)
        drop(s, w, CAUSE_SECOND, d->seconds, 0, d->second);
    if (d->lost)
        drop(s, w, d->lost_cause, d->lost, 0, d->lost_at);
}

/* The same with repairs. */
static void mend_trace(struct pass *pass, struct slot *s, struct worker *w, struct row *rows,
                       const struct trace *t)
{
    struct result r = { .first_call = s->n_calls, .ordinal = rows[0].ordinal,
                        .line = rows[0].line };
    struct mended d;
    const struct row *bad = rows;
    if (!w->mend)
        w->mend = mend_room_new();
    enum import_cause c = mend(w->mend, &pass->in->mend, rows, t->rows, &r.graph, &d, &bad);
    if (c != IMPORT_CAUSES) {
        drop(s, w, c, t->rows, 1, bad);
        refuse(pass, s, w, c, t, bad, 0);
        return;
    }
    note_mended(s, w, &d);
    if (d.lost)
        refuse(pass, s, w, d.lost_cause, t, d.lost_at, d.lost);
    s->whole += d.lost == 0;
    s->named += d.lost == 0 && d.unnamed == 0;
    if (pass->in->options->changes)
        mend_log(w->mend, (struct str){ t->id, t->id_n }, &s->changes);
    MEM_RESERVE(s->calls, s->n_calls + r.graph.n, s->call_cap);
    memcpy(s->calls + s->n_calls, r.graph.calls, r.graph.n * sizeof *s->calls);
    s->n_calls += r.graph.n;
    r.rows = d.rows;
    MEM_GROW(s->result, s->n, s->cap);
    s->result[s->n++] = r;
}

/* The rows of one trace, of which there are some. */
static void take_trace(struct pass *pass, struct slot *s, struct worker *w, struct row *rows,
                       const struct trace *t)
{
    if (t->over) {
        refuse(pass, s, w, CAUSE_TOO_LARGE, t, &rows[0], 0);
        note_add(s->notes, CAUSE_TOO_LARGE, (uint64_t)t->rows + t->over, 1, rows[0].line,
                 (struct str){ t->id, t->id_n });
        return;
    }
    if (pass->in->lenient) {
        mend_trace(pass, s, w, rows, t);
        return;
    }
    MEM_RESERVE(s->calls, s->n_calls + t->rows, s->call_cap);
    struct result r = { .first_call = s->n_calls,
                        .ordinal = rows[0].ordinal,
                        .line = rows[0].line };
    size_t seconds;
    const struct row *second = NULL, *bad;
    enum import_cause cause;
    if (!assemble(rows, t->rows, &r.graph, s->calls + s->n_calls, &seconds, &second, &cause,
                  &bad)) {
        drop(s, w, cause, t->rows, 1, bad);
        refuse(pass, s, w, cause, t, bad, 0);
        return;
    }
    if (seconds)
        drop(s, w, CAUSE_SECOND, seconds, 0, second);
    s->n_calls += r.graph.n;
    r.rows = r.graph.n;
    MEM_GROW(s->result, s->n, s->cap);
    s->result[s->n++] = r;
}

static void work(void *ctx, size_t k, size_t worker)
{
    struct pass *pass = ctx;
    struct slot *s = &pass->slot[k];
    struct worker *w = &pass->worker[worker];
    struct tracetable *traces = pass->in->traces;
    s->n = s->n_calls = 0;
    s->whole = s->named = 0;
    if (!w->blocks)
        w->blocks = arena_new();
    arena_reset(w->blocks);
    MEM_RESERVE(w->rows, s->n_rows + 1, w->row_cap);
    MEM_RESERVE(w->place, (size_t)(s->to - s->from), w->place_cap);
    uint32_t sum = 0;
    for (uint32_t i = s->from; i < s->to; i++) {
        w->place[i - s->from] = sum;
        sum += tracetable_at(traces, i)->rows;
    }
    if (!rowstore_read(pass->in->store, s->from / PARTITION, s->from, s->to, w->rows, w->place,
                       w->blocks, &s->err))
        return;
    struct row *rows = w->rows;
    for (uint32_t i = s->from; i < s->to; i++) {
        const struct trace *t = tracetable_at(traces, i);
        if (t->rows)
            take_trace(pass, s, w, rows, t);
        else {
            refuse(pass, s, w, CAUSE_NO_ROW, t, NULL, 0);
            note_add(s->notes, CAUSE_NO_ROW, 0, 1, t->line, (struct str){ t->id, t->id_n });
        }
        rows += t->rows;
    }
}

static void write_out(FILE *f, struct buf *b)
{
    if (f && b->n)
        fwrite(b->p, 1, b->n, f);
    buf_clear(b);
}

static bool merge(void *ctx, size_t k)
{
    struct pass *pass = ctx;
    struct ingest *in = pass->in;
    struct slot *s = &pass->slot[k];
    if (s->err.status) {
        *in->err = s->err;
        return false;
    }
    note_report(in, s->notes, 0);
    note_deeds(in, s->deeds);
    in->rep->whole += s->whole;
    in->rep->named += s->named;
    write_out(in->options->changes, &s->changes);
    write_out(in->options->refused, &s->refused);
    if (s->last)
        rowstore_forget(in->store, s->from / PARTITION);
    for (size_t i = 0; i < s->n; i++) {
        struct result *r = &s->result[i];
        const struct trace *t = tracetable_at(in->traces, r->ordinal);
        uint64_t line;
        const char *file = ingest_file(in, r->line, &line);
        r->graph.calls = s->calls + r->first_call;
        if (!emit_graph(in->emit, &r->graph, (struct str){ t->id, t->id_n }, 1, file, line,
                        r->rows, in->err))
            return false;
    }
    return true;
}

bool ingest_group(struct ingest *in)
{
    size_t slots = in->threads + 6;
    struct pass pass = { .in = in, .slot = mem_array(slots, sizeof *pass.slot),
                         .worker = mem_array(in->threads, sizeof *pass.worker) };
    in->rep->graphs_read = tracetable_count(in->traces);
    struct ordered o = { in->threads, slots, next, work, merge, &pass };
    bool good = ordered_run(&o);
    for (size_t i = 0; i < slots; i++) {
        free(pass.slot[i].calls);
        free(pass.slot[i].result);
        buf_free(&pass.slot[i].changes);
        buf_free(&pass.slot[i].refused);
    }
    for (size_t i = 0; i < in->threads; i++) {
        free(pass.worker[i].rows);
        free(pass.worker[i].place);
        arena_free(pass.worker[i].blocks);
        buf_free(&pass.worker[i].id);
        mend_room_free(pass.worker[i].mend);
    }
    free(pass.slot);
    free(pass.worker);
    return good;
}
