/* test_train.c: training learns, and gives one result whatever the threads. */
#include "tests/training.h"

#include <stdlib.h>

#include "base/mem.h"
#include "ml/linalg.h"

/* Three slots leave one of the tree's branches bare, eight fill it. */
static void any_number_of_threads_gives_the_same_bytes(void **state)
{
    (void)state;
    static const size_t threads[] = { 1, 2, 3, 8 };
    for (size_t slots = 3; slots <= 8; slots += 5) {
        struct model *first = model_of(true);
        struct train_report want = { 0 };
        for (size_t i = 0; i < 4; i++) {
            struct train_options o = quick;
            o.slots = slots;
            o.tokens_per_step = 20 * slots;
            o.threads = threads[i];
            o.validation = 0.2;
            struct model *m = i ? model_of(true) : first;
            struct train_report rep = trained(m, &o, &counting);
            if (i) {
                assert_same_weights(m, first);
                assert_memory_equal(rep.epoch, want.epoch, rep.n_epochs * sizeof *rep.epoch);
                assert_int_equal(rep.steps, want.steps);
                train_report_free(&rep);
                model_free(m);
            } else
                want = rep;
        }
        train_report_free(&want);
        model_free(first);
    }
}

static void loss_falls_and_is_counted(void **state)
{
    (void)state;
    struct train_options o = quick;
    struct model *m = model_of(true);
    size_t targets = 0, want_targets = 0, want_rows = 0, from;
    o.epochs = 25;
    o.dropout = 0;
    double before = train_loss(m, &counting, 0, 1, &targets);
    assert_near(before, log(40), 0.1);
    struct train_report rep = trained(m, &o, &counting);
    assert_int_equal(rep.n_epochs, 25);
    assert_int_equal(rep.best, 24);
    assert_true(rep.epoch[0].loss < before + 0.05 && rep.epoch[24].loss < 0.6 * before);
    assert_true(isnan(rep.epoch[0].validation));
    assert_true(train_loss(m, &counting, 99, 2, NULL) < 0.6 * before);   /* of unseen ones too */
    for (size_t i = 0; i < counting.n_samples; i++) {
        struct tokens t = { 0 };
        fill_counting(NULL, 0, i, &t, &from);
        want_rows += t.n - 1;
        want_targets += t.n - (from > 1 ? from : 1);
        tokens_free(&t);
    }
    assert_int_equal(targets, want_targets);
    assert_int_equal(rep.epoch[3].targets, want_targets);
    assert_int_equal(rep.tokens, 25 * want_rows);
    assert_true(rep.steps >= 25 * want_rows / 80 && rep.steps <= 25 * (want_rows / 60 + 1));
    train_report_free(&rep);
    model_free(m);
}

static void fill_one(void *ctx, size_t epoch, size_t index, struct tokens *out, size_t *loss_from)
{
    fill_counting(NULL, epoch, *(size_t *)ctx + index, out, loss_from);
}

/* The mean over many is the mean of what each loses alone: packing never crosses samples. */
static void a_sample_loses_what_it_loses_alone(void **state)
{
    (void)state;
    struct model *m = model_of(false);
    double sum = 0;
    size_t targets = 0;
    struct train_report rep = trained(m, &quick, &counting);
    train_report_free(&rep);
    for (size_t i = 0; i < counting.n_samples; i++) {
        struct train_source one = { &i, 1, fill_one };
        size_t n = 0;
        double mean = train_loss(m, &one, 7, 1, &n);
        sum += mean * (double)n;
        targets += n;
    }
    assert_near(train_loss(m, &counting, 7, 3, NULL), sum / (double)targets, 1e-6);
    model_free(m);
}

struct watched {
    bool aside[60], later;         /* asked as of epoch 0 after epoch 1 began: kept aside */
};

/* Answers drawn at random every time: there is nothing to learn but this epoch's noise. */
static void fill_noise(void *ctx, size_t epoch, size_t index, struct tokens *out, size_t *loss_from)
{
    struct watched *w = ctx;
    if (w && epoch == 0 && w->later)
        w->aside[index] = true;
    if (w)
        w->later |= epoch > 0;
    gsl_rng *rng = rng_stream(2, "test/noise", index);
    *loss_from = 0;
    for (size_t i = 0; i < 9; i++)
        tokens_add(out, (uint32_t)rng_below(rng, 40));
    gsl_rng_free(rng);
}

