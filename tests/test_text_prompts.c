/* The prompts of TraceLLM's formats: what is left to chance comes as often as in the original, and
 * what is not is word for word the same. */
#define _GNU_SOURCE   /* memmem */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fixtures.h"
#include "tests/graphs.h"
#include "text/format.h"
#include "text/instruction.h"
#include "text/layers.h"
#include "text/oracle_graph.h"
#include "text/prompt.h"

enum { DRAWS = 6000 };

static double share(size_t n)
{
    return (double)n / DRAWS;
}

static const double tolerance = 4.5 * 0.0065;      /* of a coin of 0.5 among 6000; ample for 0.9 */

/* How often a text stands in the part of b between its first and second "### Question". */
static bool contains(struct str s, const char *what)
{
    return memmem(s.p, s.n, what, strlen(what)) != NULL;
}

static void root_headers_keep_keys_as_the_original_does(void **state)
{
    (void)state;
    static const char *const key[] = { "id:",
                                       "num_edges:",
                                       "start_node:",
                                       "start_edge_id:",
                                       "start_communication_at:",
                                       "num_subgraphs:",
                                       "remaining_depth:",
                                       "num_current_edges:",
                                       "latency:" };
    size_t kept[9] = { 0 }, table[4] = { 0 }, first[4] = { 0 };
    struct graphset *s = graphset_new();
    fixture_chain_and_leaf(s);
    gsl_rng *r = rng_stream(2, "test/keys", 0);
    struct buf b = { 0 };
    for (size_t k = 0; k < DRAWS; k++) {
        buf_clear(&b);
        text_recursive.encode(&s->graphs[0], s->names, 1000, NULL, r, &b);
        struct str line = { b.p, strcspn(b.p, "\n") };
        for (size_t i = 0; i < 9; i++)
            kept[i] += contains(line, key[i]);
        assert_false(contains(line, "caller:"));
        buf_clear(&b);
        text_tabular.encode(&s->graphs[0], s->names, 1000, NULL, r, &b);
        line = (struct str){ b.p + 16, strcspn(b.p + 16, "\n") };
        static const char *const tabular[] = { "id:", "num_edges:", "latency:", "depth:" };
        for (size_t i = 0; i < 4; i++) {
            table[i] += contains(line, tabular[i]);
            first[i] += str_starts(line, tabular[i]);
        }
    }
    assert_int_equal(kept[0], DRAWS);
    assert_int_equal(table[0], DRAWS);
    for (size_t i = 1; i < 8; i++)
        assert_near(share(kept[i]), 0.9, 0.02);
    assert_near(share(kept[8]), 0.5, tolerance);
    for (size_t i = 1; i < 4; i++)
        assert_near(share(table[i]), 0.9, 0.02);
    double drops3 = 0.1 * 0.1 * 0.1, drops2 = 3 * 0.9 * 0.01, drops1 = 3 * 0.81 * 0.1, none = 0.729;
    /* shuffled */
    assert_near(share(first[0]), drops3 + drops2 / 2 + drops1 / 3 + none / 4, tolerance);
    buf_free(&b);
    gsl_rng_free(r);
    graphset_free(s);
}

static void conditions_come_as_often_as_the_original_draws_them(void **state)
{
    (void)state;
    static const struct { const char *line; double root, inner; } condition[] = {
        { "the first edge_id should be start_edge_id ", 0.81, 0.9 },
        { "the first start_communication_at should be requirement's", 0.81, 0.9 },
        { " edges following num_current_edges\n", 0.81, 0.9 },
        { "In each edge, communication start time should NOT be greater than latency ", 0.45, 0.9 },
        { "Also, communication should finish before latency ", 0.45, 0.9 },
        { "generate 1 number of subgraphs\n", 0, 0.9 },
        { "no subgraph to generate\n", 0, 0 },
        { "for all edges, communication start time <= communication finish time\n", 0.9, 0.9 },
        { "copy caller from requirement's start_node:", 0.9, 0.9 },
        { "The total number of edges is not provided\n", 0.09, 0 },
        { "The depth information is not provided\n", 0.09, 0 },
        { "Generate subgraph instructions if necessary\n", 0.09, 0 },
        { "Build a call graph with latencies based on distributions\n", 0.25, 0 },
        { "Build a call graph with high latency\n", 0, 0 },
        { "Include an edge from ", 0, 0 },
    };
    enum { CONDITIONS = sizeof condition / sizeof *condition };
    size_t count[2][CONDITIONS] = { 0 };
    struct graphset *s = graphset_new();
    fixture_chain_and_leaf(s);
    gsl_rng *r = rng_stream(3, "test/conditions", 0);
    struct text_samples t = { 0 };
    for (size_t k = 0; k < DRAWS; k++) {
        text_samples_free(&t);
        text_instruction.samples(&s->graphs[0], s->names, 1000, NULL, r, &t);
        assert_int_equal(t.n, 3);
        for (size_t layer = 0; layer < 2; layer++) {
            struct str q = { t.text.p + t.at[layer].prompt,
                             t.at[layer].output - t.at[layer].prompt };
            for (size_t c = 0; c < CONDITIONS; c++)
                count[layer][c] += contains(q, condition[c].line);
        }
    }
    for (size_t c = 0; c < CONDITIONS; c++) {
        assert_near(share(count[0][c]), condition[c].root, tolerance);
        assert_near(share(count[1][c]), condition[c].inner, tolerance);
    }
    text_samples_free(&t);
    gsl_rng_free(r);
    graphset_free(s);
}

