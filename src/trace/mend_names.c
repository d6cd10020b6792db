/* mend_names.c: who is called, which the calls below say too; and who calls, which is the callee of
 * the call above. */
#include "trace/mend_room_priv.h"

/* Of calls that share an id: which one made k? The one to k's caller, the one that was under way,
 * one that can make calls, the first: in this order of weight. */
static uint32_t one_of(const struct mend_room *m, const struct node *k)
{
    uint32_t first = m->node[k->above].group, best = first;
    int most = -1;
    for (uint32_t i = first; i < first + m->node[first].groups; i++) {
        const struct node *p = &m->node[i];
        int weight = 4 * (k->um.n == 1 && tally_of(&p->dm, k->um.id[0])) +
                     2 * (k->start >= p->start && k->start <= p->end) +
                     !call_type_is_leaf((enum call_type)p->type);
        if (weight > most) {
            most = weight;
            best = i;
        }
    }
    return best;
}

/* Has a call of the same id said the same? Then it is no other voice. */
static bool has_said(const struct mend_room *m, uint32_t i)
{
    const struct node *k = &m->node[i];
    for (uint32_t j = k->group; j < i; j++)
        if (m->node[j].parent == k->parent && tally_of(&m->node[j].um, k->um.id[0]))
            return true;
    return false;
}

static void take_votes(struct mend_room *m)
{
    for (uint32_t i = 1; i < m->n; i++) {
        struct node *k = &m->node[i];
        k->dead |= m->node[k->above].dead;
        if (k->dead)
            continue;
        k->above = one_of(m, k);
        k->parent = k->above;
        if (mend_may(m, DEED_IDS))
            k->parent = mend_caller(m, k->above, tally_winner(&k->um));
        if (k->um.n == 1 && !has_said(m, i))
            tally_count(&m->node[k->parent].callers, k->um.id[0]);
    }
}

void mend_callees(struct mend_room *m)
{
    take_votes(m);
    for (size_t i = 0; i < m->n; i++) {
        struct node *k = &m->node[i];
        uint32_t said = tally_winner(&k->callers);
        if (k->dm.n == 1)
            k->dst = k->dm.id[0];
        else if (k->dm.n == 0)
            k->dst = said;
        else
            k->dst = tally_of(&k->dm, said) ? said
                     : k->callers.n == 0    ? tally_winner(&k->dm)
                                            : WORD_UNKNOWN;
        if (k->dm.n > 1)
            k->differs = k->dm.id[k->dm.id[0] == k->dst];
        if (!is_name(k->dst))
            k->dst = m->rules->nobody;
        else if (k->dm.n > 1)
            mend_say(m, k, k->dst);
    }
}

/* What was done about the callee; or the call is lost. */
static bool tell_callee(struct mend_room *m, struct node *k)
{
    const struct node *first = &m->node[k->group];
    bool named = k->dst != m->rules->nobody;
    if (!k->put && k->dm.n == 0 && !mend_may(m, DEED_CALLER))
        return mend_lose(m, k, CAUSE_DM);
    if (is_name(k->differs) && !mend_may(m, DEED_DOUBLE))
        return mend_lose(m, k, CAUSE_CONFLICT);
    if (!named)
        mend_deed(m, DEED_NO_SERVICE, k, "dm", WORD_UNKNOWN, k->dst);
    if (k->put)
        mend_deed(m, DEED_PARENT, k, k->between ? "between" : "call", WORD_UNKNOWN, k->dst);
    else if (k->dm.n == 0 && named)
        mend_deed(m, DEED_CALLER, k, "dm", WORD_UNKNOWN, k->dst);
    if (is_name(k->differs))
        mend_deed(m, DEED_DOUBLE, k, "dm", k->differs, k->dst);
    if (first != k)
        mend_deed(m, DEED_IDS, k, "dm", first->dst, k->dst);
    return true;
}

static bool name_root(struct mend_room *m, struct node *k)
{
    k->src = k->um.n ? k->um.id[0] : m->rules->user;
    if (k->um.n == 1)
        return true;
    if (!mend_may(m, k->um.n ? DEED_CALLER : DEED_ROOT))
        return mend_lose(m, k, CAUSE_UM);
    if (k->um.n == 0)
        mend_deed(m, DEED_ROOT, k, "um", WORD_UNKNOWN, k->src);
    return true;
}

bool mend_name(struct mend_room *m, struct node *k)
{
    if (!tell_callee(m, k))
        return false;
    if (k->dead)
        return true;
    if (k->parent == CALL_NONE)
        return name_root(m, k);
    const struct node *p = &m->node[k->parent];
    k->src = p->dst;
    if (k->moved && !k->put)
        mend_deed(m, DEED_IDS, k, "parent", m->node[k->above].dst, k->src);
    if (k->put || (k->um.n == 1 && k->um.id[0] == k->src))
        return true;
    if (!mend_may(m, DEED_CALLER))
        return mend_lose(m, k, k->um.n > 1 ? CAUSE_CONFLICT : k->um.n ? CAUSE_SRC : CAUSE_UM);
    mend_deed(m, DEED_CALLER, k, "um",
              k->um.n ? k->um.id[k->um.n > 1 && k->um.id[0] == k->src] : WORD_UNKNOWN, k->src);
    return true;
}
