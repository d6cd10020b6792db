/* DGG's weighted graphs to trees: worked by hand, and every way to be wrong. */
#define _GNU_SOURCE   /* memfd_create */
#include "tests/near.h"

#include <string.h>

#include "base/file.h"
#include "tests/memfile.h"
#include "trace/import.h"

#define E(s, t, w, type)                                                                           \
    "{\"source\":\"" s "\",\"target\":\"" t "\",\"weight\":" #w ",\"rpctype\":\"" type "\"}"
#define G(edges)                                                                                   \
    "{\"type\":\"type0\",\"service\":\"S_1\",\"num\":7,\"nodes\":[],\"edges\":[" edges "]}\n"
#define ROOT E("USER", "A", 1, "http")

static struct graphset *read_text(const char *text, bool *good, struct import_report *r,
                                  struct err *err)
{
    struct memfile m = memfile_open(text, strlen(text));
    char *path[] = { m.path };
    struct graphset *s = graphset_new();
    *good = import_dgg(path, 1, NULL, s, r, err);
    memfile_close(&m);
    uint64_t rows = r->rows_used, graphs = r->graphs_used;
    for (int c = 0; c < IMPORT_CAUSES; c++)
        graphs += r->cause[c].graphs, rows += r->cause[c].rows;
    assert_int_equal(graphs, r->graphs_read);
    assert_int_equal(rows, r->rows_read);
    for (size_t i = 0; i < s->n; i++)
        assert_int_equal(callgraph_check(&s->graphs[i], NULL), GRAPH_GOOD);
    return s;
}

/* "0 A, 0.1 B, ..." of the first graph. */
static void check_tree(const char *text, const char *want)
{
    bool good;
    struct import_report r;
    struct err err = { 0 };
    struct graphset *s = read_text(text, &good, &r, &err);
    if (!good)
        fail_msg("%s", err.msg);
    struct buf b = { 0 };
    for (size_t i = 0; i < s->graphs[0].n; i++) {
        buf_str(&b, i ? ", " : "");
        callgraph_rpcid(&s->graphs[0], i, &b);
        buf_printf(&b, " %s", names_get(s->names, s->graphs[0].calls[i].dst));
    }
    assert_string_equal(b.p, want);
    assert_false(s->graphs[0].timed);
    assert_near(s->weight[0], 7, 0);
    buf_free(&b);
    graphset_free(s);
}

static void every_edge_becomes_as_many_calls_as_it_weighs(void **state)
{
    (void)state;
    check_tree(G(ROOT), "0 A");
    check_tree(
        G(E("B", "C", 3, "mc") "," E("A", "B", 2, "rpc") "," ROOT), /* B twice, C dealt 2 and 1 */
        "0 A, 0.1 B, 0.1.1 C, 0.1.2 C, 0.2 B, 0.2.1 C");
    check_tree(
        G(ROOT "," E("A", "B", 3, "rpc") "," E("B", "C", 1, "db")), /* only the first B calls C */
        "0 A, 0.1 B, 0.1.1 C, 0.2 B, 0.3 B");
    check_tree(
        G(ROOT "," E("A", "B", 1, "rpc") "," E("A", "C", 1, "rpc") "," E("B", "D", 1, "rpc") "," E(
            "C", "D", 1, "rpc") "," E("D", "F", 2, "mc")), /* D below both its callers */
        "0 A, 0.1 B, 0.1.1 D, 0.1.1.1 F, 0.2 C, 0.2.1 D, 0.2.1.1 F");
    check_tree(G(ROOT "," E("A", "A", 2, "rpc") "," E("A", "B", 3, "mc")),   /* A calls itself */
               "0 A, 0.1 A, 0.1.1 B, 0.2 A, 0.2.1 B, 0.3 B");
    check_tree(G(ROOT "," E("A", "B", 1, "rpc") "," E("A", "B", 1, "mc")), /* two edges, one pair */
               "0 A, 0.1 B, 0.2 B");
    check_tree(
        "{\"num\":7,\n \"edges\":[\n"
        " {\"um\":\"USER\",\"dm\":\"A\",\"time\":1,\"compara\":\"http\"}]}",
        "0 A");
}

