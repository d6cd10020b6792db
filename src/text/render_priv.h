/* render_priv.h: the pieces that the three formats of TraceLLM share. Within text/ only. */
#ifndef TEXT_RENDER_PRIV_H
#define TEXT_RENDER_PRIV_H

#include "text/format.h"
#include "text/layers.h"

/* True with probability p; always when rng is NULL and p > 0. */
bool render_coin(gsl_rng *rng, double p);

/* What orders are drawn with: rng, or NULL where they are fixed. */
static inline gsl_rng *render_order(const struct text_options *o, gsl_rng *rng)
{
    return o && o->in_order ? NULL : rng;
}

/* v[0..n) in random order; as it is when rng is NULL. */
void render_shuffle(gsl_rng *rng, size_t *v, size_t n);

/* The keys of `keys`, shuffled. */
void render_header(const struct header *h, uint32_t keys, bool tabular, gsl_rng *rng,
                   struct buf *out);

/* "(edge_id is ...)" and a newline. whole: dotted id and source too. */
void render_edge(const struct callgraph *g, const struct names *names, size_t i, bool whole,
                 gsl_rng *rng, struct buf *out);

/* "<edges>", a line a call, "</edges>", each on its line. */
void render_edges(const struct callgraph *g, const struct names *names, const struct layer *l,
                  gsl_rng *rng, struct buf *out);

/* "<subgraph of edge_id N>...</subgraph>" and a newline. */
void render_sub(const struct callgraph *g, const struct layer *sub, gsl_rng *rng, struct buf *out);

/* The keys that a layer's header shows, drawn as in 2.3, and why a latency is not among them. */
struct root_draw {
    uint32_t keys;
    bool user;           /* a root layer whose caller is USER: keys may be left out */
    bool high;           /* the latency is at least the service's p90: asked for in words */
    bool coin;           /* the latency lost its coin */
};
struct root_draw render_draw_keys(const struct callgraph *g, const struct names *names,
                                  const struct layer *l, const struct text_options *o,
                                  gsl_rng *rng);

/* Lines that are written in random order. */
struct lines {
    struct buf text;
    size_t *start;                /* (n) where each line begins; it ends with its "\n" */
    size_t n, cap;
};

/* A new line: add its words to what is returned, without "\n". */
struct buf *lines_add(struct lines *l);

/* Append all, shuffled, each with "\n"; *l is then empty and freed. */
void lines_put_shuffled(struct lines *l, gsl_rng *rng, struct buf *out);

/* g itself, or a copy with times in ms in *copy (to free: copy->calls). */
const struct callgraph *render_in_ms(const struct callgraph *g, uint32_t tick_us,
                                     struct callgraph *copy);

#endif
