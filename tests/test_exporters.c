#define _GNU_SOURCE   /* memfd_create: files without a disk */
/* test_exporters.c: call graphs in the formats of other tools. What comes back is what went out;
 * slices of a lane nest; protobuf is as long as it says; JSON is JSON. */
#include "tests/near.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tests/graphs.h"
#include "tests/memfile.h"
#include "trace/exporter.h"
#include "trace/import.h"

enum { GRAPHS = 300 };

/* Times in us, everything that spans can say: statuses, asynchronous calls, skew, awkward names. */
static struct graphset *odd_set(uint64_t seed)
{
    static const char *const names[] = { "a", "B", "caf\xC3\xA9", "quote \" back \\ slash",
                                         "tab\there", "x.y/Z", "\xE2\x98\x83", "a" };
    struct graphset *s = graphset_new();
    gsl_rng *r = rng_stream(seed, "test/exporters", 0);
    s->tick_us = 1;
    for (size_t i = 0; i < GRAPHS; i++) {
        struct callgraph *g = random_graph(s, r, 1 + rng_below(r, 30), 6, false);
        g->arrival = (int64_t)(1700000000000000u + i * 1000);
        for (size_t k = 0; k < g->n; k++) {
            struct call *c = &g->calls[k];
            int64_t room = k ? g->calls[c->parent].rt : 2000;
            c->start = k ? g->calls[c->parent].start + (int64_t)rng_below(r, (size_t)room + 1) : 0;
            room = k ? call_finish(&g->calls[c->parent]) - c->start : room;
            c->rt = (int64_t)rng_below(r, (size_t)room + 1);
            c->status = (uint8_t)rng_below(r, CALL_STATUSES);
            c->interface = rng_below(r, 3) ? names_id_of(s->names, names[rng_below(r, 8)])
                                           : NAMES_NONE;
            if (k && rng_below(r, 8) == 0) {
                c->async = true;
                c->start = (int64_t)rng_below(r, 50);        /* anywhere, before its caller too */
                c->rt = (int64_t)rng_below(r, 500);
            }
        }
        char id[33];
        snprintf(id, sizeof id, i % 3 ? "%016zx" : "T_%zu", i + 1);
        g->trace_id = names_id_of(s->names, id);
        size_t at;
        assert_int_equal(callgraph_check(g, &at), GRAPH_GOOD);
    }
    gsl_rng_free(r);
    return s;
}

static struct buf written(const struct exporter *e, const struct graphset *s)
{
    char *p = NULL;
    size_t n = 0, left_out;
    struct err err;
    struct buf b = { 0 };
    FILE *f = open_memstream(&p, &n);
    assert_true(exporter_write(e, s, f, &left_out, &err));
    assert_int_equal(left_out, 0);
    fclose(f);
    buf_add(&b, p, n);
    free(p);
    return b;
}

/* ---- there and back ---- */

static const struct {
    const struct exporter *e;
    import_function *back;
} round_trips[] = {
    { &exporter_jaeger, import_jaeger_stream },
    { &exporter_otlp, import_otlp_stream },
    { &exporter_otlp_proto, import_otlp_proto_stream },
    { &exporter_zipkin, import_zipkin_stream },
};

static void show(const struct callgraph *g, const struct names *names)
{
    print_error("%s\n", names_get(names, g->service));
    for (size_t i = 0; i < g->n; i++) {
        const struct call *c = &g->calls[i];
        print_error("%*s%u %s -> %s [%s] %s kind %d status %d%s %lld+%lld\n", 2 * c->level, "",
                    c->id, names_get(names, c->src), names_get(names, c->dst),
                    c->interface == NAMES_NONE ? "" : names_get(names, c->interface),
                    call_type_name((enum call_type)c->type), c->kind, c->status,
                    c->async ? " async" : "", (long long)c->start, (long long)c->rt);
    }
}

static void check_same(const struct graphset *a, const struct graphset *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        const struct callgraph *x = &a->graphs[i], *y = &b->graphs[i];
        if (!callgraph_same(x, a->names, y, b->names)) {
            show(x, a->names);
            show(y, b->names);
            fail_msg("graph %zu of %zu calls differs", i, x->n);
        }
        assert_int_equal(x->arrival, y->arrival);
        assert_string_equal(names_get(a->names, x->trace_id), names_get(b->names, y->trace_id));
    }
}

