/* assembly.c: see the header. */
#include "text/assembly.h"

#include <stdlib.h>
#include <string.h>

void assembly_collect(const struct layer_text *t, struct layer_place at, struct flat *calls)
{
    for (size_t i = 0; i < t->n_edges; i++) {
        const struct text_edge *e = &t->edges[i];
        struct flat_call *c = flat_add(calls, at.prefix, at.depth, e->id);
        c->type = e->type;
        c->dst = e->dst;
        c->src = header_has(&t->header, HEAD_START_NODE) ? t->header.text[HEAD_START_NODE]
                                                         : (struct str){ "", 0 };
        c->start = e->start;
        c->finish = e->finish;
    }
}

struct layer_place assembly_below(const struct layer_text *t, struct layer_place at, size_t i,
                                  struct arena *arena)
{
    if (t->n_edges == 0)
        return at;
    int64_t *prefix = ARENA_ARRAY(arena, at.depth + 1, int64_t);
    if (at.depth)
        memcpy(prefix, at.prefix, at.depth * sizeof *prefix);
    prefix[at.depth] = t->subs[i].index;
    return (struct layer_place){ prefix, at.depth + 1 };
}

struct assembly assembly_begin(struct arena *arena)
{
    return (struct assembly){ .arena = arena, .calls = { .arena = arena } };
}

void assembly_free(struct assembly *a)
{
    flat_free(&a->calls);
    free(a->due);
    *a = (struct assembly){ 0 };
}

static bool same_header(const struct header *a, const struct header *b)
{
    if (a->keys != b->keys)
        return false;
    for (int k = 0; k < HEAD_KEYS; k++)
        if (header_has(a, (enum header_key)k) &&
            (header_key_is_text((enum header_key)k) ? !str_eq(a->text[k], b->text[k])
                                                    : a->number[k] != b->number[k]))
            return false;
    return true;
}

static const char *fault_of(const struct layer_text *t)
{
    const uint32_t need = (1u << EDGE_FIELDS) - 1 - (1u << FIELD_SOURCE);
    if (t->n_edges == 0 && (!t->split || t->n_subs == 0))
        return "neither edges nor parts";
    if (t->odd_lines || t->open_sub || (t->has_edges && !t->closed))
        return "a line that is no edge, or no end";
    for (size_t i = 0; i < t->n_edges; i++)
        if ((t->edges[i].fields & need) != need || t->edges[i].odd)
            return "an edge lacks a field";
    return NULL;
}

bool assembly_take(struct assembly *a, const struct layer_text *t, const char **why)
{
    struct layer_place at = { 0 };
    *why = fault_of(t);
    if (*why)
        return false;
    if (a->layers == 0) {
        a->root = t->header;
        a->service = t->header.text[HEAD_ID];
    } else {
        *why = "not the layer that was announced";
        if (a->n_due == 0 || !same_header(&t->header, &a->due[a->n_due - 1].header))
            return false;
        at = a->due[--a->n_due].at;
    }
    a->layers++;
    assembly_collect(t, at, &a->calls);
    for (size_t i = t->n_subs; i-- > 0;) {
        MEM_GROW(a->due, a->n_due, a->cap);
        a->due[a->n_due++] =
            (struct pending){ assembly_below(t, at, i, a->arena), t->subs[i].header };
    }
    *why = NULL;
    return true;
}
