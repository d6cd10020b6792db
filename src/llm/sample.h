/* sample.h: draw the next token from logits.
 *
 * p = softmax(logits / temperature) over the allowed tokens, cut to the top_k most likely and
 * to the smallest set of at least top_p of the probability; drawn by inverse distribution in
 * the order of ids, with one number from rng. Temperature 0 takes the most likely token (the
 * lowest id among equals) and draws nothing. Ties at the top_k edge: lower ids are kept.
 */
#ifndef LLM_SAMPLE_H
#define LLM_SAMPLE_H

#include <gsl/gsl_rng.h>
#include <stddef.h>
#include <stdint.h>

struct sample_options {
    double temperature;   /* >= 0 */
    size_t top_k;         /* 0: no cut */
    double top_p;         /* 0 or 1: no cut */
};

extern const struct sample_options sample_standard;   /* temperature 1, no cut */

struct sampled {
    uint32_t token;
    double log_p;         /* natural log of its probability in the distribution drawn from */
    double kept;          /* probability that the mask left, at this temperature, before cuts */
    double log_kept;      /* its natural log, exact where kept underflows; 0 without a mask */
};

/* allowed (V) bytes, nonzero = may be drawn; NULL: all. At least one must be allowed. */
struct sampled sample_draw(const float *logits, size_t V, const unsigned char *allowed,
                           const struct sample_options *o, gsl_rng *rng);

/* The same, to the bit, with the allowed tokens as a list: ids ascending, n >= 1. */
struct sampled sample_draw_among(const float *logits, size_t V, const uint32_t *ids, size_t n,
                                 const struct sample_options *o, gsl_rng *rng);

/* What a draw of the only allowed token would take from rng, without the draw. */
void sample_skip(const struct sample_options *o, gsl_rng *rng);

#endif
