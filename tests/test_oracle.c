/* Both oracles: right texts, and every code at least once. A case is a right text with one piece
 * replaced; the codes expected of the original and of the strict oracle stand beside it. */
#define _GNU_SOURCE   /* memmem */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

#include "text/oracle.h"
#include "text/oracle_graph.h"

#define TIMES(from, to) \
    ",communication starts at " from " milliseconds" \
    ",communication finishes at " to " milliseconds)\n"
#define EDGE(id, type, dst, from, to) \
    "(edge_id is " id ",type is " type ",destination is " dst TIMES(from, to)

/*   A calls B [2, 10] and C [10, 20]; B calls one that calls one; C calls one */
static const char layer[] =
    "id:S_1/num_edges:5/start_node:A/caller:USER/start_edge_id:1/start_communication_at:2/"
    "latency:20/"
    "num_subgraphs:2/remaining_depth:2/num_current_edges:2\n"
    "<layer>\n<edges>\n" EDGE("1", "rpc", "B", "2", "10") EDGE("2", "rpc", "C", "10",
    "20") "</edges>\n"
    "<subgraph of edge_id 1>id:S_1/num_edges:2/start_node:B/caller:A/start_edge_id:1/"
    "start_communication_at:3/"
    "latency:10/num_subgraphs:1/remaining_depth:1/num_current_edges:1</subgraph>\n"
    "<subgraph of edge_id 2>id:S_1/num_edges:1/start_node:C/caller:A/start_edge_id:1/"
    "start_communication_at:11/"
    "latency:20/num_subgraphs:0/remaining_depth:0/num_current_edges:1</subgraph>\n"
    "</layer>\n";

/*   16 calls of A in parts of 15 and 1; the last one calls one */
static const char split[] =
    "id:S_1/num_edges:17/start_node:A/caller:USER/start_edge_id:1/start_communication_at:2/"
    "latency:20/"
    "num_subgraphs:2/remaining_depth:1/num_current_edges:16\n"
    "<split>\n"
    "<subgraph of edge_id 0>id:S_1/num_edges:15/start_node:A/caller:USER/start_edge_id:1/"
    "start_communication_at:2/"
    "latency:20/num_subgraphs:0/remaining_depth:0/num_current_edges:15</subgraph>\n"
    "<subgraph of edge_id 0>id:S_1/num_edges:2/start_node:A/caller:USER/start_edge_id:16/"
    "start_communication_at:9/"
    "latency:20/num_subgraphs:1/remaining_depth:1/num_current_edges:1</subgraph>\n"
    "</split>\n";

/*   the root of a chain of two */
static const char root[] =
    "id:S_1/num_edges:2/start_edge_id:0/latency:9/remaining_depth:1/num_current_edges:1\n"
    "<layer>\n<edges>\n" EDGE("0", "http", "A", "0", "9") "</edges>\n"
    "<subgraph of edge_id 0>id:S_1/num_edges:1/start_node:A/caller:USER/start_edge_id:1/"
    "start_communication_at:1/"
    "latency:9/num_subgraphs:0/remaining_depth:0/num_current_edges:1</subgraph>\n"
    "</layer>\n";

