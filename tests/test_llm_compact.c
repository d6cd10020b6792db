/* A model that knows nothing still writes valid graphs with the header asked for, on any number of
 * threads and slots; freed of the grammar its failures are counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "gen/llm.h"
#include "gen/samples_priv.h"
#include "gen/vocabulary.h"
#include "tests/fixtures.h"

struct bench {
    struct graphset *train;
    struct llm llm;
};

static struct graphset *training_set(void)
{
    static const struct fixture_call wide[] = {
        { 0, 0, CALL_HTTP, "MS_1", 0, 1234 }, { 1, 1, CALL_RPC, "MS_2", 1, 1200 },
        { 2, 1, CALL_MC, "MS_3", 2, 300 },    { 2, 2, CALL_MC, "MS_3", 301, 500 },
        { 2, 3, CALL_RPC, "MS_4", 400, 1200 }, { 3, 1, CALL_DB, "MS_5", 400, 1100 },
        { 1, 2, CALL_MQ, "MS_6", 1201, 1201 },
    };
    struct graphset *s = graphset_new();
    fixture_chain_and_leaf(s);
    fixture_single(s);
    fixture_graph(s, "S_3", wide, 7);
    for (size_t i = 0; i < s->n; i++) {
        s->graphs[i].timed = true;
        s->graphs[i].trace_id = NAMES_NONE;
        for (size_t k = 0; k < s->graphs[i].n; k++)
            s->graphs[i].calls[k].interface = NAMES_NONE;
    }
    return s;
}

/* An untrained model with the vocabulary of the training set. */
static struct bench setup(void)
{
    struct bench b = { .train = training_set() };
    struct train_graphs_options o = train_graphs_standard_for("compact");
    struct samples s;
    assert_true(samples_init(&s, b.train, &o, NULL, NULL));
    struct llama_config c = { 0 };
    assert_true(llama_preset("tiny", &c));
    c.vocab = tokenizer_size(s.tokenizer);
    c.max_len = 256;
    c.bos = tokenizer_bos(s.tokenizer);
    c.eos = tokenizer_eos(s.tokenizer);
    c.pad = tokenizer_pad(s.tokenizer);
    b.llm = (struct llm){ .model = model_new(&c), .tokenizer = s.made, .to = "compact",
                          .tick_us = 1000, .timed = true, .words = vocabulary_words(s.tokenizer) };
    model_init(b.llm.model, 3);
    vocabulary_learn(b.llm.words, s.tokenizer, b.train);
    return b;
}

static void teardown(struct bench *b)
{
    llm_free(&b->llm);
    graphset_free(b->train);
}

static struct graphset *write_graphs(const struct bench *b, struct prompt_pool *pool,
                                     struct llm_options o, size_t n, size_t threads,
                                     size_t attempts, struct draw_report *rep)
{
    struct graphset *out = graphset_new();
    struct draw_job job = { .prompts = pool, .n = n, .seed = 11, .threads = threads,
                            .attempts = attempts };
    o.sample = sample_standard;
    assert_true(llm_run(&b->llm, &o, &job, out, rep, NULL));
    assert_int_equal(rep->graphs + rep->given_up, n);
    assert_int_equal(rep->outcome[DRAW_GOOD], rep->graphs);
    assert_int_equal(out->n, rep->graphs);
    return out;
}

static bool same_header(const struct callgraph *a, const struct graphset *sa,
                        const struct callgraph *b, const struct graphset *sb)
{
    struct prompt p = prompt_of(b, sb->names, prompt_full);
    return prompt_kept(&p, a, sa->names);
}

/* Children start no earlier than their parent: beyond what callgraph_check asks. */
static void assert_strict(const struct callgraph *g)
{
    assert_int_equal(callgraph_check(g, NULL), GRAPH_GOOD);
    for (size_t i = 1; i < g->n; i++) {
        assert_true(g->calls[i].start >= g->calls[g->calls[i].parent].start);
        assert_false(call_type_is_leaf(g->calls[g->calls[i].parent].type));
    }
}

