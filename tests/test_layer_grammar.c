/* The grammar of the three formats of TraceLLM: whatever is chosen, the strict oracle accepts every
 * text, and the graph has the edges and the depth asked for; and what encoders write is allowed. */
#include "tests/near.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures.h"
#include "tests/graphs.h"
#include "tests/layer_walk.h"
#include "text/escape.h"
#include "text/format.h"
#include "text/import_text.h"
#include "text/instruction.h"
#include "text/layers.h"

enum { MOST_EDGES = 30, MOST_DEPTH = 6 };

static void print_layers(const struct walk *w)
{
    for (size_t i = 0; i < w->n; i++) {
        struct verdict v = oracle_judge(&oracle_strict, TASK_RECURSIVE, w->layers[i].prompt,
                                        w->layers[i].output);
        print_error("--- %zu, codes", i);
        for (size_t k = 0; k < v.n; k++)
            print_error(" %u", v.codes[k]);
        print_error("\n%.*s", (int)w->layers[i].prompt.n, w->layers[i].prompt.p);
        print_error("|%.*s\n", (int)w->layers[i].output.n, w->layers[i].output.p);
    }
}

/* Write a graph, judge it, hold it to what was asked. */
static void write_and_judge(const struct layer_grammar *g, const struct text_ask *a, enum policy p,
                            gsl_rng *r)
{
    struct walk w;
    bool added;
    struct graphset *out = graphset_new();
    int64_t least_rt = a->high_latency && g->limits.max_latency ? 33 : 0;
    if (!walk_graph(g, a, least_rt, p, r, &w))
        fail_msg("edges %" PRId64 " depth %" PRId64 " cannot be met", a->edges, a->depth);
    struct graph_verdict v =
        oracle_graph(&oracle_strict, g->limits.task, w.layers, w.n, out, &added);
    if (!v.correct || !added) {
        print_layers(&w);
        fail_msg("%s, policy %d, edges %" PRId64 " depth %" PRId64 ": %d %d",
                 text_task_names[g->limits.task], p, a->edges, a->depth, v.finished, v.valid);
    }
    const struct callgraph *c = &out->graphs[0];
    if (a->edges > 0)
        assert_int_equal(c->n, a->edges);
    if (a->depth > 0)
        assert_int_equal(callgraph_depth(c), a->depth);
    if (a->latency >= 0)
        assert_int_equal(c->calls[0].rt, a->latency);
    assert_int_equal(c->calls[0].start, 0);
    assert_true(c->calls[0].rt >= least_rt);
    assert_true(c->n <= (size_t)g->limits.max_edges);
    assert_int_equal(callgraph_check(c, NULL), GRAPH_GOOD);
    assert_true(w.longest <= layer_text_most(g, (int64_t)c->n, 4));
    assert_true(w.bytes <= layer_graph_most(g, (int64_t)c->n, 4));
    graphset_free(out);
    walk_free(&w);
}

static bool cell_exists(int64_t edges, int64_t depth)
{
    return depth <= edges && (depth > 1 || edges == 1);
}

static void every_choice_ends_in_the_graph_asked_for(void **state)
{
    (void)state;
    gsl_rng *r = rng_stream(5, "test/layer-walk", 0);
    size_t k = 0, rounds = getenv("SANITIZED") ? 2 : 12;
    for (int task = 0; task < TEXT_TASKS; task++)
        for (int64_t edges = 1; edges <= MOST_EDGES; edges++)
            for (int64_t depth = 1; depth <= MOST_DEPTH; depth++)
                for (size_t i = 0; cell_exists(edges, depth) && i < rounds; i++, k++) {
                    struct layer_grammar g = few_grammar((enum text_task)task, k, 40);
                    bool told = k % 3 && g.limits.max_latency;
                    int64_t latency = told ? (int64_t)rng_below(r, 90) : -1;
                    struct text_ask a = { STR("S_1"), edges, depth, latency,
                                          .include_type = CALL_OTHER };
                    write_and_judge(&g, &a, i < POLICIES ? (enum policy)i : AT_RANDOM, r);
                }
    gsl_rng_free(r);
}

