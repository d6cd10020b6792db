/* compat_graph.c: the original's notion of a valid graph, holes included (tracellm 1.3).
 *
 * The trie of dotted ids is a table of all prefixes: "0.1.12" enters "0", "0.1" and itself. The
 * trie's own root has no call, which is what lets a second root or an orphan "9.1" pass.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/names.h"
#include "trace/compat_priv.h"

struct node {
    uint32_t parent;           /* CALL_NONE: the trie's root */
    uint32_t call;             /* CALL_NONE: no call has this id */
    bool inner;
};

struct trie {
    struct names *ids;
    struct node *node;
    size_t cap, n;
};

static size_t enter(struct trie *t, struct str id, uint32_t call)
{
    size_t depth = 0, from = 0;
    uint32_t parent = CALL_NONE, at = CALL_NONE;
    while (from <= id.n) {
        const char *dot = from < id.n ? memchr(id.p + from, '.', id.n - from) : NULL;
        size_t end = dot ? (size_t)(dot - id.p) : id.n;
        at = names_id(t->ids, (struct str){ id.p, end });
        if (at == t->n) {
            MEM_GROW(t->node, t->n, t->cap);
            t->node[t->n++] = (struct node){ parent, CALL_NONE, false };
        }
        if (parent != CALL_NONE)
            t->node[parent].inner = true;
        parent = at;
        from = end + 1;
        depth++;
    }
    t->node[at].call = call;
    return depth;
}

static int64_t finish(const struct compat_call *c)
{
    return (int64_t)((uint64_t)c->start + (uint64_t)c->rt);
}

static bool node_valid(const struct trie *t, const struct node *x, const struct compat_call *calls)
{
    if (x->parent == CALL_NONE || t->node[x->parent].call == CALL_NONE)
        return true;
    if (x->call == CALL_NONE)
        return !x->inner;
    const struct compat_call *c = &calls[x->call], *p = &calls[t->node[x->parent].call];
    return finish(c) <= finish(p) && str_eq(c->src, p->dst);
}

bool compat_valid(struct compat_graph *g)
{
    struct trie t = { .ids = names_new() };
    g->depth = 0;
    for (size_t i = 0; i < g->n; i++) {
        size_t d = enter(&t, g->calls[i].rpc_id, (uint32_t)i);
        g->depth = d > g->depth ? d : g->depth;
    }
    bool good = g->n && str_is(g->calls[0].rpc_id, "0");
    for (size_t i = 0; good && i < t.n; i++)
        good = node_valid(&t, &t.node[i], g->calls);
    names_free(t.ids);
    free(t.node);
    return good;
}

bool compat_is_dotted(struct str id)
{
    bool digit = false;
    for (size_t i = 0; i < id.n; i++) {
        if (id.p[i] == '.' ? !digit : id.p[i] < '0' || id.p[i] > '9')
            return false;
        digit = id.p[i] != '.';
    }
    return digit;
}

/* The next component of *s as digits without leading zeros; "" for 0 and when there is none. */
static struct str component(struct str *s)
{
    struct str c = { s->p, 0 };
    while (c.n < s->n && s->p[c.n] != '.')
        c.n++;
    size_t used = c.n < s->n ? c.n + 1 : c.n;
    *s = (struct str){ s->p + used, s->n - used };
    while (c.n && c.p[0] == '0')
        c.p++, c.n--;
    return c;
}

int compat_compare_ids(struct str a, struct str b)
{
    while (a.n || b.n) {
        struct str x = component(&a), y = component(&b);
        if (x.n != y.n)
            return x.n < y.n ? -1 : 1;
        int c = x.n ? memcmp(x.p, y.p, x.n) : 0;
        if (c)
            return c;
    }
    return 0;
}
