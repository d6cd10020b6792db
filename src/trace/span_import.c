/* span_import.c: spans of any format, filed by trace as they come; then one trace after the other,
 * in order of their first spans. One thread: the order of everything is that of the input.
 */
#include "trace/span_import_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/progress.h"
#include "trace/emit_priv.h"
#include "trace/span_code_priv.h"
#include "trace/spans_graph_priv.h"
#include "trace/tracetable_priv.h"

enum { MEMORY = 250000000, UNIT_SPANS = 1 << 16, TRACE_ID_MAX = 1000 };

struct stream {
    char *name;
    uint64_t base;             /* lines of the streams before */
};

struct span_import {
    const struct import_options *o;
    struct import_report *rep;
    struct input *in;
    struct emit *emit;
    struct tracetable *traces;
    struct rowstore *store;
    struct span_words words;
    struct stream *stream;
    size_t streams, stream_cap;
    uint64_t line;             /* the last of all so far, over all streams */
    uint64_t memory;
    struct spans_room *room;
    struct arena *blocks;
    struct span *span;         /* of a unit, (span_cap) */
    uint32_t *place;
    size_t span_cap, place_cap;
    uint32_t from;             /* first ordinal of the unit */
    struct progress bar;
};

const struct import_options *span_import_options(const struct span_import *x)
{
    return x->o;
}

struct import_report *span_import_report(struct span_import *x)
{
    return x->rep;
}

void span_progress(struct span_import *x)
{
    if (x->o->progress)
        progress_set(&x->bar, (double)input_position(x->in));
}

static const struct stream *here(const struct span_import *x)
{
    return &x->stream[x->streams - 1];
}

/* Lines count on over the streams, so that one number says where. */
static uint64_t line_of(struct span_import *x, uint64_t line)
{
    uint64_t all = here(x)->base + line;
    x->line = all > x->line ? all : x->line;
    return all;
}

static const struct stream *stream_of(const struct span_import *x, uint64_t line)
{
    size_t lo = 0, hi = x->streams;
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        if (x->stream[mid].base < line)
            lo = mid;
        else
            hi = mid;
    }
    return &x->stream[lo];
}

static uint32_t trace_of(struct span_import *x, struct str id, uint64_t line)
{
    return tracetable_find(x->traces, id, tracetable_hash(id), line);
}

static bool is_trace_id(struct str id)
{
    return id.n > 0 && id.n <= TRACE_ID_MAX && str_utf8(id);
}

void span_drop(struct span_import *x, enum import_cause c, struct str trace, uint64_t line,
               struct str value)
{
    x->rep->rows_read++;
    if (is_trace_id(trace))
        trace_of(x, trace, line_of(x, line));
    import_report_drop(x->rep, c, 1, 0, here(x)->name, line, value);
}

void span_broken(struct span_import *x, enum import_cause c, uint64_t line, const char *why)
{
    import_report_drop(x->rep, c, 0, 0, here(x)->name, line, str_of(why));
}

struct str span_id_text(struct span_import *x, struct str id, char *room, uint64_t line)
{
    struct str hex;
    if (!span_hex(id, room, &hex))
        return id;
    if (hex.n != id.n)
        import_report_deed(x->rep, DEED_PADDED, 1, 0, here(x)->name, line, id);
    return hex;
}

/* Why a span cannot be kept, and what shows it; IMPORT_CAUSES if it can. */
static enum import_cause judge(const struct span *s, struct str *bad)
{
    struct str names[] = { s->service, s->operation, s->peer, s->origin_service,
                           s->origin_interface, s->origin_trace, s->id, s->parent };
    *bad = s->operation;
    if (!is_trace_id(s->trace))
        return s->trace.n && s->trace.n <= TRACE_ID_MAX ? CAUSE_UTF8 : CAUSE_TRACEID;
    if (s->id.n == 0 || s->id.n > SPAN_ID_MAX || s->parent.n > SPAN_ID_MAX)
        return CAUSE_SPANID;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        *bad = names[i];
        if (names[i].n && !str_utf8(names[i]))
            return CAUSE_UTF8;
    }
    *bad = s->id;
    if (s->start_ns != SPAN_NO_TIME && s->start_ns < 0)
        return CAUSE_TIMESTAMP;
    return s->end_ns != SPAN_NO_TIME && s->end_ns < 0 ? CAUSE_RT : IMPORT_CAUSES;
}

