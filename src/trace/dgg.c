/* dgg.c: DGG's call graphs, JSON objects one after the other: one a line, or spread over lines.
 *
 * An object ends where its braces close. If they do not before another line begins with "{" (DGG
 * indents what is inside), the object is broken and reading goes on there: one bad line costs one
 * graph. Two spellings are read: the published {source, target, weight, rpctype} and that of DGG's
 * generator {um, dm, time, compara}. A graph without service belongs to S_000000000, without num it
 * stands for 1. Nodes are those that edges name.
 *
 * Source: DGG (dufanrong/DGG, sample_data). dgg_priv.h says how a weighted graph becomes a tree.
 */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/progress.h"
#include "trace/dgg_priv.h"
#include "trace/emit_priv.h"
#include "trace/input.h"

enum { OBJECT_MAX = 32 << 20, CHUNK = 1 << 18 };

struct reader {
    struct import_report *rep;
    struct emit *emit;
    struct input *in;
    struct buf b;              /* b.p[at..b.n) is not yet used */
    size_t at;
    uint64_t line;             /* of b.p[at], from 1 */
    bool ended;
    bool in_bad_line;          /* counted already; skipping to its end */
    struct names *nodes;       /* of the graph at hand */
    struct dgg_edge *edges;
    size_t n_edges, edge_cap;
    struct call *calls;
    size_t call_cap;
};

static bool fill(struct reader *r, struct err *err)
{
    buf_drop(&r->b, r->at);
    r->at = 0;
    MEM_RESERVE(r->b.p, r->b.n + CHUNK, r->b.cap);
    size_t got;
    bool good = input_read(r->in, r->b.p + r->b.n, CHUNK, &got, err);
    r->b.n += got;
    r->rep->bytes += got;
    r->ended = got == 0;
    return good;
}

static void skip(struct reader *r, size_t n)
{
    for (size_t i = r->at; i < r->at + n; i++)
        r->line += r->b.p[i] == '\n';
    r->at += n;
}

struct scan {
    size_t i;
    int depth;
    bool text, escaped;
};

/* Go on with an object that begins at s[0]. 1: it ends before s[k->i]; -1: it is broken and a new
 * one begins at s[k->i]; 0: more is needed. */
static int scan_object(struct scan *k, const char *s, size_t n)
{
    for (; k->i < n; k->i++) {
        char c = s[k->i];
        if (c == '{' && k->i && s[k->i - 1] == '\n')
            return -1;
        if (k->text) {
            k->text = k->escaped || c != '"';
            k->escaped = !k->escaped && c == '\\';
        } else if (c == '"')
            k->text = true;
        else if (c == '{')
            k->depth++;
        else if (c == '}' && --k->depth == 0) {
            k->i++;
            return 1;
        }
    }
    return 0;
}

static struct str text_of(const json_t *o, const char *key, const char *other)
{
    const json_t *v = json_object_get(o, key);
    if (!v)
        v = json_object_get(o, other);
    return json_is_string(v) ? (struct str){ json_string_value(v), json_string_length(v) }
                             : (struct str){ "", 0 };
}

static enum import_cause take_edge(struct reader *r, const json_t *o, size_t *total,
                                   struct str *bad)
{
    struct str source = text_of(o, "source", "um"), target = text_of(o, "target", "dm");
    struct str type = text_of(o, "rpctype", "compara");
    const json_t *w = json_object_get(o, "weight") ? json_object_get(o, "weight")
                                                   : json_object_get(o, "time");
    *bad = STR("edges: source, target, weight");
    if (!source.n || !target.n || !json_is_integer(w) || json_integer_value(w) < 1)
        return CAUSE_MEMBER;
    *bad = type;
    enum call_type t;
    if (!call_type_parse(type, &t))
        return CAUSE_TYPE;
    *bad = STR("calls");
    if (json_integer_value(w) > DGG_CALLS_MAX ||
        (*total += (size_t)json_integer_value(w)) > DGG_CALLS_MAX)
        return CAUSE_TOO_LARGE;
    MEM_GROW(r->edges, r->n_edges, r->edge_cap);
    uint32_t s = names_id(r->nodes, source);
    r->edges[r->n_edges++] = (struct dgg_edge){ s, names_id(r->nodes, target),
                                                (uint32_t)json_integer_value(w), (uint8_t)t };
    return IMPORT_CAUSES;
}

