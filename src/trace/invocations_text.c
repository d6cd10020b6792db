/* invocations_text.c: pieces are read in order, parsed side by side and merged in order, so a
 * function's number and a day's sums do not depend on the threads. A piece tells each function it
 * has seen once; the merge gives those their numbers and files the rows under them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/progress.h"
#include "base/threads.h"
#include "trace/invocations_priv.h"
#include "trace/lines_priv.h"
#include "trace/ordered_priv.h"

struct stream {                /* in a list: what workers see must not move */
    char *name;
    struct columns columns;
    struct stream *before;
};

struct slot {
    struct piece piece;
    const struct stream *stream;
    struct rows rows;
    uint32_t lines;            /* of the piece */
    uint64_t line;             /* number of its first, once it is merged */
};

struct reading {
    const struct invocations_format *format;
    const struct invocations_options *o;
    struct invocations_report *rep;
    struct err *err;           /* a merge's */
    struct err broken;         /* reading's: it may fail while a merge does */
    struct lines *lines;
    struct stream *stream;     /* the latest */
    const struct stream *merged;   /* the stream of the latest merge, */
    uint64_t line;                 /* and its next line */
    struct slot *slot;
    struct row_worker **worker;
    struct builder *builder;
    struct progress bar;
    bool dated;                /* base is set */
    int32_t base, earliest, latest;   /* Unix days: of the first row, of the ends */
};

static char *stem(const char *name)
{
    const char *member = strrchr(name, ':'), *base = file_base(member ? member + 1 : name);
    return mem_strndup(base, strcspn(base, "."));
}

/* The first line of a stream. */
static bool take_header(void *ctx, uint32_t number, const char *name, struct str line,
                        struct err *err)
{
    struct reading *r = ctx;
    struct stream *s = mem_alloc(sizeof *s);
    *s = (struct stream){ mem_strdup(name), { .day = number }, r->stream };
    r->stream = s;
    if (number >= INVOCATIONS_DAYS_MAX && r->format->kind == INVOCATIONS_COUNTS)
        return err_set(err, EXIT_DATA, "%s: day %u; at most %d are read", name, number + 1,
                       INVOCATIONS_DAYS_MAX);
    struct columns *c = &s->columns;
    c->name = stem(name);
    struct row_worker *w = row_worker_new();
    const struct str *field = NULL;
    const char *missing = "names";
    bool quoted;
    c->owner = c->app = c->function = c->time = c->duration = c->context = c->generated =
        c->first_minute = NO_COLUMN;
    row_worker_piece(w, true);
    bool good = row_fields(w, line, &field, &c->n, &quoted) &&
                r->format->header(field, c->n, r->o->compat, c, &missing);
    row_worker_free(w);
    return good || err_set(err, EXIT_DATA, "%s:1: no column %s in \"%.*s\"", name, missing,
                           line.n < 100 ? (int)line.n : 100, line.p);
}

static bool next(void *ctx, size_t k)
{
    struct reading *r = ctx;
    struct slot *s = &r->slot[k];
    if (!lines_next(r->lines, &s->piece, &r->broken))
        return false;
    s->stream = r->stream;
    if (r->o->progress)
        progress_set(&r->bar, (double)input_position(lines_input(r->lines)));
    return true;
}

static void work(void *ctx, size_t k, size_t worker)
{
    struct reading *r = ctx;
    struct slot *s = &r->slot[k];
    struct rows *out = &s->rows;
    struct row_worker *w = r->worker[worker];
    out->n_keys = out->n_days = out->n_times = out->code_n = 0;
    out->rows_read = 0;
    memset(out->note, 0, sizeof out->note);
    arena_reset(out->text);
    const char *p = s->piece.p, *end = p + s->piece.n;
    row_worker_piece(w, memchr(p, '"', s->piece.n) != NULL);
    uint32_t number = 0;
    for (; p < end; number++) {
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        struct str line = { p, (size_t)(lf - p) };
        p = lf + 1;
        line.n -= line.n && line.p[line.n - 1] == '\r';
        if (line.n == 0)
            continue;          /* an empty line is no row */
        out->rows_read++;
        if (s->piece.too_long)
            row_note(out, INV_LONG, number, line);
        else
            r->format->row(&s->stream->columns, r->o->compat, line, number, w, out);
    }
    s->lines = number;
}

