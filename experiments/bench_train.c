/* bench_train: tokens a second of training beside PyTorch, on the same work in the same run.
 *
 * Claim    at least 1.5 times PyTorch's tokens a second on sizes S, M and L; and packing whole
 *          samples without padding multiplies that by the context over their mean length.
 * Reads    nothing: random tokens, 8 sequences of 512 a step; for packing, the lengths of the
 *          reference workload's graphs as compact text
 * Writes   OUTDIR/bench_train.csv   size,threads,tokens_per_s,gflops,fraction,torch_tokens_per_s,
 *              ratio,wall_s,wall_tokens_per_s   medians of five runs; the ratio is the median of
 *              the ratios of pairs run one after the other; wall is by a clock outside the
 *              program, from fork to exit: its start, ceiling and warming up included
 *          OUTDIR/bench_packing.csv  size,threads,mean_length,padded,packed,gain   tokens a second
 *              that are no padding: each sample in a sequence of 512, or packed
 * Peer     experiments/bench_train_torch.py with Debian's python3-torch: the same BLAS on its right
 *          core, threads that sleep while they wait
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/threads.h"
#include "cli/bench.h"
#include "cli/bench_run.h"
#include "cli/driver.h"
#include "ml/linalg.h"
#include "text/compact.h"
#include "trace/reference.h"

#define PYTHON "/usr/bin/python3"
#define PEER "experiments/bench_train_torch.py"

enum { REPEATS = 5, PEER_STEPS = 2, CONTEXT = 512, STEP = 8 * CONTEXT };

static const char *const sizes[] = { "S", "M", "L" };
enum { SIZES = sizeof sizes / sizeof *sizes };

struct run {
    double rate, gflops, fraction, peer, ratio, wall_s, wall_rate;
};

/* One run of the program, timed from outside too. */
static struct run ours(const struct driver *d, const char *program, const char *size)
{
    const struct bench_call call = { program, "train", size, 0, d->threads, d->seed };
    struct bench_line l;
    struct err err = { 0 };
    driver_need(d, bench_tracewright(&call, &l, &err), &err);
    return (struct run){ .rate = l.rate, .gflops = l.gflops, .fraction = l.fraction,
                         .wall_s = l.wall_s,
                         .wall_rate = (l.tokens + STEP) / l.wall_s };   /* it warms up for one */
}

/* PyTorch's tokens a second; NaN when it does not run. */
static double peer(const struct driver *d, const char *size)
{
    struct llama_config c;
    REQUIRE(llama_preset(size, &c));
    const size_t number[] = { c.n_layers, c.d_model, c.n_heads, c.d_ff, PEER_STEPS, d->threads };
    char text[6][24], out[256];
    for (int i = 0; i < 6; i++)
        snprintf(text[i], sizeof text[i], "%zu", number[i]);
    char *argv[] = { PYTHON, PEER, text[0], text[1], text[2], text[3], text[4], text[5], NULL };
    double seconds, tokens;
    setenv("OMP_WAIT_POLICY", "passive", 1);
    setenv("OPENBLAS_NUM_THREADS", text[5], 1);
    if (!bench_program(argv, out, sizeof out) || sscanf(out, "%lf %lf", &seconds, &tokens) != 2)
        return NAN;
    return tokens / seconds;
}

/* Why there can be no peer, or NULL. */
static const char *no_peer(void)
{
    static char *const import[] = { PYTHON, "-c", "import importlib.util as u, sys; "
                                    "sys.exit(u.find_spec('torch') is None)", NULL };
    char nothing[64];
    if (access(PEER, R_OK) != 0)
        return PEER " is not here: run it in the repository's root";
    if (access(PYTHON, X_OK) != 0)
        return PYTHON " is absent";
    return bench_program(import, nothing, sizeof nothing) ? NULL : "python3-torch is not installed";
}

static double median(const struct run *r, size_t offset)
{
    double x[REPEATS];
    for (int i = 0; i < REPEATS; i++)
        memcpy(&x[i], (const char *)&r[i] + offset, sizeof x[i]);
    return bench_median(x, REPEATS);
}

