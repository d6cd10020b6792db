/* test_spans.c: spans to calls and back: the table in spans.h, both ways, and what goes wrong. */
#include "tests/near.h"

#include <string.h>

#include "tests/graphs.h"
#include "trace/spans_graph_priv.h"

struct outcome {
    struct graphset *set;
    struct spans_room *room;
    struct spans_deeds deeds;
    struct callgraph g;
    enum import_cause cause;
    size_t bad;
};

static struct outcome of_spans(struct span *s, size_t n, unsigned repair)
{
    struct outcome o = { .set = graphset_new(), .room = spans_room_new() };
    o.cause = spans_graph(s, n, repair, o.room, o.set->names, &o.g, &o.deeds, &o.bad);
    return o;
}

static void done(struct outcome *o)
{
    spans_room_free(o->room);
    graphset_free(o->set);
}

static struct span span(const char *id, const char *parent, const char *service, const char *name,
                        enum call_kind kind, int64_t start_us, int64_t end_us)
{
    struct span s = span_new();
    s.trace = STR("t");
    s.id = str_of(id);
    s.parent = str_of(parent);
    s.service = str_of(service);
    s.operation = str_of(name);
    s.kind = (uint8_t)kind;
    s.start_ns = start_us * 1000;
    s.end_ns = end_us * 1000;
    return s;
}

static void check_call(const struct outcome *o, size_t i, const char *rpcid, const char *src,
                       const char *dst, int64_t start, int64_t rt)
{
    const struct call *c = &o->g.calls[i];
    struct buf b = { 0 };
    callgraph_rpcid(&o->g, i, &b);
    assert_string_equal(b.p, rpcid);
    assert_string_equal(names_get(o->set->names, c->src), src);
    assert_string_equal(names_get(o->set->names, c->dst), dst);
    assert_int_equal(c->start, start);
    assert_int_equal(c->rt, rt);
    buf_free(&b);
}

/*  a  frontend server  |---------------------------|        in any order, as exports have them
 *  b  frontend client    |----------|                       calls search
 *  c  search   server      |------|
 *  d  frontend client                  |---| peer mysql
 *  e  search   internal          |-----------------------|  outlasts c, and so is async       */
static void the_table_of_spans_and_calls(void **state)
{
    (void)state;
    struct span s[] = {
        span("c", "b", "search", "Find", KIND_SERVER, 30, 90),
        span("d", "a", "frontend", "select", KIND_CLIENT, 130, 170),
        span("e", "c", "search", "index", KIND_INTERNAL, 80, 400),
        span("a", "", "frontend", "GET /", KIND_SERVER, 0, 300),
        span("b", "a", "frontend", "Find", KIND_CLIENT, 20, 120),
    };
    span_tag(&s[1], STR("db.system"), STR("mysql"));
    span_tag(&s[3], STR("http.method"), STR("GET"));
    struct outcome o = of_spans(s, 5, 0);
    assert_int_equal(o.cause, IMPORT_CAUSES);
    assert_int_equal(o.g.n, 5);
    check_call(&o, 0, "0", "USER", "frontend", 0, 300);
    check_call(&o, 1, "0.1", "frontend", "frontend", 20, 100);
    check_call(&o, 2, "0.1.1", "frontend", "search", 30, 60);
    check_call(&o, 3, "0.1.1.1", "search", "search", 80, 320);
    check_call(&o, 4, "0.2", "frontend", "mysql", 130, 40);
    assert_true(o.g.calls[3].async && !o.g.calls[2].async);
    assert_int_equal(o.g.calls[0].type, CALL_HTTP);
    assert_int_equal(o.g.calls[2].type, CALL_RPC);
    assert_int_equal(o.g.calls[3].type, CALL_OTHER);
    assert_int_equal(o.g.calls[4].type, CALL_DB);
    assert_string_equal(names_get(o.set->names, o.g.service), "frontend:GET /");
    assert_int_equal(o.deeds.spans[DEED_OUTLASTS], 1);
    assert_int_equal(callgraph_check(&o.g, NULL), GRAPH_GOOD);
    done(&o);
}

