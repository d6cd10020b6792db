/* fold.c: see the header.
 *
 * Of nested trees that all are frequent the largest is the word, so a smaller one may be left with
 * few places of its own. A word that occurs seldom is learned badly: such trees are given up, which
 * uncovers their parts, until every word that is left is frequent where it stands.
 */
#include "gen/fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/keys.h"

enum { CALLS_MOST = 4096 };

struct word {
    uint64_t hash;             /* first, for keys_lower */
    uint32_t graph, call;      /* where it was seen first */
    uint32_t n;                /* calls it stands for: 1, or all below */
    size_t graphs, uses;       /* in how many it occurs; places where nothing larger covers it */
    bool calls;                /* somewhere it stands alone and calls others */
};

struct fold {
    const struct graphset *s;
    size_t *first;             /* of graph i the number of its first call */
    uint64_t *own, *tree;      /* (calls) hash of the call, and of it and all below */
    uint32_t *size;            /* (calls) */
    struct word *word;         /* by hash */
    size_t n, cap;
};

/* ---- hashes ---- */

static uint64_t own_hash(const struct call *c)
{
    return hash64_mix(c->dst, c->type | (uint64_t)c->kind << 8 | (uint64_t)c->status << 16);
}

static void hash_graph(struct fold *f, size_t i)
{
    const struct callgraph *g = &f->s->graphs[i];
    uint64_t *own = f->own + f->first[i], *tree = f->tree + f->first[i];
    uint32_t *size = f->size + f->first[i];
    for (size_t k = 0; k < g->n; k++) {
        own[k] = own_hash(&g->calls[k]);
        size[k] = 1;
    }
    for (size_t k = g->n; k-- > 0;) {     /* tree[k] has its children's, last first, by now */
        tree[k] = hash64_mix(own[k], tree[k]);
        if (k == 0)
            break;
        uint32_t p = g->calls[k].parent;
        tree[p] = hash64_mix(tree[p] + 1, tree[k]);
        size[p] += size[k];
    }
}

/* ---- words ---- */

static struct word *find(const struct fold *f, uint64_t hash)
{
    size_t lo = keys_lower(f->word, f->n, sizeof *f->word, hash);
    return lo < f->n && f->word[lo].hash == hash ? &f->word[lo] : NULL;
}

static int by_hash(const void *a, const void *b)
{
    const struct word *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    if (x->graph != y->graph)
        return x->graph < y->graph ? -1 : 1;
    return (x->call > y->call) - (x->call < y->call);
}

static void add(struct fold *f, struct word w)
{
    MEM_GROW(f->word, f->n, f->cap);
    f->word[f->n++] = w;
}

/* One entry a hash, that of its first place, with the number of graphs that have it. */
static void unite(struct fold *f)
{
    size_t to = 0;
    uint32_t last = 0;                    /* graph of the entry looked at before */
    if (f->n)
        qsort(f->word, f->n, sizeof *f->word, by_hash);
    for (size_t i = 0; i < f->n; i++) {
        struct word w = f->word[i];
        bool new = to == 0 || f->word[to - 1].hash != w.hash;
        if (new)
            f->word[to++] = w;
        f->word[to - 1].graphs = new ? 1 : f->word[to - 1].graphs + (w.graph != last);
        last = w.graph;
    }
    f->n = to;
}

static void collect(struct fold *f)
{
    for (size_t i = 0; i < f->s->n; i++)
        for (size_t k = 0; k < f->s->graphs[i].n; k++) {
            size_t at = f->first[i] + k;
            uint32_t n = f->size[at];
            add(f, (struct word){ .hash = f->own[at], .graph = (uint32_t)i,
                                  .call = (uint32_t)k, .n = 1 });
            if (n > 1 && n <= CALLS_MOST)
                add(f, (struct word){ .hash = f->tree[at], .graph = (uint32_t)i,
                                      .call = (uint32_t)k, .n = n });
        }
    unite(f);
}

static void keep_frequent(struct fold *f, size_t least)
{
    size_t to = 0;
    for (size_t i = 0; i < f->n; i++)
        if (f->word[i].n == 1 || f->word[i].graphs >= least)
            f->word[to++] = f->word[i];
    f->n = to;
}

/* The word of call k: the tree below it, if there is one for that, or the call alone. */
static struct word *word_at(const struct fold *f, size_t i, size_t k)
{
    size_t at = f->first[i] + k;
    struct word *w = f->size[at] > 1 ? find(f, f->tree[at]) : NULL;
    return w ? w : find(f, f->own[at]);
}

static void count_uses(struct fold *f)
{
    for (size_t w = 0; w < f->n; w++) {
        f->word[w].uses = 0;
        f->word[w].calls = false;
    }
    for (size_t i = 0; i < f->s->n; i++)
        for (size_t k = 0; k < f->s->graphs[i].n;) {
            struct word *w = word_at(f, i, k);
            w->uses++;
            w->calls = w->calls || f->size[f->first[i] + k] > w->n;
            k += w->n;
        }
}

/* False: all are used enough. */
static bool drop_rare(struct fold *f, size_t least)
{
    size_t to = 0, before = f->n;
    for (size_t i = 0; i < f->n; i++)
        if (f->word[i].n == 1 || f->word[i].uses >= least)
            f->word[to++] = f->word[i];
    f->n = to;
    return to < before;
}