static void open_headers_end_too(void **state)
{
    (void)state;
    gsl_rng *r = rng_stream(6, "test/layer-walk", 0);
    size_t rounds = getenv("SANITIZED") ? 300 : 3000;
    for (int task = 0; task < TEXT_TASKS; task++)
        for (size_t k = 0; k < rounds; k++) {
            struct layer_grammar g = few_grammar((enum text_task)task, k, 40);
            int64_t depth = k % 4 == 1 ? 1 + (int64_t)rng_below(r, 6) : -1;
            int64_t edges = k % 4 == 2 ? 1 + (int64_t)rng_below(r, 40) : -1;
            struct text_ask a = { STR("S_1"), edges, depth, k % 2 ? 7 : -1,
                                  .high_latency = k % 2 == 0, .include_type = CALL_OTHER };
            if (!g.limits.max_latency)
                a.latency = -1;
            write_and_judge(&g, &a, (enum policy)(k % POLICIES), r);
        }
    gsl_rng_free(r);
}

/* 2 to 40 calls of one level, layers of over 15 calls among them. */
static void wide_and_deep_graphs_end(void **state)
{
    (void)state;
    gsl_rng *r = rng_stream(7, "test/layer-walk", 0);
    size_t rounds = getenv("SANITIZED") ? 10 : 60;
    for (int task = 0; task < TEXT_TASKS; task++)
        for (int64_t n = 2; n <= 400; n += n < 64 ? 1 : 56)
            for (size_t k = 0; k < (n < 64 ? rounds : 4); k++) {
                struct layer_limits limits = layer_limits_standard;
                limits.task = (enum text_task)task;
                limits.fixed = k % 2;
                struct layer_grammar g;
                assert_true(layer_grammar_init(&g, few, 5, &limits, NULL));
                int64_t deep = n < LAYER_DEPTH_MAX ? n : LAYER_DEPTH_MAX;
                struct text_ask a = { STR("S_1"), n, k % 4 < 2 ? 2 : k % 4 == 2 ? deep : -1, 3,
                                      .include_type = CALL_OTHER };
                write_and_judge(&g, &a, (enum policy)(k % POLICIES), r);
            }
    gsl_rng_free(r);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    static const struct { int64_t edges, depth; } bad[] = {
        { 1, 2 }, { 2, 1 }, { 5, 6 }, { 41, 2 }, { 0, 1 }, { 40, 65 }, { -1, 65 }, { -1, 41 },
    };
    gsl_rng *r = rng_stream(8, "test/layer-walk", 0);
    for (int task = 0; task < TEXT_TASKS; task++)
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            struct layer_grammar g = few_grammar((enum text_task)task, 1, 40);
            struct text_ask a = { STR("S_1"), bad[i].edges, bad[i].depth, -1,
                                  .include_type = CALL_OTHER };
            struct walk w;
            assert_false(walk_graph(&g, &a, 0, AT_RANDOM, r, &w));
            walk_free(&w);
        }
    gsl_rng_free(r);
}

/* ---- texts of encoders ---- */

struct names_of {
    struct layer_name *at;
    size_t n, cap;
    struct arena *arena;
    struct names *seen;
};

static void learn_names(struct names_of *v, const struct graphset *s)
{
    *v = (struct names_of){ .arena = arena_new(), .seen = names_new() };
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->graphs[i].n; k++) {
            const struct call *c = &s->graphs[i].calls[k];
            struct buf b = { 0 };
            escape_put(names_str(s->names, c->dst), LAYER_ESCAPES, &b);
            uint32_t id = names_id(v->seen, buf_view(&b));
            if (id == v->n) {
                MEM_GROW(v->at, v->n, v->cap);
                v->at[v->n++] = (struct layer_name){
                    { arena_strndup(v->arena, b.p, b.n), b.n }, 0 };
            }
            v->at[id].types |= (uint8_t)(1 << c->type);
            buf_free(&b);
        }
}

static void forget_names(struct names_of *v)
{
    free(v->at);
    names_free(v->seen);
    arena_free(v->arena);
}

