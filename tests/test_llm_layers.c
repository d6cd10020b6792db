/* The layered writers, with models that know two graphs by heart: what they write
 * passes the strict oracle and keeps its header; threads and batch move nothing; samples are what
 * the text room says they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/progress.h"
#include "gen/llm.h"
#include "gen/samples_priv.h"
#include "tests/fixtures.h"
#include "text/oracle_graph.h"
#include "text/prompt.h"

static struct graphset *training_set(void)
{
    struct graphset *s = graphset_new();
    fixture_chain_and_leaf(s);
    fixture_single(s);
    for (size_t i = 0; i < s->n; i++) {
        s->graphs[i].timed = true;
        s->graphs[i].trace_id = NAMES_NONE;
        for (size_t k = 0; k < s->graphs[i].n; k++)
            s->graphs[i].calls[k].interface = NAMES_NONE;
    }
    return s;
}

static struct train_graphs_options options_for(const char *to)
{
    struct train_graphs_options o = train_graphs_standard_for(to);
    o.preset = "tiny";
    o.fixed_order = true;
    o.train.epochs = getenv("SANITIZED") ? 3 : 250;   /* the code, not what is learnt */
    o.train.tokens_per_step = 128;
    o.train.lr = 5e-3;
    o.train.dropout = 0;
    o.train.threads = 1;
    return o;
}

/* Learn the graphs by heart, without touching the disk. */
static struct llm learn(const struct graphset *train, const struct train_graphs_options *o)
{
    struct samples s;
    struct train_report rep;
    struct err err = { 0 };
    assert_true(samples_init(&s, train, o, NULL, &err));
    struct llama_config c = { 0 };
    assert_true(llama_preset(o->preset, &c));
    c.vocab = tokenizer_size(s.tokenizer);
    c.max_len = 1024;
    c.bos = tokenizer_bos(s.tokenizer);
    c.eos = tokenizer_eos(s.tokenizer);
    c.pad = tokenizer_pad(s.tokenizer);
    struct llm m = { .model = model_new(&c), .tick_us = 1000, .timed = true,
                     .fixed_order = o->fixed_order };
    model_init(m.model, 1);
    snprintf(m.to, sizeof m.to, "%s", o->to);
    if (!train_run(m.model, &o->train, &s.source, &rep, &err))
        fail_msg("%s", err.msg);
    train_report_free(&rep);
    m.tokenizer = s.made;
    s.made = NULL;
    samples_free(&s);
    return m;
}

static struct graphset *write_graphs(const struct llm *m, const struct prompt_pool *pool,
                                     size_t threads, size_t batch, struct draw_report *rep)
{
    struct graphset *out = graphset_new();
    struct draw_job job = { .prompts = pool, .n = 24, .seed = 3, .threads = threads,
                            .attempts = 30 };
    struct llm_options o = { .sample = { .temperature = 0.5 },
                             .unconstrained = true,
                             .layer_attempts = 3,
                             .batch = batch };
    assert_true(llm_run(m, &o, &job, out, rep, NULL));
    assert_int_equal(rep->graphs + rep->given_up, 24);
    assert_int_equal(rep->outcome[DRAW_GOOD], out->n);
    return out;
}

static void assert_same_graphs(const struct graphset *x, const struct graphset *y)
{
    assert_int_equal(x->n, y->n);
    for (size_t i = 0; i < x->n; i++)
        assert_true(callgraph_same(&x->graphs[i], x->names, &y->graphs[i], y->names));
}

