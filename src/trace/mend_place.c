/* mend_place.c: calls go below the call that their caller received. Ids say nearly always which
 * that is; where they and the callers disagree, a caller that kept a number it should have given
 * back, or a call that was not numbered, explains it:
 *
 *     0.1.2      m1 -> m2   rpc                      0.1.2      m1 -> m2
 *     0.1.2.1    m2 -> m8   mc       kept    ->      |- 0.1.2.1     m2 -> m8
 *     0.1.2.1.1  m2 -> m8   mc                       `- 0.1.2.1.1   m2 -> m8
 *
 *     0          USER -> m1  http                    0          USER -> m1
 *     0.1        m3 -> m4    rpc     between ->      `- (put)       m1 -> m3
 *     0.2        m3 -> m5    rpc                         |- 0.1     m3 -> m4
 *                                                        `- 0.2     m3 -> m5
 *
 * A single call whose caller takes no other part in the trace does not prove either: its caller is
 * named anew, in mend_names.c.
 */
#include "trace/mend_room_priv.h"

#include <stdlib.h>

#include "base/mem.h"

enum { HOPS_MAX = 16 };        /* callers that are put below one call */

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void know_seen(struct mend_room *m)
{
    MEM_RESERVE(m->seen, m->n, m->seen_cap);
    for (size_t i = 0; i < m->n; i++)
        m->seen[i] = m->node[i].dst;
    qsort(m->seen, m->n, sizeof *m->seen, ascending);
    m->n_seen = m->n;
}

/* Does a caller take part in the trace, beyond what one call says of it? */
static bool attested(struct mend_room *m, const struct node *above, uint32_t um)
{
    if (tally_of(&above->callers, um) > 1)
        return true;
    if (m->n_seen == 0)
        know_seen(m);
    return bsearch(&um, m->seen, m->n_seen, sizeof um, ascending) != NULL;
}

/* The nearest call above p, by ids, that this caller received. */
static uint32_t received_by(const struct mend_room *m, uint32_t p, uint32_t um)
{
    do
        p = m->node[p].above;
    while (p != CALL_NONE && m->node[p].dst != um);
    return p;
}

/* Does the call p say of its caller something else than the call above it? Then its id may not be
 * its own either. */
static bool is_stranger(const struct mend_room *m, const struct node *p)
{
    return !p->put && p->parent != CALL_NONE && p->um.n &&
           m->node[p->parent].dst != m->rules->nobody &&
           !tally_of(&p->um, m->node[p->parent].dst);
}

/* The call to `um` that is put below p, or beside it, made if it is not there; CALL_NONE if there
 * are too many. Node i is the first to need it. */
static uint32_t hop_to(struct mend_room *m, uint32_t p, uint32_t um, uint32_t i)
{
    size_t n = 0;
    for (uint32_t h = m->node[p].hop; h != CALL_NONE; h = m->node[h].next_hop, n++)
        if (m->node[h].dst == um)
            return h;
    if (n >= HOPS_MAX)
        return CALL_NONE;
    const struct node *to = &m->node[p];
    uint32_t parent = is_stranger(m, to) ? to->parent : p,
             h = mend_put(m, to->key, to->key_n, parent, m->node[i].row);
    struct node *hop = &m->node[h];
    hop->dst = um;
    hop->between = true;
    hop->next_hop = m->node[p].hop;
    m->node[p].hop = h;
    m->node[i].before = h;
    m->node[parent].renumber = true;
    return h;
}

static void place(struct mend_room *m, uint32_t i)
{
    struct node *k = &m->node[i];
    uint32_t p = k->parent, um = tally_winner(&k->um);
    if (!is_name(um) || m->node[p].dst == m->rules->nobody || tally_of(&k->um, m->node[p].dst))
        return;
    uint32_t to = received_by(m, p, um);
    bool stranger = is_stranger(m, &m->node[p]);
    if (to != CALL_NONE && !stranger && mend_may(m, DEED_IDS))
        k->parent = to;
    else if (mend_may(m, DEED_PARENT) &&
             (to != CALL_NONE || attested(m, &m->node[p], um))) {
        uint32_t hop = hop_to(m, p, um, i);
        if (hop != CALL_NONE)
            m->node[i].parent = hop;
    }
}

/* Calls that moved, or share an id, make those beside them be numbered anew. */
static void settle(struct mend_room *m, uint32_t i)
{
    struct node *k = &m->node[i];
    const struct node *p = &m->node[k->parent];
    k->moved = k->parent != k->above && !p->between;
    if (k->parent != k->above || k->groups > 1)
        m->node[k->parent].renumber = true;
}

void mend_place(struct mend_room *m)
{
    size_t n = m->n;
    m->n_seen = 0;
    for (uint32_t i = 1; i < n; i++) {
        if (m->node[i].dead)
            continue;
        place(m, i);
        settle(m, i);
    }
}
