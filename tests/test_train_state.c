/* test_train_state.c: however often it is killed, a run ends in the same bytes; and it goes on from
 * nothing but its own state. */
#define _DEFAULT_SOURCE   /* MAP_ANONYMOUS, usleep */
#include "tests/training.h"

#include <dirent.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "ml/linalg.h"

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

/* Saves after every step, keeps best and mean, drops out: all that a state must remember. */
static struct train_options saving(const char *dir)
{
    struct train_options o = quick;
    o.epochs = 8;
    o.validation = 0.2;
    o.keep_best = true;
    o.average = 0.9;
    o.smoothing = 0.1;
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
    char *rest = file_join(dir, "train_state.safetensors.tmp.1");
    assert_true(file_write(rest, "x", 1, NULL));   /* as one killed while saving leaves it */
    free(rest);
    train_forget(dir);
    assert_int_equal(rmdir(dir), 0);               /* nothing is left */
    model_free(want);
    model_free(got);
    model_free(again);
}

static struct train_options changed(const struct train_options *o, size_t what)
{
    struct train_options c = *o;
    double *const real[] = { &c.lr, &c.lr_floor, &c.warmup, &c.weight_decay, &c.beta1, &c.beta2,
                             &c.eps, &c.clip, &c.dropout, &c.validation, &c.average, &c.smoothing };
    if (what < 12)
        *real[what] *= 1.0000001;
    size_t *const count[] = { &c.epochs, &c.tokens_per_step, &c.slots };
    if (what >= 12 && what < 15)
        *count[what - 12] += 1;
    if (what == 15)
        c.seed++;
    if (what == 16)
        c.keep_best = !c.keep_best;
    if (what == 17)
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
    for (size_t what = 0; what < 18; what++) {
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

#if !defined(__SANITIZE_ADDRESS__)   /* the sanitizer lives on address space */
enum { REFUSED_AT = 200, MUCH = 1 << 24 };

/* From one sample on the machine has no more memory, and that sample wants some. */
static void fill_starving(void *ctx, size_t epoch, size_t index, struct tokens *out,
                          size_t *loss_from)
{
    fill_watched(ctx, epoch, index, out, loss_from);
    if (atomic_load((atomic_size_t *)ctx) < REFUSED_AT)
        return;
    struct rlimit none = { 0, 0 };
    if (setrlimit(RLIMIT_AS, &none) == 0)
        for (size_t i = 0; i < MUCH; i++)
            tokens_add(out, 3);
}

static void refused_memory_leaves_the_old_state(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct train_options o = saving(NULL);
    struct model *want = model_of(true), *got = model_of(true);
    struct train_report a = trained(want, &o, &counting), b;
    atomic_size_t asked = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct train_source s = { &asked, 60, fill_starving };
        struct rlimit no_core = { 0, 0 };
        setrlimit(RLIMIT_CORE, &no_core);
        o.dir = dir;
        signal(SIGABRT, SIG_DFL);
        _exit(train_run(model_of(true), &o, &s, &b, NULL) ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    char *path = file_join(dir, "train_state.safetensors");
    assert_true(file_exists(path));
    o.dir = dir;
    b = trained(got, &o, &counting);
    assert_same_weights(got, want);
    assert_memory_equal(b.epoch, a.epoch, a.n_epochs * sizeof *a.epoch);
    train_report_free(&a);
    train_report_free(&b);
    free(path);
    remove_dir(dir);
    model_free(want);
    model_free(got);
}
#endif

int main(int argc, char **argv)
{
    linalg_start(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_ten_times_it_ends_in_the_same_bytes),
        cmocka_unit_test(a_state_of_other_work_is_refused),
        cmocka_unit_test(a_damaged_state_is_refused),
        cmocka_unit_test(a_full_disk_leaves_the_old_state),
#if !defined(__SANITIZE_ADDRESS__)
        cmocka_unit_test(refused_memory_leaves_the_old_state),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
