/* profile.c: hashes of spellings, since two files number the same name differently. */
#include "eval/profile.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/keys.h"
#include "base/mem.h"

const char *const view_names[VIEWS] = { "traffic", "topology" };

struct keyed {
    uint64_t key;
    size_t i;
};

static int by_key(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->i < y->i ? -1 : x->i > y->i;
}

static void find_first(struct profile *p)
{
    struct keyed *k = mem_array(p->n + 1, sizeof *k);
    for (size_t i = 0; i < p->n; i++)
        k[i] = (struct keyed){ p->structure[i], i };
    qsort(k, p->n, sizeof *k, by_key);
    for (size_t j = 0; j < p->n; j++)
        p->first[k[j].i] = j && k[j].key == k[j - 1].key ? p->first[k[j - 1].i] : k[j].i;
    free(k);
}

void profile_topology(const struct profile *p, const double *w, double *out)
{
    for (size_t i = 0; i < p->n; i++)
        out[i] = 0;
    for (size_t i = 0; i < p->n; i++)
        if (w[i] > 0)
            out[p->first[i]] = 1;
}

struct profile *profile_new(const struct graphset *s)
{
    struct profile *p = mem_alloc(sizeof *p);
    uint32_t names = names_count(s->names);
    *p = (struct profile){ .set = s, .n = s->n };
    p->name = mem_array((size_t)names + 1, sizeof *p->name);
    for (uint32_t i = 0; i < names; i++) {
        struct str t = names_str(s->names, i);
        p->name[i] = hash64(t.p, t.n, 11);
    }
    p->structure = mem_array(s->n + 1, sizeof *p->structure);
    p->full = mem_array(s->n + 1, sizeof *p->full);
    for (int v = 0; v < VIEWS; v++)
        p->weight[v] = mem_array(s->n + 1, sizeof *p->weight[v]);
    for (size_t i = 0; i < s->n; i++) {
        p->structure[i] = callgraph_hash_structure(&s->graphs[i], s->names);
        p->full[i] = callgraph_hash_full(&s->graphs[i], s->names);
        p->weight[VIEW_TRAFFIC][i] = s->weight ? s->weight[i] : 1;
        p->timed |= s->graphs[i].timed;
    }
    p->first = mem_array(s->n + 1, sizeof *p->first);
    find_first(p);
    profile_topology(p, p->weight[VIEW_TRAFFIC], p->weight[VIEW_TOPOLOGY]);
    for (int v = 0; v < VIEWS; v++)
        for (size_t i = 0; i < s->n; i++)
            p->units[v] += p->weight[v][i] > 0;
    return p;
}

void profile_free(struct profile *p)
{
    if (!p)
        return;
    free(p->name);
    free(p->structure);
    free(p->full);
    free(p->first);
    for (int v = 0; v < VIEWS; v++)
        free(p->weight[v]);
    free(p);
}

/* One hash per graph and weight, ascending. */
static uint64_t *signature(const struct profile *p)
{
    uint64_t *h = mem_array(p->n + 1, sizeof *h);
    for (size_t i = 0; i < p->n; i++)
        h[i] = hash64_mix(p->full[i], hash64(&p->weight[VIEW_TRAFFIC][i], sizeof(double), 1));
    qsort(h, p->n, sizeof *h, keys_ascending);
    return h;
}

bool profile_same(const struct profile *a, const struct profile *b)
{
    if (a->n != b->n)
        return false;
    uint64_t *x = signature(a), *y = signature(b);
    bool same = true;
    for (size_t i = 0; i < a->n && same; i++)
        same = x[i] == y[i];
    free(x);
    free(y);
    return same;
}