static void fill_listed(void *ctx, size_t epoch, size_t index, struct tokens *out,
                        size_t *loss_from)
{
    const size_t *list = ctx;
    fill_noise(NULL, epoch, list[index], out, loss_from);
}

static void the_best_epoch_is_kept(void **state)
{
    (void)state;
    struct watched w = { 0 };
    struct train_source noise = { &w, 60, fill_noise };
    struct train_options o = quick;
    o.epochs = 12;
    o.lr = 2e-2;
    o.dropout = 0;
    o.validation = 0.25;
    o.keep_best = true;
    struct model *m = model_of(true);
    struct train_report rep = trained(m, &o, &noise);
    assert_true(rep.best < 11);                    /* learning by heart does not help the others */
    for (size_t e = 0; e < 12; e++)
        assert_true(rep.epoch[e].validation >= rep.epoch[rep.best].validation);
    size_t list[60], n = 0;
    for (size_t i = 0; i < 60; i++)
        if (w.aside[i])
            list[n++] = i;
    assert_int_equal(n, 15);
    struct train_source aside = { list, n, fill_listed };
    assert_near(train_loss(m, &aside, 0, 1, NULL), rep.epoch[rep.best].validation, 1e-6);
    train_report_free(&rep);
    o.validation = 0;                              /* nothing to choose by: the last */
    rep = trained(m, &o, &noise);
    assert_int_equal(rep.best, 11);
    train_report_free(&rep);
    model_free(m);
}

static void fill_long(void *ctx, size_t epoch, size_t index, struct tokens *out, size_t *loss_from)
{
    fill_counting(ctx, epoch, index, out, loss_from);
    while (index % 4 == 0 && out->n < 26)
        tokens_add(out, 5);
    if (index % 4 == 1)
        out->n = index % 3 ? 1 : 0;
}

static void samples_too_long_or_empty_are_left_out(void **state)
{
    (void)state;
    struct train_source s = { NULL, 40, fill_long };
    struct train_options o = quick;
    struct model *m = model_of(true);
    struct train_report rep = trained(m, &o, &s);
    assert_int_equal(rep.too_long, 10);            /* 25 rows in 24 positions; 24 rows fit */
    train_report_free(&rep);
    model_free(m);
}

static void what_is_not_finite_is_named(void **state)
{
    (void)state;
    struct train_report rep;
    struct err err;
    struct model *m = model_of(true);
    m->weights[model_param(m, "model.layers.1.mlp.down_proj.weight")->offset + 3] = NAN;
    assert_false(train_run(m, &quick, &counting, &rep, &err));
    assert_non_null(strstr(err.msg, "model.layers.1.mlp.down_proj.weight"));
    assert_non_null(strstr(err.msg, "a weight of"));
    assert_non_null(strstr(err.msg, "step 1, epoch 1"));
    assert_int_equal(err.status, EXIT_CHECK);
    train_report_free(&rep);
    model_init(m, 5);
    const struct param *norm = model_param(m, "model.norm.weight");
    for (size_t i = 0; i < norm->count; i++)
        m->weights[norm->offset + i] = 3e38f;      /* finite, but its products are not */
    assert_false(train_run(m, &quick, &counting, &rep, &err));
    assert_non_null(strstr(err.msg, "a gradient of model."));
    train_report_free(&rep);
    model_free(m);
}

struct album {
    size_t n;
    float *weights[8];             /* after each epoch */
};

static bool remember(void *ctx, const struct model *m, size_t epochs_done, struct err *err)
{
    struct album *a = ctx;
    (void)err;
    assert_int_equal(epochs_done, a->n + 1);
    a->weights[a->n] = mem_array(m->n_weights, sizeof(float));
    memcpy(a->weights[a->n++], m->weights, m->n_weights * sizeof(float));
    return true;
}

