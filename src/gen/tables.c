/* tables.c: fill the tables by counting, draw a tree from them in pre-order.
 *
 * Drawing keeps, per level, how many siblings are still to come and where the last one finished:
 *
 *     level 0  [root]                       left 0
 *     level 1  [child 1][child 2] . .       left 2, cursor = finish of child 2
 *     level 2  [child] . . . .              left 4
 */
#include <stdlib.h>

#include "base/rng.h"
#include "gen/tables_priv.h"

static size_t deepest(const struct graphset *train)
{
    size_t levels = 0;
    for (size_t i = 0; i < train->n; i++) {
        size_t d = callgraph_depth(&train->graphs[i]);
        levels = d > levels ? d : levels;
    }
    return levels;
}

/* Finish of the elder sibling of call i, or the start of its parent. */
static int64_t elder_finish(const struct callgraph *g, size_t i)
{
    size_t parent = g->calls[i].parent;
    for (size_t j = i; j-- > parent + 1;)
        if (g->calls[j].level == g->calls[i].level)
            return call_finish(&g->calls[j]);
    return g->calls[parent].start;
}

static void count_leaf(struct tables *t, const struct callgraph *g, size_t i, double weight)
{
    const struct call *c = &g->calls[i];
    size_t children = callgraph_children(g, i);
    if (t->key.leaf_by_type)
        bag_add(&t->leaf[tables_cell(c->level, c->type)], children == 0, weight);
    else if (!call_type_is_leaf(c->type))
        bag_add(&t->leaf[tables_cell(c->level, 0)], children == 0, weight);
    if (children)
        bag_add(&t->children[c->level], (int64_t)children, weight);
}

static void count_call(struct tables *t, const struct callgraph *g, size_t i, double weight)
{
    const struct call *c = &g->calls[i];
    size_t cell = tables_cell(c->level, c->type);
    bag_add(&t->type[c->level], c->type, weight);
    count_leaf(t, g, i, weight);
    bag_add(&t->dst[t->key.dst_by_level ? cell : tables_cell(0, c->type)], c->dst, weight);
    bag_add(&t->rt[t->key.time_by_cell ? cell : 0], c->rt, weight);
    if (t->key.gaps && i > 0)
        bag_add(&t->gap[t->key.time_by_cell ? cell : 0], c->start - elder_finish(g, i), weight);
}

static void seal(struct tables *t)
{
    bag_seal(&t->service);
    for (size_t l = 0; l < t->levels; l++) {
        bag_seal(&t->type[l]);
        bag_seal(&t->children[l]);
    }
    for (size_t c = 0; c < t->levels * CALL_TYPES; c++) {
        bag_seal(&t->leaf[c]);
        bag_seal(&t->dst[c]);
        bag_seal(&t->rt[c]);
        bag_seal(&t->gap[c]);
    }
}

struct tables *tables_fit(const struct graphset *train, struct tables_key key)
{
    REQUIRE(train->n > 0);
    struct tables *t = mem_alloc(sizeof *t);
    size_t levels = deepest(train), cells = levels * CALL_TYPES;
    *t = (struct tables){ .key = key, .train = train, .timed = true, .levels = levels };
    t->type = mem_array(levels, sizeof *t->type);
    t->children = mem_array(levels, sizeof *t->children);
    t->leaf = mem_array(cells, sizeof *t->leaf);
    t->dst = mem_array(cells, sizeof *t->dst);
    t->rt = mem_array(cells, sizeof *t->rt);
    t->gap = mem_array(cells, sizeof *t->gap);
    for (size_t k = 0; k < train->n; k++) {
        const struct callgraph *g = &train->graphs[k];
        double weight = train->weight ? train->weight[k] : 1;
        t->timed = t->timed && g->timed;
        bag_add(&t->service, g->service, weight);
        for (size_t i = 0; i < g->n; i++)
            count_call(t, g, i, weight);
    }
    seal(t);
    return t;
}

struct sketch {            /* a graph being drawn */
    struct call *calls;
    size_t n, cap;
    struct open_level {    /* (levels) the family being filled at each level */
        size_t left;       /* siblings still to come */
        size_t parent;     /* their parent's index */
        int64_t cursor;    /* the last sibling's finish, or the parent's start */
        uint32_t next_id;
    } *at;
};