static void constrained_is_always_valid(void **state)
{
    (void)state;
    struct bench b = setup();
    const struct prompt_fields modes[] = {
        prompt_full,
        prompt_service,
        prompt_none,
        { true, true, true, false },
        { true, false, true, true },
    };
    for (size_t m = 0; m < sizeof modes / sizeof *modes; m++)
        for (int drawn = 0; drawn < 2; drawn++) {
            struct prompt_pool pool = prompt_pool_new(b.train, modes[m]);
            struct draw_report rep;
            struct llm_options o = { .drawn = drawn, .batch = 8 };
            struct graphset *out = write_graphs(&b, &pool, o, 200, 2, 50, &rep);
            /* only what does not fit the context can fail: wild numbers of calls, when left open */
            assert_int_equal(draw_report_redraws(&rep),
                             rep.outcome[DRAW_TOO_LARGE] + rep.outcome[DRAW_HEADER]);
            assert_true(drawn || rep.outcome[DRAW_HEADER] == 0);
            assert_true(rep.given_up == 0 || !modes[m].edges);
            assert_int_equal(rep.outcome[DRAW_UNREADABLE], 0);
            assert_true(rep.choices > 200 && rep.masked_ppm > 0);
            for (size_t i = 0; i < out->n; i++) {
                bool known = false;
                assert_strict(&out->graphs[i]);
                for (size_t k = 0; k < b.train->n; k++)
                    known |= same_header(&out->graphs[i], out, &b.train->graphs[k], b.train);
                assert_true(known || m != 0);
            }
            if (modes[m].edges)
                assert_int_equal(draw_report_redraws(&rep), 0);
            graphset_free(out);
            prompt_pool_free(&pool);
        }
    teardown(&b);
}

static void assert_same_graphs(const struct graphset *x, const struct graphset *y)
{
    assert_int_equal(x->n, y->n);
    for (size_t i = 0; i < x->n; i++)
        assert_true(callgraph_same(&x->graphs[i], x->names, &y->graphs[i], y->names));
}

static void change_nothing(const struct bench *b, struct prompt_pool *pool, struct llm_options o)
{
    static const size_t batches[] = { 1, 7, 64 };
    struct draw_report ra, rb;
    size_t n = o.unconstrained ? 20 : o.f16_cache ? 60 : 150, attempts = o.unconstrained ? 3 : 50;
    o.batch = 1;
    struct graphset *x = write_graphs(b, pool, o, n, 1, attempts, &ra);
    for (size_t i = 1; i < 9; i++) {
        o.batch = batches[i % 3];
        struct graphset *y = write_graphs(b, pool, o, n, i / 3 + 1, attempts, &rb);
        assert_same_graphs(x, y);
        assert_memory_equal(ra.outcome, rb.outcome, sizeof ra.outcome);
        assert_int_equal(ra.tokens, rb.tokens);
        assert_int_equal(ra.calls, rb.calls);
        assert_int_equal(ra.choices, rb.choices);
        assert_int_equal(ra.masked_ppm, rb.masked_ppm);
        graphset_free(y);
    }
    graphset_free(x);
}

/* Constrained and free, and with a rounded cache; the reports agree too, but for the time. */
static void threads_and_batch_change_nothing(void **state)
{
    (void)state;
    static const struct llm_options ways[] = {
        { .unconstrained = false }, { .unconstrained = true }, { .f16_cache = true },
    };
    struct bench b = setup();
    struct prompt_pool pool = prompt_pool_new(b.train, prompt_service);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        change_nothing(&b, &pool, ways[i]);
    prompt_pool_free(&pool);
    teardown(&b);
}

/* Not asked about what is forced, the model is asked less and writes the same. */
static void forced_tokens_need_no_model(void **state)
{
    (void)state;
    struct bench b = setup();
    struct prompt_pool pool = prompt_pool_new(b.train, prompt_full);
    struct draw_report plain, weighed;
    struct graphset *x =
        write_graphs(&b, &pool, (struct llm_options){ .batch = 8 }, 150, 2, 5, &plain);
    struct graphset *y = write_graphs(
        &b, &pool, (struct llm_options){ .batch = 8, .weigh = true }, 150, 2, 5, &weighed);
    assert_same_graphs(x, y);
    assert_true(plain.choices < weighed.choices && plain.masked_ppm < weighed.masked_ppm);
    assert_true(plain.tokens <= weighed.tokens);
    graphset_free(x);
    graphset_free(y);
    prompt_pool_free(&pool);
    teardown(&b);
}

