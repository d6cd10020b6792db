/* The three formats of TraceLLM: known texts, decode of encode, acceptance by both oracles. */
#define _GNU_SOURCE   /* mkstemp, memmem */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/fixtures.h"
#include "tests/graphs.h"
#include "text/format.h"
#include "text/import_text.h"
#include "text/instruction.h"
#include "text/layers.h"
#include "text/oracle_graph.h"
#include "text/prompt.h"

typedef bool (*importer)(char *const *, size_t, const struct import_options *, callgraph_sink,
                         void *, struct import_report *, struct err *);

static const struct {
    const struct text_format *format;
    enum text_task task;
    importer import;
} format[] = {
    { &text_tabular, TASK_TABULAR, text_import_tabular },
    { &text_recursive, TASK_RECURSIVE, text_import_recursive },
    { &text_instruction, TASK_INSTRUCTION, text_import_instruction },
};
enum { FORMATS = sizeof format / sizeof *format };

static bool import_bytes(importer import, struct str bytes, struct graphset *out,
                         struct import_report *rep, struct err *err)
{
    char path[] = "/tmp/tracewright-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_true(file_write(path, bytes.p, bytes.n, err));
    char *paths[] = { path };
    bool good = import(paths, 1, NULL, import_collect, out, rep, err);
    unlink(path);
    return good;
}

static void fixed_texts_are_known(void **state)
{
    (void)state;
    struct graphset *s = graphset_new();
    fixture_chain_and_leaf(s);
    struct buf b = { 0 };
    text_tabular.encode(&s->graphs[0], s->names, 1000, NULL, NULL, &b);
    assert_string_equal(b.p,
        "[GENERATE GRAPH]id:S_000000001/num_edges:4/latency:10/depth:3\n"
        "<edges>\n"
        "(edge_id is 0,type is http,source is USER,destination is MS_00001,"
        "communication starts at 0 milliseconds,communication finishes at 10 milliseconds)\n"
        "(edge_id is 0.1,type is rpc,source is MS_00001,destination is MS_00002,"
        "communication starts at 1 milliseconds,communication finishes at 7 milliseconds)\n"
        "(edge_id is 0.1.1,type is mc,source is MS_00002,destination is MS_00003,"
        "communication starts at 2 milliseconds,communication finishes at 3 milliseconds)\n"
        "(edge_id is 0.2,type is db,source is MS_00001,destination is MS_00004,"
        "communication starts at 8 milliseconds,communication finishes at 9 milliseconds)\n"
        "</edges>\n");
    buf_clear(&b);
    text_recursive.encode(&s->graphs[0], s->names, 1000, NULL, NULL, &b);
    const char *below =
        "id:S_000000001/num_edges:3/start_node:MS_00001/caller:USER/start_edge_id:1/"
        "start_communication_at:1/latency:10/num_subgraphs:1/remaining_depth:1/num_current_edges:2";
    assert_non_null(strstr(b.p,
        "[GENERATE GRAPH]id:S_000000001/num_edges:4/start_node:USER/start_edge_id:0/"
        "start_communication_at:0/"
        "latency:10/num_subgraphs:1/remaining_depth:2/"
        "num_current_edges:1\n<layer>\n<edges>\n(edge_id is 0,type is http,"));
    assert_non_null(strstr(b.p, below));
    assert_non_null(strstr(b.p, "</edges>\n<subgraph of edge_id 0>id:S_000000001/"));
    assert_non_null(strstr(b.p,
        "<subgraph of edge_id 1>id:S_000000001/num_edges:1/start_node:MS_00002/caller:MS_00001/"
        "start_edge_id:1/"
        "start_communication_at:2/latency:7/num_subgraphs:0/remaining_depth:0/"
        "num_current_edges:1</subgraph>\n"
        "</layer>\n"));
    buf_clear(&b);
    text_instruction.encode(&s->graphs[0], s->names, 1000, NULL, NULL, &b);
    assert_non_null(strstr(b.p,
        "num generated edges = the last edge id - the first edge id + 1 = 2 - 1 + 1 = 2\n"
        "2 edges generated out of num_edges:3\n"
        "num_remaining_edges = num_edges:3 - generated:2 = 1\n"
        "\n"
        "generate subgraphs of edge:1\n"
        "Subgraph constraints:\n"
        "num_edges <= num_remaining_edges:1\n"
        "remaining_depth should be the requirement's remaining_depth:1 - 1 = 0\n"
        "copy start_node from edge 1 destination: MS_00002\n"
        "<subgraph of edge_id 1>"));
    assert_non_null(
        strstr(b.p,
               "now, num_remaining_edges is 1 - 1 = 0\nfinish generation</layer>\n### Question: "));
    assert_non_null(strstr(
        b.p, "num_remaining_edges = num_edges:1 - generated:1 = 0\nfinish generation\n</layer>\n"));
    buf_free(&b);
    graphset_free(s);
}

