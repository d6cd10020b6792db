/* test_train_guards.c: adapters in training, tokens, blocks, early stop, spikes, masked prompts. */
#include "tests/training.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "llm/backprop.h"
#include "ml/linalg.h"

static struct lora *fresh(const struct model *m)
{
    struct lora_options o = { .rank = 2, .alpha = 4, .dropout = 0.1,
                              .targets = 1u << LORA_Q | 1u << LORA_V | 1u << LORA_UP };
    struct lora *l = lora_new(&m->config, &o);
    lora_init(l, 3);
    return l;
}

static void an_adapter_is_the_same_on_any_threads_and_the_base_stays(void **state)
{
    (void)state;
    static const size_t threads[] = { 1, 2, 3, 8 };
    struct model *m = model_of(true), *was = model_of(true);
    struct lora *first = NULL;
    for (size_t i = 0; i < 4; i++) {
        struct lora *l = fresh(m), *begun = fresh(m);
        struct train_options o = quick;
        o.threads = threads[i];
        o.adapter = &l;
        o.n_adapters = 1;
        struct train_report rep = trained(m, &o, &counting);
        assert_memory_not_equal(l->weights, begun->weights, l->n_weights * sizeof(float));
        if (first)
            assert_memory_equal(l->weights, first->weights, l->n_weights * sizeof(float));
        assert_same_weights(m, was);
        train_report_free(&rep);
        lora_free(begun);
        if (first)
            lora_free(l);
        else
            first = l;
    }
    lora_free(first);
    model_free(m);
    model_free(was);
}

static void a_run_by_tokens_ends_there(void **state)
{
    (void)state;
    struct train_options o = quick;
    o.epochs = 0;
    o.tokens = 1500;
    struct model *m = model_of(true);
    struct train_report rep = trained(m, &o, &counting);
    assert_true(rep.tokens >= 1500 && rep.tokens < 1500 + 60 + 16);
    assert_true(rep.n_epochs == 3 && rep.epoch[2].targets < rep.epoch[1].targets);
    assert_int_equal(rep.epoch[2].tokens, rep.tokens);
    assert_int_equal(rep.epoch[2].step, rep.steps);
    assert_true(rep.epoch[2].lr < 0.2 * o.lr);
    train_report_free(&rep);
    model_free(m);
}

/* Every token but the very first and the last block's rest is predicted once. */
static void blocks_cut_one_text(void **state)
{
    (void)state;
    struct train_options o = quick;
    o.block = 20;
    o.epochs = 2;
    size_t all = 0, ignored;
    for (size_t e = 0; e < 2; e++)
        for (size_t i = 0; i < counting.n_samples; i++) {
            struct tokens t = { 0 };
            fill_counting(NULL, e, i, &t, &ignored);
            all += t.n;
            tokens_free(&t);
        }
    struct model *m = model_of(true);
    struct train_report rep = trained(m, &o, &counting);
    assert_int_equal(rep.tokens, (all - 1) / 20 * 20);
    assert_int_equal(rep.epoch[0].targets + rep.epoch[1].targets, rep.tokens);
    assert_int_equal(rep.too_long, 0);
    train_report_free(&rep);
    model_free(m);
}

static void fill_noise(void *ctx, size_t epoch, size_t index, struct tokens *out, size_t *loss_from)
{
    (void)ctx;
    (void)epoch;
    gsl_rng *rng = rng_stream(2, "test/noise", index);
    *loss_from = 0;
    for (size_t i = 0; i < 9; i++)
        tokens_add(out, (uint32_t)rng_below(rng, 40));
    gsl_rng_free(rng);
}

static const struct train_source noise = { NULL, 60, fill_noise };

