/* import_text.c: a stream of lines is cut into blocks at the lines that open one; a block (for
 * instruction: several) becomes a graph or the example of a cause. */
#include "text/import_text.h"

#include <stdlib.h>
#include <string.h>

#include "text/assembly.h"
#include "text/stream_priv.h"

struct reader {
    enum text_task task;
    struct text_stream stream;

    struct buf block;              /* the block under way */
    uint64_t block_line;           /* where it began; 0: there is none */
    bool block_long;

    struct arena *arena;           /* of the graph under way */
    struct assembly layers;
    uint64_t graph_line, rows;     /* of the graph under way (instruction) */
};

static const enum import_cause cause_of[FLAT_FAULTS] = {
    [FLAT_EMPTY] = CAUSE_NO_ROW,
    [FLAT_REPEATED] = CAUSE_CONFLICT,
    [FLAT_ORPHAN] = CAUSE_ORPHAN,
    [FLAT_SRC] = CAUSE_SRC,
    [FLAT_NAME] = CAUSE_DM,
    [FLAT_TYPE] = CAUSE_TYPE,
    [FLAT_BACKWARD] = CAUSE_RT,
    [FLAT_EARLY] = CAUSE_INVALID,
    [FLAT_LATE] = CAUSE_FINISH,
    [FLAT_RANGE] = CAUSE_RPCID,
};

/* What the header asks for and the graph is not. */
static const char *contradiction(const struct header *h, const struct callgraph *g, bool table)
{
    int64_t depth = (int64_t)callgraph_depth(g) - !table;
    if (header_has(h, HEAD_NUM_EDGES) && h->number[HEAD_NUM_EDGES] != (int64_t)g->n)
        return "num_edges is not the number of calls";
    if (header_has(h, HEAD_DEPTH) && h->number[HEAD_DEPTH] != depth)
        return "the depth is another";
    if (header_has(h, HEAD_LATENCY) &&
        h->number[HEAD_LATENCY] != g->calls[0].rt + (table ? 0 : g->calls[0].start))
        return "latency is not the root's";
    return NULL;
}

/* The calls are complete: hand the graph on, or name what is wrong. */
static bool deliver(struct reader *r, struct flat *calls, const struct header *h, uint64_t rows,
                    uint64_t line, struct err *err)
{
    struct graphset *s = graphset_new();
    size_t at;
    bool good = true;
    enum flat_fault f = flat_graph(calls, h->text[HEAD_ID], s, &at);
    bool table = r->task == TASK_TABULAR;
    const char *why = f == FLAT_GOOD ? contradiction(h, &s->graphs[0], table) : NULL;
    if (f != FLAT_GOOD)
        stream_drop(&r->stream, cause_of[f], rows, line, flat_fault_names[f]);
    else if (why)
        stream_drop(&r->stream, CAUSE_INVALID, rows, line, why);
    else
        good = stream_deliver(&r->stream, &s->graphs[0], s->names, rows, line, err);
    graphset_free(s);
    return good;
}

static uint64_t count_rows(struct str text)
{
    struct str line;
    uint64_t n = 0;
    while (layer_text_line(&text, &line))
        n += line.n && line.p[0] == '(';
    return n;
}

static bool take_table(struct reader *r, struct str text, struct err *err)
{
    struct layer_text t;
    struct flat calls = { .arena = r->arena };
    uint64_t rows = count_rows(text);
    bool good = true, readable = layer_text_parse(TASK_TABULAR, text, r->arena, &t) &&
                                 header_has(&t.header, HEAD_ID);
    for (size_t i = 0; readable && i < t.n_edges; i++) {
        const struct text_edge *e = &t.edges[i];
        struct flat_call *c = flat_add_dotted(&calls, e->id_text);
        readable = c && e->fields == (1u << EDGE_FIELDS) - 1 && !e->odd;
        if (c)
            *c = (struct flat_call){ .path = c->path, .depth = c->depth, .type = e->type,
                                     .src = e->src, .dst = e->dst, .start = e->start,
                                     .finish = e->finish };
    }
    if (!readable || t.odd_lines || !t.closed)
        stream_drop(&r->stream, CAUSE_SYNTAX, rows, r->block_line,
                    "header or edges are not readable");
    else
        good = deliver(r, &calls, &t.header, rows, r->block_line, err);
    flat_free(&calls);
    return good;
}

static void end_graph(struct reader *r)
{
    assembly_free(&r->layers);
    arena_reset(r->arena);
    r->layers = assembly_begin(r->arena);
    r->rows = 0;
}

static bool finish_layers(struct reader *r, const char *why, uint64_t line, struct err *err)
{
    bool good = true;
    if (why || !assembly_complete(&r->layers))
        stream_drop(&r->stream, CAUSE_SYNTAX, r->rows, line, why ? why : "layers are missing");
    else if (!header_has(&r->layers.root, HEAD_ID))
        stream_drop(&r->stream, CAUSE_SERVICE, r->rows, line, "no id");
    else
        good = deliver(r, &r->layers.calls, &r->layers.root, r->rows, line, err);
    end_graph(r);
    return good;
}