bool span_take(struct span_import *x, const struct span *given, struct err *err)
{
    struct span s = *given;
    struct str bad;
    uint8_t code[CODE_LONG];
    enum import_cause c = judge(&s, &bad);
    if (s.origin_rpcid.n > SPAN_RPCID_MAX)
        s.origin_rpcid.n = 0;
    if (s.origin_trace.n > TRACE_ID_MAX)
        s.origin_trace.n = 0;
    size_t n = c == IMPORT_CAUSES ? span_code_put(&x->words, &s, code) : 0;
    if (c == IMPORT_CAUSES && n == 0) {
        c = CAUSE_LONG;
        bad = s.id;
    }
    if (c != IMPORT_CAUSES) {
        span_drop(x, c, s.trace, s.line, bad);
        return true;
    }
    x->rep->rows_read++;
    uint64_t line = line_of(x, s.line);
    uint32_t ordinal = trace_of(x, s.trace, line);
    struct trace *t = tracetable_at(x->traces, ordinal);
    if (t->rows == ROWS_MAX) {
        t->over++;
        return true;
    }
    t->rows++;
    size_t ids = tracetable_bytes(x->traces), least = x->memory / 8;
    rowstore_limit(x->store, x->memory > ids + least ? x->memory - ids : least);
    return rowstore_add(x->store, ordinal, line, code, n, err);
}

static void take_code(void *ctx, uint32_t ordinal, uint64_t line, const uint8_t *code, size_t n)
{
    struct span_import *x = ctx;
    (void)n;
    struct span *s = &x->span[x->place[ordinal - x->from]++];
    span_code_get(&x->words, code, s);
    s->line = line;
}

static void report_at(struct span_import *x, const struct span *s, bool drop, int what,
                      uint64_t rows, uint64_t graphs)
{
    const struct stream *f = stream_of(x, s->line);
    struct str value = s->origin_rpcid.n ? s->origin_rpcid : s->id;
    if (drop)
        import_report_drop(x->rep, (enum import_cause)what, rows, graphs, f->name,
                           s->line - f->base, value);
    else
        import_report_deed(x->rep, (enum import_deed)what, rows, graphs, f->name,
                           s->line - f->base, value);
}

/* A span that a repair put has the index n: the first stands for it. */
static void report_deeds(struct span_import *x, const struct span *s, size_t n,
                         const struct spans_deeds *d)
{
    for (int k = 0; k < IMPORT_DEEDS; k++)
        if (d->spans[k])
            report_at(x, &s[d->first[k] < n ? d->first[k] : 0], false, k, d->spans[k], 1);
    if (d->second)
        report_at(x, &s[d->second_first], true, CAUSE_SECOND, d->second, 0);
    if (d->lost) {
        report_at(x, &s[d->lost_first], true, CAUSE_ORPHAN, d->lost, 0);
        report_at(x, &s[d->lost_first], false, DEED_LOSS, d->lost, 1);
    }
}

/* Name a trace that is dropped, for the report. */
static void refuse(struct span_import *x, const struct span *s, enum import_cause c,
                   const struct trace *t)
{
    if (!x->o->refused)
        return;
    const struct stream *f = stream_of(x, s ? s->line : t->line);
    struct buf b = { 0 };
    import_refused_json(&b, (struct str){ t->id, t->id_n }, 0, c, f->name,
                        (s ? s->line : t->line) - f->base, s ? s->id : STR(""));
    fwrite(b.p, 1, b.n, x->o->refused);
    buf_free(&b);
}

static bool take_trace(struct span_import *x, struct span *s, const struct trace *t,
                       struct err *err)
{
    struct callgraph g;
    struct spans_deeds deeds;
    struct span after = s[t->rows];   /* the room for a span that a repair may put */
    size_t bad = 0;
    emit_renew(x->emit);
    enum import_cause c = CAUSE_TOO_LARGE;
    if (!t->over)
        c = spans_graph(s, t->rows, x->o->repair, x->room, emit_names(x->emit), &g, &deeds, &bad);
    s[t->rows] = after;
    if (c != IMPORT_CAUSES) {
        refuse(x, &s[bad < t->rows ? bad : 0], c, t);
        report_at(x, &s[bad < t->rows ? bad : 0], true, (int)c, (uint64_t)t->rows + t->over, 1);
        return true;
    }
    report_deeds(x, s, t->rows, &deeds);
    struct str id = { t->id, t->id_n };
    for (size_t i = 0; i < t->rows; i++)
        if (s[i].origin_trace.n)
            id = s[i].origin_trace;
    const struct stream *f = stream_of(x, s[0].line);
    return emit_graph(x->emit, &g, id, 1, f->name, s[0].line - f->base,
                      t->rows - deeds.second - deeds.lost, err);
}

