/* mend_calls.c: nodes to calls. Nodes that moved are out of order, so the tree is walked: down to
 * name, up for the times of calls that were put, and down again for what a graph holds. */
#include "trace/mend_room_priv.h"

#include "base/mem.h"

static void link_node(struct mend_room *m, uint32_t i)
{
    struct node *k = &m->node[i];
    if (k->parent == CALL_NONE)
        return;
    k->sibling = m->node[k->parent].child;
    m->node[k->parent].child = i;
}

/* Of n nodes and those that were put before some of them: children in the order of their ids. */
static void link_all(struct mend_room *m, size_t n)
{
    for (uint32_t i = (uint32_t)n; i-- > 0;) {
        link_node(m, i);
        if (m->node[i].before != CALL_NONE)
            link_node(m, m->node[i].before);
    }
}

/* The node after i in pre-order, below i only if `down`; CALL_NONE at the end. */
static uint32_t next_node(const struct mend_room *m, uint32_t i, bool down)
{
    if (down && m->node[i].child != CALL_NONE)
        return m->node[i].child;
    while (i != CALL_NONE && m->node[i].sibling == CALL_NONE)
        i = m->node[i].parent;
    return i == CALL_NONE ? i : m->node[i].sibling;
}

static bool name_all(struct mend_room *m)
{
    m->n_order = 0;
    for (uint32_t i = 0; i != CALL_NONE; i = next_node(m, i, !m->node[i].dead)) {
        struct node *k = &m->node[i];
        if (!k->dead && !mend_name(m, k))
            return false;
        if (k->dead)
            continue;
        if (k->type == TYPE_UNKNOWN) {
            k->type = CALL_OTHER;
            mend_deed(m, DEED_TYPE, k, "", WORD_UNKNOWN, WORD_UNKNOWN);
        }
        MEM_GROW(m->order, m->n_order, m->order_cap);
        k->call = (uint32_t)m->n_order;
        m->order[m->n_order++] = i;
    }
    return true;
}

/* A call that was put takes from the first start below it to the last end; one with nothing left
 * below it, no time where its row is. */
static void time_put(struct mend_room *m)
{
    for (size_t i = 0; i < m->n_order; i++) {
        struct node *k = &m->node[m->order[i]];
        if (k->put) {
            k->start = INT64_MAX;
            k->end = INT64_MIN;
        }
    }
    for (size_t i = m->n_order; i-- > 0;) {
        struct node *k = &m->node[m->order[i]];
        if (k->put && k->start > k->end)
            k->start = k->end = mend_row(m, k)->timestamp;
        if (k->parent == CALL_NONE || !m->node[k->parent].put)
            continue;
        struct node *p = &m->node[k->parent];
        p->start = k->start < p->start ? k->start : p->start;
        p->end = k->end > p->end ? k->end : p->end;
    }
}

static uint32_t number(struct mend_room *m, const struct node *k)
{
    struct node *p = &m->node[k->parent];
    if (p->renumber)
        return ++p->made;
    uint32_t id;
    row_key_component(k->key + mend_parent_key(k->key, k->key_n), &id);
    return id;
}

static void put_call(struct mend_room *m, const struct node *k)
{
    struct call *c = &m->calls[k->call];
    *c = (struct call){ .src = k->src, .dst = k->dst, .interface = k->interface, .type = k->type,
                        .parent = CALL_NONE, .start = k->start, .rt = k->end - k->start,
                        .kind = k->type == CALL_MQ ? KIND_PRODUCER : KIND_CLIENT };
    m->from[k->call] = k->put ? NULL : mend_row(m, k);
    m->out->unnamed += k->dst == m->rules->nobody;
    if (k->parent == CALL_NONE)
        return;
    c->id = number(m, k);
    c->parent = m->node[k->parent].call;
    c->level = (uint16_t)(m->calls[c->parent].level + 1);
    c->async = call_finish(c) > call_finish(&m->calls[c->parent]);
    if (c->async)
        mend_deed(m, DEED_OUTLASTS, k, "", WORD_UNKNOWN, WORD_UNKNOWN);
}

/* What became of the rows. */
static void count_rows(struct mend_room *m, size_t n)
{
    struct mended *out = m->out;
    for (size_t i = 0; i < n; i++) {
        const struct node *k = &m->node[i];
        if (k->put)
            continue;
        if (k->call == CALL_NONE) {
            out->lost += k->rows;
            continue;
        }
        if (k->rows > 1 && out->seconds == 0)
            out->second = mend_row(m, k) + 1;
        out->seconds += k->rows - 1;
        out->rows++;
    }
}

bool mend_calls(struct mend_room *m)
{
    size_t n = m->n;
    mend_place(m);
    link_all(m, n);
    if (!name_all(m))
        return false;
    time_put(m);
    MEM_RESERVE(m->calls, m->n_order, m->call_cap);
    MEM_RESERVE(m->from, m->n_order, m->from_cap);
    m->n_calls = m->n_order;
    for (size_t i = 0; i < m->n_order; i++)
        put_call(m, &m->node[m->order[i]]);
    count_rows(m, n);
    return true;
}
