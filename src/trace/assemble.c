/* assemble.c: the rows of one trace to a tree. Sorted by key, then time, rows stand in pre-order
 * and the records of one call side by side:
 *
 *     0   0.1   0.1   0.1.1   0.2        second 0.1: another record of the same call
 *     |   `---- parent of 0.1.1 is the last call whose key is one component shorter
 */
#include "trace/mend_priv.h"

#include <stdlib.h>
#include <string.h>

int row_compare_keys(const struct row *x, const struct row *y)
{
    if (x->prefix != y->prefix)
        return x->prefix < y->prefix ? -1 : 1;
    if (x->key_n > 8 && y->key_n > 8) {
        size_t n = x->key_n < y->key_n ? x->key_n : y->key_n;
        int c = memcmp(x->key + 8, y->key + 8, n - 8);
        if (c)
            return c;
    }
    return (x->key_n > y->key_n) - (x->key_n < y->key_n);
}

static int compare(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    int c = row_compare_keys(x, y);
    if (c == 0)
        c = (x->timestamp > y->timestamp) - (x->timestamp < y->timestamp);
    return c ? c : (x->line > y->line) - (x->line < y->line);
}

/* Traces are short and nearly sorted: insertion; the few long ones by qsort. */
void rows_sort(struct row *r, size_t n)
{
    if (n > 40) {
        qsort(r, n, sizeof *r, compare);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        if (compare(&r[i - 1], &r[i]) <= 0)
            continue;
        struct row t = r[i];
        size_t j = i;
        for (; j > 0 && compare(&r[j - 1], &t) > 0; j--)
            r[j] = r[j - 1];
        r[j] = t;
    }
}

static bool is_prefix(const struct row *p, const struct row *r)
{
    return p->key_n < r->key_n && memcmp(p->key, r->key, p->key_n) == 0;
}

static bool same_call(const struct row *a, const struct row *b)
{
    return a->um == b->um && a->dm == b->dm && a->type == b->type;
}

static void fill(struct call *c, const struct row *r, int64_t base)
{
    *c = (struct call){ .src = r->um, .dst = r->dm, .interface = r->interface,
                        .parent = CALL_NONE, .type = r->type, .kind = r->kind,
                        .status = r->status, .async = r->async,
                        .start = r->timestamp - base, .rt = r->rt };
}

/* Hang call i (row r) below the nearest call before it whose key is a prefix of r's. rows[0..i)
 * are the rows of the calls before. */
static enum import_cause hang(const struct row *rows, struct call *calls, size_t i,
                              const struct row *r)
{
    uint32_t p = (uint32_t)i - 1;
    while (p != CALL_NONE && !is_prefix(&rows[p], r))
        p = calls[p].parent;
    if (p == CALL_NONE) {
        uint32_t v;
        return row_key_component(r->key, &v) == r->key_n ? CAUSE_ROOTS : CAUSE_ORPHAN;
    }
    if (rows[p].key_n + row_key_component(r->key + rows[p].key_n, &calls[i].id) != r->key_n)
        return CAUSE_ORPHAN;
    calls[i].parent = p;
    calls[i].level = (uint16_t)(calls[p].level + 1);
    if (calls[i].src != calls[p].dst)
        return CAUSE_SRC;
    if (!calls[i].async && call_finish(&calls[i]) > call_finish(&calls[p]))
        return CAUSE_FINISH;
    return IMPORT_CAUSES;
}

static const struct row *other_service(const struct row *rows, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (rows[i].service != rows[0].service)
            return &rows[i];
    return NULL;
}

bool assemble(struct row *rows, size_t n, struct callgraph *g, struct call *calls, size_t *seconds,
              const struct row **second, enum import_cause *cause, const struct row **bad)
{
    *seconds = 0;
    *cause = CAUSE_SERVICES;
    *bad = other_service(rows, n);
    if (*bad)
        return false;
    rows_sort(rows, n);
    *cause = CAUSE_NO_ROOT;
    *bad = &rows[0];
    if (rows[0].key_n != 1 || rows[0].key[0] != 0)
        return false;
    int64_t base = rows[0].timestamp;
    for (size_t i = 1; i < n; i++)
        if (rows[i].timestamp < base)
            base = rows[i].timestamp;
    fill(&calls[0], &rows[0], base);
    size_t used = 1;
    for (size_t i = 1; i < n; i++) {
        *bad = &rows[i];
        if (row_compare_keys(&rows[i], &rows[used - 1]) == 0) {
            *cause = CAUSE_CONFLICT;
            if (!same_call(&rows[i], &rows[used - 1]))
                return false;
            if ((*seconds)++ == 0)
                *second = &rows[i];
            continue;
        }
        fill(&calls[used], &rows[i], base);
        *cause = hang(rows, calls, used, &rows[i]);
        if (*cause != IMPORT_CAUSES)
            return false;
        if (used != i) {   /* rows[0..used) are the calls' own; what stood there goes behind */
            struct row t = rows[used];
            rows[used] = rows[i];
            rows[i] = t;
        }
        if (*second == &rows[used])
            *second = &rows[i];
        used++;
    }
    *g = (struct callgraph){ .service = rows[0].service, .trace_id = NAMES_NONE, .arrival = base,
                             .timed = true, .n = used, .calls = calls };
    return true;
}