/* Count what was dropped. False under compat, where the first such row stops everything. */
static bool merge_notes(struct reading *r, const struct slot *s)
{
    const char *file = s->stream->name;
    enum invocations_cause first = INV_CAUSES;
    for (int c = 0; c < INV_CAUSES; c++) {
        const struct note *t = &s->rows.note[c];
        if (t->rows == 0)
            continue;
        if (first == INV_CAUSES || t->line < s->rows.note[first].line)
            first = (enum invocations_cause)c;
        invocations_report_drop(&r->rep->dropped[c], t->rows, file, s->line + t->line,
                                (struct str){ t->value, t->n });
    }
    return !r->o->compat || first == INV_CAUSES ||
           err_set(r->err, EXIT_DATA, "%s: %s; the original stops here",
                   r->rep->dropped[first].example, invocations_cause_names[first]);
}

static size_t function_of(struct reading *r, struct rows *rows, uint32_t key)
{
    struct row_key *k = &rows->key[key];
    if (!k->known)
        k->known = builder_function(r->builder, k->owner, k->app, k->function) + 1;
    return k->known - 1;
}

static bool merge_days(struct reading *r, struct slot *s)
{
    struct rows *rows = &s->rows;
    uint32_t day = s->stream->columns.day;
    if (rows->n_days == 0)
        return true;
    if (r->o->days && day >= r->o->days) {
        r->rep->late += rows->n_days;
        return true;
    }
    uint8_t *slab = mem_array(rows->code_n ? rows->code_n : 1, 1);
    if (rows->code_n)
        memcpy(slab, rows->code, rows->code_n);
    builder_take_slab(r->builder, slab, rows->code_n);
    for (size_t i = 0; i < rows->n_days; i++) {
        const struct day_row *d = &rows->day[i];
        struct str name = rows->key[d->key].function;
        uint64_t line = s->line + d->line;
        enum builder_said said = builder_day(r->builder, function_of(r, rows, d->key), day,
                                             slab + d->at, d->bytes);
        if (said != BUILDER_NEW && r->o->compat)
            return err_set(r->err, EXIT_DATA, "%s:%llu: function %.*s has a second row in its day; "
                           "the original stops here", s->stream->name, (unsigned long long)line,
                           name.n < 100 ? (int)name.n : 100, name.p);
        if (said == BUILDER_REPEATED)
            invocations_report_drop(&r->rep->repeated, 1, s->stream->name, line, name);
        if (said == BUILDER_OVERFLOW)
            invocations_report_drop(&r->rep->dropped[INV_COUNT], 1, s->stream->name, line, name);
        else
            r->rep->rows_used++;
    }
    return true;
}

static void merge_times(struct reading *r, struct slot *s)
{
    struct rows *rows = &s->rows;
    for (size_t i = 0; i < rows->n_times; i++) {
        const struct time_row *row = &rows->time[i];
        if (!r->dated) {
            r->base = r->earliest = r->latest = row->day;
            r->dated = true;
        }
        r->earliest = row->day < r->earliest ? row->day : r->earliest;
        r->latest = row->day > r->latest ? row->day : r->latest;
        double t = (double)((int64_t)row->day - r->base) * DAY_SECONDS + row->s;
        builder_time(r->builder, function_of(r, rows, row->key), t,
                     r->format->tokens ? &row->tokens : NULL);
        r->rep->rows_used++;
    }
}