static const char question[] =
    "### Question: You are a trace generator that creates traces based on given "
    "requirements.\nRequirements:\n"
    "id:S_1/num_edges:5/start_node:A/caller:USER/start_edge_id:1/start_communication_at:2/"
    "latency:20/"
    "num_subgraphs:2/remaining_depth:2/num_current_edges:2\n"
    "Conditions:\ngenerate 2 edges following num_current_edges\n\n ### Answer: \n"
    "<layer>\n<edges>\n" EDGE("1", "rpc", "B", "2", "10") EDGE("2", "rpc", "C", "10",
    "20") "</edges>\n"
    "num generated edges = the last edge id - the first edge id + 1 = 2 - 1 + 1 = 2\n"
    "2 edges generated out of num_edges:5\n"
    "num_remaining_edges = num_edges:5 - generated:2 = 3\n\n"
    "generate subgraphs of edge:1,edge_id:2\n"
    "Subgraph constraints:\nnum_edges <= num_remaining_edges:3\n"
    "remaining_depth should be the requirement's remaining_depth:2 - 1 = 1\n"
    "copy start_node from edge 1 destination: B\n"
    "<subgraph of edge_id 1>id:S_1/num_edges:2/start_node:B/caller:A/start_edge_id:1/"
    "start_communication_at:3/"
    "latency:10/num_subgraphs:1/remaining_depth:1/num_current_edges:1</subgraph>\n"
    "now, num_remaining_edges is 3 - 2 = 1\n"
    "Subgraph constraints:\nnum_edges <= num_remaining_edges:1\ncopy start_node from edge 2 "
    "destination: C\n"
    "<subgraph of edge_id 2>id:S_1/num_edges:1/start_node:C/caller:A/start_edge_id:1/"
    "start_communication_at:11/"
    "latency:20/num_subgraphs:0/remaining_depth:0/num_current_edges:1</subgraph>\n"
    "now, num_remaining_edges is 1 - 1 = 0\nfinish generation</layer>\n";

#define ROW(id, type, src, dst, from, to) \
    "(edge_id is " id ",type is " type ",source is " src ",destination is " dst TIMES(from, to)

static const char table[] =
    "id:S_1/num_edges:3/latency:9/depth:3\n<edges>\n" ROW("0", "http", "USER", "A", "0", "9")
    ROW("0.1", "rpc", "A", "B", "1", "8") ROW("0.1.1", "db", "B", "C", "2", "3") "</edges>\n";

struct way {
    enum text_task task;
    const char *text, *from, *to;
    const char *original, *strict;     /* codes, apart by blanks */
};

static char *replaced(const char *text, const char *from, const char *to)
{
    const char *p = strstr(text, from);
    if (!p)
        fail_msg("\"%s\" is not in the text", from);
    size_t n = (size_t)(p - text), size = strlen(text) + strlen(to) + 1;
    char *s = mem_alloc(size);
    snprintf(s, size, "%.*s%s%s", (int)n, text, to, p + strlen(from));
    return s;
}

static void codes_of(const struct oracle *o, enum text_task task, const char *text, char *codes,
                     size_t size)
{
    const char *cut = strchr(text, '\n') + 1;   /* prompt and output may be parted anywhere */
    struct verdict v =
        oracle_judge(o, task, (struct str){ text, (size_t)(cut - text) }, str_of(cut));
    codes[0] = '\0';
    for (size_t i = 0; i < v.n; i++)
        snprintf(codes + strlen(codes), size - strlen(codes), i ? " %u" : "%u", v.codes[i]);
    assert_int_equal(v.valid, v.n == 0);
}

static bool check_way(const struct way *w, uint64_t *seen_original, uint64_t *seen_strict)
{
    char *text = replaced(w->text, w->from, w->to), original[128], strict[128];
    codes_of(&oracle_original, w->task, text, original, sizeof original);
    codes_of(&oracle_strict, w->task, text, strict, sizeof strict);
    bool same = strcmp(original, w->original) == 0 && strcmp(strict, w->strict) == 0;
    if (!same)
        print_error(
            "\"%s\" -> \"%s\": original \"%s\" (want \"%s\"), strict \"%s\" (want \"%s\")\n",
            w->from, w->to, original, w->original, strict, w->strict);
    for (char *p = original, *end; *p; p = *end ? end + 1 : end)
        *seen_original |= UINT64_C(1) << strtoul(p, &end, 10);
    for (char *p = strict, *end; *p; p = *end ? end + 1 : end)
        *seen_strict |= UINT64_C(1) << strtoul(p, &end, 10);
    free(text);
    return same;
}

