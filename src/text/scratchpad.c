/* scratchpad.c: see scratchpad_priv.h. All numbers of the answer follow from its edges, its
 * sub-headers and its header; so what a line must be is written out and compared. Where the header
 * leaves num_edges or the depth out, they are those that the layer itself has. */
#include "text/scratchpad_priv.h"

#include <inttypes.h>

struct pad {
    const struct layer_text *t;
    int64_t depth;         /* of the header, or one above the deepest sub-header */
    int64_t total, rest;   /* edges in all, and those that are still to be given out */
    size_t subs;           /* sub-headers passed */
    struct buf want;
};

static int64_t get(const struct header *h, enum header_key k)
{
    return h->number[k];
}

/* Sums of numbers that a model wrote wrap instead of overflowing: they are wrong in any case. */
static int64_t plus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t minus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static struct pad begin(const struct layer_text *t)
{
    struct pad p = { .t = t, .depth = -1, .total = (int64_t)t->n_edges };
    for (size_t i = 0; i < t->n_subs; i++) {
        const struct header *u = &t->subs[i].header;
        p.total = plus(p.total, get(u, HEAD_NUM_EDGES));
        if (get(u, HEAD_DEPTH) > p.depth)
            p.depth = get(u, HEAD_DEPTH);
    }
    if (t->n_edges)
        p.depth = plus(p.depth, 1);
    if (header_has(&t->header, HEAD_NUM_EDGES))
        p.total = get(&t->header, HEAD_NUM_EDGES);
    if (header_has(&t->header, HEAD_DEPTH))
        p.depth = get(&t->header, HEAD_DEPTH);
    p.rest = minus(p.total, (int64_t)t->n_edges);
    return p;
}

/* "generate subgraphs of edge:1,edge_id:2" */
static void want_list(struct pad *p)
{
    buf_str(&p->want, "generate subgraphs of ");
    for (size_t i = 0; i < p->t->n_subs; i++)
        buf_printf(&p->want, i ? ",edge_id:%" PRId64 : "edge:%" PRId64, p->t->subs[i].index);
}

/* The lines that count what was generated. False: the line is none of them. */
static bool want_count(struct pad *p, struct str line)
{
    const struct layer_text *t = p->t;
    size_t n = t->n_edges;
    if (str_starts(line, "num generated edges"))
        buf_printf(&p->want,
                   "num generated edges = the last edge id - the first edge id + 1 = %" PRId64
                   " - %" PRId64 " + 1 = %zu",
                   n ? t->edges[n - 1].id : 0, n ? t->edges[0].id : 0, n);
    else if (layer_text_find(line, 0, " edges generated out of ") != SIZE_MAX)
        buf_printf(&p->want, "%zu edges generated out of num_edges:%" PRId64, n, p->total);
    else if (str_starts(line, "num_remaining_edges ="))
        buf_printf(&p->want,
                   "num_remaining_edges = num_edges:%" PRId64 " - generated:%zu = %" PRId64,
                   p->total, n, p->rest);
    else if (str_starts(line, "generate subgraphs of"))
        want_list(p);
    else
        return false;
    return true;
}

/* The lines before and after a sub-header. */
static bool want_constraint(struct pad *p, struct str line)
{
    const struct layer_text *t = p->t;
    const struct text_sub *next = p->subs < t->n_subs ? &t->subs[p->subs] : NULL;
    const struct text_sub *last = p->subs && p->subs <= t->n_subs ? &t->subs[p->subs - 1] : NULL;
    if (str_starts(line, "num_edges <="))
        buf_printf(&p->want, "num_edges <= num_remaining_edges:%" PRId64, p->rest);
    else if (str_starts(line, "remaining_depth should be")) {
        int64_t below = minus(p->depth, 1);
        if (next && get(&next->header, HEAD_DEPTH) == below)    /* else no line is right */
            buf_printf(&p->want,
                       "remaining_depth should be the requirement's remaining_depth:%" PRId64
                       " - 1 = %" PRId64,
                       p->depth, below);
    } else if (str_starts(line, "copy 'remaining_depth"))
        buf_printf(&p->want, "copy 'remaining_depth:%" PRId64 "' from the requirement", p->depth);
    else if (str_starts(line, "copy start_node from edge") && next) {
        struct str s = next->header.text[HEAD_START_NODE];
        buf_printf(&p->want, "copy start_node from edge %" PRId64 " destination: ", next->index);
        buf_add(&p->want, s.p ? s.p : "", s.n);
    } else if (str_starts(line, "now, num_remaining_edges") && last) {
        int64_t m = get(&last->header, HEAD_NUM_EDGES), before = p->rest;
        p->rest = minus(p->rest, m);
        buf_printf(&p->want, "now, num_remaining_edges is %" PRId64 " - %" PRId64 " = %" PRId64,
                   before, m, p->rest);
    } else
        return false;
    return true;
}

bool scratchpad_right(const struct layer_text *t)
{
    struct pad p = begin(t);
    struct str rest = t->text, line;
    bool right = true;
    while (right && layer_text_line(&rest, &line)) {
        line = str_trim(line);
        p.subs += str_starts(line, "<subgraph of edge_id ");
        buf_clear(&p.want);
        if (want_count(&p, line) || want_constraint(&p, line))
            right = str_eq(line, buf_view(&p.want));
    }
    buf_free(&p.want);
    return right;
}