static void compare(const struct driver *d, FILE *csv, const char *program, const char *size,
                    const char *reason)
{
    struct run r[REPEATS];
    for (int i = 0; i < REPEATS; i++) {
        r[i] = ours(d, program, size);
        r[i].peer = reason ? NAN : peer(d, size);
        r[i].ratio = r[i].rate / r[i].peer;
        if (!reason && isnan(r[i].peer))
            reason = PEER " failed";
    }
    double m[6], wall = median(r, offsetof(struct run, wall_s));
    const size_t at[] = { offsetof(struct run, rate), offsetof(struct run, gflops),
                          offsetof(struct run, fraction), offsetof(struct run, peer),
                          offsetof(struct run, ratio), offsetof(struct run, wall_rate) };
    for (int i = 0; i < 6; i++)
        m[i] = reason && (i == 3 || i == 4) ? NAN : median(r, at[i]);
    fprintf(csv, "%s,%zu,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g\n", size, d->threads, m[0], m[1], m[2],
            m[3], m[4], wall, m[5]);
    printf("%s %7.0f tokens/s  %5.0f GF/s  %.2f of sgemm  by the wall %7.0f in %.1f s  ", size,
           m[0], m[1], m[2], m[5], wall);
    if (reason)
        printf("PyTorch n/a: %s\n", reason);
    else
        printf("PyTorch %6.0f  ratio %.2f\n", m[3], m[4]);
    fflush(stdout);
}

/* Tokens of every graph as compact text, begin included; those over the context are left out. */
static size_t reference_lengths(const struct driver *d, size_t **lengths)
{
    static const struct compact_header_mask told = { 0 };
    struct graphset *s = reference_graphs(&(struct reference_options){ .traces = 2000,
                                                                       .seed = d->seed });
    size_t n = 0;
    struct buf b = { 0 };
    *lengths = mem_array(s->n, sizeof **lengths);
    for (size_t i = 0; i < s->n; i++) {
        buf_clear(&b);
        compact_encode(&s->graphs[i], s->names, s->tick_us, told, &b);
        struct str rest = buf_view(&b), word;
        size_t words = 0;
        while (str_next(&rest, ' ', &word))
            words += word.n > 0;
        if (words + 1 <= CONTEXT)
            (*lengths)[n++] = words + 1;
    }
    buf_free(&b);
    graphset_free(s);
    return n;
}

static double rate_of(const struct driver *d, const struct bench_ask *ask, const size_t *rows,
                      size_t n)
{
    struct bench_done done;
    struct err err = { 0 };
    driver_need(d, bench_train_on(ask, rows, n, &done, &err), &err);
    return (double)done.tokens / done.seconds;
}

/* A padded sample costs what a full sequence does, and only its own tokens count. */
static void packing(const struct driver *d, FILE *csv, const char *size, const size_t *rows,
                    size_t n)
{
    struct bench_ask ask = { .batch = 8, .threads = d->threads, .seed = d->seed };
    const size_t full = CONTEXT;
    double mean = 0, padded[REPEATS], packed[REPEATS], gain[REPEATS];
    for (size_t i = 0; i < n; i++)
        mean += (double)rows[i] / (double)n;
    REQUIRE(llama_preset(size, &ask.config));
    ask.config.vocab = 1024;
    ask.config.max_len = CONTEXT;
    for (int i = 0; i < REPEATS; i++) {
        ask.ceiling = bench_ceiling(d->threads);
        padded[i] = rate_of(d, &ask, &full, 1) * mean / CONTEXT;
        packed[i] = rate_of(d, &ask, rows, n);
        gain[i] = packed[i] / padded[i];
    }
    const double m[] = { bench_median(padded, REPEATS), bench_median(packed, REPEATS),
                         bench_median(gain, REPEATS) };
    fprintf(csv, "%s,%zu,%.9g,%.9g,%.9g,%.9g\n", size, d->threads, mean, m[0], m[1], m[2]);
    printf("%s samples of %.0f tokens: padded to %d %6.0f real tokens/s, packed %7.0f, gain %.1f\n",
           size, mean, CONTEXT, m[0], m[1], m[2]);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "bench_train");
    d.threads = d.threads ? d.threads : threads_default();
    char *program = bench_beside(argv[0]);
    const char *reason = no_peer();
    size_t *rows, n = reference_lengths(&d, &rows);
    printf("%zu threads, OpenBLAS core %s\n", d.threads, linalg_core());
    struct outfile csv = driver_csv(&d, "bench_train.csv",
                                    "size,threads,tokens_per_s,gflops,fraction,"
                                    "torch_tokens_per_s,ratio,wall_s,wall_tokens_per_s");
    for (size_t i = 0; i < SIZES; i++)
        compare(&d, csv.f, program, sizes[i], reason);
    driver_close(&csv);
    csv = driver_csv(&d, "bench_packing.csv", "size,threads,mean_length,padded,packed,gain");
    for (size_t i = 0; i < SIZES; i++)
        packing(&d, csv.f, sizes[i], rows, n);
    driver_close(&csv);
    free(rows);
    free(program);
    return driver_end(&d);
}