/* Every sample of the graph, judged by both oracles,
and by the original with its prompt doubled. */
static void check_accepted(const struct text_samples *samples, enum text_task task)
{
    for (size_t i = 0; i < samples->n; i++) {
        struct text_sample at = samples->at[i];
        struct str prompt = { samples->text.p + at.prompt, at.output - at.prompt };
        struct str output = { samples->text.p + at.output, at.end - at.output };
        struct str doubled = { prompt.p, at.end - at.prompt };
        for (size_t k = 0; oracles[k]; k++) {
            struct verdict v = oracle_judge(oracles[k], task, prompt, output);
            if (!v.valid)
                fail_msg("%s oracle, code %u:\n%.*s", oracles[k]->name, v.codes[0], (int)doubled.n,
                         doubled.p);
            assert_true(oracle_judge(oracles[k], task, prompt, doubled).valid);
        }
    }
}

static void rename_oddly(struct graphset *s, struct callgraph *g, gsl_rng *r)
{
    g->service = random_name(s, r, true);
    for (size_t i = 0; i < g->n; i++) {
        g->calls[i].dst = random_name(s, r, true);
        if (i)
            g->calls[i].src = g->calls[g->calls[i].parent].dst;
    }
}

static void decode_of_encode_is_the_identity(void **state)
{
    (void)state;
    gsl_rng *r = rng_stream(11, "test/formats", 0);
    struct buf b = { 0 };
    for (size_t k = 0; k < 150; k++) {
        struct graphset *s = graphset_new();
        for (size_t i = 0; i < 4; i++) {
            struct callgraph *g = random_graph(s, r, 1 + rng_below(r, k % 5 ? 12 : 150),
                                               k % 7 ? 2 + k % 4 : 30, false);
            if (k % 4 == 3)
                rename_oddly(s, g, r);
        }
        for (size_t f = 0; f < FORMATS; f++) {
            struct text_samples samples = { 0 };
            gsl_rng *draw = k % 3 ? r : NULL;
            buf_clear(&b);
            for (size_t i = 0; i < s->n; i++) {
                format[f].format->encode(&s->graphs[i], s->names, 1000, NULL, draw, &b);
                format[f].format->samples(&s->graphs[i], s->names, 1000, NULL, draw, &samples);
            }
            check_accepted(&samples, format[f].task);
            struct graphset *t = graphset_new();
            struct import_report rep;
            struct err err;
            bool good = import_bytes(format[f].import, buf_view(&b), t, &rep, &err);
            if (!good || t->n != s->n)
                import_report_words(&rep, stderr);
            assert_true(good);
            assert_int_equal(t->n, s->n);
            assert_int_equal(rep.rows_read, rep.rows_used);
            for (size_t i = 0; i < s->n; i++)
                assert_true(callgraph_same(&s->graphs[i], s->names, &t->graphs[i], t->names));
            graphset_free(t);
            text_samples_free(&samples);
        }
        graphset_free(s);
    }
    buf_free(&b);
    gsl_rng_free(r);
}

/* A root with n children. */
static struct callgraph *star(struct graphset *s, size_t n)
{
    struct fixture_call *f = mem_array(n + 1, sizeof *f);
    f[0] = (struct fixture_call){ 0, 0, CALL_HTTP, "MS_00001", 0, 1000 };
    for (size_t i = 1; i <= n; i++)
        f[i] = (struct fixture_call){ 1,          (uint32_t)i, CALL_MC,
                                      "MS_00002", (int64_t)i,  (int64_t)i + 1 };
    struct callgraph *g = fixture_graph(s, "S_000000009", f, n + 1);
    free(f);
    return g;
}

static void wide_layers_are_cut_as_the_header_says(void **state)
{
    (void)state;
    struct graphset *s = graphset_new();
    struct arena *arena = arena_new();
    struct layers l = layers_of(star(s, 15), s->names, NULL, arena);
    assert_int_equal(l.n, 2);
    assert_false(l.at[1]->split);
    l = layers_of(star(s, 16), s->names, NULL, arena);
    assert_int_equal(l.n, 4);                        /* root, split, 15, 1 */
    assert_true(l.at[1]->split);
    assert_int_equal(l.at[2]->n, 15);
    assert_int_equal(l.at[3]->header.number[HEAD_START_EDGE_ID], 16);
    l = layers_of(star(s, 91), s->names, NULL, arena);
    assert_int_equal(l.at[1]->n_subs, 2);            /* { 15 15 15 15 15 } { 15 1 } */
    assert_int_equal(l.at[1]->subs[0]->n_subs, 5);
    assert_int_equal(l.at[1]->subs[0]->header.number[HEAD_NUM_CURRENT], 75);
    assert_int_equal(l.at[1]->subs[1]->n_subs, 2);
    assert_ptr_equal(l.at[2], l.at[1]->subs[0]);
    assert_ptr_equal(l.at[3], l.at[2]->subs[0]);
    l = layers_of(star(s, 76), s->names, NULL, arena);
    assert_int_equal(l.at[1]->n_subs, 2);            /* the sixth part is alone: not wrapped */
    assert_false(l.at[1]->subs[1]->split);
    l = layers_of(star(s, 15 * 26), s->names, NULL, arena);
    assert_int_equal(l.at[1]->n_subs, 2);            /* 26 parts, 6 groups, 2 groups */
    size_t seen[16] = { 0 };
    gsl_rng *r = rng_stream(1, "test/wide", 0);
    for (size_t k = 0; k < 3000; k++) {
        l = layers_of(&s->graphs[1], s->names, r, arena);
        seen[l.at[2]->n]++;
        arena_reset(arena);
    }
    for (size_t n = 13; n <= 15; n++)
        assert_near((double)seen[n] / 3000, 1.0 / 3, 0.035);
    gsl_rng_free(r);
    arena_free(arena);
    graphset_free(s);
}