static const struct way ways[] = {
    /* right as they are */
    { TASK_RECURSIVE, layer, "", "", "", "" },
    { TASK_RECURSIVE, layer, "", "[GENERATE GRAPH]", "", "" },
    { TASK_RECURSIVE, split, "", "", "", "" },
    { TASK_RECURSIVE, root, "", "", "", "" },
    /* cut off by a stop word */
    { TASK_RECURSIVE, root, "</layer>\n", "", "", "" },
    { TASK_INSTRUCTION, question, "", "", "", "" },
    { TASK_TABULAR, table, "", "", "", "" },
    { TASK_TABULAR, table, "</edges>\n", "", "", "" },

    /* the original's codes */
    { TASK_RECURSIVE, layer, "start_node:B/", "", "0", "0 30" },
    { TASK_RECURSIVE, layer, "num_edges:1/start_node:C", "start_node:C", "0 3", "0 3 30" },
    { TASK_RECURSIVE, layer, "remaining_depth:0/num_current_edges:1<", "num_current_edges:1<", "0",
      "0 30" },
    { TASK_RECURSIVE, layer, "start_communication_at:11/", "", "0", "0 30" },
    { TASK_RECURSIVE, layer, "num_edges:5", "num_edges:6", "3", "3" },
    /* absent: not checked */
    { TASK_RECURSIVE, layer, "/num_edges:5", "", "", "28" },
    { TASK_RECURSIVE, layer, "edge_id 2>", "edge_id 3>", "4", "4" },
    { TASK_RECURSIVE, layer, "start_node:C", "start_node:B", "6", "6" },
    { TASK_RECURSIVE, layer, "start_communication_at:11", "start_communication_at:21", "7", "7" },
    { TASK_RECURSIVE, layer, "latency:20/num_subgraphs:0/", "num_subgraphs:0/", "7", "7 30" },
    { TASK_RECURSIVE, layer, "latency:20/num_subgraphs:0", "latency:21/num_subgraphs:0", "8", "8" },
    /* above its edge's finish */
    { TASK_RECURSIVE, layer, "latency:10", "latency:11", "8", "8" },
    { TASK_RECURSIVE, split, "latency:20/num_subgraphs:0", "latency:21/num_subgraphs:0", "8", "8" },
    { TASK_RECURSIVE, layer, "remaining_depth:1", "remaining_depth:3", "9 16", "9 16 32" },
    { TASK_RECURSIVE, split, "remaining_depth:1/num_current_edges:1<",
      "remaining_depth:2/num_current_edges:1<", "9 18",
      "9 18 32" },
    /* none one below */
    { TASK_RECURSIVE, layer, "remaining_depth:2/", "remaining_depth:3/", "16", "16" },
    /* not all below */
    { TASK_RECURSIVE, layer, "remaining_depth:2/", "remaining_depth:1/", "16", "16" },
    { TASK_RECURSIVE, layer, "/remaining_depth:2", "", "", "28" },
    { TASK_RECURSIVE, split, "remaining_depth:1/num_current_edges:16",
      "remaining_depth:2/num_current_edges:16", "18",
      "18" },
    { TASK_RECURSIVE, split, "num_edges:15", "num_edges:17", "14", "19 32" },
    { TASK_RECURSIVE, root, "<subgraph of edge_id 0>id:S_1/num_edges:1/start_node:A/caller:USER/"
      "start_edge_id:1/"
      "start_communication_at:1/latency:9/num_subgraphs:0/remaining_depth:0/num_current_edges:1</"
      "subgraph>\n", "",
      "3 11", "3 11 41" },
    { TASK_RECURSIVE, layer, "finishes at 20", "finishes at 21", "12", "12" },
    { TASK_RECURSIVE, layer, "latency:20/num_subgraphs:2", "num_subgraphs:2", "", "28" },
    { TASK_RECURSIVE, root, EDGE("0", "http", "A", "0", "9"), EDGE("0", "http", "A", "0",
      "9") EDGE("1", "rpc", "B", "0", "9"),
      "3 13", "3 13 23" },
    { TASK_RECURSIVE, layer, "num_edges:5", "num_edges:x", "14", "14" },
    { TASK_RECURSIVE, layer, "caller:USER", "caller:USER:", "14", "14" },       /* two colons */
    { TASK_RECURSIVE, layer, "/caller:USER", "/caller", "14", "14" },
    { TASK_RECURSIVE, layer, "num_current_edges:2\n", "num_current_edges:2/\n", "14", "14" },
    /* in a sub-header */
    { TASK_RECURSIVE, layer, "num_edges:2/", "num_edges:two/", "14", "14" },
    { TASK_RECURSIVE, layer, "edge_id 1>", "edge_id one>", "14", "14" },
    { TASK_RECURSIVE, layer, "starts at 2 ", "starts at x ", "14", "14" },
    /* nothing to reuse yet */
    { TASK_RECURSIVE, layer, "edge_id is 1,", "", "14", "14" },
    { TASK_INSTRUCTION, question, "Requirements:\n", "", "14", "14" },
    { TASK_TABULAR, table, "source is A", "source is B", "15", "15" },
    { TASK_TABULAR, table, "finishes at 8", "finishes at 10", "15", "15" },
    { TASK_TABULAR, table, "destination is B", "destination is UNKNOWN", "15", "15 34" },
    { TASK_TABULAR, table, "edge_id is 0,", "edge_id is 1,", "15", "37 39 15" },
    { TASK_TABULAR, table, "num_edges:3", "num_edges:4", "3", "3" },
    { TASK_TABULAR, table, "depth:3", "depth:2", "17", "17" },
    { TASK_TABULAR, table, "num_edges:3/latency:9/depth:3", "x:1", "", "28" },  /* all absent */
    { TASK_TABULAR, table, "0.1.1", "0.1.x", "14", "14" },

    /* what the original forgives: aliases, reuse, Python's int(), trailing blanks, tags */
    { TASK_RECURSIVE, layer, "start_edge_id:1/start_communication_at:2", "start_rpc_id:1/offset:2",
      "", "28" },
    { TASK_RECURSIVE, layer, "num_edges:5", "num edges:5", "", "28" },
    { TASK_RECURSIVE, layer, "remaining_depth:2", "max_depth:2", "", "28" },
    { TASK_RECURSIVE, layer, "remaining_depth:2", "max depth:4", "16 13", "16 13 28" },
    { TASK_RECURSIVE, layer, "num_edges:5", "num_edges: +0_5", "", "28" },
    { TASK_RECURSIVE, layer, "edge_id is 2,type is rpc,", "edge_id is 2,", "", "27" },
    /* id 1 again */
    { TASK_RECURSIVE, layer, "edge_id is 2,type is rpc,", "type is rpc,", "4", "4 27 29" },
    { TASK_RECURSIVE, layer, "20 milliseconds)\n", "20 milliseconds) \n", "3 4", "3 4 33 23" },
    { TASK_RECURSIVE, layer, "</edges>\n", "", "", "33" },
    /* the last one is lost */
    { TASK_RECURSIVE, layer, "</subgraph>\n</layer>\n", "", "3", "3 24 30" },

    /* ours */
    { TASK_RECURSIVE, layer, "starts at 10 ", "starts at 21 ", "", "20 26" },
    { TASK_RECURSIVE, layer, "starts at 10 ", "starts at 1 ", "", "21" },
    { TASK_RECURSIVE, layer, "start_edge_id:1/start_communication_at:2",
      "start_edge_id:2/start_communication_at:2", "",
      "22" },
    { TASK_RECURSIVE, layer, "num_current_edges:2", "num_current_edges:3", "", "23" },
    { TASK_RECURSIVE, split, "num_current_edges:16", "num_current_edges:17", "", "23" },
    { TASK_RECURSIVE, layer, "num_subgraphs:2", "num_subgraphs:1", "", "24" },
    { TASK_RECURSIVE, layer, "caller:A", "caller:USER", "", "25" },
    { TASK_RECURSIVE, root, "caller:USER", "caller:A", "", "25" },
    { TASK_RECURSIVE, split, "start_node:A/caller:USER/start_edge_id:16",
      "start_node:A/caller:A/start_edge_id:16", "",
      "25" },
    { TASK_RECURSIVE, split, "start_node:A/caller:USER/start_edge_id:16",
      "start_node:B/caller:USER/start_edge_id:16", "",
      "6" },
    { TASK_RECURSIVE, layer, "start_communication_at:11", "start_communication_at:9", "", "26" },
    { TASK_RECURSIVE, split, "start_communication_at:9", "start_communication_at:1", "", "26" },
    { TASK_RECURSIVE, layer, "type is rpc,destination is C", "type is rpc,type is rpc,"
      "destination is C", "", "27" },
    { TASK_RECURSIVE, layer, "/caller:USER", "", "", "28" },
    { TASK_RECURSIVE, root, "id:S_1/num_edges:2", "num_edges:2", "", "28" },
    { TASK_RECURSIVE, layer, "/caller:USER", "/caller:USER/latency:20", "", "28" },
    { TASK_RECURSIVE, layer, "edge_id is 2", "edge_id is 1", "4", "4 29" },
    { TASK_RECURSIVE, split, "edge_id 0>", "edge_id 1>", "", "29" },
    { TASK_RECURSIVE, layer, "caller:A/", "", "", "30" },
    { TASK_RECURSIVE, layer, "edge_id 1>id:S_1", "edge_id 1>id:S_2", "", "31" },
    { TASK_RECURSIVE, layer, "num_subgraphs:1", "num_subgraphs:0", "", "32" },
    { TASK_RECURSIVE, layer, "num_current_edges:1<", "num_current_edges:0<", "", "32" },
    { TASK_RECURSIVE, layer, "<edges>\n", "<edges>\nnonsense\n", "", "33" },
    { TASK_RECURSIVE, split, "<split>", "<layer>", "", "33" },
    { TASK_RECURSIVE, layer, "type is rpc", "type is soap", "", "34" },
    { TASK_INSTRUCTION, question, "= 2 - 1 + 1 = 2", "= 2 - 1 + 1 = 3", "", "35" },
    { TASK_INSTRUCTION, question, "= 2 - 1 + 1 = 2", "= 2 - 1 + 2 = 2", "", "35" },
    { TASK_INSTRUCTION, question, "edge id + 1 =", "edge id + 2 =", "", "35" },
    { TASK_INSTRUCTION, question, "num_edges:5/", "", "", "28" },
    { TASK_INSTRUCTION, question, "2 edges generated out of num_edges:5",
      "2 edges generated out of num_edges:6", "", "35" },
    { TASK_INSTRUCTION, question, "generated:2 = 3", "generated:2 = 2", "", "35" },
    { TASK_INSTRUCTION, question, "edge:1,edge_id:2", "edge:1", "", "35" },
    { TASK_INSTRUCTION, question, "edge:1,edge_id:2", "edge:1,edge_id:3", "", "35" },
    { TASK_INSTRUCTION, question, "edge:1,edge_id:2", "edge:1,2", "", "35" },
    { TASK_INSTRUCTION, question, "num_remaining_edges:3", "num_remaining_edges:4", "", "35" },
    { TASK_INSTRUCTION, question, "remaining_depth:2 - 1 = 1", "remaining_depth:2 - 1 = 0", "",
      "35" },
    { TASK_INSTRUCTION, question, "remaining_depth:2 - 1 = 1", "remaining_depth:3 - 1 = 2", "",
      "35" },
    { TASK_INSTRUCTION, question, "from edge 1 destination: B", "from edge 1 destination: C", "",
      "35" },
    { TASK_INSTRUCTION, question, "is 3 - 2 = 1", "is 3 - 1 = 2", "", "35" },
    { TASK_INSTRUCTION, question, "is 1 - 1 = 0", "is 1 - 1 = 1", "", "35" },
    { TASK_RECURSIVE, layer, "starts at 2 ", "starts at 3 ", "", "36" },
    { TASK_RECURSIVE, root, "finishes at 9", "finishes at 8", "8", "8 39" },
    { TASK_RECURSIVE, split, "start_edge_id:16", "start_edge_id:15", "", "40" },
    { TASK_RECURSIVE, split, "start_edge_id:1/start_communication_at:2/latency:20/num_subgraphs:0",
      "start_edge_id:3/start_communication_at:2/latency:20/num_subgraphs:0", "", "40" },
    { TASK_TABULAR, table, "starts at 2 ", "starts at 0 ", "", "21" },
    { TASK_TABULAR, table, "starts at 2 ", "starts at 4 ", "", "20" },
    /* a second root passes 1.3 */
    { TASK_TABULAR, table, "0.1.1", "1", "17", "37 17" },
    { TASK_TABULAR, table, "0.1.1", "0.1", "3 17", "15 38 3 17" },
    { TASK_TABULAR, table, "latency:9", "latency:8", "", "39" },
    { TASK_TABULAR, table, "type is db", "type is sql", "", "34" },
    { TASK_TABULAR, table, "type is db,", "", "", "27" },
    { TASK_TABULAR, table, "</edges>", "edges", "", "33" },
};

