/* mend.c: see the header. Rows of one id are a node; nodes lie in pre-order, because keys do.
 *
 *     rows -> nodes, with a node put where one is missing -> votes of calls on who made them
 *          -> callees -> nodes that their callers place elsewhere -> callers, from the root down
 *          -> times, from the leaves up -> calls
 */
#include <stdlib.h>

#include "base/mem.h"
#include "trace/mend_room_priv.h"

struct mend_room *mend_room_new(void)
{
    return mem_alloc(sizeof(struct mend_room));
}

void mend_room_free(struct mend_room *m)
{
    if (!m)
        return;
    free(m->node);
    free(m->spare);
    free(m->calls);
    free(m->from);
    free(m->change);
    free(m->seen);
    free(m->order);
    free(m);
}

bool mend_may(const struct mend_room *m, enum import_deed d)
{
    return m->rules->repair >> d & 1;
}

void mend_deed(struct mend_room *m, enum import_deed d, const struct node *k, const char *field,
               uint32_t was, uint32_t now)
{
    if (m->out->deeds[d]++ == 0)
        m->out->at[d] = mend_row(m, k);
    if (d >= IMPORT_REPAIRS)
        return;
    MEM_GROW(m->change, m->n_changes, m->change_cap);
    m->change[m->n_changes++] = (struct mend_change){
        .deed = d, .field = field, .was = was, .now = now, .key = k->key, .key_n = k->key_n,
        .node = (uint32_t)(k - m->node), .call = CALL_NONE
    };
}

bool mend_lose(struct mend_room *m, struct node *k, enum import_cause cause)
{
    m->cause = cause;
    m->bad = mend_row(m, k);
    if (!mend_may(m, DEED_LOSS) || k->above == CALL_NONE)
        return false;
    k->dead = true;
    if (!m->out->lost_at) {
        m->out->lost_at = mend_row(m, k);
        m->out->lost_cause = cause;
    }
    mend_deed(m, DEED_LOSS, k, "call", WORD_UNKNOWN, WORD_UNKNOWN);
    return true;
}

/* ---- what is written down ---- */

static void put_name(const struct mend_room *m, uint32_t id, struct buf *log)
{
    import_put_json(log, is_name(id) ? lexicon_shared_str(m->rules->names, id) : STR("UNKNOWN"));
}

void mend_log(const struct mend_room *m, struct str trace, struct buf *log)
{
    for (size_t i = 0; i < m->n_changes; i++) {
        const struct mend_change *c = &m->change[i];
        buf_str(log, "{\"trace\":");
        import_put_json(log, trace);
        buf_str(log, ",\"rpc_id\":\"");
        row_key_text(c->key, c->key_n, log);
        buf_printf(log, "\",\"repair\":\"%s\",\"field\":\"%s\",\"was\":",
                   import_deed_names[c->deed], c->field);
        put_name(m, c->was, log);
        buf_str(log, ",\"now\":");
        put_name(m, c->now, log);
        buf_str(log, "}\n");
    }
}

/* ---- the trace as a whole ---- */

static bool settle_services(struct mend_room *m, size_t n)
{
    uint32_t service = m->rows[0].service;
    for (size_t i = 1; i < n; i++) {
        if (m->rows[i].service == service)
            continue;
        m->bad = &m->rows[i];
        m->cause = CAUSE_SERVICES;
        if (!mend_may(m, DEED_SERVICE))
            return false;
        mend_deed(m, DEED_SERVICE, &m->node[0], "service", m->rows[i].service, service);
        return true;
    }
    return true;
}

/* The root's key is 0, or that of an ancestor of all others if it may be. */
static bool settle_root(struct mend_room *m)
{
    const struct node *k = &m->node[0];
    if (k->key_n == 1 && k->key[0] == 0)
        return true;
    m->bad = mend_row(m, k);
    m->cause = CAUSE_NO_ROOT;
    if (!mend_may(m, DEED_ROOT))
        return false;
    mend_deed(m, DEED_ROOT, k, "rpc_id", WORD_UNKNOWN, WORD_UNKNOWN);
    return true;
}

static bool mend_rows(struct mend_room *m, size_t n)
{
    if (!mend_nodes(m, n) || !settle_services(m, n) || !settle_root(m))
        return false;
    mend_callees(m);
    return mend_calls(m);
}

enum import_cause mend(struct mend_room *m, const struct mend_rules *rules, struct row *rows,
                       size_t n, struct callgraph *g, struct mended *out, const struct row **bad)
{
    *out = (struct mended){ 0 };
    m->rules = rules;
    m->rows = rows;
    m->out = out;
    m->n_changes = 0;
    rows_sort(rows, n);
    if (!mend_rows(m, n)) {
        *bad = m->bad;
        return m->cause;
    }
    for (size_t i = 0; i < m->n_changes; i++)
        if (m->change[i].node < m->n)
            m->change[i].call = m->node[m->change[i].node].call;
    out->change = m->change;
    out->n_changes = m->n_changes;
    out->from = m->from;
    *g = (struct callgraph){ .trace_id = NAMES_NONE, .timed = true, .calls = m->calls,
                             .n = m->n_calls };
    g->service = is_name(rows[0].service) ? rows[0].service : g->calls[0].dst;
    callgraph_arrive(g);
    return IMPORT_CAUSES;
}