static void patience_ends_a_run_that_gets_worse(void **state)
{
    (void)state;
    struct train_options o = quick;
    o.epochs = 60;
    o.lr = 2e-2;
    o.dropout = 0;
    o.validation = 0.25;
    o.patience = 2;
    struct model *m = model_of(true);
    struct train_report rep = trained(m, &o, &noise);
    assert_true(rep.n_epochs < 60);
    size_t best = 0;
    for (size_t e = 1; e < rep.n_epochs; e++)
        if (rep.epoch[e].validation < rep.epoch[best].validation)
            best = e;
    assert_int_equal(rep.n_epochs - 1 - best, 2);
    assert_int_equal(rep.best, rep.n_epochs - 1);      /* the last stays; the other is the best */
    struct train_options keep = o;
    struct model *k = model_of(true);
    keep.keep_best = true;
    struct train_report kept = trained(k, &keep, &noise);
    assert_int_equal(kept.best, best);
    assert_memory_equal(kept.other, m->weights, m->n_weights * sizeof(float));
    assert_memory_equal(rep.other, k->weights, m->n_weights * sizeof(float));
    train_report_free(&rep);
    train_report_free(&kept);
    model_free(m);
    model_free(k);
}

/* The same two tokens over and over; from sample `from` of epoch 0 on, others. */
struct turn {
    size_t from, to;
};

static void fill_turn(void *ctx, size_t epoch, size_t index, struct tokens *out, size_t *loss_from)
{
    struct turn *turn = ctx;
    size_t now = turn->from++;
    bool other = now >= 4000 && now < turn->to;
    (void)epoch;
    *loss_from = 0;
    for (size_t i = 0; i < 10; i++)
        tokens_add(out, (uint32_t)(other ? 30 + (index + i) % 7 : 5 + i % 2));
}

static void spikes_are_left_out_and_too_many_end_the_run(void **state)
{
    (void)state;
    struct turn few = { 0, 4020 }, many = { 0, 10000 };
    struct train_source s = { &few, 1000, fill_turn };
    struct train_options o = quick;
    o.epochs = 6;
    o.spike = 8;
    o.lr = 1e-2;
    o.dropout = 0;
    struct model *m = model_of(true);
    struct train_report rep = trained(m, &o, &s);
    assert_true(rep.spikes >= 2 && rep.spikes < SPIKES_IN_A_ROW);
    assert_non_null(strstr(rep.spike, "step "));
    assert_non_null(strstr(rep.spike, "the largest gradient is of model."));
    train_report_free(&rep);
    model_init(m, 5);
    s.ctx = &many;
    struct err err;
    assert_false(train_run(m, &o, &s, &rep, &err));
    assert_int_equal(err.status, EXIT_CHECK);
    assert_non_null(strstr(err.msg, "8 steps in a row"));
    assert_non_null(strstr(err.msg, "the largest gradient is of model."));
    train_report_free(&rep);
    model_free(m);
}

/* Nats that a row of logits gives to a token. */
static double nats(const float *logit, size_t vocab, uint32_t token)
{
    double sum = 0;
    for (size_t v = 0; v < vocab; v++)
        sum += exp(logit[v]);
    return log(sum) - logit[token];
}

/* A loss is a sum over targets, and what follows a token does not reach it: so the whole sample is
 * its prompt alone and the masked sample, in loss and gradient. The masked loss is also that of
 * the answer's tokens by hand, and as input the prompt still matters. */
static void a_masked_prompt_is_no_target(void **state)
{
    (void)state;
    enum { N = 7, PROMPT = 4, VOCAB = 40 };
    static const struct {
        uint32_t token[N];
        size_t n, loss_from;
    } way[] = { { { 0, 7, 8, 9, 12, 13, 1 }, N, 0 }, { { 0, 7, 8, 9 }, PROMPT, 0 },
                { { 0, 30, 8, 9, 12, 13, 1 }, N, PROMPT },
                { { 0, 7, 8, 9, 12, 13, 1 }, N, PROMPT } };
    enum { WHOLE, ALONE, OTHER, MASKED };
    struct model *m = model_of(true);
    struct backprop *b = backprop_new(m);
    struct backprop_options o = { .scale = 1 };
    struct batch x = { 0 };
    float *g[4], logits[(N - 1) * VOCAB];
    double loss[4], hand = 0, most = 0;
    for (size_t i = 0; i < 4; i++) {
        batch_clear(&x);
        batch_add(&x, way[i].token, way[i].n, way[i].loss_from);
        g[i] = mem_array(m->n_weights, sizeof(float));
        loss[i] = backprop_run(b, &x, &o, g[i]);
    }
    backprop_logits(b, &x, logits);
    for (size_t t = PROMPT; t < N; t++)
        hand += nats(logits + (t - 1) * VOCAB, VOCAB, way[MASKED].token[t]);
    assert_int_equal(x.targets, N - PROMPT);
    assert_near(loss[MASKED], hand, 1e-5);
    assert_near(loss[WHOLE], loss[ALONE] + loss[MASKED], 1e-5);
    assert_true(fabs(loss[OTHER] - loss[MASKED]) > 1e-4);
    for (size_t i = 0; i < m->n_weights; i++) {
        assert_near(g[WHOLE][i], (double)g[ALONE][i] + g[MASKED][i], 1e-5);
        most = fmax(most, fabs(g[ALONE][i]));
    }
    assert_true(most > 0.1);
    for (size_t i = 0; i < 4; i++)
        free(g[i]);
    batch_free(&x);
    backprop_free(b);
    model_free(m);
}