static void what_comes_back_went_out(void **state)
{
    (void)state;
    struct graphset *s = odd_set(1);
    for (size_t k = 0; k < sizeof round_trips / sizeof *round_trips; k++) {
        struct buf b = written(round_trips[k].e, s);
        struct memfile m = memfile_open(b.p, b.n);
        char *paths[] = { m.path };
        struct import_report rep = { 0 };
        struct err err = { 0 };
        struct graphset *back = graphset_new();
        back->tick_us = 1;
        if (!round_trips[k].back(paths, 1, NULL, import_collect, back, &rep, &err))
            fail_msg("%s: %s", round_trips[k].e->name, err.msg);
        if (rep.rows_read != rep.rows_used || rep.graphs_read != s->n)
            import_report_words(&rep, stderr);
        assert_int_equal(rep.rows_read, rep.rows_used);
        check_same(s, back);
        graphset_free(back);
        memfile_close(&m);
        buf_free(&b);
    }
    graphset_free(s);
}

/* ---- slices ---- */

struct slice {
    double ts, end;
    long long pid, tid;
    const char *rpcid;
};

static int by_lane(const void *a, const void *b)
{
    const struct slice *x = a, *y = b;
    if (x->pid != y->pid)
        return x->pid < y->pid ? -1 : 1;
    if (x->tid != y->tid)
        return x->tid < y->tid ? -1 : 1;
    if (x->ts != y->ts)
        return x->ts < y->ts ? -1 : 1;
    return x->end > y->end ? -1 : x->end < y->end;
}

/* Is rpc_id a the id of an ancestor of b? */
static bool above(const char *a, const char *b)
{
    size_t n = strlen(a);
    return strncmp(a, b, n) == 0 && b[n] == '.';
}

static void check_lane(const struct slice *s, size_t n)
{
    const struct slice *open[64];
    size_t depth = 0;
    for (size_t i = 0; i < n; i++) {
        while (depth && open[depth - 1]->end <= s[i].ts)
            depth--;
        if (depth) {
            if (s[i].end > open[depth - 1]->end)
                fail_msg("pid %lld tid %lld: [%g, %g] overlaps [%g, %g]", s[i].pid, s[i].tid,
                         s[i].ts, s[i].end, open[depth - 1]->ts, open[depth - 1]->end);
            assert_true(above(open[depth - 1]->rpcid, s[i].rpcid));
        }
        assert_true(depth < 64);
        open[depth++] = &s[i];
    }
}

static void slices_of_a_lane_nest(void **state)
{
    (void)state;
    struct graphset *s = odd_set(2);
    struct buf b = written(&exporter_perfetto, s);
    json_error_t why;
    json_t *root = json_loadb(b.p, b.n, JSON_REJECT_DUPLICATES, &why), *e;
    if (!root)
        fail_msg("line %d: %s", why.line, why.text);
    size_t calls = 0, n = 0, arrows[2] = { 0 }, i, lanes = 0;
    for (size_t k = 0; k < s->n; k++)
        calls += s->graphs[k].n;
    struct slice *slice = mem_array(calls, sizeof *slice);
    json_array_foreach(json_object_get(root, "traceEvents"), i, e)
    {
        const char *ph = json_string_value(json_object_get(e, "ph"));
        arrows[0] += ph[0] == 's';
        arrows[1] += ph[0] == 'f';
        if (ph[0] != 'X')
            continue;
        assert_true(n < calls);
        slice[n].pid = json_integer_value(json_object_get(e, "pid"));
        slice[n].tid = json_integer_value(json_object_get(e, "tid"));
        slice[n].ts = json_number_value(json_object_get(e, "ts"));
        slice[n].end = slice[n].ts + json_number_value(json_object_get(e, "dur"));
        slice[n++].rpcid = json_string_value(
            json_object_get(json_object_get(e, "args"), "rpc_id"));
    }
    assert_int_equal(n, calls);
    assert_int_equal(arrows[0], arrows[1]);
    assert_true(arrows[0] > 100);
    qsort(slice, n, sizeof *slice, by_lane);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && slice[to].pid == slice[from].pid &&
                            slice[to].tid == slice[from].tid; to++)
            ;
        check_lane(slice + from, to - from);
        lanes++;
    }
    assert_true(lanes > s->n);              /* some calls did run side by side */
    free(slice);
    json_decref(root);
    buf_free(&b);
    graphset_free(s);
}

