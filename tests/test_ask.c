/* What is asked for: prompt files in three dialects, words, what counts as slow, and what the mask
 * took while it was answered. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gen/ask.h"
#include "gen/draw_priv.h"
#include "gen/draw_stats.h"
#include "gen/latencies.h"
#include "tests/fixtures.h"

#define SYSTEM "You are a trace generator that creates traces based on given requirements.\n"

/* Write text to a new file and read it. The caller removes nothing: the file is gone. */
static bool read_text(const char *text, bool compat, struct text_prompts *p, struct err *err)
{
    char path[] = "/tmp/prompts-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    *p = (struct text_prompts){ 0 };
    bool good = text_prompts_read(path, compat, p, err);
    unlink(path);
    return good;
}

static const char three_dialects[] =
    "id:S_000000001/num_edges:3/depth:2/latency:7\n"
    "\n"
    "num_edges:4/remaining_depth:1/id:S_000000002/start_node:USER/num_current_edges:1\r\n"
    "[GENERATE GRAPH]remaining_depth:0/id:S_000000003\n<layer>\n<edges>\n"
    "### Question: " SYSTEM
    "Requirements:\n"
    "start_node:USER/num_edges:5/id:S%2F4/remaining_depth:2\n"
    "Conditions:\n"
    "copy caller from requirement's start_node:USER\n"
    "Include an edge from USER to MS_00001 with http type\n"
    "Build a call graph with high latency\n"
    "\n ### Answer: \n"
    SYSTEM "Requirements:\nid:S_5/latency:9\nConditions:\n"
    "latency:12/id:S_6\n";

static void three_dialects_are_read(void **state)
{
    (void)state;
    static const struct {
        enum text_task task;
        const char *service;
        int64_t edges, depth, latency;
        size_t line;
    } want[] = {
        { TASK_TABULAR, "S_000000001", 3, 2, 7, 1 }, { TASK_RECURSIVE, "S_000000002", 4, 2, -1, 3 },
        { TASK_RECURSIVE, "S_000000003", -1, 1, -1, 4 }, { TASK_INSTRUCTION, "S/4", 5, 3, -1, 7 },
        { TASK_INSTRUCTION, "S_5", -1, -1, 9, 16 }, { TASK_TABULAR, "S_6", -1, -1, 12, 20 },
    };
    struct text_prompts p;
    assert_true(read_text(three_dialects, false, &p, NULL));
    assert_int_equal(p.n, sizeof want / sizeof *want);
    assert_int_equal(p.bad, 0);
    for (size_t i = 0; i < p.n; i++) {
        const struct text_ask *a = &p.at[i].ask;
        assert_int_equal(p.at[i].task, want[i].task);
        assert_true(str_is(a->service, want[i].service));
        assert_int_equal(a->edges, want[i].edges);
        assert_int_equal(a->depth, want[i].depth);
        assert_int_equal(a->latency, want[i].latency);
        assert_int_equal(p.at[i].line, want[i].line);
        assert_int_equal(a->high_latency, i == 3);
    }
    assert_true(str_is(p.at[3].ask.include_src, "USER"));
    assert_true(str_is(p.at[3].ask.include_dst, "MS_00001"));
    assert_int_equal(p.at[3].ask.include_type, CALL_HTTP);
    struct buf b = { 0 };
    text_prompt_given(TASK_INSTRUCTION, p.at[4].text, &b);
    assert_string_equal(b.p, "### Question: " SYSTEM "Requirements:\nid:S_5/latency:9\n"
                             "Conditions:\n ### Answer: \n<layer>\n<edges>");
    buf_free(&b);
    text_prompts_free(&p);
}

/* The original's reader loses the last prompt, and only compat does as it does. */
static void compat_loses_the_last_prompt(void **state)
{
    (void)state;
    struct text_prompts p;
    assert_true(read_text(three_dialects, true, &p, NULL));
    assert_int_equal(p.n, 5);
    assert_true(str_is(p.at[4].ask.service, "S_5"));
    text_prompts_free(&p);
    struct err err = { 0 };
    assert_false(read_text("id:S_1/num_edges:1\n", true, &p, &err));
    assert_int_equal(err.status, EXIT_DATA);
    text_prompts_free(&p);
}

