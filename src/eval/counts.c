/* counts.c: keys are found by binary search in the sorted union; a set is digested once, then
 * re-drawn hundreds of times, so only counts_sum is hot. */
#include "eval/counts.h"

#include <stdlib.h>

#include "base/keys.h"
#include "base/mem.h"

/* Sort the tallies from `from` on by key and merge equal ones. */
static void merge(struct tallies *t, size_t from, bool presence)
{
    if (t->n == from)
        return;
    qsort(t->at + from, t->n - from, sizeof *t->at, keys_ascending);
    size_t to = from;
    for (size_t i = from; i < t->n; i++) {
        if (to > from && t->at[to - 1].key == t->at[i].key)
            t->at[to - 1].count += t->at[i].count;
        else
            t->at[to++] = t->at[i];
    }
    t->n = to;
    for (size_t i = from; i < to && presence; i++)
        t->at[i].count = 1;
}

static size_t *collect(const struct feature *f, const struct profile *p, struct tallies *t)
{
    size_t *from = mem_array(p->n + 1, sizeof *from);
    for (size_t i = 0; i < p->n; i++) {
        from[i] = t->n;
        f->collect(p, i, t);
        merge(t, from[i], f->presence);
    }
    from[p->n] = t->n;
    return from;
}

/* The distinct keys of all tallies, ascending. */
static uint64_t *distinct(const struct tallies *t, size_t sets, size_t *n)
{
    size_t all = 0, to = 0;
    for (size_t s = 0; s < sets; s++)
        all += t[s].n;
    uint64_t *key = mem_array(all + 1, sizeof *key);
    for (size_t s = 0; s < sets; s++)
        for (size_t i = 0; i < t[s].n; i++)
            key[to++] = t[s].at[i].key;
    qsort(key, all, sizeof *key, keys_ascending);
    to = 0;
    for (size_t i = 0; i < all; i++)
        if (i == 0 || key[i] != key[i - 1])
            key[to++] = key[i];
    *n = to;
    return key;
}

static void fill(struct counts_table *to, const struct tallies *t, const uint64_t *key,
                 size_t cells)
{
    to->cell = mem_array(t->n + 1, sizeof *to->cell);
    to->count = mem_array(t->n + 1, sizeof *to->count);
    for (size_t i = 0; i < t->n; i++) {
        to->cell[i] = (uint32_t)keys_lower(key, cells, sizeof *key, t->at[i].key);
        to->count[i] = t->at[i].count;
    }
}

struct counts *counts_new(const struct feature *f, const struct profile *const *p, size_t sets)
{
    struct counts *c = mem_alloc(sizeof *c);
    struct tallies *t = mem_array(sets, sizeof *t);
    *c = (struct counts){ .feature = f, .sets = sets };
    c->table = mem_array(sets, sizeof *c->table);
    for (size_t s = 0; s < sets; s++) {
        c->table[s].n = p[s]->n;
        c->table[s].from = collect(f, p[s], &t[s]);
    }
    uint64_t *key = distinct(t, sets, &c->cells);
    for (size_t s = 0; s < sets; s++) {
        fill(&c->table[s], &t[s], key, c->cells);
        free(t[s].at);
    }
    if (f->position) {
        c->x = mem_array(c->cells + 1, sizeof *c->x);
        for (size_t i = 0; i < c->cells; i++)
            c->x[i] = f->position(key[i]);
    }
    free(key);
    free(t);
    return c;
}

void counts_free(struct counts *c)
{
    if (!c)
        return;
    for (size_t s = 0; s < c->sets; s++) {
        free(c->table[s].from);
        free(c->table[s].cell);
        free(c->table[s].count);
    }
    free(c->table);
    free(c->x);
    free(c);
}

void counts_sum(const struct counts *c, size_t set, const double *weight, double *out)
{
    const struct counts_table *t = &c->table[set];
    for (size_t i = 0; i < c->cells; i++)
        out[i] = 0;
    for (size_t i = 0; i < t->n; i++)
        if (weight[i] > 0)
            for (size_t k = t->from[i]; k < t->from[i + 1]; k++)
                out[t->cell[k]] += weight[i] * t->count[k];
}
