/* bench_train: tokens a second of training beside PyTorch, on the same work in the same run.
 *
 * Claim    at least 1.5 times PyTorch's tokens a second on sizes S, M and L; and packing whole
 *          samples without padding multiplies that by the context over their mean length.
 * Reads    nothing: random tokens, 8 sequences of 512 a step; for packing, the lengths of the
 *          reference workload's graphs as compact text
 * Writes   OUTDIR/bench_train-SIZE.csv   size,threads,tokens_per_s,gflops,fraction,
 *              torch_tokens_per_s,ratio,cpu_ratio,wall_s,wall_tokens_per_s   medians of five; our
 *              program and PyTorch's take turns; ratio is the median of the ratios of pairs,
 *              cpu_ratio the same of tokens a second of processors (ours with all of the program),
 *              which other work on the machine moves less; wall is by a clock outside the program,
 *              from fork to exit: its start, ceiling and warming up included
 *          OUTDIR/bench_packing.csv  size,threads,mean_length,padded,packed,gain   tokens a second
 *              that are no padding: each sample in a sequence of 512, or packed; size S
 * Parts    --only S, M, L, packing
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

enum { REPEATS = 5, CONTEXT = 512, STEP = 8 * CONTEXT };

/* A turn of PyTorch's is some seconds. */
static const struct size {
    const char *name;
    int peer_steps;
} sizes[] = { { "S", 3 }, { "M", 2 }, { "L", 1 } };
enum { SIZES = sizeof sizes / sizeof *sizes };

enum column { RATE, GFLOPS, FRACTION, TORCH, RATIO, CPU_RATIO, WALL_S, WALL_RATE, COLUMNS };
#define HEADER "size,threads,tokens_per_s,gflops,fraction,torch_tokens_per_s,ratio,cpu_ratio," \
               "wall_s,wall_tokens_per_s"

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

static bool start_peer(const struct driver *d, const struct size *size, struct bench_peer *peer)
{
    struct llama_config c;
    REQUIRE(llama_preset(size->name, &c));
    const size_t number[] = { c.n_layers, c.d_model, c.n_heads, c.d_ff, (size_t)size->peer_steps,
                              d->threads };
    char text[6][24];
    for (int i = 0; i < 6; i++)
        snprintf(text[i], sizeof text[i], "%zu", number[i]);
    char *argv[] = { PYTHON, PEER, text[0], text[1], text[2], text[3], text[4], text[5], NULL };
    setenv("OMP_WAIT_POLICY", "passive", 1);
    setenv("OPENBLAS_NUM_THREADS", text[5], 1);
    bool good = bench_peer_start(peer, argv);
    unsetenv("OPENBLAS_NUM_THREADS");
    return good;
}

/* Our turn, timed from outside too, and PyTorch's: NaN where it does not answer. */
static void turn(const struct driver *d, const char *program, const char *size,
                 struct bench_peer *peer, double *x)
{
    const struct bench_call call = { .program = program, .kind = "train", .size = size,
                                     .threads = d->threads, .seed = d->seed };
    struct bench_line l;
    struct err err = { 0 };
    char answer[128];
    double seconds = NAN, processors = NAN, tokens = NAN;
    driver_need(d, bench_tracewright(&call, &l, &err), &err);
    if (!bench_peer_ask(peer, answer, sizeof answer) ||
        sscanf(answer, "%lf %lf %lf", &seconds, &processors, &tokens) != 3)
        seconds = NAN;
    double all = l.tokens + STEP;                  /* it warms up for one */
    x[RATE] = l.rate;
    x[GFLOPS] = l.gflops;
    x[FRACTION] = l.fraction;
    x[TORCH] = tokens / seconds;
    x[RATIO] = l.rate / x[TORCH];
    x[CPU_RATIO] = all / l.cpu_s / (tokens / processors);
    x[WALL_S] = l.wall_s;
    x[WALL_RATE] = all / l.wall_s;
}

static void compare(const struct driver *d, const char *program, const struct size *size,
                    const char *reason)
{
    double x[REPEATS][COLUMNS], m[COLUMNS], one[REPEATS];
    struct bench_peer peer = { 0 };
    char name[32];
    if (!reason && !start_peer(d, size, &peer))
        reason = PEER " failed";
    for (int i = 0; i < REPEATS; i++)
        turn(d, program, size->name, &peer, x[i]);
    bench_peer_end(&peer);
    snprintf(name, sizeof name, "bench_train-%s.csv", size->name);
    struct outfile csv = driver_csv(d, name, HEADER);
    fprintf(csv.f, "%s,%zu", size->name, d->threads);
    for (int k = 0; k < COLUMNS; k++) {
        for (int i = 0; i < REPEATS; i++)
            one[i] = x[i][k];
        m[k] = reason && k >= TORCH && k <= CPU_RATIO ? NAN : bench_median(one, REPEATS);
        fprintf(csv.f, ",%.9g", m[k]);
    }
    fprintf(csv.f, "\n");
    driver_close(&csv);
    printf("%s %7.0f tokens/s  %5.0f GF/s  %.2f of sgemm  by the wall %7.0f in %.1f s  ",
           size->name, m[RATE], m[GFLOPS], m[FRACTION], m[WALL_RATE], m[WALL_S]);
    if (reason)
        printf("PyTorch n/a: %s\n", reason);
    else
        printf("PyTorch %6.0f  ratio %.2f, by processors' seconds %.2f\n", m[TORCH], m[RATIO],
               m[CPU_RATIO]);
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

static void packing_of(const struct driver *d, const char *size)
{
    size_t *rows, n = reference_lengths(d, &rows);
    struct outfile csv = driver_csv(d, "bench_packing.csv",
                                    "size,threads,mean_length,padded,packed,gain");
    packing(d, csv.f, size, rows, n);
    driver_close(&csv);
    free(rows);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "bench_train");
    char *program = bench_beside(argv[0]);
    const char *reason = no_peer();
    printf("%zu threads, OpenBLAS core %s\n", d.threads, linalg_core());
    fflush(stdout);
    for (size_t i = 0; i < SIZES; i++)
        if (driver_does(&d, sizes[i].name))
            compare(&d, program, &sizes[i], reason);
    if (driver_does(&d, "packing"))
        packing_of(&d, "S");
    free(program);
    return driver_end(&d);
}
