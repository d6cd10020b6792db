/* test_train.c: training gives one result, whatever the threads and however often it is killed. */
#define _DEFAULT_SOURCE   /* MAP_ANONYMOUS, usleep */
#include "tests/near.h"

#include <dirent.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "llm/train.h"
#include "ml/linalg.h"

static struct model *model_of(bool tied)
{
    struct llama_config c = { .vocab = 40, .d_model = 16, .n_layers = 2, .n_heads = 2,
                              .n_kv_heads = 2, .d_ff = 24, .max_len = 24, .rope_theta = 1e4,
                              .norm_eps = 1e-5, .tied = tied };
    struct model *m = model_new(&c);
    model_init(m, 5);
    return m;
}

static const struct train_options quick = {
    .epochs = 4, .tokens_per_step = 60, .slots = 3, .lr = 3e-3, .lr_floor = 0.1, .warmup = 0.05,
    .weight_decay = 0.1, .beta1 = 0.9, .beta2 = 0.95, .eps = 1e-8, .clip = 1, .dropout = 0.1,
    .seed = 4, .save_s = 1e9, .threads = 1,
};

/* Counting sequences with a step of their own; another first number every epoch. */
static void fill_counting(void *ctx, size_t epoch, size_t index, struct tokens *out,
                          size_t *loss_from)
{
    (void)ctx;
    gsl_rng *rng = rng_stream(1, "test/train", epoch * 1000 + index);
    size_t n = 6 + index % 9, at = rng_below(rng, 37), step = 1 + index % 3;
    gsl_rng_free(rng);
    tokens_add(out, 0);
    for (size_t i = 0; i < n; i++, at += step)
        tokens_add(out, (uint32_t)(3 + at % 37));
    tokens_add(out, 1);
    *loss_from = index % 2;
}

static const struct train_source counting = { NULL, 60, fill_counting };

static struct train_report trained(struct model *m, const struct train_options *o,
                                   const struct train_source *s)
{
    struct train_report rep;
    struct err err = { 0 };
    if (!train_run(m, o, s, &rep, &err))
        fail_msg("%s", err.msg);
    return rep;
}

static void assert_same_weights(const struct model *a, const struct model *b)
{
    assert_int_equal(a->n_weights, b->n_weights);
    assert_memory_equal(a->weights, b->weights, a->n_weights * sizeof *a->weights);
}

