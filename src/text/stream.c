/* stream.c: see stream_priv.h. */
#include "text/stream_priv.h"

#include <string.h>

#include "base/mem.h"
#include "base/names.h"
#include "base/progress.h"
#include "trace/input.h"

enum { CHUNK = 1 << 18 };

void stream_drop(struct text_stream *s, enum import_cause c, uint64_t rows, uint64_t line,
                 const char *value)
{
    s->rep->graphs_read++;
    s->rep->rows_read += rows;
    import_report_drop(s->rep, c, rows, 1, input_name(s->in), line, str_of(value));
}

void stream_stray(struct text_stream *s, struct str line)
{
    s->rep->rows_read++;
    import_report_drop(s->rep, CAUSE_SYNTAX, 1, 0, input_name(s->in), s->line, line);
}

static bool is_repeat(struct text_stream *s, const struct callgraph *g, const struct names *names)
{
    char key[32];
    if (!s->seen)
        return false;
    snprintf(key, sizeof key, "%016llx", (unsigned long long)callgraph_hash_full(g, names));
    uint32_t before = names_count(s->seen);
    return names_id_of(s->seen, key) < before;
}

static bool is_extra(const struct callgraph *g)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct call *c = &g->calls[i];
        if (c->kind != (c->type == CALL_MQ ? KIND_PRODUCER : KIND_CLIENT) || c->async ||
            c->status != STATUS_UNSET)
            return true;
    }
    return false;
}

bool stream_deliver(struct text_stream *s, const struct callgraph *g, const struct names *names,
                    uint64_t rows, uint64_t line, struct err *err)
{
    if (is_repeat(s, g, names)) {
        stream_drop(s, CAUSE_SEEN, rows, line, names_get(names, g->service));
        return true;
    }
    s->rep->graphs_read++;
    s->rep->graphs_used++;
    s->rep->rows_read += rows;
    s->rep->rows_used += rows;
    s->rep->calls_used += g->n;
    s->rep->extra |= is_extra(g);
    return s->sink(s->ctx, g, names, 1, err);
}

/* One more chunk into raw; what is consumed goes. */
static bool more(struct text_stream *s, bool *end, struct err *err)
{
    buf_drop(&s->raw, s->at);
    s->at = 0;
    MEM_RESERVE(s->raw.p, s->raw.n + CHUNK + 1, s->raw.cap);
    size_t got = 0;
    bool good = input_read(s->in, s->raw.p + s->raw.n, CHUNK, &got, err);
    s->raw.n += got;
    s->rep->bytes += got;
    *end = got == 0;
    return good;
}

/* The lines that raw holds whole; at the end of the file what is left, too. */
static bool take_lines(struct text_stream *s, bool end, struct err *err)
{
    bool good = true;
    while (good && s->at < s->raw.n) {
        const char *from = s->raw.p + s->at, *nl = memchr(from, '\n', s->raw.n - s->at);
        size_t n = nl ? (size_t)(nl - from) : s->raw.n - s->at;
        if (!nl && !end && n <= STREAM_LINE_MAX)
            return true;
        bool cr = n && from[n - 1] == '\r';
        good = s->take_line(s->reader, (struct str){ from, n - cr }, err);
        s->at += n + (nl != NULL);
        s->line += nl != NULL;
    }
    return good;
}

static bool take_file(struct text_stream *s, struct progress *bar, struct err *err)
{
    struct err broken = { 0 };
    bool end = false, good = true, any = false;
    s->raw.n = s->at = 0;
    s->line = 1;
    MEM_RESERVE(s->raw.p, CHUNK + 1, s->raw.cap);
    while (good && !end) {
        if (!more(s, &end, &broken)) {
            import_report_drop(s->rep, CAUSE_BROKEN, 0, 0, input_name(s->in), s->line,
                               str_of(broken.msg));
            end = true;
        }
        progress_set(bar, (double)input_position(s->in));
        if (!any && s->raw.n >= 3 && memcmp(s->raw.p, "\xEF\xBB\xBF", 3) == 0)
            s->at = 3;
        any |= s->raw.n > 0;
        good = take_lines(s, end, err);
    }
    if (!any)
        import_report_drop(s->rep, CAUSE_EMPTY, 0, 0, input_name(s->in), 1, STR("no bytes"));
    return good && s->end(s->reader, err);
}

bool stream_run(struct text_stream *s, char *const *paths, size_t n, const struct import_options *o,
                callgraph_sink sink, void *ctx, struct import_report *rep, struct err *err)
{
    static const struct import_options none = { 0 };
    struct err own = { 0 };
    err = err ? err : &own;
    *err = (struct err){ 0 };
    *rep = (struct import_report){ 0 };
    s->o = o ? o : &none;
    s->sink = sink;
    s->ctx = ctx;
    s->rep = rep;
    s->in = input_open(paths, n, err);
    if (!s->in)
        return false;
    s->seen = s->o->dedup ? names_new() : NULL;
    struct progress bar =
        progress_begin("import", "B", s->o->progress ? (double)input_total(s->in) : 0);
    bool good = true;
    while (good && (input_next(s->in, err) || err->status)) {
        rep->files++;
        if (err->status) {
            import_report_drop(rep, CAUSE_BROKEN, 0, 0, input_name(s->in), 1, str_of(err->msg));
            *err = (struct err){ 0 };
        } else
            good = take_file(s, &bar, err);
    }
    progress_end(&bar);
    good = good && (rep->graphs_used || import_report_fail(rep, err));
    names_free(s->seen);
    buf_free(&s->raw);
    input_close(s->in);
    return good;
}
