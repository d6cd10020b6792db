/* format.h: the ways a call graph is put into words. One const struct a format, listed once.
 *
 * Times in the three formats of TraceLLM are whole milliseconds: graphs of finer ticks are rounded
 * down. They hold neither interface, kind, status nor async, and of an untimed graph zeros.
 *
 * A draw is everything that the original leaves to chance: the order of attributes, keys and
 * conditions, what is left out, how wide layers are cut. rng NULL is the fixed order: nothing is
 * left out but what a rule forbids, attributes and keys stand in the order of the spec, layers are
 * cut by 15. With `in_order` only what is left out is drawn, the rest is as in the fixed order: a
 * model that learnt from texts of which nothing is left out cannot be asked with anything open.
 */
#ifndef TEXT_FORMAT_H
#define TEXT_FORMAT_H

#include <gsl/gsl_rng.h>

#include "base/str.h"
#include "text/compact.h"
#include "trace/callgraph.h"
#include "trace/callstats.h"

struct text_options {
    const struct callstats *stats;  /* for "high latency", "include an edge"; NULL: never asked */
    bool no_scratchpad;             /* instruction: answers without their arithmetic */
    bool in_order;                  /* the three: only what is left out is drawn */
    struct compact_header_mask open;    /* compact: header fields that are left open */
};

/* What a model trains on: text [prompt, output) is given to it, [output, end) is to be written. */
struct text_sample {
    size_t prompt, output, end;
};

struct text_samples {
    struct buf text;
    struct text_sample *at;
    size_t n, cap;
};

void text_samples_free(struct text_samples *s);
void text_samples_begin(struct text_samples *s);      /* a sample's prompt starts here, */
void text_samples_output(struct text_samples *s);     /* its output here, */
void text_samples_end(struct text_samples *s);        /* and here it ends */

struct text_format {
    const char *name, *prose;
    /* Append g as it stands in the format's files. tick_us is that of g's set. */
    void (*encode)(const struct callgraph *g, const struct names *names, uint32_t tick_us,
                   const struct text_options *o, gsl_rng *rng, struct buf *out);
    /* Append the samples of g: one for tabular and compact, one a layer for the others. */
    void (*samples)(const struct callgraph *g, const struct names *names, uint32_t tick_us,
                    const struct text_options *o, gsl_rng *rng, struct text_samples *out);
};

extern const struct text_format text_compact, text_tabular, text_recursive, text_instruction;
extern const struct text_format *const text_formats[];       /* ends with NULL */
const struct text_format *text_format_find(const char *name);    /* NULL: no such */

#endif