static char dir[] = "/tmp/test_train_guards.XXXXXX";

/* Ends a run after its second epoch, whose end is not saved. */
static bool stop_at_two(void *ctx, const struct model *m, size_t epochs_done, struct err *err)
{
    (void)ctx;
    (void)m;
    return epochs_done != 2 || err_set(err, EXIT_IO, "stopped");
}

static void an_adapter_in_blocks_resumes_to_the_same_bytes(void **state)
{
    (void)state;
    const struct train_source s = counting;
    struct model *m = model_of(true);
    struct lora *whole = fresh(m), *l = fresh(m);
    struct train_options o = quick;
    o.block = 20;
    o.validation = 0.2;
    o.spike = 8;
    o.adapter = &whole;
    o.n_adapters = 1;
    struct train_report want = trained(m, &o, &s);
    o.adapter = &l;
    o.dir = dir;
    o.save_s = 0;
    o.resume = true;
    struct err err;
    struct train_report rep;
    o.snapshot = stop_at_two;
    assert_false(train_run(m, &o, &s, &rep, &err));
    train_report_free(&rep);
    o.snapshot = NULL;
    lora_free(l);
    l = fresh(m);
    assert_true(train_run(m, &o, &s, &rep, &err));
    assert_memory_equal(l->weights, whole->weights, l->n_weights * sizeof(float));
    train_report_free(&rep);
    struct lora *again = fresh(m);                       /* from the saved state alone */
    o.adapter = &again;
    assert_true(train_run(m, &o, &s, &rep, &err));
    assert_memory_equal(again->weights, whole->weights, again->n_weights * sizeof(float));
    assert_memory_equal(rep.epoch, want.epoch, want.n_epochs * sizeof *want.epoch);
    assert_memory_equal(rep.other, want.other, again->n_weights * sizeof(float));
    train_report_free(&rep);
    struct lora_options lo = again->options;
    lo.alpha = 5;
    struct lora *other = lora_new(&m->config, &lo);
    o.adapter = &other;
    assert_false(train_run(m, &o, &s, &rep, &err));
    assert_non_null(strstr(err.msg, "other options"));
    train_report_free(&rep);
    train_report_free(&want);
    train_forget(dir);
    rmdir(dir);
    struct lora *all[] = { whole, l, again, other };
    for (size_t i = 0; i < 4; i++)
        lora_free(all[i]);
    model_free(m);
}

int main(int argc, char **argv)
{
    linalg_start(argc, argv);
    REQUIRE(mkdtemp(dir));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_adapter_is_the_same_on_any_threads_and_the_base_stays),
        cmocka_unit_test(a_run_by_tokens_ends_there),
        cmocka_unit_test(blocks_cut_one_text),
        cmocka_unit_test(patience_ends_a_run_that_gets_worse),
        cmocka_unit_test(spikes_are_left_out_and_too_many_end_the_run),
        cmocka_unit_test(a_masked_prompt_is_no_target),
        cmocka_unit_test(an_adapter_in_blocks_resumes_to_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
