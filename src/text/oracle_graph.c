/* oracle_graph.c: see the header. */
#include "text/oracle_graph.h"

#include <stdlib.h>

#include "text/assembly.h"

struct node {
    struct layer_text text;
    struct layer_place at;
    size_t answered;           /* sub-headers that have a layer */
};

/* Parse, judge and place all layers; true when all are valid and none is missing. */
static bool collect(const struct oracle *o, enum text_task task, const struct graph_layer *layers,
                    size_t n, struct node *nodes, struct flat *calls)
{
    struct arena *arena = calls->arena;
    bool finished = n > 0;
    for (size_t i = 0; i < n; i++) {
        const struct graph_layer *l = &layers[i];
        struct node *d = &nodes[i];
        struct str text = layer_text_join(l->prompt, l->output, arena);
        bool parsed = layer_text_parse(task, text, arena, &d->text);
        struct verdict v = oracle_judge_parsed(o, task, &d->text, parsed, arena);
        finished = finished && v.valid;
        if (l->parent != SIZE_MAX) {
            REQUIRE(l->parent < i && l->sub < nodes[l->parent].text.n_subs);
            nodes[l->parent].answered++;
            d->at = assembly_below(&nodes[l->parent].text, nodes[l->parent].at, l->sub, arena);
        }
        if (parsed && task != TASK_TABULAR)
            assembly_collect(&d->text, d->at, calls);
        else if (parsed)
            finished = oracle_table_calls(&d->text, calls) && finished;
    }
    for (size_t i = 0; i < n; i++)
        finished = finished && nodes[i].answered == nodes[i].text.n_subs;
    return finished;
}

static bool sizes_fit(enum text_task task, const struct header *h, const struct flat *calls)
{
    int64_t depth = (int64_t)flat_depth(calls) - (task != TASK_TABULAR);
    return (!header_has(h, HEAD_NUM_EDGES) || h->number[HEAD_NUM_EDGES] == (int64_t)calls->n) &&
           (!header_has(h, HEAD_DEPTH) || h->number[HEAD_DEPTH] == depth);
}

struct graph_verdict oracle_graph(const struct oracle *o, enum text_task task,
                                  const struct graph_layer *layers, size_t n, struct graphset *out,
                                  bool *added)
{
    struct arena *arena = arena_new();
    struct node *nodes = ARENA_ARRAY(arena, n ? n : 1, struct node);
    struct flat calls = { .arena = arena };
    struct graph_verdict v = { .finished = collect(o, task, layers, n, nodes, &calls) };
    bool original = o == &oracle_original;
    v.valid = v.finished &&
              (original ? flat_valid(&calls) : (flat_faults(&calls) & ~(1u << FLAT_GOOD)) == 0);
    v.correct = v.valid && ((original && task == TASK_INSTRUCTION) ||
                            sizes_fit(task, &nodes[0].text.header, &calls));
    size_t at;
    struct str service = n ? nodes[0].text.header.text[HEAD_ID] : STR("");
    bool made = out && flat_graph(&calls, service, out, &at) == FLAT_GOOD;
    if (added)
        *added = made;
    flat_free(&calls);
    arena_free(arena);
    return v;
}