/* Ids of nodes to ids of the emitter's names. */
static void name_calls(struct reader *r, struct callgraph *g)
{
    struct names *names = emit_names(r->emit);
    for (size_t i = 0; i < g->n; i++) {
        g->calls[i].src = names_id(names, names_str(r->nodes, g->calls[i].src));
        g->calls[i].dst = names_id(names, names_str(r->nodes, g->calls[i].dst));
    }
}

static enum import_cause read_graph(struct reader *r, const json_t *o, struct callgraph *g,
                                    double *weight, struct str *bad)
{
    const json_t *edges = json_object_get(o, "edges"), *num = json_object_get(o, "num");
    *bad = STR("edges");
    if (!json_is_array(edges))
        return CAUSE_MEMBER;
    size_t total = 0;
    r->n_edges = 0;
    names_free(r->nodes);
    r->nodes = names_new();
    for (size_t i = 0; i < json_array_size(edges); i++) {
        enum import_cause c = take_edge(r, json_array_get(edges, i), &total, bad);
        if (c != IMPORT_CAUSES)
            return c;
    }
    *bad = STR("num");
    *weight = num ? json_number_value(num) : 1;
    if (!(*weight > 0) || !isfinite(*weight))
        return CAUSE_MEMBER;
    MEM_RESERVE(r->calls, total, r->call_cap);
    uint32_t node = 0;
    enum import_cause c = dgg_unroll(r->edges, r->n_edges, names_count(r->nodes), r->calls, &node);
    *bad = names_count(r->nodes) ? names_str(r->nodes, node) : STR("no edges");
    if (c != IMPORT_CAUSES)
        return c;
    struct str service = text_of(o, "service", "service");
    *g = (struct callgraph){ .trace_id = NAMES_NONE, .n = total, .calls = r->calls };
    g->service = names_id(emit_names(r->emit), service.n ? service : STR("S_000000000"));
    name_calls(r, g);
    return IMPORT_CAUSES;
}

static bool take_object(struct reader *r, size_t n, struct err *err)
{
    json_error_t why;
    json_t *o = json_loadb(r->b.p + r->at, n, JSON_REJECT_DUPLICATES, &why);
    struct callgraph g;
    double weight = 1;
    struct str bad = str_of(why.text);
    const char *file = input_name(r->in);
    r->rep->graphs_read++;
    enum import_cause c = o ? read_graph(r, o, &g, &weight, &bad) : CAUSE_SYNTAX;
    size_t rows = json_array_size(json_object_get(o, "edges"));
    r->rep->rows_read += rows;
    bool good = true;
    if (c == IMPORT_CAUSES)
        good = emit_graph(r->emit, &g, (struct str){ "", 0 }, weight, file, r->line, rows, err);
    else
        import_report_drop(r->rep, c, rows, 1, file, r->line, bad);
    json_decref(o);
    return good;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == ',' || c == '[' || c == ']';
}

/* Skip what stands between objects; more than blanks, commas and brackets counts, once a line. */
static void skip_between(struct reader *r)
{
    for (; r->at < r->b.n && (r->in_bad_line || r->b.p[r->at] != '{'); skip(r, 1)) {
        if (r->in_bad_line)
            r->in_bad_line = r->b.p[r->at] != '\n';
        if (r->in_bad_line || is_blank(r->b.p[r->at]))
            continue;
        struct str rest = { r->b.p + r->at, r->b.n - r->at }, line;
        str_next(&rest, '\n', &line);
        r->rep->graphs_read++;
        import_report_drop(r->rep, CAUSE_SYNTAX, 0, 1, input_name(r->in), r->line, line);
        r->in_bad_line = true;
    }
}