static void any_number_of_threads_gives_the_same_bytes(void **state)
{
    (void)state;
    static const size_t threads[] = { 1, 2, 3, 8 };
    struct model *first = model_of(true);
    struct train_report want = { 0 };
    for (size_t i = 0; i < 4; i++) {
        struct train_options o = quick;
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

static char *temp_dir(void)
{
    static char path[64];
    strcpy(path, "/tmp/test_train.XXXXXX");
    assert_non_null(mkdtemp(path));
    return path;
}

static void remove_dir(const char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        char *path = file_join(dir, e->d_name);
        unlink(path);
        free(path);
    }
    closedir(d);
    rmdir(dir);
}

/* Saves after every step, keeps the best, drops out: all that a state must remember. */
static struct train_options saving(const char *dir)
{
    struct train_options o = quick;
    o.epochs = 8;
    o.validation = 0.2;
    o.keep_best = true;
    o.dir = dir;
    o.resume = true;
    o.save_s = 0;
    return o;
}

static void fill_watched(void *ctx, size_t epoch, size_t index, struct tokens *out,
                         size_t *loss_from)
{
    atomic_fetch_add((atomic_size_t *)ctx, 1);
    fill_counting(NULL, epoch, index, out, loss_from);
}

/* A child trains; it is killed `wait_us` after it asked for the nth sample of its life. False: it
 * was done before. */
static bool train_and_kill(const char *dir, atomic_size_t *asked, size_t nth, useconds_t wait_us)
{
    atomic_store(asked, 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct train_options o = saving(dir);
        struct train_source s = { asked, 60, fill_watched };
        struct train_report rep;
        o.threads = 2;
        _exit(train_run(model_of(true), &o, &s, &rep, NULL) ? 0 : 1);
    }
    int status = 0;
    for (siginfo_t seen = { 0 }; atomic_load(asked) < nth && seen.si_pid == 0; usleep(50))
        waitid(P_PID, (id_t)child, &seen, WEXITED | WNOHANG | WNOWAIT);
    usleep(wait_us);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void killed_ten_times_it_ends_in_the_same_bytes(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct train_options o = saving(NULL);
    struct model *want = model_of(true), *got = model_of(true);
    struct train_report a = trained(want, &o, &counting), b;
    atomic_size_t *asked = mmap(NULL, sizeof *asked, PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    gsl_rng *rng = rng_stream(3, "test/kill", (uint64_t)getpid());   /* other moments every time */
    size_t kills = 0;
    for (size_t i = 0; i < 10; i++)
        kills +=
            train_and_kill(dir, asked, 1 + rng_below(rng, 25), (useconds_t)rng_below(rng, 900));
    gsl_rng_free(rng);
    assert_true(kills >= 5);
    o.dir = dir;
    b = trained(got, &o, &counting);
    assert_same_weights(got, want);
    assert_int_equal(b.best, a.best);
    assert_int_equal(b.steps, a.steps);
    assert_int_equal(b.tokens, a.tokens);
    assert_memory_equal(b.epoch, a.epoch, a.n_epochs * sizeof *a.epoch);
    train_report_free(&b);
    struct model *again = model_of(true);          /* a finished run has nothing left to do */
    b = trained(again, &o, &counting);
    assert_same_weights(again, want);
    train_report_free(&a);
    train_report_free(&b);
    munmap(asked, sizeof *asked);
    remove_dir(dir);
    model_free(want);
    model_free(got);
    model_free(again);
}

static struct train_options changed(const struct train_options *o, size_t what)
{
    struct train_options c = *o;
    double *const real[] = { &c.lr, &c.lr_floor, &c.warmup, &c.weight_decay, &c.beta1, &c.beta2,
                             &c.eps, &c.clip, &c.dropout, &c.validation };
    if (what < 10)
        *real[what] *= 1.0000001;
    size_t *const count[] = { &c.epochs, &c.tokens_per_step, &c.slots };
    if (what >= 10 && what < 13)
        *count[what - 10] += 1;
    if (what == 13)
        c.seed++;
    if (what == 14)
        c.keep_best = !c.keep_best;
    if (what == 15)
        c.fingerprint = "other data";
    return c;
}

static void refused(struct model *m, const struct train_options *o, const struct train_source *s,
                    const char *says)
{
    struct train_report rep;
    struct err err = { 0 };
    assert_false(train_run(m, o, s, &rep, &err));
    if (!strstr(err.msg, says))
        print_error("want \"%s\": %s\n", says, err.msg);
    assert_non_null(strstr(err.msg, says));
    assert_non_null(strstr(err.msg, "train_state.safetensors"));
    assert_int_equal(err.status, EXIT_DATA);
    train_report_free(&rep);
}

static void a_state_of_other_work_is_refused(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct train_options o = saving(dir);
    struct model *m = model_of(true), *other = model_of(false);
    struct train_report rep = trained(m, &o, &counting);
    train_report_free(&rep);
    for (size_t what = 0; what < 16; what++) {
        struct train_options c = changed(&o, what);
        refused(m, &c, &counting, "other options");
    }
    struct train_source fewer = counting;
    fewer.n_samples--;
    refused(m, &o, &fewer, "other options");
    refused(other, &o, &counting, "other options");
    o.threads = 3;                                 /* but these change nothing */
    o.save_s = 7;
    rep = trained(m, &o, &counting);
    train_report_free(&rep);
    train_forget(dir);
    o.lr *= 2;                                     /* forgotten: begins anew */
    rep = trained(m, &o, &counting);
    train_report_free(&rep);
    remove_dir(dir);
    model_free(m);
    model_free(other);
}

/* Every way to damage the file; what is refused must not be trained on. */
static void a_damaged_state_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *says;
    } row[] = {
        { "\"position\":\"", "\"positiom\":\"", "damaged" },
        { "\"epoch\":\"8\"", "\"epoch\":\"9\"", "damaged" },
        { "\"epoch\":\"8\"", "\"epoch\":\"x\"", "damaged" },
        { "\"epoch.7\"", "\"epoch.9\"", "damaged" },
        { "\"m1\"", "\"m3\"", "damaged" },
        { "\"weights\"", "\"weightz\"", "damaged" },
        { "\"identity\"", "\"identify\"", "other options" },
        { "\"dtype\":\"F32\"", "\"dtype\":\"I32\"", "damaged" },
        { "\"shape\"", "\"shap\\\"", "header" },
    };
    char *dir = temp_dir(), *path = file_join(dir, "train_state.safetensors");
    struct train_options o = saving(dir);
    struct model *m = model_of(true);
    struct buf b = { 0 }, bad = { 0 };
    struct err err;
    struct train_report rep = trained(m, &o, &counting);
    train_report_free(&rep);
    assert_true(file_read(path, &b, &err));
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char *at = strstr(b.p + 8, row[i].from);
        assert_non_null(at);
        size_t head = (size_t)(at - b.p), skip = head + strlen(row[i].from);
        buf_clear(&bad);
        buf_add(&bad, b.p, head);
        buf_str(&bad, row[i].to);
        buf_add(&bad, b.p + skip, b.n - skip);
        assert_true(file_write(path, bad.p, bad.n, &err));
        refused(m, &o, &counting, row[i].says);
    }
    assert_true(file_write(path, b.p, b.n - 5, &err));
    refused(m, &o, &counting, "outside");
    buf_free(&b);
    buf_free(&bad);
    free(path);
    remove_dir(dir);
    model_free(m);
}

