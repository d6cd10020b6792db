/* spans_parents.c: who is whose parent, and who is the root.
 *
 * Zipkin lets the two sides of a call share one id, so an id may have a client's node and a
 * server's; the server's hangs below the client's, and so does what else has that id for a parent
 * and does not lie in the server's service.
 *
 *     id 7 client A           A calls B: two spans, id 7 both
 *     `- id 7 server B        parent 7, in B: below the server's
 *        `- id 8 ... B
 */
#include <string.h>

#include "base/hash.h"
#include "trace/spans_room_priv.h"

void spans_deed(struct trace_at_work *w, enum import_deed d, size_t i)
{
    if (w->deeds->spans[d]++ == 0)
        w->deeds->first[d] = i;
}

int64_t spans_earliest(const struct span *s, size_t n)
{
    int64_t t = INT64_MAX;
    for (size_t i = 0; i < n; i++)
        if (s[i].start_ns != SPAN_NO_TIME && s[i].start_ns < t)
            t = s[i].start_ns;
    return t == INT64_MAX ? 0 : t;
}

static size_t bucket_of(const struct spans_room *m, struct str id)
{
    return (size_t)hash64(id.p, id.n, 0) & (m->buckets - 1);
}

static bool same_record(const struct span *a, const struct span *b)
{
    return a->kind == b->kind && a->status == b->status && a->start_ns == b->start_ns &&
           a->end_ns == b->end_ns && str_eq(a->parent, b->parent) &&
           str_eq(a->service, b->service) && str_eq(a->operation, b->operation);
}

/* Zipkin's late reports: what the first record lacks comes in another of the same service. */
static bool completes(const struct span *a, const struct span *b)
{
    return a->shared == b->shared && str_eq(a->service, b->service) &&
           (a->start_ns == SPAN_NO_TIME || b->start_ns == SPAN_NO_TIME);
}

static void complete(struct span *a, const struct span *b)
{
    if (a->start_ns == SPAN_NO_TIME) {
        a->start_ns = b->start_ns;
        a->end_ns = b->end_ns;
    }
    if (a->kind == KIND_INTERNAL)
        a->kind = b->kind;
    if (a->operation.n == 0)
        a->operation = b->operation;
    if (a->parent.n == 0)
        a->parent = b->parent;
    if (a->peer.n == 0)
        a->peer = b->peer;
    if (a->type == SPAN_TYPE_GUESS)
        a->type = b->type;
    a->status = a->status > b->status ? a->status : b->status;
}

/* File span i under its id, unless it is another record of one that is there. */
static void enter(struct trace_at_work *w, size_t i)
{
    struct spans_room *m = w->m;
    struct span *s = &w->s[i];
    size_t b = bucket_of(m, s->id);
    m->node[i] = (struct node){ NONE, NONE, NONE, NONE, NONE, false, false };
    uint32_t *end = &m->bucket[b];
    for (; *end != NONE; end = &m->node[*end].same) {
        struct span *t = &w->s[*end];
        if (!str_eq(t->id, s->id))
            continue;
        bool same = same_record(t, s);
        if (same || completes(t, s)) {
            if (!same)
                complete(t, s);
            if (w->deeds->second++ == 0)
                w->deeds->second_first = i;
            m->node[i].dead = true;
            return;
        }
        if (s->kind == KIND_SERVER && t->kind == KIND_CLIENT)
            s->shared = true;
        if (t->kind == KIND_SERVER && s->kind == KIND_CLIENT)
            t->shared = true;
    }
    *end = (uint32_t)i;
}

static void enter_all(struct trace_at_work *w)
{
    struct spans_room *m = w->m;
    size_t buckets = 16;
    while (buckets < 2 * w->n)
        buckets *= 2;
    MEM_RESERVE(m->node, w->n + 1, m->node_cap);
    MEM_RESERVE(m->bucket, buckets, m->bucket_cap);
    m->buckets = buckets;
    memset(m->bucket, 0xFF, buckets * sizeof *m->bucket);
    for (size_t i = 0; i < w->n; i++)
        enter(w, i);
}

/* How well node k suits as parent of span s: 0 not at all. */
static int suits(const struct trace_at_work *w, uint32_t k, const struct span *s)
{
    const struct span *p = &w->s[k];
    int here = str_eq(p->service, s->service) ? 4 : 0;
    return 1 + here + (p->shared ? 1 : 0);
}

