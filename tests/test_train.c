/* Training learns, and ends in the same weights on any number of threads, and however often it
 * was killed on the way. */
#define _GNU_SOURCE   /* usleep */
#include "tests/near.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/rng.h"
#include "llm/train.h"
#include "ml/linalg.h"

enum { VOCAB = 20, SAMPLES = 60 };

/* Sample i counts up from 3 + i mod 15 by 1 or 2, around; its length is drawn anew each epoch. */
static void fill(void *ctx, size_t epoch, size_t index, struct tokens *out, size_t *loss_from)
{
    (void)ctx;
    gsl_rng *r = rng_stream(5, "test/sample", epoch * 1000 + index);
    size_t n = 3 + rng_below(r, 9), step = 1 + index % 2;
    gsl_rng_free(r);
    tokens_add(out, 0);
    tokens_add(out, (uint32_t)(18 + step - 1));
    for (size_t i = 0; i < n; i++)
        tokens_add(out, (uint32_t)(3 + (index + i * step) % 15));
    tokens_add(out, 1);
    *loss_from = index % 3 ? 0 : 3;
}

static const struct train_source source = { NULL, SAMPLES, fill };

static struct model *fresh_model(void)
{
    struct llama_config c = { .vocab = VOCAB, .d_model = 16, .n_layers = 2, .n_heads = 2,
                              .n_kv_heads = 1, .d_ff = 24, .max_len = 16, .rope_theta = 10000,
                              .norm_eps = 1e-6, .tied = true };
    struct model *m = model_new(&c);
    model_init(m, 11);
    return m;
}

static struct train_options options(void)
{
    struct train_options o = train_standard;
    o.epochs = 6;
    o.tokens_per_step = 90;
    o.slots = 3;
    o.lr = 1e-2;
    o.validation = 0.1;
    o.seed = 3;
    o.threads = 1;
    return o;
}

static char *folder(const char *name)
{
    const char *build = getenv("BUILD");
    char *base = file_join(build ? build : "build", "tests"), *dir = file_join(base, name);
    free(base);
    train_forget(dir);
    return dir;
}

/* Train a fresh model; the weights are the caller's. */
static struct model *trained(const struct train_options *o, struct train_report *rep)
{
    struct model *m = fresh_model();
    struct err err;
    if (!train_run(m, o, &source, rep, &err)) {
        print_error("%s\n", err.msg);
        fail();
    }
    return m;
}

static void assert_same_weights(const struct model *a, const struct model *b)
{
    assert_memory_equal(a->weights, b->weights, a->n_weights * sizeof *a->weights);
}

static void it_learns(void **state)
{
    (void)state;
    struct train_options o = options();
    struct train_report rep;
    o.epochs = 40;
    o.dropout = 0;
    struct model *m = trained(&o, &rep);
    assert_int_equal(rep.n_epochs, 40);
    assert_true(rep.epoch[0].loss > 2 && rep.epoch[0].loss < 3.1);   /* log 20 is 3.0 */
    assert_true(rep.epoch[39].loss < 0.6);     /* what is left is the length, which is drawn */
    assert_true(rep.epoch[39].validation < 1.2);   /* six samples */
    size_t targets = 0;
    double loss = train_loss(m, &source, 40, 1, &targets);
    assert_true(loss < 0.8 && targets > 300);
    assert_near(loss, train_loss(m, &source, 40, 4, NULL), 0);
    train_report_free(&rep);
    model_free(m);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    static const size_t threads[] = { 2, 3, 8 };
    struct train_options o = options();
    struct train_report rep, other;
    struct model *m = trained(&o, &rep);
    for (size_t i = 0; i < 3; i++) {
        o.threads = threads[i];
        struct model *n = trained(&o, &other);
        assert_same_weights(m, n);
        for (size_t e = 0; e < rep.n_epochs; e++) {
            assert_near(rep.epoch[e].loss, other.epoch[e].loss, 0);
            assert_near(rep.epoch[e].validation, other.epoch[e].validation, 0);
        }
        train_report_free(&other);
        model_free(n);
    }
    o.seed = 4;
    struct model *n = trained(&o, &other);
    assert_memory_not_equal(m->weights, n->weights, m->n_weights * sizeof *m->weights);
    train_report_free(&other);
    train_report_free(&rep);
    model_free(m);
    model_free(n);
}

/* A child that trains in dir, saving at every step, and leaves its weights in a file. */
static pid_t start_child(const char *dir, const char *result)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid)
        return pid;
    struct train_options o = options();
    struct train_report rep;
    struct model *m = fresh_model();
    o.dir = dir;
    o.resume = true;
    o.save_s = 0;
    o.threads = 2;
    o.keep_best = true;
    bool good = train_run(m, &o, &source, &rep, NULL) &&
                file_write(result, m->weights, m->n_weights * sizeof *m->weights, NULL);
    _exit(good ? 0 : 1);
}