struct fold *fold_learn(const struct graphset *s, size_t least)
{
    struct fold *f = mem_alloc(sizeof *f);
    size_t calls = 0;
    f->s = s;
    f->first = mem_array(s->n + 1, sizeof *f->first);
    for (size_t i = 0; i < s->n; i++) {
        f->first[i] = calls;
        calls += s->graphs[i].n;
    }
    f->own = mem_array(calls + 1, sizeof *f->own);
    f->tree = mem_array(calls + 1, sizeof *f->tree);
    f->size = mem_array(calls + 1, sizeof *f->size);
    for (size_t i = 0; i < s->n; i++)
        hash_graph(f, i);
    collect(f);
    keep_frequent(f, least);
    do
        count_uses(f);
    while (drop_rare(f, least));
    return f;
}

void fold_free(struct fold *f)
{
    if (!f)
        return;
    free(f->first);
    free(f->own);
    free(f->tree);
    free(f->size);
    free(f->word);
    free(f);
}

size_t fold_trees(const struct fold *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++)
        n += f->word[i].n > 1;
    return n;
}

/* ---- there ---- */

/* The callee's name, and behind the last '#' the number of the word. */
static uint32_t spell(const struct fold *f, const struct word *w, struct names *to, struct buf *b)
{
    const struct call *c = &f->s->graphs[w->graph].calls[w->call];
    buf_clear(b);
    buf_str(b, names_get(f->s->names, c->dst));
    buf_printf(b, "#%zu", (size_t)(w - f->word));
    return names_id(to, buf_view(b));
}

static size_t folded_size(const struct fold *f, size_t i)
{
    size_t n = 0;
    for (size_t k = 0; k < f->s->graphs[i].n; n++)
        k += word_at(f, i, k)->n;
    return n;
}

static void number_siblings(struct callgraph *g)
{
    uint32_t *children = mem_array(g->n, sizeof *children);
    for (size_t k = 1; k < g->n; k++) {
        struct call *c = &g->calls[k];
        c->src = g->calls[c->parent].dst;
        c->id = ++children[c->parent];
    }
    free(children);
}

static void fold_graph(const struct fold *f, size_t i, struct graphset *out, struct buf *b)
{
    const struct callgraph *from = &f->s->graphs[i];
    struct callgraph *g = graphset_add(out, folded_size(f, i));
    g->service = names_id(out->names, names_str(f->s->names, from->service));
    g->trace_id = NAMES_NONE;
    for (size_t k = 0, to = 0; k < from->n; to++) {
        const struct word *w = word_at(f, i, k);
        g->calls[to] = (struct call){ .dst = spell(f, w, out->names, b),
                                      .type = w->calls ? CALL_RPC : CALL_DB,
                                      .kind = KIND_CLIENT, .interface = NAMES_NONE,
                                      .level = from->calls[k].level };
        k += w->n;
    }
    g->calls[0].src = names_id(out->names, names_str(f->s->names, from->calls[0].src));
    REQUIRE(callgraph_link(g));
    number_siblings(g);
}

struct graphset *fold_apply(const struct fold *f)
{
    struct graphset *out = graphset_new();
    struct buf b = { 0 };
    out->tick_us = f->s->tick_us;
    for (size_t i = 0; i < f->s->n; i++)
        fold_graph(f, i, out, &b);
    buf_free(&b);
    return out;
}

/* ---- and back ---- */

static const struct word *read_word(const struct fold *f, struct str name)
{
    uint64_t number = 0;
    size_t at = name.n;
    while (at > 0 && name.p[at - 1] != '#')
        at--;
    bool good = str_u64((struct str){ name.p + at, name.n - at }, &number) && number < f->n;
    REQUIRE(good);
    return &f->word[number];
}

static void unfold_call(const struct fold *f, const struct word *w, uint16_t level,
                        struct names *names, struct call *out)
{
    const struct callgraph *from = &f->s->graphs[w->graph];
    for (size_t k = 0; k < w->n; k++) {
        struct call c = from->calls[w->call + k];
        c.dst = names_id(names, names_str(f->s->names, c.dst));
        c.level = (uint16_t)(level + (c.level - from->calls[w->call].level));
        c.interface = NAMES_NONE;
        c.start = c.rt = 0;
        c.async = false;
        c.id = 0;
        out[k] = c;
    }
}

static void unfold_graph(const struct fold *f, const struct graphset *folded, size_t i,
                         struct graphset *out)
{
    const struct callgraph *from = &folded->graphs[i];
    size_t n = 0, to = 0;
    for (size_t k = 0; k < from->n; k++)
        n += read_word(f, names_str(folded->names, from->calls[k].dst))->n;
    struct callgraph *g = graphset_add(out, n);
    g->service = names_id(out->names, names_str(folded->names, from->service));
    g->trace_id = NAMES_NONE;
    for (size_t k = 0; k < from->n; k++) {
        const struct word *w = read_word(f, names_str(folded->names, from->calls[k].dst));
        unfold_call(f, w, from->calls[k].level, out->names, g->calls + to);
        to += w->n;
    }
    g->calls[0].src = names_id(out->names, names_str(folded->names, from->calls[0].src));
    REQUIRE(callgraph_link(g));
    number_siblings(g);
}

struct graphset *fold_undo(const struct fold *f, const struct graphset *folded)
{
    struct graphset *out = graphset_new();
    out->tick_us = folded->tick_us;
    for (size_t i = 0; i < folded->n; i++)
        unfold_graph(f, folded, i, out);
    return out;
}