static void every_code_has_its_case(void **state)
{
    (void)state;
    uint64_t original = 0, strict = 0;
    bool good = true;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        good = check_way(&ways[i], &original, &strict) && good;
    assert_true(good);
    static const unsigned of_original[] = { 0, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18 };
    for (size_t i = 0; i < sizeof of_original / sizeof *of_original; i++) {
        assert_true(original >> of_original[i] & 1);
        assert_true(strict >> of_original[i] & 1);
    }
    for (unsigned c = CODE_SPLIT_EDGES; c < ORACLE_CODES; c++)
        if (!(strict >> c & 1))
            fail_msg("no case for code %u", c);
    assert_int_equal(original >> 19, 0);
}

/* ---- whole graphs ---- */

static const char leaf[] =
    "id:S_1/num_edges:1/start_node:A/caller:USER/start_edge_id:1/start_communication_at:1/"
    "latency:9/num_subgraphs:0/remaining_depth:0/num_current_edges:1\n"
    "<layer>\n<edges>\n" EDGE("1", "db", "B", "1", "3") "</edges>\n</layer>\n";

/* Where a bare header ends does not matter; an output may repeat its prompt. */
static void prompts_join_outputs(void **state)
{
    (void)state;
    const char *end = strchr(leaf, '\n');
    size_t n = (size_t)(end - leaf);
    const struct { struct str prompt; const char *output; } way[] = {
        { { leaf, n + 1 }, end + 1 }, { { leaf, n }, end }, { { leaf, n }, end + 1 },
        { { leaf, n }, leaf },        { { leaf, 0 }, leaf },
    };
    for (size_t k = 0; oracles[k]; k++)
        for (size_t i = 0; i < sizeof way / sizeof *way; i++)
            assert_true(oracle_judge(oracles[k], TASK_RECURSIVE, way[i].prompt,
                                     str_of(way[i].output)).valid);
}

