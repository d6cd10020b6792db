/* oracle.c: the list of oracles, and what both share. */
#include "text/oracle.h"

#include <string.h>

const struct oracle *const oracles[] = { &oracle_original, &oracle_strict, NULL };

static const char *const words[ORACLE_CODES] = {
    [CODE_SUB_INCOMPLETE] = "a sub-header lacks a key that it needs",
    [CODE_NUM_EDGES] = "num_edges does not add up",
    [CODE_SUB_INDEX] = "a sub-header of no edge",
    [CODE_SUB_START_NODE] = "a sub-header's start_node is not its edge's destination",
    [CODE_SUB_START] = "a sub-header starts after its latency",
    [CODE_SUB_LATENCY] = "a sub-header's latency is too large",
    [CODE_SUB_DEPTH] = "a sub-header's depth is above the header's",
    [CODE_NO_SUB] = "sub-headers are missing",
    [CODE_FINISH] = "an edge finishes after the latency",
    [CODE_CHAIN] = "a chain was asked for",
    [CODE_PARSE] = "not readable",
    [CODE_GRAPH] = "not a valid graph",
    [CODE_LAYER_DEPTH] = "sub-header depths do not fit the header's",
    [CODE_TABLE_DEPTH] = "wrong depth",
    [CODE_SPLIT_DEPTH] = "no part keeps the depth",
    [CODE_SPLIT_EDGES] = "a part is as large as the whole",
    [CODE_BACKWARD] = "an edge finishes before it starts",
    [CODE_EARLY] = "an edge starts too early",
    [CODE_FIRST_ID] = "wrong first edge_id",
    [CODE_NUM_CURRENT] = "wrong num_current_edges",
    [CODE_NUM_SUBGRAPHS] = "wrong num_subgraphs",
    [CODE_CALLER] = "wrong caller in a sub-header",
    [CODE_SUB_EARLY] = "a sub-header starts too early",
    [CODE_FIELDS] = "an edge lacks, repeats or adds something",
    [CODE_HEADER] = "the header is incomplete or odd",
    [CODE_ORDER] = "ids repeat or descend",
    [CODE_SUB_HEADER] = "a sub-header is incomplete or odd",
    [CODE_SERVICE] = "a sub-header of another service",
    [CODE_SUB_COUNTS] = "a sub-header contradicts itself",
    [CODE_SHAPE] = "not a layer, a split or a table",
    [CODE_NAMES] = "an unknown type or name, or a negative number",
    [CODE_SCRATCHPAD] = "wrong arithmetic",
    [CODE_FIRST_START] = "the first edge starts at another time",
    [CODE_ORPHAN] = "a call without its caller",
    [CODE_REPEATED] = "an id twice",
    [CODE_LATENCY] = "latency is not the root's",
    [CODE_PART_GAP] = "parts do not follow one another",
    [CODE_LEAF_HEADER] = "nothing below, though depth was asked for",
};

const char *oracle_code_words(unsigned code)
{
    return code < ORACLE_CODES && words[code] ? words[code] : "unused";
}

const struct oracle *oracle_find(const char *name)
{
    for (size_t i = 0; oracles[i]; i++)
        if (strcmp(oracles[i]->name, name) == 0)
            return oracles[i];
    return NULL;
}

bool verdict_has(const struct verdict *v, enum oracle_code code)
{
    return v->n && memchr(v->codes, (int)code, v->n);
}

void verdict_add(struct verdict *v, enum oracle_code code)
{
    if (!verdict_has(v, code))
        v->codes[v->n++] = (uint8_t)code;
}

bool oracle_table_calls(const struct layer_text *t, struct flat *calls)
{
    for (size_t i = 0; i < t->n_edges; i++) {
        const struct text_edge *e = &t->edges[i];
        struct flat_call *c = flat_add_dotted(calls, e->id_text);
        if (!c)
            return false;
        c->type = e->type;
        c->src = e->src;
        c->dst = e->dst;
        c->start = e->start;
        c->finish = e->finish;
    }
    return true;
}

struct verdict oracle_judge_parsed(const struct oracle *o, enum text_task task,
                                   const struct layer_text *t, bool parsed, struct arena *arena)
{
    struct verdict v = { 0 };
    struct flat calls = { .arena = arena };
    if (!parsed || (task == TASK_TABULAR && !oracle_table_calls(t, &calls)))
        verdict_add(&v, CODE_PARSE);
    else if (task == TASK_TABULAR)
        o->table(t, &calls, &v);
    else
        o->layer(task, t, &v);
    flat_free(&calls);
    v.valid = v.n == 0;
    return v;
}

struct verdict oracle_judge(const struct oracle *o, enum text_task task, struct str prompt,
                            struct str output)
{
    struct arena *arena = arena_new();
    struct layer_text t;
    bool parsed = layer_text_parse(task, layer_text_join(prompt, output, arena), arena, &t);
    struct verdict v = oracle_judge_parsed(o, task, &t, parsed, arena);
    arena_free(arena);
    return v;
}