/* The two sides of a call under one id, as Zipkin has them: the server's below the client's. */
static void zipkin_shared_spans(void **state)
{
    (void)state;
    struct span s[] = {
        span("1", "", "a", "get", KIND_SERVER, 0, 100), span("2", "1", "b", "post", KIND_SERVER,
            20, 70),
        span("2", "1", "a", "post", KIND_CLIENT, 10, 80), span("3", "2", "b", "db", KIND_INTERNAL,
            30, 40),
    };
    struct outcome o = of_spans(s, 4, 0);
    assert_int_equal(o.cause, IMPORT_CAUSES);
    check_call(&o, 1, "0.1", "a", "a", 10, 70);
    check_call(&o, 2, "0.1.1", "a", "b", 20, 50);
    check_call(&o, 3, "0.1.1.1", "b", "b", 30, 10);
    done(&o);
}

static void what_is_no_tree_has_a_cause(void **state)
{
    (void)state;
    const struct { const char *parent[3]; unsigned repair; enum import_cause cause; size_t calls; }
    way[] = {
        { { "", "a", "x" }, 0, CAUSE_ORPHAN, 0 },
        { { "", "a", "x" }, 1u << DEED_LOSS, IMPORT_CAUSES, 2 },
        { { "", "", "a" }, REPAIR_ALL, CAUSE_ROOTS, 0 },
        { { "x", "a", "b" }, 0, CAUSE_NO_ROOT, 0 },
        { { "x", "a", "b" }, 1u << DEED_ROOT, IMPORT_CAUSES, 3 },
        { { "x", "y", "a" }, REPAIR_ALL, CAUSE_NO_ROOT, 0 },
        { { "x", "x", "a" }, 1u << DEED_ROOT, CAUSE_NO_ROOT, 0 },
        { { "x", "x", "a" }, 1u << DEED_PARENT, IMPORT_CAUSES, 4 },
        { { "c", "a", "b" }, REPAIR_ALL, CAUSE_CYCLE, 0 },
        { { "", "c", "b" }, REPAIR_ALL, CAUSE_CYCLE, 0 },
    };
    for (size_t k = 0; k < sizeof way / sizeof *way; k++) {
        struct span s[4];
        for (int i = 0; i < 3; i++)
            s[i] = span((const char *[]){ "a", "b", "c" }[i], way[k].parent[i], "s", "op",
                        KIND_INTERNAL, i, 9);
        struct outcome o = of_spans(s, 3, way[k].repair);
        assert_int_equal(o.cause, way[k].cause);
        if (o.cause == IMPORT_CAUSES)
            assert_int_equal(o.g.n, way[k].calls);
        done(&o);
    }
}

/* The same record twice is one span; another span of that id leaves its children without parent. */
static void records_of_one_id(void **state)
{
    (void)state;
    struct span s[] = { span("a", "", "s", "op", KIND_SERVER, 0, 9),
                        span("b", "a", "s", "x", KIND_INTERNAL, 1, 2),
                        span("b", "a", "s", "x", KIND_INTERNAL, 1, 2),
                        span("c", "b", "s", "y", KIND_INTERNAL, 1, 2) };
    struct outcome o = of_spans(s, 4, 0);
    assert_int_equal(o.cause, IMPORT_CAUSES);
    assert_int_equal(o.g.n, 3);
    assert_int_equal(o.deeds.second, 1);
    done(&o);
    s[2].end_ns++;
    o = of_spans(s, 4, 0);
    assert_int_equal(o.cause, CAUSE_CONFLICT);
    done(&o);
}

static void again(const struct callgraph *g, const struct graphset *s, uint32_t tick_us)
{
    struct arena *a = arena_new();
    struct span *x = ARENA_ARRAY(a, 2 * g->n, struct span);
    size_t n = spans_of_graph(g, s->names, tick_us, a, x);
    assert_true(n >= g->n && n <= 2 * g->n);
    for (size_t i = 0, j = n - 1; i < j; i++, j--) {   /* children before parents */
        struct span t = x[i];
        x[i] = x[j];
        x[j] = t;
    }
    struct outcome o = of_spans(x, n, 0);
    assert_int_equal(o.cause, IMPORT_CAUSES);
    assert_int_equal(o.g.n, g->n);
    assert_int_equal(o.g.arrival, g->arrival * tick_us);
    for (size_t i = 0; i < g->n; i++) {
        assert_int_equal(o.g.calls[i].start, g->calls[i].start * tick_us);
        assert_int_equal(o.g.calls[i].rt, g->calls[i].rt * tick_us);
        o.g.calls[i].start = g->calls[i].start;
        o.g.calls[i].rt = g->calls[i].rt;
    }
    assert_true(callgraph_same(&o.g, o.set->names, g, s->names));
    done(&o);
    arena_free(a);
}

