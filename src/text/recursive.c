/* recursive.c: a graph as its layers, each announcing the headers of those below it (spec 2.3).
 *
 *     [GENERATE GRAPH]<header>
 *     <layer>
 *     <edges>
 *     (...)
 *     </edges>
 *     <subgraph of edge_id 0><header></subgraph>
 *     </layer>
 *     <the same header, shuffled anew>
 *     <layer> ...
 */
#include <stdlib.h>

#include "text/render_priv.h"

static void put_layer(const struct callgraph *g, const struct names *names, const struct layer *l,
                      gsl_rng *rng, struct buf *out)
{
    buf_str(out, l->split ? "<split>\n" : "<layer>\n");
    if (!l->split)
        render_edges(g, names, l, rng, out);
    for (size_t i = 0; i < l->n_subs; i++)
        render_sub(g, l->subs[i], rng, out);
    buf_str(out, l->split ? "</split>\n" : "</layer>\n");
}

/* Both ways of writing: as one text, or cut into samples (then `samples` is given). */
static void write_graph(const struct callgraph *graph, const struct names *names, uint32_t tick_us,
                        const struct text_options *o, gsl_rng *rng, struct buf *out,
                        struct text_samples *samples)
{
    struct callgraph copy;
    const struct callgraph *g = render_in_ms(graph, tick_us, &copy);
    struct arena *arena = arena_new();
    gsl_rng *order = render_order(o, rng);
    struct layers all = layers_of(g, names, order, arena);
    for (size_t i = 0; i < all.n; i++) {
        const struct layer *l = all.at[i];
        if (samples)
            text_samples_begin(samples);
        else if (i == 0)
            buf_str(out, "[GENERATE GRAPH]");
        render_header(&l->header, render_draw_keys(g, names, l, o, rng).keys, false, order, out);
        buf_char(out, '\n');
        if (samples)
            text_samples_output(samples);
        put_layer(g, names, l, order, out);
        if (samples)
            text_samples_end(samples);
    }
    arena_free(arena);
    free(copy.calls);
}

static void encode(const struct callgraph *g, const struct names *names, uint32_t tick_us,
                   const struct text_options *o, gsl_rng *rng, struct buf *out)
{
    write_graph(g, names, tick_us, o, rng, out, NULL);
}

static void samples(const struct callgraph *g, const struct names *names, uint32_t tick_us,
                    const struct text_options *o, gsl_rng *rng, struct text_samples *out)
{
    write_graph(g, names, tick_us, o, rng, &out->text, out);
}

const struct text_format text_recursive = {
    .name = "recursive", .prose = "layer by layer, each with the headers of the layers below it",
    .encode = encode, .samples = samples,
};