/* The traces [x->from, to), which lie in one partition and have `rows` spans. */
static bool take_unit(struct span_import *x, uint32_t to, size_t rows, struct err *err)
{
    MEM_RESERVE(x->span, rows + 2, x->span_cap);
    MEM_RESERVE(x->place, (size_t)(to - x->from), x->place_cap);
    uint32_t sum = 0;
    for (uint32_t i = x->from; i < to; i++) {
        x->place[i - x->from] = sum;
        sum += tracetable_at(x->traces, i)->rows;
    }
    arena_reset(x->blocks);
    if (!rowstore_walk(x->store, x->from / PARTITION, x->from, to, take_code, x, x->blocks, err))
        return false;
    struct span *s = x->span;
    for (uint32_t i = x->from; i < to; i++) {
        const struct trace *t = tracetable_at(x->traces, i);
        const struct stream *f = stream_of(x, t->line);
        if (!t->rows)
            refuse(x, NULL, CAUSE_NO_ROW, t);
        if (!t->rows)
            import_report_drop(x->rep, CAUSE_NO_ROW, 0, 1, f->name, t->line - f->base,
                               (struct str){ t->id, t->id_n });
        else if (!take_trace(x, s, t, err))
            return false;
        s += t->rows;
    }
    return true;
}

static bool take_traces(struct span_import *x, struct err *err)
{
    uint32_t count = tracetable_count(x->traces);
    x->rep->graphs_read = count;
    for (uint32_t to; x->from < count; x->from = to) {
        uint32_t end = x->from / PARTITION * PARTITION + PARTITION;
        end = end < count ? end : count;
        size_t rows = 0;
        for (to = x->from; to < end && (to == x->from || rows < UNIT_SPANS); to++)
            rows += tracetable_at(x->traces, to)->rows;
        if (!take_unit(x, to, rows, err))
            return false;
        if (to == end)
            rowstore_forget(x->store, x->from / PARTITION);
    }
    return true;
}

static bool read_all(struct span_import *x, const struct span_format *f, struct err *err)
{
    bool good = true;
    struct err why = { 0 };
    x->bar = progress_begin("import", "B", (double)input_total(x->in));
    while (good && (input_next(x->in, &why) || why.status)) {
        MEM_GROW(x->stream, x->streams, x->stream_cap);
        x->stream[x->streams++] =
            (struct stream){ mem_strdup(input_name(x->in)), x->line };
        x->rep->files++;
        if (why.status)
            span_broken(x, CAUSE_BROKEN, 1, why.msg);
        else
            good = f->read(x, x->in, err);
        why = (struct err){ 0 };
        span_progress(x);
    }
    progress_end(&x->bar);
    return good;
}

static void clean(struct span_import *x)
{
    emit_free(x->emit);
    rowstore_free(x->store);
    tracetable_free(x->traces);
    names_free(x->words.names);
    spans_room_free(x->room);
    arena_free(x->blocks);
    input_close(x->in);
    for (size_t i = 0; i < x->streams; i++)
        free(x->stream[i].name);
    free(x->stream);
    free(x->span);
    free(x->place);
}

bool span_import_run(const struct span_format *f, char *const *paths, size_t n,
                     const struct import_options *o, callgraph_sink sink, void *ctx,
                     struct import_report *rep, struct err *err)
{
    static const struct import_options standard;
    struct err ours = { 0 };
    err = err ? err : &ours;
    *rep = (struct import_report){ 0 };
    struct span_import x = { .o = o ? o : &standard, .rep = rep, .in = input_open(paths, n, err) };
    if (!x.in)
        return false;
    x.memory = x.o->memory_bytes ? x.o->memory_bytes : MEMORY;
    x.emit = emit_new(NULL, NULL, x.o->dedup, sink, ctx, rep);
    x.traces = tracetable_new();
    x.store = rowstore_new(x.memory);
    x.words.names = names_new();
    x.room = spans_room_new();
    x.blocks = arena_new();
    bool good = read_all(&x, f, err) && take_traces(&x, err) &&
                (rep->graphs_used || import_report_fail(rep, err));
    clean(&x);
    return good;
}
