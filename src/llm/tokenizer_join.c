/* tokenizer_join.c: merges on a row of tokens, in n log n steps.
 *
 *     l o w e r   ->   lo w e r   ->   low e r   ->   low er
 *
 * A heap holds every neighbouring pair that has a merge, lowest rank first, leftmost first. A join
 * writes the made token to the left one's place, takes the right one out of the list of neighbours,
 * and puts the two pairs it made into the heap. What the heap says is checked when it is taken out:
 * a pair whose tokens have changed meanwhile has no longer this rank.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "llm/tokenizer_priv.h"

struct pair { size_t rank, at; };

struct row {
    const struct tokenizer *t;
    uint32_t *id;          /* TOKENIZER_NONE: joined to the left */
    size_t *next, *prev;   /* (n); next ends with n, prev begins with n */
    size_t n;
    struct pair *heap;
    size_t n_heap, cap_heap;
};

static bool before(struct pair a, struct pair b)
{
    return a.rank != b.rank ? a.rank < b.rank : a.at < b.at;
}

static void push(struct row *r, struct pair p)
{
    MEM_GROW(r->heap, r->n_heap, r->cap_heap);
    size_t k = r->n_heap++;
    for (; k && before(p, r->heap[(k - 1) / 2]); k = (k - 1) / 2)
        r->heap[k] = r->heap[(k - 1) / 2];
    r->heap[k] = p;
}

static struct pair pop(struct row *r)
{
    struct pair top = r->heap[0], last = r->heap[--r->n_heap];
    size_t k = 0;
    for (size_t child; (child = 2 * k + 1) < r->n_heap; k = child) {
        if (child + 1 < r->n_heap && before(r->heap[child + 1], r->heap[child]))
            child++;
        if (!before(r->heap[child], last))
            break;
        r->heap[k] = r->heap[child];
    }
    r->heap[k] = last;
    return top;
}

static size_t rank_at(const struct row *r, size_t at)
{
    if (at >= r->n || r->id[at] == TOKENIZER_NONE || r->next[at] >= r->n)
        return SIZE_MAX;
    return tokenizer_rank(r->t, r->id[at], r->id[r->next[at]]);
}

static void consider(struct row *r, size_t at)
{
    size_t rank = rank_at(r, at);
    if (rank != SIZE_MAX)
        push(r, (struct pair){ rank, at });
}

static void join_all(struct row *r)
{
    for (size_t i = 0; i < r->n; i++) {
        r->next[i] = i + 1;
        r->prev[i] = i ? i - 1 : r->n;
    }
    for (size_t i = 0; i < r->n; i++)
        consider(r, i);
    while (r->n_heap) {
        struct pair p = pop(r);
        if (rank_at(r, p.at) != p.rank)
            continue;
        size_t gone = r->next[p.at], after = r->next[gone];
        r->id[p.at] = r->t->merge[p.rank].made;
        r->id[gone] = TOKENIZER_NONE;
        r->next[p.at] = after;
        if (after < r->n)
            r->prev[after] = p.at;
        consider(r, r->prev[p.at]);
        consider(r, p.at);
    }
}

void tokenizer_join(const struct tokenizer *t, struct tokens *out, size_t from)
{
    if (!t->n_merges || out->n - from < 2)
        return;
    struct row r = { .t = t, .id = out->id + from, .n = out->n - from };
    r.next = mem_array(2 * r.n, sizeof *r.next);
    r.prev = r.next + r.n;
    join_all(&r);
    size_t n = 0;
    for (size_t i = 0; i < r.n; i++)
        if (r.id[i] != TOKENIZER_NONE)
            r.id[n++] = r.id[i];
    out->n = from + n;
    free(r.next);
    free(r.heap);
}
