/* place.c: see the header. */
#include "gen/place.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gen/call_hash.h"

/* In pre-order the sibling after comes later, so lists are read once from either end. */
struct kin *place_kin(const struct callgraph *g, const uint64_t *name)
{
    struct kin *kin = mem_array(g->n, sizeof *kin);
    uint32_t *last = mem_array(g->n, sizeof *last);     /* 0: none, for the root is no sibling */
    for (size_t k = 0; k < g->n; k++) {
        kin[k] = (struct kin){ CALL_NONE, CALL_NONE, 0, 1, 0, call_hash(&g->calls[k], name), 1 };
        if (k == 0)
            continue;
        uint32_t p = g->calls[k].parent, b = last[p];
        if (b) {
            kin[k].before = b;
            kin[k].position = kin[b].position + 1;
            kin[b].after = (uint32_t)k;
        }
        kin[p].family = hash64_mix(kin[p].family, kin[k].own);
        last[p] = (uint32_t)k;
    }
    for (size_t k = g->n; k-- > 1;) {
        kin[g->calls[k].parent].below += kin[k].below;
        if (kin[k].after != CALL_NONE)
            kin[k].to_come = kin[kin[k].after].below + kin[kin[k].after].to_come;
    }
    free(last);
    return kin;
}

static uint64_t own_or_none(const struct kin *kin, uint32_t k)
{
    return k == CALL_NONE ? 0 : kin[k].own;
}

static uint64_t whole_hash(const struct callgraph *g, const struct kin *kin)
{
    uint64_t h = g->n;
    for (size_t k = 0; k < g->n; k++)
        h = hash64_mix(h, kin[k].own + g->calls[k].level);
    return h;
}

static void root_places(const struct callgraph *g, const struct kin *kin, uint64_t *place)
{
    uint64_t own = kin[0].own;
    place[0] = whole_hash(g, kin);
    place[1] = hash64_mix(hash64_mix(own, kin[0].family), g->n);
    place[2] = hash64_mix(own, kin[0].family);
    place[3] = hash64_mix(own, 3);
    place[4] = hash64_mix(own, 4);
}

void place_names(const struct callgraph *g, const struct kin *kin, size_t k,
                 uint64_t place[PLACES])
{
    const struct call *c = &g->calls[k];
    place[PLACES - 1] = k == 0;
    if (k == 0) {
        root_places(g, kin, place);
        return;
    }
    uint64_t own = kin[k].own, parent = kin[c->parent].own;
    uint64_t ends = (kin[k].before == CALL_NONE) + 2 * (kin[k].after == CALL_NONE);
    uint64_t above = own_or_none(kin, g->calls[c->parent].parent);
    place[0] = hash64_mix(hash64_mix(above, parent),
                          hash64_mix(kin[c->parent].family, kin[k].position));
    place[1] = hash64_mix(hash64_mix(parent, own_or_none(kin, kin[k].before)),
                          hash64_mix(own, own_or_none(kin, kin[k].after)));
    place[2] = hash64_mix(hash64_mix(parent, own), ends);
    place[3] = hash64_mix(own, ends);
    place[4] = own;
}

static float log_ticks(int64_t t)
{
    return log2f(1 + (float)(t > 0 ? t : 0));
}

static int64_t wait_from(const struct callgraph *g, uint32_t before, size_t k)
{
    const struct call *p = &g->calls[g->calls[k].parent];
    return before == CALL_NONE ? p->start : call_finish(&g->calls[before]);
}

void place_note(const struct callgraph *g, const struct kin *kin, size_t k, struct pace *pace)
{
    if (k == 0)
        return;
    float wait = log_ticks(g->calls[k].start - wait_from(g, kin[k].before, k));
    pace->waits += wait;
    pace->longest = fmaxf(pace->longest, wait);
    pace->n++;
}

void place_circumstances(const struct callgraph *g, const struct kin *kin, size_t k,
                         const struct pace *pace, float x[XS])
{
    const struct call *c = &g->calls[k];
    memset(x, 0, XS * sizeof *x);
    x[X_BELOW] = log2f((float)kin[k].below);
    x[X_TO_COME] = log2f(1 + (float)kin[k].to_come);
    if (k == 0)
        return;
    const struct call *p = &g->calls[c->parent];
    const struct call *b = kin[k].before == CALL_NONE ? NULL : &g->calls[kin[k].before];
    x[X_ROOM] = log_ticks(call_finish(p) - wait_from(g, kin[k].before, k));
    x[X_BEFORE] = b ? log_ticks(b->rt) : 0;
    x[X_PARENT] = log_ticks(p->rt);
    x[X_ROOT] = log_ticks(g->calls[0].rt);
    x[X_WAIT] = pace->n ? pace->waits / (float)pace->n : 0;
    x[X_LONGEST] = pace->longest;
}
