/* test_train_memory.c: a run takes the memory that train_bytes says, seen from the heap while it
 * trains: 16 bytes a weight and 4 a further slot, and activations for the threads at work. */
#include "tests/training.h"

#include <malloc.h>
#include <stdlib.h>

#include "ml/linalg.h"

enum { ROWS = 32, A_SLOT = 3, SAMPLES = 96 };

static size_t held(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

struct watch {
    size_t most;
};

static void fill_watching(void *ctx, size_t epoch, size_t index, struct tokens *out,
                          size_t *loss_from)
{
    struct watch *w = ctx;
    size_t now = held();
    w->most = now > w->most ? now : w->most;
    for (size_t i = 0; i <= ROWS; i++)
        tokens_add(out, (uint32_t)((i * index + epoch) % 300));
    *loss_from = 0;
}

static struct model *wide_model(void)
{
    struct llama_config c = { .vocab = 300, .d_model = 128, .n_layers = 3, .n_heads = 4,
                              .n_kv_heads = 2, .d_ff = 352, .max_len = ROWS, .rope_theta = 1e4,
                              .norm_eps = 1e-5, .tied = true };
    struct model *m = model_new(&c);
    model_init(m, 5);
    return m;
}

static size_t bytes_while_training(struct model *m, const struct train_options *o)
{
    struct watch w = { 0 };
    struct train_source s = { &w, SAMPLES, fill_watching };
    size_t before = held();
    struct train_report rep = trained(m, o, &s);
    train_report_free(&rep);
    return w.most - before;
}

static void a_run_holds_what_is_stated(void **state)
{
    (void)state;
    static const struct {
        size_t slots, threads;
        double validation;
    } row[] = { { 1, 1, 0 }, { 2, 2, 0 }, { 8, 1, 0 }, { 8, 3, 0 }, { 4, 8, 0.25 } };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct model *m = wide_model();
        struct train_options o = quick;
        o.slots = row[i].slots;
        o.threads = row[i].threads;
        o.validation = row[i].validation;
        o.tokens_per_step = o.slots * A_SLOT * ROWS;
        double stated = (double)train_bytes(m, &o, A_SLOT * ROWS, ROWS);
        double got = (double)bytes_while_training(m, &o);
        assert_near(got, stated, 0.01 * stated + 32768);   /* lists of samples, malloc's headers */
        model_free(m);
    }
}

/* The promise in round numbers: what grows with the weights alone. */
static void sixteen_a_weight_and_four_a_further_slot(void **state)
{
    (void)state;
    struct model *m = wide_model();
    struct train_options o = quick;
    o.threads = 1;
    o.slots = 1;
    size_t one = train_bytes(m, &o, A_SLOT * ROWS, ROWS);
    size_t activations = one - 12 * m->n_weights;
    o.slots = 8;
    assert_int_equal(train_bytes(m, &o, A_SLOT * ROWS, ROWS) - one, 7 * 4 * m->n_weights);
    o.threads = 3;
    assert_int_equal(train_bytes(m, &o, A_SLOT * ROWS, ROWS),
                     (16 - 4 + 7 * 4) * m->n_weights + 3 * activations);
    /* The formula of backprop.h, by hand */
    size_t C = 128, F = 352, V = 300, W = 256, L = 3, H = 4;
    size_t row = L * (3 * C + W + 2 * F + H + 2) + 5 * C + F + F + V + 3;
    double want = 4.0 * (double)row * (A_SLOT * ROWS * 9 / 8);
    double scratch = 4.0 * (2 * 64 * ROWS + 64 + (double)C + 2 * 16 * ROWS);
    assert_near((double)activations, want + scratch, 2048);
    model_free(m);
}

int main(int argc, char **argv)
{
    linalg_start(argc, argv);
#if defined(__SANITIZE_ADDRESS__)
    print_message("SKIP the sanitizer's heap cannot be counted\n");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sixteen_a_weight_and_four_a_further_slot),
    };
    (void)a_run_holds_what_is_stated;
#else
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_holds_what_is_stated),
        cmocka_unit_test(sixteen_a_weight_and_four_a_further_slot),
    };
#endif
    return cmocka_run_group_tests(tests, NULL, NULL);
}