static void bad_blocks_are_dropped_and_named(void **state)
{
    (void)state;
    static const char good[] =
        "[GENERATE GRAPH]id:S_1\n<edges>\n(edge_id is 0,type is http,source is USER,destination "
        "is A,"
        "communication starts at 0 milliseconds,communication finishes at 9 milliseconds)\n";
    static const struct { const char *more; enum import_cause cause; } way[] = {
        /* not closed */
        { "", CAUSE_SYNTAX },
        { "(edge_id is 0.1)\n</edges>\n", CAUSE_SYNTAX },
        { "junk\n</edges>\n", CAUSE_SYNTAX },
#define EDGE(id, type, src, from, to) \
    "(edge_id is " id ",type is " type ",source is " src ",destination is B,communication starts " \
    "at " from " milliseconds,communication finishes at " to " milliseconds)\n</edges>\n"
        { EDGE("0", "rpc", "A", "1", "2"), CAUSE_CONFLICT },
        { EDGE("1", "rpc", "A", "1", "2"), CAUSE_ORPHAN },
        { EDGE("0.1.1", "rpc", "A", "1", "2"), CAUSE_ORPHAN },
        { EDGE("0.1", "rpc", "C", "1", "2"), CAUSE_SRC },
        { EDGE("0.1", "soap", "A", "1", "2"), CAUSE_TYPE },
        { EDGE("0.1", "rpc", "A", "2", "1"), CAUSE_RT },
        { EDGE("0.1", "rpc", "A", "2", "10"), CAUSE_FINISH },
        { EDGE("0.x", "rpc", "A", "2", "3"), CAUSE_SYNTAX },
        { EDGE("0.1", "rpc", "A", "nan", "3"), CAUSE_SYNTAX },
        { EDGE("0.1", "rpc", "A", "-2", "3"), CAUSE_RPCID },
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        struct buf b = { 0 };
        struct graphset *s = graphset_new();
        struct import_report rep;
        struct err err;
        buf_printf(&b, "%s%s", good, way[i].more);
        assert_false(import_bytes(text_import_tabular, buf_view(&b), s, &rep, &err));
        assert_int_equal(err.status, EXIT_DATA);
        assert_int_equal(rep.cause[way[i].cause].graphs, 1);
        buf_printf(&b, "%s" EDGE("0.1", "rpc", "A", "1", "2"), good);
        assert_true(import_bytes(text_import_tabular, buf_view(&b), s, &rep, &err));
        assert_int_equal(rep.graphs_used, 1);
        assert_int_equal(rep.graphs_read, 2);
        graphset_free(s);
        buf_free(&b);
    }
    static const char contradicted[] =
        "[GENERATE GRAPH]id:S_1/num_edges:2\n<edges>\n(edge_id is 0,type is http,source is USER,"
        "destination is A,communication starts at 0 milliseconds,communication finishes at 9 "
        "milliseconds)\n</edges>\n";
    struct graphset *s = graphset_new();
    struct import_report rep;
    struct err err;
    assert_false(import_bytes(text_import_tabular, STR(contradicted), s, &rep, &err));
    assert_int_equal(rep.cause[CAUSE_INVALID].graphs, 1);
    assert_false(
        import_bytes(text_import_recursive, STR("\x00\x01\xff binary\n\n"), s, &rep, &err));
    assert_int_equal(rep.cause[CAUSE_SYNTAX].rows, 1);
    assert_false(import_bytes(text_import_instruction, STR(""), s, &rep, &err));
    assert_int_equal(rep.cause[CAUSE_EMPTY].files, 1);
    graphset_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_texts_are_known),
        cmocka_unit_test(decode_of_encode_is_the_identity),
        cmocka_unit_test(wide_layers_are_cut_as_the_header_says),
        cmocka_unit_test(bad_blocks_are_dropped_and_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
