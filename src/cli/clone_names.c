/* clone_names.c: see the header. */
#include "cli/clone_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "trace/export.h"
#include "trace/spans.h"

#define SEAM '\x1f'

static uint32_t joined(struct names *to, const struct names *from, const struct call *c,
                       struct buf *b)
{
    struct str dst = names_str(from, c->dst);
    buf_clear(b);
    buf_add(b, dst.p, dst.n);
    if (c->interface != NAMES_NONE) {
        struct str name = names_str(from, c->interface);
        buf_char(b, SEAM);
        buf_add(b, name.p, name.n);
    }
    return names_id(to, buf_view(b));
}

size_t clone_pairs(const struct graphset *s)
{
    struct names *pairs = names_new();
    struct buf b = { 0 };
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->graphs[i].n; k++)
            joined(pairs, s->names, &s->graphs[i].calls[k], &b);
    size_t n = names_count(pairs);
    names_free(pairs);
    buf_free(&b);
    return n;
}

static struct graphset *copy_of(const struct graphset *s)
{
    struct graphset *out = graphset_new();
    out->tick_us = s->tick_us;
    for (size_t i = 0; i < s->n; i++)
        graphset_copy(out, &s->graphs[i], s->names);
    return out;
}

/* Callers of all but the root follow from their parents. */
static void follow_parents(struct callgraph *g)
{
    for (size_t k = 1; k < g->n; k++)
        g->calls[k].src = g->calls[g->calls[k].parent].dst;
}

struct graphset *clone_join(const struct graphset *s, bool interfaces)
{
    struct graphset *out = copy_of(s);
    struct buf b = { 0 };
    for (size_t i = 0; i < out->n; i++) {
        struct callgraph *g = &out->graphs[i];
        for (size_t k = 0; k < g->n; k++) {
            if (interfaces)
                g->calls[k].dst = joined(out->names, out->names, &g->calls[k], &b);
            g->calls[k].interface = NAMES_NONE;
        }
        follow_parents(g);
    }
    buf_free(&b);
    return out;
}

struct graphset *clone_split(const struct graphset *s)
{
    struct graphset *out = copy_of(s);
    for (size_t i = 0; i < out->n; i++) {
        struct callgraph *g = &out->graphs[i];
        for (size_t k = 0; k < g->n; k++) {
            struct call *c = &g->calls[k];
            struct str name = names_str(out->names, c->dst);
            const char *seam = memchr(name.p, SEAM, name.n);
            if (!seam)
                continue;
            struct str dst = { name.p, (size_t)(seam - name.p) };
            c->interface = names_id(out->names, (struct str){ seam + 1, name.n - dst.n - 1 });
            c->dst = names_id(out->names, dst);
        }
        follow_parents(g);
    }
    return out;
}

/* ---- renaming ---- */

struct renaming {
    const char *prefix;
    uint32_t *to;              /* (names) new id, or NAMES_NONE */
    uint32_t *seen;            /* ids that occur, in order of appearance */
    size_t n, cap;
};

static void meet(struct renaming *r, uint32_t id)
{
    if (id == NAMES_NONE || r->to[id] != NAMES_NONE)
        return;
    r->to[id] = id;
    MEM_GROW(r->seen, r->n, r->cap);
    r->seen[r->n++] = id;
}

static struct renaming renaming_new(const char *prefix, size_t names)
{
    struct renaming r = { .prefix = prefix, .to = mem_array(names, sizeof *r.to) };
    memset(r.to, 0xFF, names * sizeof *r.to);
    return r;
}

/* Numbers in a random order: that of appearance would tell which is the busiest. */
static void number(struct renaming *r, struct graphset *s, uint64_t seed, struct buf *key)
{
    struct buf b = { 0 };
    size_t *order = mem_array(r->n + 1, sizeof *order);
    gsl_rng *rng = rng_stream(seed, "clone/rename", (uint64_t)r->prefix[0]);
    for (size_t i = 0; i < r->n; i++)
        order[i] = i;
    rng_shuffle(rng, order, r->n);
    for (size_t i = 0; i < r->n; i++) {
        uint32_t id = r->seen[order[i]];
        buf_clear(&b);
        buf_printf(&b, "%s-%zu", r->prefix, i + 1);
        r->to[id] = names_id(s->names, buf_view(&b));
        buf_printf(key, "%s,", r->prefix);
        export_csv_field(key, names_str(s->names, id));
        buf_printf(key, ",%s\n", b.p);
    }
    gsl_rng_free(rng);
    free(order);
    buf_free(&b);
}

static void spell_endpoint(const struct names *names, const struct call *root, struct buf *b)
{
    buf_clear(b);
    buf_str(b, names_get(names, root->dst));
    if (root->interface != NAMES_NONE)
        buf_printf(b, ":%s", names_get(names, root->interface));
}

static uint32_t renamed(const struct renaming *r, uint32_t id)
{
    return id == NAMES_NONE ? id : r->to[id];
}

static void rename_graph(struct graphset *s, struct callgraph *g, const struct renaming *services,
                         const struct renaming *operations, const struct renaming *endpoints,
                         uint32_t user)
{
    struct buf b = { 0 };
    spell_endpoint(s->names, &g->calls[0], &b);
    bool spelt = str_eq(buf_view(&b), names_str(s->names, g->service));
    for (size_t k = 0; k < g->n; k++) {
        struct call *c = &g->calls[k];
        c->src = c->src == user ? user : renamed(services, c->src);
        c->dst = c->dst == user ? user : renamed(services, c->dst);
        c->interface = renamed(operations, c->interface);
    }
    spell_endpoint(s->names, &g->calls[0], &b);
    g->service = spelt ? names_id(s->names, buf_view(&b)) : renamed(endpoints, g->service);
    buf_free(&b);
}

void clone_rename(struct graphset *s, uint64_t seed, struct buf *key)
{
    size_t names = names_count(s->names);
    uint32_t user = names_find(s->names, STR(SPAN_USER));
    struct renaming services = renaming_new("service", names),
                    operations = renaming_new("operation", names),
                    endpoints = renaming_new("endpoint", names);
    for (size_t i = 0; i < s->n; i++) {
        meet(&endpoints, s->graphs[i].service);
        for (size_t k = 0; k < s->graphs[i].n; k++) {
            const struct call *c = &s->graphs[i].calls[k];
            if (c->src != user)
                meet(&services, c->src);
            if (c->dst != user)
                meet(&services, c->dst);
            meet(&operations, c->interface);
        }
    }
    buf_str(key, "kind,real,written\n");
    number(&services, s, seed, key);
    number(&operations, s, seed, key);
    number(&endpoints, s, seed, key);
    for (size_t i = 0; i < s->n; i++)
        rename_graph(s, &s->graphs[i], &services, &operations, &endpoints, user);
    struct renaming *all[] = { &services, &operations, &endpoints };
    for (size_t i = 0; i < 3; i++) {
        free(all[i]->to);
        free(all[i]->seen);
    }
}