static void shift_to_zero(struct callgraph *g)
{
    int64_t first = g->calls[0].start;
    for (size_t i = 1; i < g->n; i++)
        first = g->calls[i].start < first ? g->calls[i].start : first;
    for (size_t i = 0; i < g->n; i++)
        g->calls[i].start -= first;
}

static void graphs_of_alibaba_come_back(void **state)
{
    (void)state;
    gsl_rng *r = rng_stream(7, "test_spans", 0);
    struct graphset *s = graphset_new();
    for (size_t i = 0; i < 300; i++) {
        struct callgraph *g = random_graph(s, r, 1 + rng_below(r, 40), 8, false);
        g->arrival = (int64_t)rng_below(r, 1000000);
        g->trace_id = i % 2 ? names_id_of(s->names, "T_1") : NAMES_NONE;
        for (size_t k = 0; k < g->n; k++) {   /* ns have fewer years than ticks */
            struct call *c = &g->calls[k];
            int64_t end = call_finish(c) >> 32;
            c->start >>= 32;
            c->rt = end - c->start;
        }
        shift_to_zero(g);
        again(g, s, i % 3 ? 1000 : 1);
    }
    graphset_free(s);
    gsl_rng_free(r);
}

static void a_graph_of_spans_comes_back(void **state)
{
    (void)state;
    struct span s[] = {
        span("a", "", "front", "GET /", KIND_SERVER, 0, 300),
        span("b", "a", "front", "call", KIND_CLIENT, 20, 120),
        span("c", "b", "back", "call", KIND_SERVER, 30, 90),
        span("d", "a", "front", "select", KIND_CLIENT, 130, 170),
        span("e", "c", "back", "", KIND_PRODUCER, 80, 400),
        span("f", "e", "other", "take", KIND_CONSUMER, 85, 500),
    };
    s[3].peer = STR("mysql");
    s[2].status = STATUS_ERROR;
    struct outcome o = of_spans(s, 6, 0);
    assert_int_equal(o.cause, IMPORT_CAUSES);
    struct arena *a = arena_new();
    struct span x[12];
    assert_int_equal(spans_of_graph(&o.g, o.set->names, 1, a, x), 6);
    static const struct { const char *service, *name, *peer; enum call_kind kind; } want[] = {
        { "front", "GET /", "", KIND_SERVER },  { "front", "call", "", KIND_CLIENT },
        { "back", "call", "", KIND_SERVER },    { "back", "", "", KIND_PRODUCER },
        { "other", "take", "", KIND_CONSUMER }, { "front", "select", "mysql", KIND_CLIENT },
    };
    for (int i = 0; i < 6; i++) {
        assert_true(str_is(x[i].service, want[i].service) && str_is(x[i].peer, want[i].peer));
        assert_true(str_is(x[i].operation, want[i].name));
        assert_int_equal(x[i].kind, want[i].kind);
    }
    arena_free(a);
    again(&o.g, o.set, 1);
    done(&o);
}

static void ids_are_hex_of_two_widths(void **state)
{
    (void)state;
    static const struct { const char *in, *out; } way[] = {
        { "1", "0000000000000001" }, { "ABCdef", "0000000000abcdef" },
        { "12345678901234567", "00000000000000012345678901234567" },
        { "", NULL }, { "0", NULL }, { "xyz", NULL }, { "000000000000000000000000000000001", NULL },
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        char room[32];
        struct str s;
        assert_int_equal(span_hex(str_of(way[i].in), room, &s), way[i].out != NULL);
        if (way[i].out)
            assert_true(str_is(s, way[i].out));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_of_spans_and_calls),
        cmocka_unit_test(zipkin_shared_spans),
        cmocka_unit_test(what_is_no_tree_has_a_cause),
        cmocka_unit_test(records_of_one_id),
        cmocka_unit_test(graphs_of_alibaba_come_back),
        cmocka_unit_test(a_graph_of_spans_comes_back),
        cmocka_unit_test(ids_are_hex_of_two_widths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