/* A file may grow to 10,000 bytes only: the disk is full. The state that was there stays. */
static void a_full_disk_leaves_the_old_state(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path = file_join(dir, "train_state.safetensors");
    struct train_options o = saving(dir);
    struct model *m = model_of(true);
    struct train_report rep = trained(m, &o, &counting);
    struct buf before = { 0 }, after = { 0 };
    struct err err;
    struct rlimit was, small;
    train_report_free(&rep);
    assert_true(file_read(path, &before, &err));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    small = (struct rlimit){ 10000, was.rlim_max };
    void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    o.resume = false;
    bool good = train_run(m, &o, &counting, &rep, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    signal(SIGXFSZ, old);
    assert_false(good);
    assert_non_null(strstr(err.msg, "train_state.safetensors"));
    assert_int_equal(err.status, EXIT_IO);
    train_report_free(&rep);
    assert_true(file_read(path, &after, &err));
    assert_int_equal(after.n, before.n);
    assert_memory_equal(after.p, before.p, before.n);
    buf_free(&before);
    buf_free(&after);
    free(path);
    remove_dir(dir);
    model_free(m);
}

int main(int argc, char **argv)
{
    linalg_start(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_threads_gives_the_same_bytes),
        cmocka_unit_test(loss_falls_and_is_counted),
        cmocka_unit_test(a_sample_loses_what_it_loses_alone),
        cmocka_unit_test(the_best_epoch_is_kept),
        cmocka_unit_test(samples_too_long_or_empty_are_left_out),
        cmocka_unit_test(what_is_not_finite_is_named),
        cmocka_unit_test(killed_ten_times_it_ends_in_the_same_bytes),
        cmocka_unit_test(a_state_of_other_work_is_refused),
        cmocka_unit_test(a_damaged_state_is_refused),
        cmocka_unit_test(a_full_disk_leaves_the_old_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