/* Cut the next layer off a recursive block: from its header line to the line that closes it. */
static bool next_layer(struct str *rest, struct str *layer)
{
    struct str line, from = *rest;
    while (layer_text_line(rest, &line)) {
        line = str_trim(line);
        *layer = (struct str){ from.p, from.n - rest->n };
        if (str_is(line, "</layer>") || str_is(line, "</split>"))
            return true;
    }
    return str_trim(from).n > 0;      /* something that never closes */
}

static bool take_layers(struct reader *r, struct str text, struct err *err)
{
    struct str layer;
    const char *why = NULL;
    r->rows = count_rows(text);
    while (!why && next_layer(&text, &layer)) {
        struct layer_text t;
        if (!layer_text_parse(TASK_RECURSIVE, layer, r->arena, &t))
            why = "a layer is not readable";
        else
            assembly_take(&r->layers, &t, &why);
    }
    return finish_layers(r, why, r->block_line, err);
}

/* The texts of earlier pairs must outlive their block: they are copied. */
static bool take_pair(struct reader *r, struct str text, struct err *err)
{
    struct layer_text t;
    struct str copy = { arena_strndup(r->arena, text.p, text.n), text.n };
    const char *why = "a pair is not readable";
    bool readable = layer_text_parse(TASK_INSTRUCTION, copy, r->arena, &t);
    bool root = readable &&
                (!header_has(&t.header, HEAD_CALLER) || str_is(t.header.text[HEAD_CALLER], "None"));
    bool good = true;
    if (root && r->layers.layers) {   /* a new graph begins while another is open */
        good = finish_layers(r, "layers are missing", r->graph_line, err);
        return good && take_pair(r, text, err);
    }
    if (r->layers.layers == 0)
        r->graph_line = r->block_line;
    r->rows += count_rows(text);
    if (readable && !root && r->layers.layers == 0)
        why = "a layer of no graph";
    else if (readable && assembly_take(&r->layers, &t, &why) && !assembly_complete(&r->layers))
        return true;
    return finish_layers(r, why, r->graph_line, err);
}

static bool end_block(struct reader *r, struct err *err)
{
    bool good = true;
    struct str text = buf_view(&r->block);
    if (r->block_line && r->block_long)
        stream_drop(&r->stream, CAUSE_TOO_LARGE, count_rows(text), r->block_line,
                    "more than 16 MB");
    else if (r->block_line && r->task == TASK_INSTRUCTION)
        good = take_pair(r, text, err);
    else if (r->block_line && r->task == TASK_RECURSIVE)
        good = take_layers(r, text, err);
    else if (r->block_line) {
        good = take_table(r, text, err);
        arena_reset(r->arena);
    }
    buf_clear(&r->block);
    r->block_line = 0;
    r->block_long = false;
    return good;
}

static bool take_line(void *reader, struct str line, struct err *err)
{
    struct reader *r = reader;
    const char *mark = r->task == TASK_INSTRUCTION ? "### Question:" : "[GENERATE GRAPH]";
    bool good = true;
    if (str_starts(line, mark)) {
        good = end_block(r, err);
        r->block_line = r->stream.line;
    } else if (!r->block_line) {
        if (str_trim(line).n)
            stream_stray(&r->stream, line);
        return true;
    }
    if (r->block.n + line.n > STREAM_LINE_MAX)
        r->block_long = true;
    else {
        buf_add(&r->block, line.p, line.n);
        buf_char(&r->block, '\n');
    }
    return good;
}

static bool end_file(void *reader, struct err *err)
{
    struct reader *r = reader;
    return end_block(r, err) &&
           (!r->layers.layers || finish_layers(r, "layers are missing", r->graph_line, err));
}

static bool run(enum text_task task, char *const *paths, size_t n, const struct import_options *o,
                callgraph_sink sink, void *ctx, struct import_report *rep, struct err *err)
{
    struct reader r = { .task = task, .arena = arena_new() };
    r.stream = (struct text_stream){ .reader = &r, .take_line = take_line, .end = end_file };
    r.layers = assembly_begin(r.arena);
    bool good = stream_run(&r.stream, paths, n, o, sink, ctx, rep, err);
    assembly_free(&r.layers);
    arena_free(r.arena);
    buf_free(&r.block);
    return good;
}

bool text_import_tabular(char *const *paths, size_t n, const struct import_options *o,
                         callgraph_sink sink, void *ctx, struct import_report *rep, struct err *err)
{
    return run(TASK_TABULAR, paths, n, o, sink, ctx, rep, err);
}

bool text_import_recursive(char *const *paths, size_t n, const struct import_options *o,
                           callgraph_sink sink, void *ctx, struct import_report *rep,
                           struct err *err)
{
    return run(TASK_RECURSIVE, paths, n, o, sink, ctx, rep, err);
}

bool text_import_instruction(char *const *paths, size_t n, const struct import_options *o,
                             callgraph_sink sink, void *ctx, struct import_report *rep,
                             struct err *err)
{
    return run(TASK_INSTRUCTION, paths, n, o, sink, ctx, rep, err);
}
