/* compact_format.c: the compact stream as one of the formats. Nothing in it is left to chance: a
 * header is written in full, and what to hide of it is the trainer's choice (compact_encode). */
#include "text/compact.h"
#include "text/format.h"

static const struct compact_header_mask full = { 0 };

static void encode(const struct callgraph *g, const struct names *names, uint32_t tick_us,
                   const struct text_options *o, gsl_rng *rng, struct buf *out)
{
    (void)o;
    (void)rng;
    compact_encode(g, names, tick_us, full, out);
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