static void bad_prompts_are_dropped_and_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } bad[] = {
        { "nonsense", "no header:" },
        { "id:S_1/num_edges:x", "no header:" },
        { "id:S_1/num_edges:0", "a number too small in" },
        { "id:S_1/num_edges:-3", "a number too small in" },
        { "id:S_1/depth:0", "a number too small in" },
        { "id:S_1/latency:-1", "a number too small in" },
        { "id:S_1/remaining_depth:-1", "a number too small in" },
        { "start_node:USER", "no field of a graph's header in" },
        { "id:S%/depth:1", "a name that cannot be read in" },
        { "id:/depth:1", "a name that cannot be read in" },
        { "id:S_1/num_edges:2/start_edge_id:1", "begins no graph" },
        { "id:S_1/num_edges:2/start_node:MS_1/caller:USER", "begins no graph" },
        { "id:S_1/num_edges:2/depth:3", "no graph has these calls and levels:" },
        { "id:S_1/num_edges:2/depth:1", "no graph has these calls and levels:" },
        { "id:S_1/num_edges:2/remaining_depth:2", "no graph has these calls and levels:" },
        { SYSTEM, "no header after" },
        { SYSTEM "Requirements:\nConditions:", "no field of a graph's header in" },
        { SYSTEM "Requirements:\nid:S_1\nConditions:\nInclude an edge from A to B with foo type",
          "cannot be included:" },
        { SYSTEM "Requirements:\nid:S_1\nConditions:\nInclude an edge from A with rpc type",
          "cannot be included:" },
        { SYSTEM "Requirements:\nid:S_1\nConditions:\nInclude an edge from A to B with rpc type\n"
                 "Include an edge from A to C with rpc type", "cannot be included:" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[512];
        struct text_prompts p;
        snprintf(text, sizeof text, "%s\nid:S_9/num_edges:1/depth:1\n", bad[i].text);
        if (!read_text(text, false, &p, NULL) || p.n != 1 || p.bad != 1 ||
            !strstr(p.bad_words.p, bad[i].words) || !strstr(p.bad_words.p, ":1: "))
            fail_msg("%s: %s", bad[i].text, p.bad_words.p ? p.bad_words.p : "not dropped");
        text_prompts_free(&p);
    }
    struct text_prompts p;
    struct err err = { 0 };
    assert_false(read_text("\n\n", false, &p, &err));
    assert_int_equal(err.status, EXIT_DATA);
    text_prompts_free(&p);
    p = (struct text_prompts){ 0 };
    assert_false(text_prompts_read("/nowhere/5_2.txt", false, &p, &err));
    assert_int_equal(err.status, EXIT_NOINPUT);
    text_prompts_free(&p);
}

static void cells_are_named_by_files(void **state)
{
    (void)state;
    int64_t e, d;
    assert_true(text_prompts_cell("a/b/12_4.txt", &e, &d));
    assert_true(e == 12 && d == 4);
    static const char *const none[] = { "12_4", "12.txt", "x_4.txt", "12_.txt", "12_4.txt.xz", "" };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(text_prompts_cell(none[i], &e, &d));
}

static void words_are_read(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct prompt p;
    assert_true(ask_parse(" include=MS_1>rpc>MS_2  depth=4 edges=12 service=S_1 latency=80", 100, a,
                          &p, NULL));
    assert_string_equal(p.service, "S_1");
    assert_true(p.edges == 12 && p.depth == 4 && p.latency == 800);
    assert_string_equal(p.include_src, "MS_1");
    assert_string_equal(p.include_dst, "MS_2");
    assert_int_equal(p.include_type, CALL_RPC);
    assert_false(p.high_latency);
    assert_true(ask_parse("high-latency", 1000, a, &p, NULL));
    assert_true(p.high_latency && !p.service && p.edges == PROMPT_OPEN && p.depth == PROMPT_OPEN &&
                p.latency == PROMPT_OPEN && !p.include_src);
    assert_true(ask_parse("high-latency latency=3", 1000, a, &p, NULL));
    assert_true(p.high_latency && p.latency == 3);
    assert_true(ask_parse("", 1000, a, &p, NULL));
    assert_true(ask_parse("include=USER>http>A>B edges=1", 1000, a, &p, NULL));
    assert_string_equal(p.include_dst, "A>B");
    arena_free(a);
}

static void words_that_make_no_sense_are_usage_errors(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "edges", "edges=", "edges=x", "edges=0", "edges=-1", "edges=1.5", "depth=0", "latency=-1",
        "service=", "service", "speed=1", "S_1", "=1", "edges=1 edges=2", "high-latency=1",
        "high-latency high-latency", "include=", "include=A>rpc",
        "include=A>rpc>", "include=>rpc>B", "include=A>foo>B", "include=A,rpc,B", "edges=2 depth=3",
        "edges=2 depth=1", "include=A>rpc>B edges=1", "include=A>rpc>B depth=1",
        "latency=99999999999999999999", "edges=2\tdepth=2",
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct prompt p;
        struct err err = { 0 };
        if (ask_parse(bad[i], 1000, a, &p, &err))
            fail_msg("\"%s\" was taken", bad[i]);
        assert_int_equal(err.status, EXIT_USAGE);
        assert_true(strncmp(err.msg, "--ask: ", 7) == 0);
    }
    arena_free(a);
}

