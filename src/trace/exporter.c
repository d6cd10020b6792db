/* exporter.c: a graph at a time goes through one buffer, so that a file of any size takes the
 * memory of its graphs alone. */
#include "trace/exporter.h"

bool exporter_can(const struct callgraph *g, uint32_t tick_us)
{
    const int64_t most = INT64_MAX / 1100 / tick_us;   /* the year 2236: a shift has room */
    bool good = g->timed && g->arrival >= -most && g->arrival <= most;
    for (size_t i = 0; i < g->n && good; i++) {
        const struct call *c = &g->calls[i];
        good = c->start <= most && c->rt <= most - c->start &&
               (g->arrival <= 0 || call_finish(c) <= most - g->arrival);
    }
    return good;
}

static void put_frame(size_t n, FILE *f)
{
    unsigned char length[4] = { (unsigned char)(n >> 24), (unsigned char)(n >> 16),
                                (unsigned char)(n >> 8), (unsigned char)n };
    fwrite(length, 1, sizeof length, f);
}

static bool put_graphs(const struct exporter *e, const struct graphset *s, FILE *f,
                       size_t *left_out)
{
    struct export_graph x = { .names = s->names, .tick_us = s->tick_us, .a = arena_new() };
    struct buf b = { 0 };
    fputs(e->head, f);
    for (size_t i = 0; i < s->n && !ferror(f); i++) {
        x.g = &s->graphs[i];
        if (!exporter_can(x.g, s->tick_us)) {
            ++*left_out;
            continue;
        }
        arena_reset(x.a);
        buf_clear(&b);
        e->graph(&x, &b);
        fputs(x.index++ ? e->between : "", f);
        if (e->framed)
            put_frame(b.n, f);
        fwrite(b.p, 1, b.n, f);
    }
    fputs(e->tail, f);
    buf_free(&b);
    arena_free(x.a);
    return !ferror(f);
}

bool exporter_write(const struct exporter *e, const struct graphset *s, FILE *f, size_t *left_out,
                    struct err *err)
{
    *left_out = 0;
    if (e->write)
        return e->write(s, f, err);
    return put_graphs(e, s, f, left_out) || err_set(err, EXIT_IO, "writing failed");
}

void exporter_one(const struct exporter *e, const struct export_graph *x, struct buf *out)
{
    REQUIRE(e->graph && exporter_can(x->g, x->tick_us));
    buf_str(out, e->head);
    e->graph(x, out);
    buf_str(out, e->tail);
}