static struct graph_verdict judge_two(const struct oracle *o, const char *first, const char *second,
                                      size_t n, struct graphset *out)
{
    struct graph_layer layers[] = { { STR(""), str_of(first), SIZE_MAX, 0 },
                                    { STR(""), str_of(second), 0, 0 } };
    bool added;
    struct graph_verdict v = oracle_graph(o, TASK_RECURSIVE, layers, n, out, &added);
    return v;
}

static void whole_graphs_are_finished_valid_and_correct(void **state)
{
    (void)state;
    for (size_t k = 0; oracles[k]; k++) {
        struct graphset *s = graphset_new();
        struct graph_verdict v = judge_two(oracles[k], root, leaf, 2, s);
        assert_true(v.finished && v.valid && v.correct);
        assert_int_equal(s->n, 1);
        assert_int_equal(s->graphs[0].n, 2);
        assert_string_equal(names_get(s->names, s->graphs[0].calls[1].src), "A");
        assert_int_equal(s->graphs[0].calls[1].start, 1);
        v = judge_two(oracles[k], root, leaf, 1, NULL);            /* the layer below never came */
        assert_false(v.finished || v.valid || v.correct);
        char *late = replaced(leaf, "finishes at 3", "finishes at 10");
        v = judge_two(oracles[k], root, late, 2, NULL);
        assert_false(v.finished);
        free(late);
        graphset_free(s);
    }
}