/* Twenty graphs of one service, one of them slow and with a call of its own. */
static struct callstats *stats_of_twenty(struct graphset *s)
{
    struct callstats *stats = callstats_new(CALLSTATS_CAREFUL);
    for (int64_t i = 0; i < 20; i++) {
        const struct fixture_call f[] = {
            { 0, 0, CALL_HTTP, "MS_00001", 0, i < 19 ? 10 + i : 500 },
            { 1, 1, CALL_RPC, "MS_00002", 0, 5 },
            { 1, 2, CALL_DB, i < 19 ? "MS_00003" : "MS_00004", 6, 7 },
        };
        fixture_graph(s, "S_000000001", f, 3);
        callstats_add(stats, &s->graphs[s->n - 1], s->names, 1000);
    }
    callstats_finish(stats);
    return stats;
}

static void high_latency_and_rare_calls_are_asked_for(void **state)
{
    (void)state;
    struct graphset *s = graphset_new();
    struct callstats *stats = stats_of_twenty(s);
    struct text_options o = { .stats = stats };
    const struct callstats_service *v = callstats_find(stats, "S_000000001");
    assert_near(v->p90_ms, 28, 0);                   /* index 18 of 10 .. 28, 500 */
    /* the mean, 46, is above the p90: careful statistics then never ask for high latency */
    struct buf b = { 0 };
    text_instruction.encode(&s->graphs[19], s->names, 1000, &o, NULL, &b);
    assert_null(strstr(b.p, "high latency"));
    assert_non_null(strstr(b.p, "Include an edge from MS_00001 to MS_00004 with db type\n"));
    callstats_free(stats);
    stats = callstats_new(CALLSTATS_TRACELLM);       /* mean 0, as the original merges it */
    for (size_t i = 0; i < 20; i++)
        callstats_add(stats, &s->graphs[i], s->names, 1000);
    callstats_end_file(stats);
    callstats_finish(stats);
    o.stats = stats;
    buf_clear(&b);
    text_instruction.encode(&s->graphs[19], s->names, 1000, &o, NULL, &b);
    char *second = strstr(b.p, "### Answer");
    *second = '\0';                                  /* the root's question */
    assert_non_null(strstr(b.p, "Build a call graph with high latency\n"));
    assert_null(strstr(b.p, "/latency:"));
    assert_null(strstr(b.p, "based on distributions"));
    assert_null(strstr(b.p, "than latency"));
    buf_clear(&b);
    text_recursive.encode(&s->graphs[19], s->names, 1000, &o, NULL, &b);
    b.p[strcspn(b.p, "\n")] = '\0';
    assert_null(strstr(b.p, "latency:"));
    buf_clear(&b);
    text_instruction.encode(&s->graphs[3], s->names, 1000, &o, NULL, &b);
    assert_null(strstr(b.p, "high latency"));
    assert_null(strstr(b.p, "Include an edge"));
    buf_free(&b);
    callstats_free(stats);
    graphset_free(s);
}

static void children_are_asked_with_all_six_conditions(void **state)
{
    (void)state;
    struct str line = STR(
        "id:S_1/num_edges:2/start_node:MS_2/caller:USER/start_edge_id:1/start_communication_at:3/"
        "latency:9/num_subgraphs:0/remaining_depth:0/num_current_edges:2");
    struct header h;
    assert_true(header_parse(line, &h));
    struct buf b = { 0 };
    instruction_child_prompt(STR("...\nInclude an edge from A to B with mc type\nmore"), line, &h,
                             NULL, &b);
    char want[2048];
    snprintf(want, sizeof want,
             "### Question: %s\nRequirements:\n%.*s\nConditions:\n"
             "the first edge_id should be start_edge_id 1\n"
             "the first start_communication_at should be requirement's start_communication_at 3\n"
             "generate 2 edges following num_current_edges\n"
             "In each edge, communication start time should NOT be greater than latency 9 "
             "milliseconds\n"
             "Also, communication should finish before latency 9 milliseconds\n"
             "for all edges, communication start time <= communication finish time\n"
             "Include an edge from A to B with mc type\n\n ### Answer: \n",
             INSTRUCTION_SYSTEM, (int)line.n, line.p);
    assert_string_equal(b.p, want);
    h.number[HEAD_NUM_CURRENT] = 16;
    buf_clear(&b);
    instruction_child_prompt(STR(""), line, &h, NULL, &b);
    assert_non_null(
        strstr(b.p, INSTRUCTION_SPLIT
               "\nWhen splitting the subgraph instructions, copy start_node:MS_2 from"));
    assert_null(strstr(b.p, "Conditions:"));
    struct str found;
    assert_true(instruction_header_line(buf_view(&b), &found));
    assert_true(str_eq(found, line));
    buf_free(&b);
}

