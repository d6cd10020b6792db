/* compact_encode.c: a call graph as a line of words; the format is told in compact.h. */
#include <stdlib.h>

#include "base/mem.h"
#include "text/compact.h"
#include "text/compact_priv.h"
#include "text/compact_words.h"
#include "text/escape.h"

static void put_signed(int64_t x, struct buf *out)
{
    if (x < 0)
        buf_str(out, "- ");
    compact_put_number(x < 0 ? -(uint64_t)x : (uint64_t)x, out);
}

static void put_field(bool open, uint64_t x, struct buf *out)
{
    buf_char(out, ' ');
    if (open)
        buf_char(out, '?');
    else
        compact_put_number(x, out);
}

static void put_header(const struct callgraph *g, const struct names *names,
                       struct compact_header_mask open, struct buf *out)
{
    if (open.service)
        buf_char(out, '?');
    else
        compact_put_name(names_str(names, g->service), out);
    put_field(open.edges, g->n, out);
    put_field(open.depth, callgraph_depth(g), out);
    if (g->timed)
        put_field(open.latency, (uint64_t)g->calls[0].rt, out);
    else
        buf_str(out, " n/a");
    if (open.service) {
        buf_char(out, ' ');
        compact_put_name(names_str(names, g->service), out);
    }
}

static void put_rare(const struct call *c, const struct names *names, uint64_t usual_id,
                     struct buf *out)
{
    static const char *const status[] = { "", " !ok", " !error" };
    static const char *const kind[] = { " ~internal", " ~server", " ~client", " ~producer",
                                        " ~consumer" };
    if (c->interface != NAMES_NONE) {
        buf_str(out, " @");
        escape_put(names_str(names, c->interface), "", out);
    }
    if (c->kind != usual_kind(c->type))
        buf_str(out, kind[c->kind]);
    buf_str(out, status[c->status]);
    if (c->async)
        buf_str(out, " &");
    if (c->id != usual_id) {
        buf_str(out, " = ");
        compact_put_number(c->id, out);
    }
    if (c->parent != CALL_NONE)
        return;
    if (!str_is(names_str(names, c->src), "USER")) {
        buf_str(out, " <");
        escape_put(names_str(names, c->src), "", out);
    }
    if (c->start > 0) {
        buf_str(out, " ^ ");
        compact_put_number((uint64_t)c->start, out);
    }
}

static void put_level(size_t i, unsigned level, struct buf *out)
{
    if (i < 2)
        return;
    buf_str(out, " /");
    if (level > COMPACT_LEVELS)
        buf_char(out, ' ');
    if (level > COMPACT_LEVELS)
        compact_put_number(level, out);
    else
        buf_u64(out, level);
}

void compact_encode(const struct callgraph *g, const struct names *names, uint32_t tick_us,
                    struct compact_header_mask open, struct buf *out)
{
    if (tick_us != 1000) {
        buf_str(out, "* ");
        compact_put_number(tick_us, out);
        buf_char(out, ' ');
    }
    put_header(g, names, open, out);
    size_t *last = mem_array(callgraph_depth(g), sizeof *last);
    for (size_t i = 0; i < g->n; i++) {
        const struct call *c = &g->calls[i];
        struct place at = place_of(g->calls, i, last);
        put_level(i, c->level, out);
        buf_char(out, ' ');
        buf_str(out, call_type_name(c->type));
        buf_char(out, ' ');
        compact_put_name(names_str(names, c->dst), out);
        put_rare(c, names, at.id, out);
        if (g->timed && i > 0) {
            buf_char(out, ' ');
            put_signed(c->start - at.base, out);
        }
        if (g->timed && (i > 0 || open.latency)) {
            buf_char(out, ' ');
            compact_put_number((uint64_t)c->rt, out);
        }
        last[c->level] = i;
    }
    free(last);
    buf_char(out, '\n');
}