static void every_cause_has_its_name(void **state)
{
    (void)state;
    static const struct { const char *text; enum import_cause cause; } way[] = {
        { "{\"num\":1,\"edges\":\n", CAUSE_SYNTAX },
        { "junk before\n", CAUSE_SYNTAX },
        { "{\"edges\":[\"\xFF\"]}\n", CAUSE_SYNTAX },
        { "{}\n", CAUSE_MEMBER },
        { "{\"edges\":[{\"source\":1}]}\n", CAUSE_MEMBER },
        { "{\"edges\":[],\"num\":-3}\n", CAUSE_MEMBER },
        { "{\"edges\":[]}\n", CAUSE_NO_ROOT },
        { G(E("USER", "A", 0, "http")), CAUSE_MEMBER },
        { G(E("USER", "A", 1.5, "http")), CAUSE_MEMBER },
        { G(E("USER", "A", 1, "UNKNOWN")), CAUSE_TYPE },
        { G(E("USER", "A", 2, "http")), CAUSE_ROOTS },
        { G(ROOT "," E("USER", "B", 1, "http")), CAUSE_ROOTS },
        { G(ROOT "," E("X", "B", 1, "http")), CAUSE_ROOTS },
        { G(ROOT "," E("A", "B", 1, "rpc") "," E("B", "A", 1, "rpc")), CAUSE_CYCLE },
        { G(E("A", "B", 1, "rpc") "," E("B", "A", 1, "rpc")), CAUSE_NO_ROOT },
        { G(ROOT "," E("A", "B", 70000, "mc")), CAUSE_TOO_LARGE },
        { G(ROOT "," E("A", "A", 60000, "mc") "," E("A", "B", 60000, "mc")), CAUSE_TOO_LARGE },
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        struct buf b = { 0 };
        buf_str(&b, G(ROOT));
        buf_str(&b, way[i].text);
        buf_str(&b, G(ROOT));
        bool good;
        struct import_report r;
        struct err err;
        struct graphset *s = read_text(b.p, &good, &r, &err);
        if (s->n != 2 || r.cause[way[i].cause].graphs != 1 ||
            !strstr(r.cause[way[i].cause].example, ":2: "))
            fail_msg("way %zu: %d graphs, %d under \"%s\": %s", i, (int)s->n,
                     (int)r.cause[way[i].cause].graphs, import_cause_names[way[i].cause],
                     r.cause[way[i].cause].example);
        graphset_free(s);
        s = read_text(way[i].text, &good, &r, &err);
        assert_false(good);
        assert_int_equal(err.status, EXIT_DATA);
        graphset_free(s);
        buf_free(&b);
    }
}

static void the_real_graphs_are_accounted_for(void **state)
{
    (void)state;
    char *path[] = { "../shared/data/callgraphs/alibaba-dgg/real_call_graphs_type5.jsonl.xz" };
    if (!file_exists(path[0])) {
        printf("SKIP real graphs: %s is not there\n", path[0]);
        return;
    }
    struct graphset *s = graphset_new();
    struct import_report r;
    struct err err;
    assert_true(import_dgg(path, 1, NULL, s, &r, &err));
    assert_int_equal(r.graphs_read, 2939);
    assert_int_equal(s->n + r.cause[CAUSE_TYPE].graphs + r.cause[CAUSE_CYCLE].graphs, 2939);
    assert_int_equal(r.cause[CAUSE_TYPE].graphs, 1);
    graphset_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_edge_becomes_as_many_calls_as_it_weighs),
        cmocka_unit_test(every_cause_has_its_name),
        cmocka_unit_test(the_real_graphs_are_accounted_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
