/* samples_layers.c: TraceLLM's texts as samples: a table is one, and so is every layer.
 *
 * Whatever the format leaves to chance (order, what is left out, how wide layers are cut) is drawn
 * anew every epoch, for a whole graph at a time. Cutting wide layers moves their number a little:
 * sample (graph, k) is then the graph's layer k modulo what it has in that epoch.
 *
 * The loss counts the prompt but in the instruction format, as the paper says (its code does not
 * mask).
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "gen/samples_priv.h"
#include "text/format.h"
#include "trace/callstats.h"

struct layered {
    const struct text_format *format;
    struct callstats *stats;   /* of the training graphs: where the conditions come from */
    size_t (*at)[2];           /* (n_samples): graph, layer */
};

static void render(const struct samples *s, size_t epoch, size_t graph, struct text_samples *out)
{
    const struct layered *l = s->own;
    gsl_rng *rng = rng_stream(s->o->train.seed, "train/layers", epoch * s->graphs->n + graph);
    struct text_options o = { .stats = l->stats, .no_scratchpad = s->o->no_scratchpad,
                              .in_order = s->o->fixed_order };
    l->format->samples(&s->graphs->graphs[graph], s->graphs->names, s->graphs->tick_us, &o, rng,
                       out);
    gsl_rng_free(rng);
}

static void put_text(const struct samples *s, const char *p, size_t n, struct tokens *out)
{
    tokenizer_encode(s->tokenizer, (struct str){ p, n }, out);
}

static void put_sample(const struct samples *s, const struct text_samples *t, size_t k,
                       struct tokens *out, size_t *loss_from)
{
    struct text_sample at = t->at[k];
    tokens_add(out, tokenizer_bos(s->tokenizer));
    put_text(s, t->text.p + at.prompt, at.output - at.prompt, out);
    *loss_from = s->o->mask_prompt ? out->n : 0;
    put_text(s, t->text.p + at.output, at.end - at.output, out);
    tokens_add(out, tokenizer_eos(s->tokenizer));
}

static void fill(void *ctx, size_t epoch, size_t index, struct tokens *out, size_t *loss_from)
{
    const struct samples *s = ctx;
    const struct layered *l = s->own;
    struct text_samples t = { 0 };
    render(s, epoch, l->at[index][0], &t);
    put_sample(s, &t, l->at[index][1] % t.n, out, loss_from);
    text_samples_free(&t);
}

/* Render every graph once. */
static void render_all(const struct samples *s, struct text_samples *all, size_t *first)
{
    for (size_t g = 0; g < s->graphs->n; g++) {
        first[g] = all->n;
        render(s, 0, g, all);
    }
    first[s->graphs->n] = all->n;
}

static void add_texts(const struct text_samples *t, struct str **text, size_t *n, size_t *cap)
{
    for (size_t k = 0; k < t->n; k++) {
        MEM_GROW(*text, *n, *cap);
        (*text)[(*n)++] = (struct str){ t->text.p + t->at[k].prompt,
                                        t->at[k].end - t->at[k].prompt };
    }
}

/* What the recursive format is tuned to write, and what the instruction format is tuned from. */
static const struct text_format *sibling(const struct text_format *format)
{
    return format == &text_recursive     ? &text_instruction
           : format == &text_instruction ? &text_recursive
                                         : NULL;
}

/* "S_" of S_12345: what stands before the digits that end a name; else empty. */
static struct str prefix_of(struct str name)
{
    size_t n = name.n;
    while (n && name.p[n - 1] >= '0' && name.p[n - 1] <= '9')
        n--;
    return (struct str){ name.p, n < name.n ? n : 0 };
}

/* The phrases of o and the prefixes of services' names, as many as PREFIXES: a pre-token ends after
 * a phrase, so what follows is cut as numbers are. The list is to be freed. */
static struct str *with_prefixes(const struct graphset *g, struct tokenizer_options *o)
{
    enum { PREFIXES = 16 };
    struct str *list = mem_array(o->n_phrases + PREFIXES, sizeof *list);
    size_t n = o->n_phrases;
    memcpy(list, o->phrases, n * sizeof *list);
    for (size_t i = 0; i < g->n && n < o->n_phrases + PREFIXES; i++) {
        struct str prefix = prefix_of(names_str(g->names, g->graphs[i].service));
        bool met = prefix.n == 0;
        for (size_t k = o->n_phrases; k < n && !met; k++)
            met = str_eq(list[k], prefix);
        if (!met)
            list[n++] = prefix;
    }
    o->phrases = list;
    o->n_phrases = n;
    return list;
}

/* One vocabulary for a format and its sibling: a tokenizer is frozen when a model is tuned. */
static void learn_vocabulary(struct samples *s, const struct text_samples *own)
{
    struct layered *l = s->own;
    const struct text_format *format = l->format;
    struct text_samples other = { 0 };
    struct str *text = NULL;
    size_t n = 0, cap = 0;
    add_texts(own, &text, &n, &cap);
    if ((l->format = sibling(format))) {
        for (size_t g = 0; g < s->graphs->n; g++)
            render(s, 0, g, &other);
        add_texts(&other, &text, &n, &cap);
    }
    l->format = format;
    struct tokenizer_options o = samples_spelling(s->o->to, s->o->fixed_order);
    o.min_count = s->o->spell_below;
    struct str *list = s->o->spell_services ? with_prefixes(s->graphs, &o) : NULL;
    s->tokenizer = s->made = tokenizer_train(text, n, &o);
    free(list);
    text_samples_free(&other);
    free(text);
}

static void release(void *own)
{
    struct layered *l = own;
    callstats_free(l->stats);
    free(l->at);
    free(l);
}

static struct callstats *statistics(const struct graphset *graphs)
{
    struct callstats *c = callstats_new(CALLSTATS_CAREFUL);
    for (size_t i = 0; i < graphs->n; i++)
        callstats_add(c, &graphs->graphs[i], graphs->names, graphs->tick_us);
    callstats_end_file(c);
    callstats_finish(c);
    return c;
}

void samples_layers(struct samples *s, const struct text_format *format)
{
    struct layered *l = mem_alloc(sizeof *l);
    struct text_samples all = { 0 };
    size_t *first = mem_array(s->graphs->n + 1, sizeof *first), ignored;
    struct tokens one = { 0 };
    l->format = format;
    l->stats = statistics(s->graphs);
    s->own = l;
    s->own_free = release;
    render_all(s, &all, first);
    if (!s->tokenizer)
        learn_vocabulary(s, &all);
    l->at = mem_array(all.n, sizeof *l->at);
    for (size_t g = 0; g < s->graphs->n; g++)
        for (size_t k = first[g]; k < first[g + 1]; k++) {
            l->at[k][0] = g;
            l->at[k][1] = k - first[g];
            one.n = 0;
            put_sample(s, &all, k, &one, &ignored);
            s->longest = one.n > s->longest ? one.n : s->longest;
        }
    s->source = (struct train_source){ s, all.n, fill };
    tokens_free(&one);
    text_samples_free(&all);
    free(first);
}