/* The defect: a flat layer under a header that asks for depth 1. Its recursive text is not correct,
 * the same instruction text is, because the original never reads that header (spec 4.4). */
static void the_original_never_compares_sizes_of_instruction_graphs(void **state)
{
    (void)state;
    static const char flat[] =
        "id:S_1/num_edges:1/remaining_depth:1\n<layer>\n<edges>\n" EDGE("0", "http", "A", "0",
                                                                        "9") "</edges>\n</layer>\n";
    char asked[1024];
    snprintf(asked, sizeof asked, "### Question: ...\nRequirements:\n%s", flat);
    struct graph_layer recursive = { STR(""), str_of(flat), SIZE_MAX, 0 };
    struct graph_layer instruction = { STR(""), str_of(asked), SIZE_MAX, 0 };
    struct graph_verdict v =
        oracle_graph(&oracle_original, TASK_RECURSIVE, &recursive, 1, NULL, NULL);
    assert_true(v.finished && v.valid && !v.correct);
    v = oracle_graph(&oracle_original, TASK_INSTRUCTION, &instruction, 1, NULL, NULL);
    assert_true(v.finished && v.valid && v.correct);
    v = oracle_graph(&oracle_strict, TASK_INSTRUCTION, &instruction, 1, NULL, NULL);
    assert_false(v.finished || v.correct);
    struct graph_layer t = { STR(""), str_of(table), SIZE_MAX, 0 };
    for (size_t k = 0; oracles[k]; k++) {
        v = oracle_graph(oracles[k], TASK_TABULAR, &t, 1, NULL, NULL);
        assert_true(v.finished && v.valid && v.correct);
    }
}