static void drop_here(struct reader *r, enum import_cause c, size_t n)
{
    r->rep->graphs_read++;
    import_report_drop(r->rep, c, 0, 1, input_name(r->in), r->line,
                       (struct str){ r->b.p + r->at, n < 40 ? n : 40 });
    skip(r, n);
}

/* The objects of one stream. False when the sink said no; a stream that breaks off is counted. */
static bool take_stream(struct reader *r, struct err *err)
{
    struct err why = { 0 };
    r->b.n = r->at = 0;
    r->line = 1;
    r->ended = r->in_bad_line = false;
    bool whole = fill(r, &why);
    if (r->b.n >= 3 && memcmp(r->b.p, "\xEF\xBB\xBF", 3) == 0)
        r->at = 3;
    if (whole && r->at == r->b.n)
        import_report_drop(r->rep, CAUSE_EMPTY, 0, 0, input_name(r->in), 1, STR("no bytes"));
    struct scan k = { 0 };
    for (;;) {
        if (k.i == 0)
            skip_between(r);
        int found = scan_object(&k, r->b.p + r->at, r->b.n - r->at);
        if (found == 1) {
            if (!take_object(r, k.i, err))
                return false;
            skip(r, k.i);
        } else if (found == -1)
            drop_here(r, CAUSE_SYNTAX, k.i);
        else if (r->b.n - r->at > OBJECT_MAX) {
            drop_here(r, CAUSE_LONG, r->b.n - r->at);
            r->in_bad_line = true;
        }
        else if (r->ended || !whole)
            break;
        else {
            whole = fill(r, &why);
            continue;
        }
        k = (struct scan){ 0 };
    }
    if (r->at < r->b.n)
        drop_here(r, CAUSE_SYNTAX, r->b.n - r->at);
    if (!whole)
        import_report_drop(r->rep, CAUSE_BROKEN, 0, 0, input_name(r->in), r->line, str_of(why.msg));
    return true;
}

static bool take_all(struct reader *r, bool progress, struct err *err)
{
    struct progress bar = progress_begin("import", "B", (double)input_total(r->in));
    bool good = true;
    while (good && (input_next(r->in, err) || err->status)) {
        r->rep->files++;
        if (err->status)
            import_report_drop(r->rep, CAUSE_BROKEN, 0, 0, input_name(r->in), 1, str_of(err->msg));
        else
            good = take_stream(r, err);
        if (progress)
            progress_set(&bar, (double)input_position(r->in));
    }
    progress_end(&bar);
    return good;
}

static bool run(char *const *paths, size_t n, const struct import_options *o, struct names *names,
                callgraph_sink sink, void *ctx, struct import_report *rep, struct err *err)
{
    static const struct import_options standard;
    o = o ? o : &standard;
    *rep = (struct import_report){ 0 };
    struct reader r = { .rep = rep, .in = input_open(paths, n, err) };
    if (!r.in)
        return false;
    r.emit = emit_new(names, NULL, o->dedup, sink, ctx, rep);
    bool good =
        take_all(&r, o->progress, err) && (rep->graphs_used || import_report_fail(rep, err));
    emit_free(r.emit);
    names_free(r.nodes);
    input_close(r.in);
    buf_free(&r.b);
    free(r.edges);
    free(r.calls);
    return good;
}

bool import_dgg_stream(char *const *paths, size_t n, const struct import_options *o,
                       callgraph_sink sink, void *ctx, struct import_report *rep, struct err *err)
{
    return run(paths, n, o, NULL, sink, ctx, rep, err);
}

bool import_dgg(char *const *paths, size_t n, const struct import_options *o, struct graphset *out,
                struct import_report *rep, struct err *err)
{
    return run(paths, n, o, out->names, import_collect, out, rep, err);
}
