/* tokenizer_learn.c: which merges? The most frequent pair of neighbours, again and again.
 *
 *     word     its tokens, shrinking in place                 n words, each with its count
 *     pair     (left, right), its count, the words it is in   found by hash
 *     heap     pairs by falling count, then by left, right
 *
 * A merge visits the words of its pair alone. Counts in the heap may be old: what is taken out with
 * another count than the pair has now goes back with that. Counts that grow are of pairs with the
 * made token, and those are put in anew.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "llm/tokenizer_train_priv.h"

struct pair {
    uint32_t left, right;
    size_t count;
    uint32_t *where;       /* words, some of which may have lost the pair */
    size_t n, cap;
    size_t touched;        /* the last merge that made it grow, plus one */
    bool learned;
};

struct heap_entry { size_t count, pair; };

struct learner {
    struct tokenizer *t;
    const struct word *word;
    uint32_t **id;         /* (n words) */
    size_t *length, n;
    struct pair *pair;
    size_t n_pairs, cap_pairs;
    uint32_t *table;       /* open addressing: pair + 1, or 0 */
    size_t table_size;
    struct heap_entry *heap;
    size_t n_heap, cap_heap;
};

/* ---- pairs ---- */

static uint32_t *pair_place(const struct learner *l, uint32_t left, uint32_t right)
{
    size_t at = hash64_mix(left, right) & (l->table_size - 1);
    while (l->table[at]) {
        const struct pair *p = &l->pair[l->table[at] - 1];
        if (p->left == left && p->right == right)
            break;
        at = (at + 1) & (l->table_size - 1);
    }
    return &l->table[at];
}

static void grow_table(struct learner *l)
{
    if (2 * (l->n_pairs + 1) < l->table_size)
        return;
    l->table_size = l->table_size ? 2 * l->table_size : 1024;
    free(l->table);
    l->table = mem_array(l->table_size, sizeof *l->table);
    for (size_t i = 0; i < l->n_pairs; i++)
        *pair_place(l, l->pair[i].left, l->pair[i].right) = (uint32_t)i + 1;
}

static size_t pair_of(struct learner *l, uint32_t left, uint32_t right)
{
    grow_table(l);
    uint32_t *at = pair_place(l, left, right);
    if (!*at) {
        REQUIRE(l->n_pairs < UINT32_MAX - 1);
        MEM_GROW(l->pair, l->n_pairs, l->cap_pairs);
        l->pair[l->n_pairs] = (struct pair){ .left = left, .right = right };
        *at = (uint32_t)++l->n_pairs;
    }
    return *at - 1;
}

/* ---- the heap ---- */

static bool before(const struct learner *l, struct heap_entry a, struct heap_entry b)
{
    const struct pair *p = &l->pair[a.pair], *q = &l->pair[b.pair];
    if (a.count != b.count)
        return a.count > b.count;
    return p->left != q->left ? p->left < q->left : p->right < q->right;
}

static void push(struct learner *l, size_t pair)
{
    struct heap_entry e = { l->pair[pair].count, pair };
    MEM_GROW(l->heap, l->n_heap, l->cap_heap);
    size_t k = l->n_heap++;
    for (; k && before(l, e, l->heap[(k - 1) / 2]); k = (k - 1) / 2)
        l->heap[k] = l->heap[(k - 1) / 2];
    l->heap[k] = e;
}

static struct heap_entry pop(struct learner *l)
{
    struct heap_entry top = l->heap[0], last = l->heap[--l->n_heap];
    size_t k = 0;
    for (size_t child; (child = 2 * k + 1) < l->n_heap; k = child) {
        if (child + 1 < l->n_heap && before(l, l->heap[child + 1], l->heap[child]))
            child++;
        if (!before(l, l->heap[child], last))
            break;
        l->heap[k] = l->heap[child];
    }
    l->heap[k] = last;
    return top;
}

/* ---- words ---- */

/* Bytes <0xHH> are not joined: no text would reach what they made. */
static bool joins(const struct learner *l, uint32_t left, uint32_t right)
{
    return l->t->token[left].kind == TOKEN_TEXT && l->t->token[right].kind == TOKEN_TEXT;
}

static void forget_word(struct learner *l, size_t w)
{
    for (size_t i = 0; i + 1 < l->length[w]; i++)
        if (joins(l, l->id[w][i], l->id[w][i + 1]))
            l->pair[pair_of(l, l->id[w][i], l->id[w][i + 1])].count -= l->word[w].count;
}

static void note(struct learner *l, size_t pair, size_t w)
{
    struct pair *p = &l->pair[pair];
    if (p->n && p->where[p->n - 1] == w)
        return;
    MEM_GROW(p->where, p->n, p->cap);
    p->where[p->n++] = (uint32_t)w;
}

