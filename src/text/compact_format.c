/* compact_format.c: the compact stream as one of the formats. Nothing in it is left to chance: the
 * caller says which header fields are open. */
#include "text/format.h"

static void encode(const struct callgraph *g, const struct names *names, uint32_t tick_us,
                   const struct text_options *o, gsl_rng *rng, struct buf *out)
{
    (void)rng;
    compact_encode(g, names, tick_us, o ? o->open : (struct compact_header_mask){ 0 }, out);
}

/* The output is the whole line: a model learns to write the header too. */
static void samples(const struct callgraph *g, const struct names *names, uint32_t tick_us,
                    const struct text_options *o, gsl_rng *rng, struct text_samples *out)
{
    text_samples_begin(out);
    text_samples_output(out);
    encode(g, names, tick_us, o, rng, &out->text);
    text_samples_end(out);
}

const struct text_format text_compact = {
    .name = "compact", .prose = "one line of words a graph, depth first, values only",
    .encode = encode, .samples = samples,
};