static void killed_and_resumed_it_ends_the_same(void **state)
{
    (void)state;
    struct train_options o = options();
    struct train_report rep;
    o.keep_best = true;
    struct model *m = trained(&o, &rep);
    char *dir = folder("train_killed"), *result = file_join(dir, "weights");
    gsl_rng *r = rng_stream((uint64_t)getpid(), "test/kill", 0);
    size_t kills = 0, rounds = 0;
    while (kills < 10) {   /* a run that ends before its tenth kill begins again */
        unlink(result);
        train_forget(dir);
        int status = -1;
        while (status != 0) {
            pid_t pid = start_child(dir, result);
            assert_true(pid > 0 && ++rounds < 1000);
            if (kills < 30) {
                usleep((useconds_t)rng_below(r, 60000));
                kill(pid, SIGKILL);
            }
            assert_int_equal(waitpid(pid, &status, 0), pid);
            kills += WIFSIGNALED(status);
            assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
        }
        struct buf b = { 0 };
        assert_true(file_read(result, &b, NULL));
        assert_int_equal(b.n, m->n_weights * sizeof *m->weights);
        assert_memory_equal(b.p, m->weights, b.n);
        buf_free(&b);
    }
    gsl_rng_free(r);
    train_report_free(&rep);
    model_free(m);
    free(result);
    free(dir);
}

/* A write that fails ends the run, and what was saved before is whole. */
static void a_full_disk_loses_nothing(void **state)
{
    (void)state;
    char *dir = folder("train_full"), *path = file_join(dir, "train_state.safetensors");
    struct train_options o = options();
    struct train_report rep;
    struct err err = { 0 };
    struct buf before = { 0 }, after = { 0 };
    o.dir = dir;
    o.epochs = 2;
    struct model *m = trained(&o, &rep);
    train_report_free(&rep);
    assert_true(file_read(path, &before, NULL));
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit was, small;
    getrlimit(RLIMIT_FSIZE, &was);
    small = was;
    small.rlim_cur = 4096;
    setrlimit(RLIMIT_FSIZE, &small);
    bool good = train_run(m, &o, &source, &rep, &err);
    setrlimit(RLIMIT_FSIZE, &was);
    assert_false(good);
    assert_int_equal(err.status, EXIT_IO);
    assert_non_null(strstr(err.msg, "train_state.safetensors"));
    assert_true(file_read(path, &after, NULL));
    assert_int_equal(before.n, after.n);
    assert_memory_equal(before.p, after.p, before.n);
    train_report_free(&rep);
    buf_free(&before);
    buf_free(&after);
    model_free(m);
    free(path);
    free(dir);
}

static void another_run_s_state_is_refused(void **state)
{
    (void)state;
    char *dir = folder("train_other"), *path = file_join(dir, "train_state.safetensors");
    struct train_options o = options();
    struct train_report rep;
    struct err err;
    o.dir = dir;
    o.epochs = 1;
    model_free(trained(&o, &rep));
    train_report_free(&rep);
    struct model *m = fresh_model();
    o.resume = true;
    o.fingerprint = "other data";
    assert_false(train_run(m, &o, &source, &rep, &err));
    assert_non_null(strstr(err.msg, "other data or other options"));
    train_report_free(&rep);
    assert_true(file_write(path, "junk", 4, NULL));
    assert_false(train_run(m, &o, &source, &rep, &err));
    assert_int_equal(err.status, EXIT_DATA);
    train_report_free(&rep);
    train_forget(dir);
    assert_false(file_exists(path));
    assert_true(train_run(m, &o, &source, &rep, &err));   /* none to resume: it begins */
    train_report_free(&rep);
    model_free(m);
    free(path);
    free(dir);
}

static void divergence_names_the_tensor(void **state)
{
    (void)state;
    struct train_options o = options();
    struct train_report rep;
    struct err err;
    struct model *m = fresh_model();
    m->weights[m->layer[1].down] = NAN;
    assert_false(train_run(m, &o, &source, &rep, &err));
    assert_int_equal(err.status, EXIT_CHECK);
    assert_non_null(strstr(err.msg, "model.layers.1.mlp.down_proj"));
    assert_non_null(strstr(err.msg, "step 1, epoch 1"));
    train_report_free(&rep);
    model_free(m);
}

static void samples_too_long_are_counted(void **state)
{
    (void)state;
    struct train_options o = options();
    struct train_report rep;
    struct err err;
    struct model *m = fresh_model();
    o.epochs = 1;
    o.validation = 0;
    m->config.max_len = 8;   /* 10 or more tokens do not fit */
    assert_true(train_run(m, &o, &source, &rep, &err));
    size_t want = 0;
    struct tokens t = { 0 };
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t from;
        t.n = 0;
        fill(NULL, 0, i, &t, &from);
        want += t.n > 9;
    }
    assert_true(want > 0);
    assert_int_equal(rep.too_long, want);
    tokens_free(&t);
    train_report_free(&rep);
    model_free(m);
}

int main(int argc, char **argv)
{
    linalg_start(argc, argv);
    progress_silence();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_learns),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(killed_and_resumed_it_ends_the_same),
        cmocka_unit_test(a_full_disk_loses_nothing),
        cmocka_unit_test(another_run_s_state_is_refused),
        cmocka_unit_test(divergence_names_the_tensor),
        cmocka_unit_test(samples_too_long_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