static int64_t clamp(int64_t x, int64_t lo, int64_t hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

/* Draw the times of call c, child of p (NULL: the root, which starts at 0). */
static void draw_times(const struct tables *t, struct call *c, const struct call *p,
                       int64_t cursor, gsl_rng *rng)
{
    size_t cell = t->key.time_by_cell ? tables_cell(c->level, c->type) : 0;
    c->rt = bag_draw(&t->rt[cell], rng);
    if (!p)
        return;
    int64_t end = call_finish(p);
    if (t->key.gaps)
        c->start = clamp(cursor + bag_draw(&t->gap[cell], rng), p->start, end);
    else
        c->start = p->start + (int64_t)rng_below(rng, (size_t)clamp(p->rt - c->rt, 0, p->rt) + 1);
    c->rt = clamp(c->rt, 0, end - c->start);
}

/* How many children call c has; 0 for a leaf. The deepest level holds leaves only, so the tree
 * ends. */
static size_t draw_children(const struct tables *t, const struct call *c, gsl_rng *rng)
{
    const struct bag *leaf = &t->leaf[tables_cell(c->level, t->key.leaf_by_type ? c->type : 0)];
    if (!t->key.leaf_by_type && call_type_is_leaf(c->type))
        return 0;
    return leaf->n == 0 || bag_draw(leaf, rng) ? 0 : (size_t)bag_draw(&t->children[c->level], rng);
}

/* Append a call at this level and open its children's level. False: over DRAW_MAX_CALLS. */
static bool add_call(const struct tables *t, struct sketch *s, size_t level, gsl_rng *rng)
{
    struct call c = { .level = (uint16_t)level, .interface = NAMES_NONE };
    struct open_level *here = &s->at[level];
    const struct call *p = level ? &s->calls[here->parent] : NULL;
    c.id = here->next_id++;
    c.type = (uint8_t)bag_draw(&t->type[level], rng);
    size_t named = t->key.dst_by_level ? tables_cell(level, c.type) : tables_cell(0, c.type);
    c.dst = (uint32_t)bag_draw(&t->dst[named], rng);
    if (t->timed)
        draw_times(t, &c, p, here->cursor, rng);
    here->cursor = call_finish(&c);
    size_t children = draw_children(t, &c, rng);
    if (level + 1 < t->levels)
        s->at[level + 1] = (struct open_level){ children, s->n, c.start, 1 };
    if (s->n + children >= DRAW_MAX_CALLS)
        return false;
    MEM_GROW(s->calls, s->n, s->cap);
    s->calls[s->n++] = c;
    return true;
}

/* Pre-order: always the deepest level with siblings still to come. */
static bool draw_tree(const struct tables *t, struct sketch *s, gsl_rng *rng)
{
    s->at[0] = (struct open_level){ .left = 0, .next_id = 0 };
    if (!add_call(t, s, 0, rng))
        return false;
    for (size_t level = 1; level > 0 && level < t->levels;) {
        if (s->at[level].left == 0) {
            level--;
            continue;
        }
        s->at[level].left--;
        if (!add_call(t, s, level, rng))
            return false;
        if (level + 1 < t->levels)
            level++;
    }
    return true;
}

static uint32_t pick_service(const struct tables *t, const struct prompt *p, struct graphset *out,
                             gsl_rng *rng)
{
    if (p->service)
        return names_id_of(out->names, p->service);
    return names_id(out->names, names_str(t->train->names, (uint32_t)bag_draw(&t->service, rng)));
}

enum draw_outcome tables_draw(const struct tables *t, const struct prompt *p, gsl_rng *rng,
                              struct graphset *out)
{
    uint32_t service = pick_service(t, p, out, rng);
    struct sketch s = { .at = mem_array(t->levels, sizeof *s.at) };
    bool whole = draw_tree(t, &s, rng);
    for (size_t i = 0; whole && i < s.n; i++)   /* into the names of out */
        s.calls[i].dst = names_id(out->names, names_str(t->train->names, s.calls[i].dst));
    if (whole)
        s.calls[0].src = names_id_of(out->names, "USER");
    enum draw_outcome o = !whole ? DRAW_TOO_LARGE
                                 : draw_finish(s.calls, s.n, service, t->timed, out->names, out);
    free(s.at);
    free(s.calls);
    return o;
}

static void free_bags(struct bag *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bag_free(&b[i]);
    free(b);
}

void tables_free(struct tables *t)
{
    size_t cells = t->levels * CALL_TYPES;
    bag_free(&t->service);
    free_bags(t->type, t->levels);
    free_bags(t->children, t->levels);
    free_bags(t->leaf, cells);
    free_bags(t->dst, cells);
    free_bags(t->rt, cells);
    free_bags(t->gap, cells);
    free(t);
}