static bool merge(void *ctx, size_t k)
{
    struct reading *r = ctx;
    struct slot *s = &r->slot[k];
    if (r->merged != s->stream)
        r->line = 1;
    r->merged = s->stream;
    s->line = r->line + s->piece.skipped;
    r->line = s->line + s->lines;
    r->rep->rows_read += s->rows.rows_read;
    if (!merge_notes(r, s) || !merge_days(r, s))
        return false;
    merge_times(r, s);
    return true;
}

static void open_slots(struct reading *r, size_t threads, size_t slots)
{
    r->slot = mem_array(slots, sizeof *r->slot);
    r->worker = mem_array(threads, sizeof *r->worker);
    for (size_t i = 0; i < slots; i++)
        r->slot[i].rows.text = arena_new();
    for (size_t i = 0; i < threads; i++)
        r->worker[i] = row_worker_new();
}

static void close_slots(struct reading *r, size_t threads, size_t slots)
{
    for (size_t i = 0; i < slots; i++) {
        struct rows *rows = &r->slot[i].rows;
        free(r->slot[i].piece.p);
        free(rows->key);
        free(rows->day);
        free(rows->time);
        free(rows->code);
        arena_free(rows->text);
    }
    for (size_t i = 0; i < threads; i++)
        row_worker_free(r->worker[i]);
    free(r->slot);
    free(r->worker);
    for (struct stream *s = r->stream, *before; s; s = before) {
        before = s->before;
        free(s->name);
        free(s->columns.minute);
        free(s->columns.name);
        free(s);
    }
}

static bool read_all(struct reading *r)
{
    size_t threads = r->o->threads ? r->o->threads : threads_default(), slots = threads + 2;
    open_slots(r, threads, slots);
    r->bar = progress_begin("read", "B", (double)input_total(lines_input(r->lines)));
    bool good = ordered_run(&(struct ordered){ threads, slots, next, work, merge, r });
    if (good && r->broken.status) {
        *r->err = r->broken;
        good = false;
    }
    progress_end(&r->bar);
    r->rep->files = lines_streams(r->lines);
    r->rep->bytes = lines_bytes(r->lines);
    close_slots(r, threads, slots);
    return good;
}

/* n_days of counts: a day for each stream, as many as were asked for. */
static bool count_days(struct reading *r, const char *path, uint32_t *days, struct err *err)
{
    uint32_t there = lines_streams(r->lines);
    *days = r->o->days;
    if (r->format->kind == INVOCATIONS_TIMES)
        return true;
    *days = r->o->days ? r->o->days : there;
    return *days <= there ||
           err_set(err, EXIT_DATA, "%s: %u days are asked for, and there are %u", path, *days,
                   there);
}

struct invocations *invocations_read_text(const struct invocations_format *f, char *const *paths,
                                          size_t n, const struct invocations_options *o,
                                          struct invocations_report *rep, struct err *err)
{
    struct reading r = { .format = f, .o = o, .rep = rep, .err = err };
    r.lines = lines_open(paths, n, take_header, &r, err);
    if (!r.lines)
        return NULL;
    r.builder = builder_new(f->kind);
    bool good = read_all(&r);
    uint32_t days;
    good = good && count_days(&r, paths[0], &days, err);
    if (good && builder_functions(r.builder) == 0)
        good = invocations_report_fail(rep, paths[0], err);
    if (good && r.latest - r.earliest > INVOCATIONS_DAYS_MAX)
        good = err_set(err, EXIT_DATA, "%s: from the first request to the last it is %d days; some "
                       "date must be wrong", paths[0], r.latest - r.earliest);
    lines_close(r.lines);
    if (!good) {
        builder_free(r.builder);
        return NULL;
    }
    if (r.earliest < r.base)
        builder_shift(r.builder, (double)((int64_t)r.base - r.earliest) * DAY_SECONDS);
    double origin = f->dated ? (double)r.earliest * DAY_SECONDS : NAN;
    uint64_t late = 0;
    struct invocations *v = builder_finish(r.builder, days, origin, o->threads, &late);
    rep->late += late;
    rep->rows_used -= late;
    return v;
}