static void root_prompts_are_those_of_the_original(void **state)
{
    (void)state;
    struct text_ask a = { .service = STR("S_1"), .edges = 4, .depth = 3, .latency = 10 };
    struct buf b = { 0 };
    text_prompt_root(TASK_TABULAR, &a, NULL, &b);
    assert_string_equal(b.p, "id:S_1/num_edges:4/latency:10/depth:3\n<edges>\n");
    buf_clear(&b);
    text_prompt_root(TASK_RECURSIVE, &a, NULL, &b);
    assert_string_equal(b.p, "id:S_1/num_edges:4/start_node:USER/start_edge_id:0/"
                             "start_communication_at:0/latency:10/num_subgraphs:1/"
                             "remaining_depth:2/num_current_edges:1\n<layer>\n<edges>\n");
    buf_clear(&b);
    a.high_latency = true;
    a.edges = -1;
    a.include_src = STR("USER");
    a.include_dst = STR("MS_1");
    a.include_type = CALL_HTTP;
    text_prompt_root(TASK_INSTRUCTION, &a, NULL, &b);
    assert_null(strstr(b.p, "latency:"));
    assert_non_null(strstr(b.p, "Build a call graph with high latency\n"));
    assert_non_null(strstr(b.p, "The total number of edges is not provided\n"));
    assert_non_null(strstr(b.p, "Include an edge from USER to MS_1 with http type\n"));
    assert_true(str_ends(buf_view(&b), "\n ### Answer: \n<layer>\n<edges>"));
    buf_free(&b);
}

/* What generation does: the root's prompt, then one below for each sub-header, answered with the
 * right text; all of it accepted, and the graph comes back. */
static void prompts_lead_through_a_whole_graph(void **state)
{
    (void)state;
    gsl_rng *r = rng_stream(6, "test/prompts", 0);
    for (size_t k = 0; k < 60; k++) {
        struct graphset *s = graphset_new(), *back = graphset_new();
        struct callgraph *g = random_graph(s, r, 1 + rng_below(r, 60), 4, false);
        enum text_task task = k % 2 ? TASK_RECURSIVE : TASK_INSTRUCTION;
        struct text_samples t = { 0 };
        (k % 2 ? text_recursive : text_instruction).samples(g, s->names, 1000, NULL, r, &t);
        struct graph_layer *layers = mem_array(t.n, sizeof *layers);
        struct layer_text *texts = mem_array(t.n, sizeof *texts);
        struct arena *arena = arena_new();
        size_t due[400][2], n_due = 0;
        for (size_t i = 0; i < t.n; i++) {
            struct buf prompt = { 0 };
            layers[i].parent = SIZE_MAX;
            if (i) {
                layers[i].parent = due[--n_due][0];
                layers[i].sub = due[n_due][1];
                text_prompt_below(task, layers[layers[i].parent].prompt,
                                  &texts[layers[i].parent].subs[layers[i].sub], r, &prompt);
            } else
                buf_add(&prompt, t.text.p, t.at[0].output);
            layers[i].prompt = (struct str){ arena_strndup(arena, prompt.p, prompt.n), prompt.n };
            struct text_sample at = t.at[i];
            layers[i].output = (struct str){ t.text.p + at.output, at.end - at.output };
            struct str text = layer_text_join(layers[i].prompt, layers[i].output, arena);
            assert_true(layer_text_parse(task, text, arena, &texts[i]));
            for (size_t u = texts[i].n_subs; u-- > 0; n_due++) {
                due[n_due][0] = i;
                due[n_due][1] = u;
            }
            buf_free(&prompt);
        }
        for (size_t o = 0; oracles[o]; o++) {
            bool added;
            struct graph_verdict v = oracle_graph(oracles[o], task, layers, t.n, back, &added);
            assert_true(v.finished && v.valid && v.correct && added);
            assert_true(callgraph_same(g, s->names, &back->graphs[o], back->names));
        }
        arena_free(arena);
        free(layers);
        free(texts);
        text_samples_free(&t);
        graphset_free(back);
        graphset_free(s);
    }
    gsl_rng_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(root_headers_keep_keys_as_the_original_does),
        cmocka_unit_test(conditions_come_as_often_as_the_original_draws_them),
        cmocka_unit_test(high_latency_and_rare_calls_are_asked_for),
        cmocka_unit_test(children_are_asked_with_all_six_conditions),
        cmocka_unit_test(root_prompts_are_those_of_the_original),
        cmocka_unit_test(prompts_lead_through_a_whole_graph),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