/*   0 |------------- 0 ------------| 10      two calls side by side, one within the second:
 *        |-- 0.1 --|                         0.1 with its caller, 0.2 in a lane of its own,
 *             |----- 0.2 -----|              0.2.1 below 0.2
 *                |- 0.2.1 -|                                                                    */
static const char side_by_side[] =
    "timestamp,traceid,service,rpc_id,rpctype,um,dm,rt\n"
    "0,T,S,0,http,USER,a,10\n1,T,S,0.1,rpc,a,b,3\n2,T,S,0.2,rpc,a,c,5\n3,T,S,0.2.1,db,c,d,2\n";

static struct graphset *set_of(const char *csv)
{
    struct memfile m = memfile_open(csv, strlen(csv));
    char *paths[] = { m.path };
    struct import_report rep = { 0 };
    struct err err = { 0 };
    struct graphset *s = graphset_new();
    assert_true(import_alibaba_2022(paths, 1, NULL, s, &rep, &err));
    memfile_close(&m);
    return s;
}

static void lanes_are_those_drawn(void **state)
{
    (void)state;
    static const int lane[] = { 1, 1, 2, 2 };
    struct graphset *s = set_of(side_by_side);
    struct buf b = written(&exporter_perfetto, s);
    json_t *root = json_loadb(b.p, b.n, 0, NULL), *e;
    size_t i, n = 0;
    json_array_foreach(json_object_get(root, "traceEvents"), i, e)
        if (json_string_value(json_object_get(e, "ph"))[0] == 'X')
            assert_int_equal(json_integer_value(json_object_get(e, "tid")), lane[n++]);
    assert_int_equal(n, 4);
    json_decref(root);
    buf_free(&b);
    graphset_free(s);
}

static void a_graph_is_drawn_for_dot(void **state)
{
    (void)state;
    struct graphset *s = set_of("timestamp,traceid,service,rpc_id,rpctype,um,dm,interface,rt\n"
                                "0,T,S,0,http,USER,a,\"say \"\"hi\"\"\",10\n"
                                "1,T,S,0.1,mc,a,b,,1\n3,T,S,0.2,mc,a,b,,4\n");
    struct buf b = written(&exporter_dot, s);
    assert_string_equal(b.p, "digraph \"T\" {\n  label=\"S\";\n  rankdir=LR;\n"
                             "  node [shape=box];\n"
                             "  \"USER\" -> \"a\" [label=\"say \\\"hi\\\" http, 10 ms\"];\n"
                             "  \"a\" -> \"b\" [label=\"mc \xC3\x97""2, 1\xE2\x80\x93""4 ms\"];\n"
                             "}\n");
    buf_free(&b);
    graphset_free(s);
}

/* ---- protobuf ---- */

struct wire {
    const unsigned char *p;
    size_t n;
};

static uint64_t varint(struct wire *w)
{
    uint64_t v = 0;
    for (int shift = 0;; shift += 7) {
        assert_true(w->n > 0 && shift < 64);
        unsigned char c = *w->p++;
        w->n--;
        v |= (uint64_t)(c & 0x7F) << shift;
        if (c < 0x80)
            return v;
    }
}

/* The next field: its number; what it holds in *v or *sub. 0 at the end. */
static unsigned field(struct wire *w, uint64_t *v, struct wire *sub)
{
    if (w->n == 0)
        return 0;
    uint64_t key = varint(w);
    size_t take = 0;
    if ((key & 7) == 0)
        *v = varint(w);
    else if ((key & 7) == 1)
        take = 8;
    else {
        assert_int_equal(key & 7, 2);
        take = (size_t)varint(w);
    }
    assert_true(take <= w->n);
    *sub = (struct wire){ w->p, take };
    if ((key & 7) == 1)
        memcpy(v, w->p, 8);
    w->p += take;
    w->n -= take;
    return (unsigned)(key >> 3);
}

