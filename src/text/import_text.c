/* import_text.c: a stream of lines is cut into blocks at the lines that open one; a block (for
 * instruction: several) becomes a graph or the example of a cause. */
#include "text/import_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/progress.h"
#include "text/assembly.h"
#include "trace/input.h"

enum { CHUNK = 1 << 18, BLOCK_MAX = 1 << 24 };

struct reader {
    enum text_task task;
    struct input *in;
    const struct import_options *o;
    callgraph_sink sink;
    void *ctx;
    struct import_report *rep;
    struct names *seen;            /* hashes of graphs, as text; NULL unless dedup */

    struct buf raw;                /* bytes read; lines before `at` are done */
    size_t at;
    uint64_t line;                 /* number of the line that is next */

    struct buf block;              /* the block under way */
    uint64_t block_line;           /* where it began; 0: there is none */
    bool block_long;

    struct arena *arena;           /* of the graph under way */
    struct assembly layers;
    uint64_t graph_line, rows;     /* of the graph under way (instruction) */
};

static void drop(struct reader *r, enum import_cause c, uint64_t rows, uint64_t line,
                 const char *value)
{
    r->rep->graphs_read++;
    r->rep->rows_read += rows;
    import_report_drop(r->rep, c, rows, 1, input_name(r->in), line, str_of(value));
}

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

static bool is_repeat(struct reader *r, const struct callgraph *g, const struct names *names)
{
    char key[32];
    if (!r->seen)
        return false;
    snprintf(key, sizeof key, "%016llx", (unsigned long long)callgraph_hash_full(g, names));
    uint32_t before = names_count(r->seen);
    return names_id_of(r->seen, key) < before;
}

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
        drop(r, cause_of[f], rows, line, flat_fault_names[f]);
    else if (why)
        drop(r, CAUSE_INVALID, rows, line, why);
    else if (is_repeat(r, &s->graphs[0], s->names))
        drop(r, CAUSE_SEEN, rows, line, names_get(s->names, s->graphs[0].service));
    else {
        r->rep->graphs_read++;
        r->rep->graphs_used++;
        r->rep->rows_read += rows;
        r->rep->rows_used += rows;
        r->rep->calls_used += s->graphs[0].n;
        good = r->sink(r->ctx, &s->graphs[0], s->names, 1, err);
    }
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
        drop(r, CAUSE_SYNTAX, rows, r->block_line, "header or edges are not readable");
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
        drop(r, CAUSE_SYNTAX, r->rows, line, why ? why : "layers are missing");
    else if (!header_has(&r->layers.root, HEAD_ID))
        drop(r, CAUSE_SERVICE, r->rows, line, "no id");
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
        drop(r, CAUSE_TOO_LARGE, count_rows(text), r->block_line, "more than 16 MB");
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

static bool take_line(struct reader *r, struct str line, struct err *err)
{
    const char *mark = r->task == TASK_INSTRUCTION ? "### Question:" : "[GENERATE GRAPH]";
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    bool good = true;
    if (str_starts(line, mark)) {
        good = end_block(r, err);
        r->block_line = r->line;
    } else if (!r->block_line) {
        if (str_trim(line).n) {
            r->rep->rows_read++;
            import_report_drop(r->rep, CAUSE_SYNTAX, 1, 0, input_name(r->in), r->line, line);
        }
        return true;
    }
    if (r->block.n + line.n > BLOCK_MAX)
        r->block_long = true;
    else {
        buf_add(&r->block, line.p, line.n);
        buf_char(&r->block, '\n');
    }
    return good;
}

/* One more chunk into raw; what is consumed goes. A line over the bound is passed on in pieces. */
static bool more(struct reader *r, bool *end, struct err *err)
{
    if (r->at)
        memmove(r->raw.p, r->raw.p + r->at, r->raw.n - r->at);
    r->raw.n -= r->at;
    r->at = 0;
    MEM_RESERVE(r->raw.p, r->raw.n + CHUNK + 1, r->raw.cap);
    size_t got = 0;
    bool good = input_read(r->in, r->raw.p + r->raw.n, CHUNK, &got, err);
    r->raw.n += got;
    r->rep->bytes += got;
    *end = got == 0;
    return good;
}

static bool take_stream(struct reader *r, struct progress *bar, struct err *err)
{
    struct err broken = { 0 };
    bool end = false, good = true, any = false;
    r->raw.n = r->at = 0;
    r->line = 1;
    MEM_RESERVE(r->raw.p, CHUNK + 1, r->raw.cap);
    while (good && !end) {
        if (!more(r, &end, &broken)) {
            import_report_drop(r->rep, CAUSE_BROKEN, 0, 0, input_name(r->in), r->line,
                               str_of(broken.msg));
            end = true;
        }
        progress_set(bar, (double)input_position(r->in));
        if (!any && r->raw.n >= 3 && memcmp(r->raw.p, "\xEF\xBB\xBF", 3) == 0)
            r->at = 3;
        any |= r->raw.n > 0;
        while (good && r->at < r->raw.n) {
            const char *from = r->raw.p + r->at, *nl = memchr(from, '\n', r->raw.n - r->at);
            size_t n = nl ? (size_t)(nl - from) : r->raw.n - r->at;
            if (!nl && !end && n <= BLOCK_MAX)
                break;
            good = take_line(r, (struct str){ from, n }, err);
            r->at += n + (nl != NULL);
            r->line += nl != NULL;
        }
    }
    if (!any)
        import_report_drop(r->rep, CAUSE_EMPTY, 0, 0, input_name(r->in), 1, STR("no bytes"));
    good = good && end_block(r, err);
    if (good && r->layers.layers)
        good = finish_layers(r, "layers are missing", r->graph_line, err);
    return good;
}

static bool run(enum text_task task, char *const *paths, size_t n, const struct import_options *o,
                callgraph_sink sink, void *ctx, struct import_report *rep, struct err *err)
{
    static const struct import_options none = { 0 };
    *rep = (struct import_report){ 0 };
    struct err own = { 0 };
    err = err ? err : &own;
    *err = (struct err){ 0 };
    struct reader r = { .task = task, .o = o ? o : &none, .sink = sink, .ctx = ctx, .rep = rep };
    r.in = input_open(paths, n, err);
    if (!r.in)
        return false;
    r.arena = arena_new();
    r.layers = assembly_begin(r.arena);
    r.seen = r.o->dedup ? names_new() : NULL;
    struct progress bar =
        progress_begin("import", "B", r.o->progress ? (double)input_total(r.in) : 0);
    bool good = true;
    while (good && (input_next(r.in, err) || err->status)) {
        rep->files++;
        if (err->status) {
            import_report_drop(rep, CAUSE_BROKEN, 0, 0, input_name(r.in), 1, str_of(err->msg));
            *err = (struct err){ 0 };
        } else
            good = take_stream(&r, &bar, err);
    }
    progress_end(&bar);
    good = good && (rep->graphs_used || import_report_fail(rep, err));
    assembly_free(&r.layers);
    arena_free(r.arena);
    names_free(r.seen);
    buf_free(&r.raw);
    buf_free(&r.block);
    input_close(r.in);
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
