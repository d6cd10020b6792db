/* bootstrap.c: the memoriser. It redraws training graphs and knows nothing else.
 *
 * Its fidelity is as good as sampling allows and it copies all it writes: every table that ranks
 * generators must show both, so this one stands in all of them. With prompts it draws among the
 * training graphs that have the header asked for; where there are none, among those of the service,
 * size and depth, then of the service and size, then of the service, then among all. When prompts
 * are drawn from its own training set, every such rule is a plain bootstrap: graph j comes out with
 * probability sum over the graphs i of its class of 1/n * 1/|class| = 1/n.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "base/keys.h"
#include "base/rng.h"
#include "gen/generator.h"

enum { RULES = 5 };   /* from the whole header down to nothing */
static const struct prompt_fields rule[RULES] = {
    { true, true, true, true }, { true, true, true, false }, { true, true, false, false },
    { true, false, false, false }, { false, false, false, false },
};

struct memory {
    const struct graphset *train;
    struct entry {
        uint64_t key;      /* first, for keys_lower */
        size_t graph;
    } *entry[RULES];       /* (n) sorted by key, then by graph */
};

/* The header, restricted to a rule, as one number. Fields open in p count as open in the key. */
static uint64_t header_key(const struct prompt *p, const struct prompt_fields *f)
{
    uint64_t h = 7;
    if (f->service && p->service)
        h = hash64_mix(h, hash64(p->service, str_of(p->service).n, 1));
    h = hash64_mix(h, f->edges ? (uint64_t)p->edges : 0);
    h = hash64_mix(h, f->depth ? (uint64_t)p->depth : 0);
    return hash64_mix(h, f->latency ? (uint64_t)p->latency : 0);
}

static int by_key(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->graph > y->graph) - (x->graph < y->graph);
}

static void *fit(const struct graphset *train)
{
    struct memory *m = mem_alloc(sizeof *m);
    m->train = train;
    for (size_t k = 0; k < RULES; k++) {
        m->entry[k] = mem_array(train->n, sizeof *m->entry[k]);
        for (size_t i = 0; i < train->n; i++) {
            struct prompt p = prompt_of(&train->graphs[i], train->names, rule[k]);
            m->entry[k][i] = (struct entry){ header_key(&p, &rule[k]), i };
        }
        qsort(m->entry[k], train->n, sizeof *m->entry[k], by_key);
    }
    return m;
}

static double weight_of(const struct graphset *s, size_t i)
{
    return s->weight ? s->weight[i] : 1;
}

/* One of entry[first..end) of rule k, by weight. */
static size_t pick(const struct memory *m, size_t k, size_t first, size_t end, gsl_rng *rng)
{
    double sum = 0, run = 0;
    for (size_t e = first; e < end; e++)
        sum += weight_of(m->train, m->entry[k][e].graph);
    double x = rng_unit(rng) * sum;
    for (size_t e = first; e + 1 < end; e++)
        if ((run += weight_of(m->train, m->entry[k][e].graph)) > x)
            return m->entry[k][e].graph;
    return m->entry[k][end - 1].graph;
}

/* Does rule k ask for no field that the prompt leaves open, save the last, which asks nothing? */
static bool applies(const struct prompt *p, size_t k)
{
    return (!rule[k].service || p->service) && (!rule[k].edges || p->edges != PROMPT_OPEN) &&
           (!rule[k].depth || p->depth != PROMPT_OPEN) &&
           (!rule[k].latency || p->latency != PROMPT_OPEN);
}

static enum draw_outcome draw(const void *fitted, const struct prompt *p, gsl_rng *rng,
                              struct graphset *out)
{
    const struct memory *m = fitted;
    for (size_t k = 0; k < RULES; k++) {
        if (!applies(p, k))
            continue;
        uint64_t key = header_key(p, &rule[k]);
        size_t first = keys_lower(m->entry[k], m->train->n, sizeof *m->entry[k], key);
        size_t end = first;
        while (end < m->train->n && m->entry[k][end].key == key)
            end++;
        if (first == end)
            continue;
        size_t i = pick(m, k, first, end, rng);
        struct callgraph g = m->train->graphs[i];
        g.arrival = 0;
        g.trace_id = NAMES_NONE;
        graphset_copy(out, &g, m->train->names);
        return DRAW_GOOD;
    }
    return DRAW_HEADER;   /* not reached: the last rule matches every graph */
}

static void release(void *fitted)
{
    struct memory *m = fitted;
    for (size_t k = 0; k < RULES; k++)
        free(m->entry[k]);
    free(m);
}

const struct generator generator_bootstrap = {
    .name = "bootstrap",
    .prose = "the memoriser: training graphs drawn again, whole",
    .source = "the bootstrap; the copier floor of the fidelity metrics",
    .fit = fit, .draw = draw, .free = release,
};