/* Ten graphs of S_1 with latencies 1..10 (index 9 of them sorted: 10), one of S_2 with 100. */
static void high_is_the_p90_of_the_service(void **state)
{
    (void)state;
    struct graphset *s = graphset_new();
    for (int64_t i = 1; i <= 11; i++) {
        struct callgraph *g = fixture_single(s);
        g->timed = true;
        g->service = names_id_of(s->names, i == 11 ? "S 2" : "S_1");
        g->calls[0].start = 0;
        g->calls[0].rt = i == 11 ? 100 : i;
    }
    struct buf b = { 0 };
    int64_t t = 0;
    latencies_write(s, &b);
    assert_string_equal(b.p, "10 S_1 10");      /* of all eleven: index 9 */
    assert_true(latencies_find(buf_view(&b), "S_1", &t) && t == 10);
    assert_true(latencies_find(buf_view(&b), NULL, &t) && t == 10);
    assert_false(latencies_find(buf_view(&b), "S 2", &t));
    assert_false(latencies_find((struct str){ "", 0 }, NULL, &t));

    struct prompt p = { .high_latency = true, .service = "S_1", .latency = PROMPT_OPEN };
    struct err err = { 0 };
    assert_true(ask_set_high(&p, buf_view(&b), &err));
    assert_int_equal(p.least_latency, 10);
    assert_false(prompt_kept(&p, &s->graphs[8], s->names));
    p.edges = p.depth = p.latency = PROMPT_OPEN;
    assert_false(prompt_kept(&p, &s->graphs[8], s->names));
    assert_true(prompt_kept(&p, &s->graphs[9], s->names));
    p.service = "S 2";
    assert_false(ask_set_high(&p, buf_view(&b), &err));
    assert_int_equal(err.status, EXIT_DATA);
    assert_false(ask_set_high(&p, (struct str){ "", 0 }, &err));
    assert_true(strstr(err.msg, "--data") != NULL);
    /* A latency of its own: of an unknown p90 it is enough, below a known one it is too little. */
    p = (struct prompt){ .high_latency = true, .service = "S 2", .latency = 3 };
    assert_true(ask_set_high(&p, buf_view(&b), &err) && p.least_latency == 0);
    p.service = "S_1";
    assert_false(ask_set_high(&p, buf_view(&b), &err));
    assert_true(strstr(err.msg, "3 ticks, is below the p90, 10") && p.least_latency == 0);
    p.latency = 10;
    assert_true(ask_set_high(&p, buf_view(&b), &err) && p.least_latency == 10);
    buf_free(&b);
    graphset_free(s);
}

/* What a softmax leaves everywhere is no mask: more than 1 % is. */
static void a_step_is_masked_from_one_percent_on(void **state)
{
    (void)state;
    static const double kept[] = { 1, 0.9999, 0.991, 0.989, 0.5, 0 };
    struct draw_mark m = { 0 };
    for (size_t i = 0; i < 6; i++) {
        draw_mark_step(&m, kept[i], 0);
        assert_int_equal(m.masked, i < 3 ? 0 : i - 2);
    }
    assert_int_equal(m.choices, 6);
    assert_near(m.removed, 0.0001 + 0.009 + 0.011 + 0.5 + 1, 1e-15);
}

/* Two graphs of weights 1/2 and 1/8: mean 5/16, ESS (5/8)^2 / (17/64) = 25/17. */
static void mask_statistics_match_hand_arithmetic(void **state)
{
    (void)state;
    struct draw_ledger l = { 0 };
    l.at = mem_array(2, sizeof *l.at);
    l.n = 2;
    l.at[0].mark = (struct draw_mark){ 4, 1, 0.5, -log(2) };
    l.at[1].mark = (struct draw_mark){ 6, 3, 1.5, -log(8) };
    struct draw_stats s = draw_stats_of(&l);
    assert_int_equal(s.steps, 10);
    assert_int_equal(s.masked, 4);
    assert_near(s.removed_mean, 0.2, 1e-15);
    assert_near(s.cost_per_token, log(16) / 10, 1e-15);
    assert_near(s.weight_mean, 5.0 / 16, 1e-15);
    assert_near(s.ess, 25.0 / 17, 1e-14);
    double w[2];
    draw_stats_weights(&l, w);
    assert_near(w[0], 1, 1e-15);
    assert_near(w[1], 0.25, 1e-15);
    l.at[0].mark.log_weight -= 5000;      /* such products underflow: their ratio does not */
    l.at[1].mark.log_weight -= 5000;
    assert_near(draw_stats_of(&l).ess, 25.0 / 17, 1e-9);
    l.at[1].mark.log_weight = NAN;
    assert_true(isnan(draw_stats_of(&l).ess) && isnan(draw_stats_of(&l).weight_mean));
    free(l.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_dialects_are_read),
        cmocka_unit_test(compat_loses_the_last_prompt),
        cmocka_unit_test(bad_prompts_are_dropped_and_named),
        cmocka_unit_test(cells_are_named_by_files),
        cmocka_unit_test(words_are_read),
        cmocka_unit_test(words_that_make_no_sense_are_usage_errors),
        cmocka_unit_test(high_is_the_p90_of_the_service),
        cmocka_unit_test(a_step_is_masked_from_one_percent_on),
        cmocka_unit_test(mask_statistics_match_hand_arithmetic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