/* The node that span i hangs below; NONE: none of that id; *several: no choice is better. */
static uint32_t find_parent(const struct trace_at_work *w, size_t i, bool *several)
{
    const struct spans_room *m = w->m;
    const struct span *s = &w->s[i];
    uint32_t best = NONE;
    int best_suits = 0;
    *several = false;
    if (s->shared) {           /* the client's half of the same id, if it was recorded */
        for (uint32_t k = m->bucket[bucket_of(m, s->id)]; k != NONE; k = m->node[k].same)
            if (k != i && str_eq(w->s[k].id, s->id) && !w->s[k].shared)
                return k;
    }
    if (s->parent.n == 0)
        return NONE;
    for (uint32_t k = m->bucket[bucket_of(m, s->parent)]; k != NONE; k = m->node[k].same) {
        if (!str_eq(w->s[k].id, s->parent))
            continue;
        int fit = suits(w, k, s);
        *several = fit == best_suits;
        if (fit > best_suits) {
            best = k;
            best_suits = fit;
        }
    }
    return best;
}

static enum import_cause find_parents(struct trace_at_work *w, struct kin *kin)
{
    struct spans_room *m = w->m;
    *kin = (struct kin){ 0 };
    for (size_t i = 0; i < w->n; i++) {
        if (m->node[i].dead)
            continue;
        bool several;
        uint32_t p = m->node[i].parent = find_parent(w, i, &several);
        w->bad = i;
        if (several)
            return CAUSE_CONFLICT;
        if (p != NONE)
            continue;
        if (w->s[i].parent.n == 0) {
            if (kin->roots++ == 0)
                kin->root = i;
        } else if (kin->orphans++ == 0)
            kin->orphan = i;
    }
    return IMPORT_CAUSES;
}

/* A trace whose root lies outside, and is the parent of a single span: that is the root. */
static bool adopt_root(struct trace_at_work *w, struct kin *kin)
{
    if (!(w->repair & 1u << DEED_ROOT) || kin->roots != 0 || kin->orphans != 1)
        return false;
    kin->roots = 1;
    kin->root = kin->orphan;
    kin->orphans = 0;
    spans_deed(w, DEED_ROOT, kin->root);
    return true;
}

/* All that has no parent names the same one, which is not there: it was the root. A span is put in
 * its place, in the service of those that it called from within (what is not a server's span lies
 * where its parent does), from the first start to the last end. The caller left room for it. */
static bool put_root(struct trace_at_work *w, struct kin *kin)
{
    if (!(w->repair & 1u << DEED_PARENT) || kin->roots != 0 || kin->orphans == 0)
        return false;
    struct span root = span_new();
    root.id = w->s[kin->orphan].parent;
    root.start_ns = spans_earliest(w->s, w->n);
    for (size_t i = 0; i < w->n; i++) {
        const struct span *s = &w->s[i];
        if (w->m->node[i].dead || w->m->node[i].parent != NONE)
            continue;
        if (!str_eq(s->parent, root.id))
            return false;
        if (s->kind != KIND_SERVER && s->kind != KIND_CONSUMER && root.service.n == 0)
            root.service = s->service;
        if (s->end_ns != SPAN_NO_TIME && s->end_ns > root.end_ns)
            root.end_ns = s->end_ns;
    }
    if (root.service.n == 0)
        root.service = STR(SPAN_NO_SERVICE);
    for (size_t i = 0; i < w->n; i++)
        if (!w->m->node[i].dead && w->m->node[i].parent == NONE)
            w->m->node[i].parent = (uint32_t)w->n;
    root.kind = KIND_SERVER;
    root.line = w->s[kin->orphan].line;
    w->s[w->n] = root;
    w->m->node[w->n] = (struct node){ NONE, NONE, NONE, NONE, NONE, false, false };
    spans_deed(w, DEED_PARENT, kin->orphan);
    *kin = (struct kin){ .roots = 1, .root = w->n++ };
    return true;
}

static enum import_cause one_root(struct trace_at_work *w, struct kin *kin)
{
    w->bad = kin->roots ? kin->root : kin->orphan;
    if (!adopt_root(w, kin) && !put_root(w, kin) && kin->roots == 0)
        return kin->orphans ? CAUSE_NO_ROOT : CAUSE_CYCLE;
    if (kin->roots > 1)
        return CAUSE_ROOTS;
    w->bad = kin->orphan;
    if (kin->orphans && !(w->repair & 1u << DEED_LOSS))
        return CAUSE_ORPHAN;
    return IMPORT_CAUSES;
}

enum import_cause spans_parents(struct trace_at_work *w, struct kin *kin)
{
    enter_all(w);
    enum import_cause c = find_parents(w, kin);
    return c == IMPORT_CAUSES ? one_root(w, kin) : c;
}
