/* cmd_replay_process.c: arrivals of one process, with no trace behind them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/meta.h"
#include "base/str.h"
#include "cli/commands_priv.h"
#include "replay/process.h"

static const struct option options[] = {
    { "process", OPT_CHOICE, "poisson|exponential|gamma|pareto|deterministic|mmpp", "poisson",
      "law of the gaps", 0, 0 },
    { "rate", OPT_REAL, "R", NULL, "arrivals a second", 1e-300, 1e300 },
    { "cv", OPT_REAL, "C", NULL, "standard deviation of the gaps over their mean "
      "[poisson, gamma 1; pareto, mmpp 2]", 0, 1e4 },
    { "start", OPT_REAL, "S", "0", "seconds at which the window starts", 0, 0 },
    { "duration", OPT_REAL, "D", NULL, "its length in seconds", 0, 1e300 },
    { "durations", OPT_TEXT, "S,S,...", NULL,
      "mmpp of your own: mean seconds in each state, instead of --rate and --cv", 0, 0 },
    { "rates", OPT_TEXT, "R,R,...", NULL, "and arrivals a second in each", 0, 0 },
    { "compat", OPT_FLAG, NULL, NULL,
      "the first gap starts at --start: more arrivals than asked for when bursty", 0, 0 },
    { "seed", OPT_INT, "N", "0", "seed of everything that is drawn", 0, 9e15 },
    OPTION_OUT,
    OPTION_END
};

/* "1,2.5,3" as an array, free() it. NULL: a piece is no number at or above least. */
static double *numbers(const char *option, const char *text, double least, size_t *n,
                       struct err *err)
{
    double *x = NULL;
    size_t cap = 0;
    struct str rest = str_of(text), piece;
    *n = 0;
    while (str_next(&rest, ',', &piece)) {
        double v;
        if (!str_f64(piece, &v) || !isfinite(v) || v < least) {
            err_set(err, EXIT_USAGE, "--%s: \"%.*s\" is not a number from %g", option,
                    (int)piece.n, piece.p, least);
            free(x);
            return NULL;
        }
        MEM_GROW(x, *n, cap);
        x[(*n)++] = v;
    }
    if (!*n)
        err_set(err, EXIT_USAGE, "--%s: no numbers", option);
    return x;
}

static bool draw_states(const struct args *a, gsl_rng *r, struct arrivals *out, struct err *err)
{
    if (!args_given(a, "durations") || !args_given(a, "rates"))
        return err_set(err, EXIT_USAGE, "--durations and --rates go together");
    if (strcmp(args_text(a, "process"), "mmpp") != 0 || args_given(a, "rate") ||
        args_given(a, "cv"))
        return err_set(err, EXIT_USAGE, "--durations and --rates are those of --process mmpp, "
                       "and in place of --rate and --cv");
    size_t n = 0, m = 0;
    double *d = numbers("durations", args_text(a, "durations"), 1e-300, &n, err);
    double *q = d ? numbers("rates", args_text(a, "rates"), 0, &m, err) : NULL;
    bool ok = d && q && (n == m || err_set(err, EXIT_USAGE, "%zu --durations, but %zu --rates", n,
                                           m));
    double from = args_real(a, "start");
    if (ok)
        process_mmpp_run(&(struct process_states){ d, q, n }, from,
                         from + args_real(a, "duration"), r, out);
    free(d);
    free(q);
    return ok;
}

/* AlpaServe's: floor(rate * duration) arrivals, the first at the start. A product that rounding
 * left just below a whole number is that number. */
static void draw_regular(double rate, double from, double duration, struct arrivals *out)
{
    double n = floor(rate * duration * (1 + 1e-12));
    for (double i = 0; i < n; i++)
        arrivals_add(out, from + i / rate);
}

static bool draw(const struct args *a, gsl_rng *r, struct arrivals *out, struct err *err)
{
    if (!args_given(a, "duration"))
        return err_set(err, EXIT_USAGE, "--duration is missing");
    if (args_given(a, "durations") || args_given(a, "rates"))
        return draw_states(a, r, out, err);
    if (!args_given(a, "rate"))
        return err_set(err, EXIT_USAGE, "--rate is missing");
    const struct process *p = process_find(args_text(a, "process"));
    double rate = args_real(a, "rate"), from = args_real(a, "start");
    double duration = args_real(a, "duration");
    double cv = args_given(a, "cv") ? args_real(a, "cv") : p->cv_standard;
    if (!process_check(p, rate, cv, err))
        return false;
    if (rate * duration > 1e9)
        return err_set(err, EXIT_USAGE, "--rate times --duration: %.9g arrivals are more than 1e9",
                       rate * duration);
    struct process_window w = { from, from + duration, rate, cv };
    if (p == &process_deterministic)
        draw_regular(rate, from, duration, out);
    else if (args_flag(a, "compat"))
        process_restart(p, &w, r, out);
    else
        process_run(p, &w, 1, r, out);
    return true;
}

static bool write_out(const struct args *a, const struct arrivals *t, struct err *err)
{
    static const char *const said[] = { "process", "rate", "cv", "start", "duration", "durations",
                                        "rates", "seed" };
    struct outfile o;
    if (!outfile_open(&o, args_text(a, "o"), err))
        return false;
    fprintf(o.f, "arrival\n");
    for (size_t i = 0; i < t->n; i++)
        fprintf(o.f, "%.17g\n", t->t[i]);
    if (!outfile_commit(&o, err))
        return false;
    struct meta *m = meta_new("replay-process");
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        if (args_text(a, said[i]))
            meta_text(m, said[i], args_text(a, said[i]));
    meta_text(m, "compat", args_flag(a, "compat") ? "yes" : "no");
    bool ok = meta_write_beside(m, args_text(a, "o"), err);
    meta_free(m);
    return ok;
}

static int run(const struct args *a, struct err *err)
{
    struct arrivals t = { 0 };
    gsl_rng *r = process_stream((uint64_t)args_int(a, "seed"), "", 0);
    bool ok = draw(a, r, &t, err) && write_out(a, &t, err);
    gsl_rng_free(r);
    free(t.t);
    return ok ? EXIT_GOOD : err->status;
}

const struct command cmd_replay_process = {
    .name = "replay-process",
    .summary = "arrival times of one process: Poisson, gamma, Pareto, regular, MMPP",
    .options = options,
    .examples = "  tracewright replay-process --process poisson --rate 8 --duration 1200\n"
                "  tracewright replay-process --process gamma --rate 8 --cv 4 --start 0 "
                "--duration 1200 --seed 1\n"
                "  tracewright replay-process --process mmpp --durations 60,20 --rates 1,10 "
                "--duration 3600",
    .run = run,
};