static void learnt_layers_are_right(void **state)
{
    const struct graphset *train = *state;
    const char *const formats[] = { "tabular", "recursive", "instruction" };
    static const size_t batches[] = { 1, 7, 64 };
    for (size_t f = 0; f < 3; f++) {
        struct train_graphs_options o = options_for(formats[f]);
        o.fixed_order = f < 2;   /* of the questions every order is learnt */
        struct llm m = learn(train, &o);
        struct prompt_pool pool = prompt_pool_new(train, prompt_full);
        struct draw_report ra, rb;
        struct graphset *a = write_graphs(&m, &pool, 1, 1, &ra);
        print_message("%s: %zu of 24, %zu of %zu layers refused\n", formats[f], ra.graphs,
                      ra.layers_refused, ra.layers);
        /* shuffled keys are not learnt in seconds */
        assert_true(getenv("SANITIZED") || ra.graphs >= (f < 2 ? 20 : 6));
        assert_true(ra.layers >= ra.graphs + ra.layers_refused);
        for (size_t i = f < 2 ? 1 : 8; i < 9; i++) {   /* refused layers take their time */
            struct graphset *b = write_graphs(&m, &pool, i / 3 + 1, batches[i % 3], &rb);
            assert_same_graphs(a, b);
            assert_int_equal(ra.layers_refused, rb.layers_refused);
            assert_int_equal(ra.tokens, rb.tokens);
            graphset_free(b);
        }
        for (size_t i = 0; i < a->n; i++) {
            bool kept = false;
            for (size_t k = 0; k < train->n; k++) {
                struct prompt p = prompt_of(&train->graphs[k], train->names, prompt_full);
                kept |= prompt_kept(&p, &a->graphs[i], a->names);
            }
            assert_true(kept);
            assert_int_equal(callgraph_check(&a->graphs[i], NULL), GRAPH_GOOD);
        }
        graphset_free(a);
        prompt_pool_free(&pool);
        llm_free(&m);
    }
}

static void a_service_must_be_named(void **state)
{
    const struct graphset *train = *state;
    struct train_graphs_options o = options_for("recursive");
    o.train.epochs = 1;
    struct llm m = learn(train, &o);
    struct prompt_pool pool = prompt_pool_new(train, prompt_none);
    struct draw_job job = { .prompts = &pool, .n = 1, .seed = 3, .threads = 1,
                            .attempts = 1 };
    struct graphset *out = graphset_new();
    struct draw_report rep;
    struct err err;
    assert_false(
        llm_run(&m, &(struct llm_options){ .sample = sample_standard }, &job, out, &rep, &err));
    assert_int_equal(err.status, EXIT_USAGE);
    graphset_free(out);
    prompt_pool_free(&pool);
    llm_free(&m);
}

/* An epoch's sample is the same when asked again, another epoch's is shuffled otherwise, and what
 * the instruction format masks is its question. */
static void samples_are_made_again(void **state)
{
    const struct graphset *train = *state;
    struct train_graphs_options o = train_graphs_standard_for("instruction");
    struct samples s;
    assert_true(samples_init(&s, train, &o, NULL, NULL));
    assert_int_equal(s.source.n_samples, 4);   /* layers of the two graphs: 3 and 1 */
    struct tokens a = { 0 }, b = { 0 };
    size_t from_a, from_b, differ = 0;
    for (size_t i = 0; i < s.source.n_samples; i++) {
        a.n = b.n = 0;
        s.source.fill(s.source.ctx, 2, i, &a, &from_a);
        s.source.fill(s.source.ctx, 2, i, &b, &from_b);
        assert_int_equal(a.n, b.n);
        assert_memory_equal(a.id, b.id, a.n * sizeof *a.id);
        struct buf prompt = { 0 };
        tokenizer_decode(s.tokenizer, a.id, from_a, &prompt);
        assert_true(str_ends(buf_view(&prompt), "### Answer: \n"));
        buf_free(&prompt);
        b.n = 0;
        s.source.fill(s.source.ctx, 3, i, &b, &from_b);
        differ += a.n != b.n || memcmp(a.id, b.id, a.n * sizeof *a.id) != 0;
        assert_true(a.n <= s.longest * 2);
    }
    assert_true(differ > 0);
    tokens_free(&a);
    tokens_free(&b);
    samples_free(&s);
}

int main(void)
{
    struct graphset *train = training_set();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(learnt_layers_are_right, train),
        cmocka_unit_test_prestate(a_service_must_be_named, train),
        cmocka_unit_test_prestate(samples_are_made_again, train),
    };
    progress_silence();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    graphset_free(train);
    return failed;
}