/* Holes of the original's graph check (spec 1.3). */
static void second_roots_and_orphans_pass_the_original_check(void **state)
{
    (void)state;
    static const struct { const char *ids[4]; bool valid; uint32_t faults; } way[] = {
        { { "0", "0.1", "0.1.1" }, true, 0 },
        { { "0", "1", "1.1" }, true, 1u << FLAT_ORPHAN },                  /* a second root */
        /* 9 is empty, below the trie's root */
        { { "0", "9.1" }, true, 1u << FLAT_ORPHAN },
        /* 0.1 is empty, 0 is not */
        { { "0", "0.1.1" }, false, 1u << FLAT_ORPHAN },
        { { "0", "9.1.1" }, true, 1u << FLAT_ORPHAN },
        /* the root must come first */
        { { "0.1", "0" }, false, 0 },
        { { "0", "0.1", "0.1" }, true, 1u << FLAT_REPEATED },
        { { "0", "0" }, true, 1u << FLAT_REPEATED | 1u << FLAT_ORPHAN },
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        struct arena *arena = arena_new();
        struct flat f = { .arena = arena };
        for (size_t k = 0; k < 4 && way[i].ids[k]; k++) {
            struct flat_call *c = flat_add_dotted(&f, str_of(way[i].ids[k]));
            assert_non_null(c);
            c->type = STR("rpc");
            c->src = c->dst = STR("A");
            c->finish = 5;
        }
        assert_int_equal(flat_valid(&f), way[i].valid);
        assert_int_equal(flat_faults(&f), way[i].faults);
        flat_free(&f);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_its_case),
        cmocka_unit_test(prompts_join_outputs),
        cmocka_unit_test(whole_graphs_are_finished_valid_and_correct),
        cmocka_unit_test(the_original_never_compares_sizes_of_instruction_graphs),
        cmocka_unit_test(second_roots_and_orphans_pass_the_original_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