static size_t count_spans(struct wire message, int64_t *first_start)
{
    size_t n = 0;
    uint64_t v;
    struct wire resource, scope, span, x;
    while (field(&message, &v, &resource) == 1)
        for (unsigned a; (a = field(&resource, &v, &scope));)
            for (unsigned b; a == 2 && (b = field(&scope, &v, &span));) {
                if (b != 2)
                    continue;
                n++;
                for (unsigned c; (c = field(&span, &v, &x));) {
                    assert_true(c != 1 || x.n == 16);
                    assert_true((c != 2 && c != 4) || x.n == 8);
                    if (c == 7 && n == 1)
                        *first_start = (int64_t)v;
                }
            }
    assert_int_equal(message.n, 0);
    return n;
}

static void protobuf_is_framed_and_nested(void **state)
{
    (void)state;
    struct graphset *s = odd_set(3);
    struct buf b = written(&exporter_otlp_proto, s), lines = written(&exporter_otlp, s);
    const unsigned char *p = (const unsigned char *)b.p, *end = p + b.n;
    struct str rest = buf_view(&lines), line;
    size_t messages = 0;
    for (; p < end; messages++) {
        size_t n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3], in_json = 0;
        int64_t start = 0;
        assert_true(n <= (size_t)(end - p) - 4);
        size_t spans = count_spans((struct wire){ p + 4, n }, &start);
        /* The same trace in JSON has as many, and is one line. */
        assert_true(str_next(&rest, '\n', &line));
        json_t *root = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, NULL), *x;
        assert_non_null(root);
        size_t i;
        json_array_foreach(json_object_get(root, "resourceSpans"), i, x)
            in_json += json_array_size(json_object_get(
                json_array_get(json_object_get(x, "scopeSpans"), 0), "spans"));
        assert_int_equal(spans, in_json);
        const struct callgraph *g = &s->graphs[messages];
        assert_int_equal(start / 1000, g->arrival + g->calls[0].start);
        json_decref(root);
        p += 4 + n;
    }
    assert_int_equal(messages, s->n);
    buf_free(&b);
    buf_free(&lines);
    graphset_free(s);
}

static void zipkin_keeps_its_rules(void **state)
{
    (void)state;
    struct graphset *s = odd_set(4);
    struct buf b = written(&exporter_zipkin, s);
    json_t *root = json_loadb(b.p, b.n, JSON_REJECT_DUPLICATES, NULL), *e;
    assert_true(json_is_array(root));
    size_t i;
    json_array_foreach(root, i, e)
    {
        const char *name = json_string_value(json_object_get(e, "name"));
        json_t *duration = json_object_get(e, "duration");
        for (; name && *name; name++)
            assert_false(*name >= 'A' && *name <= 'Z');
        assert_true(!duration || json_integer_value(duration) >= 1);
        assert_int_equal(strlen(json_string_value(json_object_get(e, "id"))), 16);
    }
    json_decref(root);
    buf_free(&b);
    graphset_free(s);
}

static void untimed_graphs_are_left_out(void **state)
{
    (void)state;
    struct graphset *s = set_of(side_by_side);
    s->graphs[0].timed = false;
    size_t left_out = 0;
    struct err err;
    char *p = NULL;
    size_t n;
    FILE *f = open_memstream(&p, &n);
    assert_true(exporter_write(&exporter_jaeger, s, f, &left_out, &err));
    fclose(f);
    assert_int_equal(left_out, 1);
    json_t *root = json_loadb(p, n, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(root, "data")), 0);
    json_decref(root);
    free(p);
    graphset_free(s);
}

static void a_full_disk_is_an_error(void **state)
{
    (void)state;
    struct graphset *s = odd_set(5);
    size_t left_out;
    struct err err = { 0 };
    FILE *f = fopen("/dev/full", "w");
    assert_false(exporter_write(&exporter_jaeger, s, f, &left_out, &err));
    assert_int_equal(err.status, EXIT_IO);
    fclose(f);
    graphset_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_back_went_out),
        cmocka_unit_test(slices_of_a_lane_nest),
        cmocka_unit_test(lanes_are_those_drawn),
        cmocka_unit_test(a_graph_is_drawn_for_dot),
        cmocka_unit_test(protobuf_is_framed_and_nested),
        cmocka_unit_test(zipkin_keeps_its_rules),
        cmocka_unit_test(untimed_graphs_are_left_out),
        cmocka_unit_test(a_full_disk_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
