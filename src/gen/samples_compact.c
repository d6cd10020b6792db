/* samples_compact.c: one graph, one line: <s> header body </s>.
 *
 * The vocabulary is taken from every graph written twice, with its header told and left open, so
 * that a service has a token as the first word of a line and one within it, and from the fixed
 * words, so that any number can be written.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "gen/samples_priv.h"
#include "text/compact.h"
#include "text/compact_words.h"

static const struct compact_header_mask told = { .service = false };
static const struct compact_header_mask open_all = { true, true, true, true };

/* Append the line of a graph without its newline: </s> ends it. */
static void put_line(const struct samples *s, const struct callgraph *g,
                     struct compact_header_mask open, struct buf *b)
{
    compact_encode(g, s->graphs->names, s->graphs->tick_us, open, b);
    b->p[--b->n] = '\0';
}

static void put_fixed_words(struct buf *b)
{
    for (size_t i = 0; compact_word_fixed(i); i++) {
        buf_char(b, ' ');
        buf_str(b, compact_word_fixed(i));
    }
}

/* Bounds of the texts, cut[0..n], within one buffer. */
static void learn_vocabulary(struct samples *s)
{
    struct buf b = { 0 };
    size_t n = 2 * s->graphs->n + 1;
    size_t *cut = mem_array(n + 1, sizeof *cut);
    for (size_t i = 0; i < s->graphs->n; i++) {
        put_line(s, &s->graphs->graphs[i], told, &b);
        cut[2 * i + 1] = b.n;
        put_line(s, &s->graphs->graphs[i], open_all, &b);
        cut[2 * i + 2] = b.n;
    }
    put_fixed_words(&b);
    cut[n] = b.n;
    struct str *text = mem_array(n, sizeof *text);
    for (size_t i = 0; i < n; i++)
        text[i] = (struct str){ b.p + cut[i], cut[i + 1] - cut[i] };
    s->tokenizer = s->made = tokenizer_train(text, n, NULL);
    free(text);
    free(cut);
    buf_free(&b);
}

static struct compact_header_mask draw_mask(const struct header_dropout *d, gsl_rng *rng)
{
    double u = rng_unit(rng);
    if (u < d->all)
        return open_all;
    if (u < d->all + d->numbers)
        return (struct compact_header_mask){ false, true, true, true };
    return (struct compact_header_mask){ .edges = rng_unit(rng) < d->each,
                                         .depth = rng_unit(rng) < d->each,
                                         .latency = rng_unit(rng) < d->each,
                                         .service = rng_unit(rng) < d->service };
}

static void put_sample(const struct samples *s, const struct callgraph *g,
                       struct compact_header_mask open, struct tokens *out)
{
    struct buf b = { 0 };
    put_line(s, g, open, &b);
    tokens_add(out, tokenizer_bos(s->tokenizer));
    tokenizer_encode(s->tokenizer, buf_view(&b), out);
    tokens_add(out, tokenizer_eos(s->tokenizer));
    buf_free(&b);
}

static void fill(void *ctx, size_t epoch, size_t index, struct tokens *out, size_t *loss_from)
{
    const struct samples *s = ctx;
    struct callgraph g = s->graphs->graphs[index];
    struct call *varied = mem_array(g.n, sizeof *varied);
    memcpy(varied, g.calls, g.n * sizeof *varied);
    g.calls = varied;
    uint64_t number = epoch * s->graphs->n + index;
    gsl_rng *rng = rng_stream(s->o->train.seed, "train/augment", number);
    augment_graph(&g, s->graphs->names, s->own, &s->o->augment, rng);
    rng_restart(rng, s->o->train.seed, "train/header", number);
    put_sample(s, &g, draw_mask(&s->o->dropout, rng), out);
    *loss_from = 0;   /* the header is learnt too, so that the model can draw it */
    gsl_rng_free(rng);
    free(varied);
}

static void free_order(void *own)
{
    augment_free(own);
}

void samples_compact(struct samples *s)
{
    struct tokens one = { 0 };
    if (!s->tokenizer)
        learn_vocabulary(s);
    if (s->o->augment.shuffle > 0) {
        s->own = augment_learn(s->graphs);
        s->own_free = free_order;
    }
    for (size_t i = 0; i < s->graphs->n; i++) {
        one.n = 0;
        put_sample(s, &s->graphs->graphs[i], open_all, &one);
        s->longest = one.n > s->longest ? one.n : s->longest;
    }
    tokens_free(&one);
    s->source = (struct train_source){ s, s->graphs->n, fill };
}