/* Count the pairs of a word; those with `made` (all, for TOKENIZER_NONE) note the word, and are put
 * in the heap by the caller: appended to grown. */
static void count_word(struct learner *l, size_t w, uint32_t made, size_t stamp,
                       struct tokens *grown)
{
    for (size_t i = 0; i + 1 < l->length[w]; i++) {
        uint32_t left = l->id[w][i], right = l->id[w][i + 1];
        if (!joins(l, left, right))
            continue;
        size_t k = pair_of(l, left, right);
        l->pair[k].count += l->word[w].count;
        if (made != TOKENIZER_NONE && left != made && right != made)
            continue;
        note(l, k, w);
        if (l->pair[k].touched != stamp) {
            l->pair[k].touched = stamp;
            tokens_add(grown, (uint32_t)k);
        }
    }
}

static void push_all(struct learner *l, struct tokens *grown)
{
    for (size_t i = 0; i < grown->n; i++)
        push(l, grown->id[i]);
    grown->n = 0;
}

static bool has_pair(const uint32_t *id, size_t n, uint32_t left, uint32_t right)
{
    for (size_t i = 0; i + 1 < n; i++)
        if (id[i] == left && id[i + 1] == right)
            return true;
    return false;
}

static size_t join_in(uint32_t *id, size_t n, struct merge m)
{
    size_t to = 0;
    for (size_t i = 0; i < n; i++)
        if (i + 1 < n && id[i] == m.left && id[i + 1] == m.right) {
            id[to++] = m.made;
            i++;
        } else
            id[to++] = id[i];
    return to;
}

static void apply(struct learner *l, size_t pair, struct merge m, size_t stamp,
                  struct tokens *grown)
{
    uint32_t *where = l->pair[pair].where;   /* pairs move when new ones come */
    size_t n = l->pair[pair].n;
    l->pair[pair].where = NULL;
    l->pair[pair].n = l->pair[pair].cap = 0;
    for (size_t i = 0; i < n; i++) {
        size_t w = where[i];
        if (!has_pair(l->id[w], l->length[w], m.left, m.right))
            continue;
        forget_word(l, w);
        l->length[w] = join_in(l->id[w], l->length[w], m);
        count_word(l, w, m.made, stamp, grown);
    }
    free(where);
    push_all(l, grown);
}

static uint32_t made_of(struct tokenizer *t, uint32_t left, uint32_t right)
{
    struct str a = tokenizer_bytes(t, left), b = tokenizer_bytes(t, right);
    struct buf both = { 0 };
    buf_add(&both, a.p, a.n);
    buf_add(&both, b.p, b.n);
    uint32_t id = tokenizer_add(t, buf_view(&both), NULL);
    buf_free(&both);
    return id;
}

static void start(struct learner *l, struct tokens *grown)
{
    for (size_t w = 0; w < l->n; w++) {
        struct tokens id = { 0 };
        tokenizer_characters(l->t, l->word[w].s, &id);
        l->id[w] = id.id;
        l->length[w] = id.n;
        count_word(l, w, TOKENIZER_NONE, 1, grown);
    }
    push_all(l, grown);
}

static void learner_free(struct learner *l)
{
    for (size_t w = 0; w < l->n; w++)
        free(l->id[w]);
    for (size_t i = 0; i < l->n_pairs; i++)
        free(l->pair[i].where);
    free(l->id);
    free(l->length);
    free(l->pair);
    free(l->table);
    free(l->heap);
}

void learn_merges(struct tokenizer *t, const struct word *word, size_t n, size_t min_count,
                  size_t max_vocab)
{
    REQUIRE(n < UINT32_MAX);
    struct learner l = { .t = t, .word = word, .n = n };
    struct tokens grown = { 0 };
    l.id = mem_array(n, sizeof *l.id);
    l.length = mem_array(n, sizeof *l.length);
    start(&l, &grown);
    for (size_t stamp = 2; l.n_heap && (!max_vocab || t->n < max_vocab); stamp++) {
        struct heap_entry e = pop(&l);
        const struct pair *p = &l.pair[e.pair];
        if (p->count < min_count || p->count != e.count) {
            if (p->count >= min_count)
                push(&l, e.pair);
            continue;
        }
        /* Joined before, and here again through a token made in two ways: its merge stands. */
        struct merge m = { p->left, p->right, made_of(t, p->left, p->right) };
        if (!p->learned)
            tokenizer_add_merge(t, m);
        l.pair[e.pair].learned = true;
        apply(&l, e.pair, m, stamp, &grown);
    }
    tokens_free(&grown);
    learner_free(&l);
}