static bool take_named(const struct layer_grammar *g, struct names_of *v, struct layer_state *s,
                       struct str rest)
{
    size_t n = 0;
    while (n < rest.n && !strchr(",)/<\n", rest.p[n]))
        n++;
    uint32_t id = names_find(v->seen, (struct str){ rest.p, n });
    const struct layer_want *w = &s->want;
    bool wanted = id < v->n && w->kind == WANT_NAME && v->at[id].types & w->types;
    for (size_t i = 0; w->kind == WANT_SOURCE && i < w->n_sources; i++)
        wanted = wanted || w->source[i] == id;
    if (wanted)
        layer_take_name(g, s, id);
    return wanted;
}

static bool take_written(const struct layer_grammar *g, struct names_of *v, struct layer_state *s,
                         struct str rest)
{
    const struct layer_want *w = &s->want;
    for (int i = 0; w->kind == WANT_WORD && i < LAYER_WORDS; i++) {
        struct str word = layer_word_spelling((enum layer_word)i);
        if (w->words >> i & 1 && rest.n >= word.n && memcmp(rest.p, word.p, word.n) == 0) {
            layer_take_word(g, s, (enum layer_word)i);
            return true;
        }
    }
    if (w->kind == WANT_WORD)
        return false;
    if (w->kind != WANT_NUMBER)
        return take_named(g, v, s, rest);
    int64_t x = 0;
    size_t n = 0;
    for (; n < rest.n && rest.p[n] >= '0' && rest.p[n] <= '9'; n++)
        x = x * 10 + (rest.p[n] - '0');
    if (n == 0 || !ranges_have(&w->numbers, x))
        return false;
    layer_take_number(g, s, x);
    return true;
}

/* Bytes of text that the grammar follows: all of them, if it allows the text. */
static size_t follow(const struct layer_grammar *g, struct names_of *v, const struct layer_ask *ask,
                     struct str text)
{
    struct layer_state s = { 0 };
    size_t at = 0;
    bool good = layer_start(g, &s, ask);
    while (good) {
        size_t n = s.text.n - at;
        good = at + n <= text.n && (n == 0 || memcmp(s.text.p + at, text.p + at, n) == 0);
        if (!good || s.want.kind == WANT_END) {
            at += good ? n : 0;
            break;
        }
        at += n;
        good = take_written(g, v, &s, (struct str){ text.p + at, text.n - at });
    }
    buf_free(&s.text);
    return at;
}

static int64_t latest_of(const struct callgraph *g)
{
    int64_t latest = 0;
    for (size_t i = 0; i < g->n; i++)
        latest = call_finish(&g->calls[i]) > latest ? call_finish(&g->calls[i]) : latest;
    return latest;
}

/* Every sample of the set that the strict oracle accepts is allowed; returns how many are. */
static size_t follow_all(const struct graphset *s, enum text_task task, bool fixed, bool bare,
                         gsl_rng *r)
{
    static const struct text_format *const format[] = { &text_tabular, &text_recursive,
                                                        &text_instruction };
    struct layer_limits limits = { .task = task, .fixed = fixed, .no_scratchpad = bare,
                                   .max_edges = 1 << 20, .max_depth = LAYER_DEPTH_MAX,
                                   .max_latency = INT64_MAX / 4, .max_id = UINT32_MAX };
    struct layer_grammar g;
    struct names_of v;
    struct text_samples t = { 0 };
    size_t followed = 0;
    learn_names(&v, s);
    assert_true(layer_grammar_init(&g, v.at, v.n, &limits, NULL));
    for (size_t i = 0; i < s->n; i++) {
        struct buf caller = { 0 };
        size_t first = t.n;
        if (latest_of(&s->graphs[i]) > limits.max_latency / 2)
            continue;
        escape_put(names_str(s->names, s->graphs[i].calls[0].src), LAYER_ESCAPES, &caller);
        format[task]->samples(&s->graphs[i], s->names, s->tick_us,
                              &(struct text_options){ .no_scratchpad = bare }, fixed ? NULL : r,
                              &t);
        for (size_t k = first; k < t.n; k++) {
            struct str prompt = { t.text.p + t.at[k].prompt, t.at[k].output - t.at[k].prompt };
            struct str output = { t.text.p + t.at[k].output, t.at[k].end - t.at[k].output };
            struct layer_ask ask;
            if (!oracle_judge(&oracle_strict, task, prompt, output).valid)
                continue;
            assert_true(layer_ask_of(walk_header_line(task, prompt), &ask));
            ask.begin = task == TASK_TABULAR ? BEGIN_AT_ROWS : BEGIN_AT_LAYER;
            ask.caller = buf_view(&caller);
            size_t at = follow(&g, &v, &ask, output);
            if (at != output.n)
                fail_msg("%s, order %s: refused after [%.*s] in\n%.*s%.*s", text_task_names[task],
                         fixed ? "fixed" : "free", at > 200 ? 200 : (int)at,
                         output.p + (at > 200 ? at - 200 : 0), (int)prompt.n, prompt.p,
                         (int)output.n, output.p);
            followed++;
        }
        buf_free(&caller);
    }
    text_samples_free(&t);
    forget_names(&v);
    return followed;
}