static void forget(struct album *a)
{
    for (size_t i = 0; i < a->n; i++)
        free(a->weights[i]);
}

/* An epoch of one step, at one rate, on samples that never change: all that is left is the mean. */
static void it_ends_with_the_running_mean(void **state)
{
    (void)state;
    struct album plain = { 0 }, mean = { 0 };
    struct train_source still = { NULL, 60, fill_noise };
    struct train_options o = quick;
    o.epochs = 6;
    o.tokens_per_step = 100000;
    o.lr_floor = 1;
    o.warmup = 0;
    o.snapshot = remember;
    o.snapshot_ctx = &plain;
    struct model *m = model_of(true), *first = model_of(true);
    struct train_report rep = trained(m, &o, &still);
    remember(&plain, m, 6, NULL);
    train_report_free(&rep);
    model_free(m);
    o.average = 0.3;
    o.snapshot_ctx = &mean;
    m = model_of(true);
    rep = trained(m, &o, &still);
    remember(&mean, m, 6, NULL);
    for (size_t i = 0; i < m->n_weights; i += 97) {
        double want = (double)first->weights[i];
        for (size_t t = 0; t < 6; t++) {
            double keep = fmin(0.3, (1.0 + (double)t) / (10.0 + (double)t));
            want = keep * want + (1 - keep) * (double)plain.weights[t][i];
            assert_near((double)mean.weights[t][i], want, 1e-6);
        }
    }
    train_report_free(&rep);
    model_free(m);
    model_free(first);
    forget(&plain);
    forget(&mean);
}

/* At a rate that does not fall a snapshot is what a shorter run ends with. */
static void a_snapshot_is_a_shorter_run(void **state)
{
    (void)state;
    struct album a = { 0 };
    struct train_options o = quick;
    o.lr_floor = 1;
    o.warmup = 0;
    o.average = 0.9;
    o.snapshot = remember;
    o.snapshot_ctx = &a;
    struct model *m = model_of(true), *less = model_of(true);
    struct train_report rep = trained(m, &o, &counting);
    train_report_free(&rep);
    assert_int_equal(a.n, o.epochs - 1);
    o.epochs = 2;
    o.snapshot = NULL;
    rep = trained(less, &o, &counting);
    assert_memory_equal(less->weights, a.weights[1], less->n_weights * sizeof *less->weights);
    train_report_free(&rep);
    model_free(m);
    model_free(less);
    forget(&a);
}

/* Ten looks at a clock are all the time there is: the rate has fallen by then, and what was left of
 * the epochs is not trained. */
static double tenth(void *ctx)
{
    size_t *looks = ctx;
    return (double)(*looks)++ / 10;
}

static void the_clock_ends_a_run(void **state)
{
    (void)state;
    struct train_options o = quick;
    size_t looks = 0;
    o.epochs = 50;
    struct model *m = model_of(true);
    struct train_report whole = trained(m, &o, &counting);
    o.spent = tenth;
    o.spent_ctx = &looks;
    struct train_report rep = trained(m, &o, &counting);
    assert_true(rep.steps >= 1 && rep.steps <= 10);
    assert_true(whole.steps > 100);
    assert_int_equal(rep.n_epochs, 1);
    assert_true(rep.epoch[0].lr < 0.5 * o.lr);
    looks = 10;                        /* late from the beginning: one step all the same */
    train_report_free(&rep);
    rep = trained(m, &o, &counting);
    assert_int_equal(rep.steps, 1);
    train_report_free(&rep);
    train_report_free(&whole);
    model_free(m);
}

int main(int argc, char **argv)
{
    linalg_start(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_ends_with_the_running_mean),
        cmocka_unit_test(a_snapshot_is_a_shorter_run),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bytes),
        cmocka_unit_test(loss_falls_and_is_counted),
        cmocka_unit_test(a_sample_loses_what_it_loses_alone),
        cmocka_unit_test(the_best_epoch_is_kept),
        cmocka_unit_test(the_clock_ends_a_run),
        cmocka_unit_test(samples_too_long_or_empty_are_left_out),
        cmocka_unit_test(what_is_not_finite_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