static void unseen_services_are_renamed(void **state)
{
    (void)state;
    struct bench b = setup();
    struct graphset *like = graphset_new();
    fixture_single(like)->service = names_id_of(like->names, "S_never_seen");
    like->graphs[0].timed = true;
    struct prompt_pool pool = prompt_pool_new(like, prompt_full);
    struct draw_report rep;
    struct graphset *out = write_graphs(&b, &pool, (struct llm_options){ 0 }, 20, 1, 5, &rep);
    assert_int_equal(rep.renamed, 20);
    assert_int_equal(rep.given_up, 0);
    for (size_t i = 0; i < out->n; i++)
        assert_string_equal(names_get(out->names, out->graphs[i].service), "S_never_seen");
    graphset_free(out);
    prompt_pool_free(&pool);
    graphset_free(like);
    teardown(&b);
}

/* A pool of one header that no graph has: depth 4 with a single call cannot be drawn. Prompts are
 * made of graphs, so the impossible one is a graph that is not in pre-order levels. */
static void impossible_headers_are_given_up(void **state)
{
    (void)state;
    struct bench b = setup();
    struct graphset *like = graphset_new();
    struct callgraph *g = fixture_single(like);
    g->timed = true;
    g->calls[0].level = 3;   /* callgraph_depth reads levels */
    struct prompt_pool pool = prompt_pool_new(like, prompt_full);
    struct draw_report rep;
    struct graphset *out = write_graphs(&b, &pool, (struct llm_options){ 0 }, 20, 1, 5, &rep);
    assert_int_equal(rep.given_up, 20);
    assert_int_equal(rep.outcome[DRAW_HEADER], 20);
    assert_int_equal(out->n, 0);
    graphset_free(out);
    prompt_pool_free(&pool);
    graphset_free(like);
    teardown(&b);
}

static void free_of_the_grammar_failures_count(void **state)
{
    (void)state;
    struct bench b = setup();
    struct prompt_pool pool = prompt_pool_new(b.train, prompt_full);
    struct draw_report rep;
    struct llm_options o = { .unconstrained = true };
    struct graphset *out = write_graphs(&b, &pool, o, 30, 2, 3, &rep);
    assert_int_equal(rep.outcome[DRAW_GOOD], rep.graphs);
    assert_true(rep.given_up > 0);
    assert_true(draw_report_redraws(&rep) >= 3 * rep.given_up);
    assert_int_equal(rep.masked_ppm, 0);
    graphset_free(out);
    prompt_pool_free(&pool);
    teardown(&b);
}

static void roles_survive_as_text(void **state)
{
    (void)state;
    struct bench b = setup();
    size_t n = tokenizer_size(b.llm.tokenizer);
    struct buf text = { 0 };
    vocabulary_write(b.llm.words, n, &text);
    struct compact_word *again = vocabulary_words(b.llm.tokenizer);
    assert_false(vocabulary_read(again, n, STR("00")));
    assert_true(vocabulary_read(again, n, buf_view(&text)));
    for (size_t i = 0; i < n; i++)
        assert_true(again[i].types == b.llm.words[i].types &&
                    again[i].service == b.llm.words[i].service);
    uint32_t mc = vocabulary_find(b.llm.tokenizer, STR("MS_3"), false);
    assert_int_not_equal(mc, TOKENIZER_NONE);
    assert_int_equal(again[mc].types, 1 << CALL_MC);
    assert_true(again[vocabulary_find(b.llm.tokenizer, STR("S_3"), true)].service);
    assert_true(again[vocabulary_find(b.llm.tokenizer, STR("S_3"), false)].service);
    assert_false(again[mc].service);
    buf_free(&text);
    free(again);
    teardown(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constrained_is_always_valid),
        cmocka_unit_test(threads_and_batch_change_nothing),
        cmocka_unit_test(forced_tokens_need_no_model),
        cmocka_unit_test(unseen_services_are_renamed),
        cmocka_unit_test(impossible_headers_are_given_up),
        cmocka_unit_test(free_of_the_grammar_failures_count),
        cmocka_unit_test(roles_survive_as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