static void follow_in_all_forms(const struct graphset *s, gsl_rng *r, size_t least)
{
    for (int task = 0; task < TEXT_TASKS; task++)
        for (unsigned form = 0; form < 4; form++)
            if (task == TASK_INSTRUCTION || form < 2)
                assert_true(follow_all(s, (enum text_task)task, form % 2, form / 2, r) >= least);
}

static void what_encoders_write_is_allowed(void **state)
{
    (void)state;
    gsl_rng *r = rng_stream(9, "test/layer-walk", 0);
    struct graphset *s = graphset_new();
    fixture_chain_and_leaf(s);
    fixture_single(s);
    for (size_t i = 0; i < (getenv("SANITIZED") ? 40u : 400u); i++) {
        random_graph(s, r, 1 + rng_below(r, 40), 1 + rng_below(r, 8), false);
        if (i % 4 == 0)
            random_graph(s, r, 20 + rng_below(r, 200), 2 + rng_below(r, 2), false);
        if (i % 4 == 1)
            random_graph(s, r, 1 + rng_below(r, 30), 6, true);
    }
    follow_in_all_forms(s, r, s->n / 2);
    graphset_free(s);
    gsl_rng_free(r);
}

static void what_real_graphs_say_is_allowed(void **state)
{
    (void)state;
    char path[] = "../shared/data/callgraphs/alibaba-examples/tabular_dataset.txt.xz";
    char *paths[] = { path };
    struct graphset *s = graphset_new();
    struct import_report rep;
    struct err err;
    if (text_import_tabular(paths, 1, NULL, import_collect, s, &rep, &err)) {
        gsl_rng *r = rng_stream(10, "test/layer-walk", 0);
        follow_in_all_forms(s, r, 1091 - 8);
        gsl_rng_free(r);
    } else
        print_message("SKIP: %s\n", err.msg);
    graphset_free(s);
}

static void digits_of_a_number_stay_in_its_ranges(void **state)
{
    (void)state;
    struct ranges v = { 0 };
    int64_t x = -1;
    ranges_add(&v, 7, 6);
    assert_int_equal(v.n, 0);
    ranges_add(&v, 5, 5);
    assert_true(ranges_single(&v, &x) && x == 5);
    ranges_add(&v, 120, 340);
    assert_false(ranges_single(&v, &x));
    static const struct { int64_t x; bool have, more; } want[] = {
        { 0, false, false }, { 1, false, true },    { 3, false, true },   { 4, false, false },
        { 5, true, false },  { 11, false, false },  { 12, false, true },  { 34, false, true },
        { 35, false, false }, { 120, true, false }, { 340, true, false }, { 341, false, false },
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        assert_int_equal(ranges_have(&v, want[i].x), want[i].have);
        assert_int_equal(ranges_go_on(&v, want[i].x), want[i].more);
    }
    ranges_add(&v, INT64_MAX - 1, INT64_MAX);
    assert_true(ranges_go_on(&v, INT64_MAX / 10));
    assert_false(ranges_go_on(&v, INT64_MAX - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_of_a_number_stay_in_its_ranges),
        cmocka_unit_test(every_choice_ends_in_the_graph_asked_for),
        cmocka_unit_test(open_headers_end_too),
        cmocka_unit_test(wide_and_deep_graphs_end),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(what_encoders_write_is_allowed),
        cmocka_unit_test(what_real_graphs_say_is_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
