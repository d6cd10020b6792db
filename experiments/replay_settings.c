/* replay_settings: AlpaServe's two workloads, and what its scale factors do to them.
 *
 * Claim    In the paper's settings the fresh process per window moves the rate that was asked for;
 *          its rate axis is compressed and its cv axis raises the load. One process through the
 *          windows gives the rate and the cv asked for.
 * Method   MAF1: azure_v1, the first hour, windows of 60 s, rate 2e-3 and cv 4 with either varied.
 *          MAF2: azure_v2, the last day, windows of 5400 s, rate 16 and cv 1 with either varied.
 *          Gamma, stripe, 48 models (fewer where the trace has fewer functions). Asked for is what
 *          the trace counted times the rate scale. Theory of the fresh process: the sum of exact
 *          expectations over its windows. The cv is that of gaps in operational time, where every
 *          window's rate is 1; asked for is the root mean square of the windows' cvs by arrivals.
 * Reads    --data: the first azure-v1 file of DATA or DATA/azure with two functions at work in that
 *          hour, and the azure-v2 trace there, each if there is one. Else the reference workload:
 *          law mixed, 2,000 functions with 10 million invocations a day; 424 with 20,000 (full:
 *          140,000)
 * Writes   replay_settings.csv   setting,trace,axis,scale,mode,models,windows,asked,generated,se,
 *                                ratio,theory,cv_asked,cv_obtained
 *          replay_scales.csv     factor,value,quantity,expected,obtained: vanilla arrivals
 *          replay_settings_sum.csv   careful_off (of the rate, in max(1 %, 6 standard errors)),
 *                                careful_cv_off (MAF2, where it is at most 5), compat_least and
 *                                compat_most: ratios over MAF1's rates
 * Scale    small: 40 seeds of MAF1, 4 of MAF2, 6 s of work;  full: 400, 40
 */
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/driver.h"
#include "replay/replay.h"
#include "replay/share.h"
#include "trace/reference_azure.h"

enum { MODELS = 48, AXIS = 8 };

struct setting {
    const char *name, *format;
    double start_s, end_s, interval_s;
    double rate, cv;                       /* the point that both axes go through */
    double rates[AXIS], cvs[AXIS];         /* 0 ends them */
};

static const struct setting settings[] = {
    { "MAF1", "azure-v1", 0, 3600, 60, 2e-3, 4, { 5e-4, 1e-3, 2e-3, 4e-3, 8e-3 },
      { 1, 2, 3, 4, 5, 6, 8 } },
    { "MAF2", "azure-v2", 0, 86400, 5400, 16, 1, { 8, 16, 32, 48, 72, 96 },
      { 1, 2, 3, 4, 5, 7.5, 10 } },
};

struct sums {
    double careful_off, cv_off, least, most;
};

static struct invocations *read_quietly(const struct driver *d, const char *format,
                                        const char *path)
{
    struct invocations_options o = { .threads = d->threads };
    struct invocations_report rep = { 0 };
    struct err err = { 0 };
    return invocations_read(invocations_format(format), path, &o, &rep, &err);
}

/* The first file by name that is of the format and has two functions at work in the slice. */
static struct invocations *find_below(const struct driver *d, const struct setting *s,
                                      const char *dir)
{
    struct dirent **entry;
    struct invocations *found = read_quietly(d, s->format, dir);
    int n = found ? -1 : scandir(dir, &entry, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char *path = file_join(dir, entry[i]->d_name);
        struct invocations *v = found || file_is_dir(path) ? NULL
                                                           : read_quietly(d, s->format, path);
        size_t *alive = mem_array(v ? v->n : 1, sizeof *alive);
        if (v && invocations_alive(v, s->start_s, s->end_s, alive) >= 2)
            found = v;
        else
            invocations_free(v);
        free(alive);
        free(path);
        free(entry[i]);
    }
    if (n >= 0)
        free(entry);
    return found;
}

static struct invocations *find_data(const struct driver *d, const struct setting *s)
{
    if (!d->data)
        return NULL;
    char *sub = file_join(d->data, "azure");
    struct invocations *v = find_below(d, s, d->data);
    if (!v && file_is_dir(sub))
        v = find_below(d, s, sub);
    free(sub);
    return v;
}

static struct invocations *make_reference(const struct driver *d, const struct setting *s)
{
    const bool counts = strcmp(s->format, "azure-v1") == 0;
    struct reference_azure_options o = {
        .functions = counts ? 2000 : 424, .days = 1, .law = LAW_MIXED,
        .invocations = counts ? 1e7 : d->full ? 140000 : 20000, .seed = d->seed,
        .threads = d->threads,
    };
    struct err err = { 0 };
    char *dir = driver_path(d, counts ? "replay-v1" : "replay-v2");
    driver_need(d, (counts ? reference_azure_v1 : reference_azure_v2)(&o, dir, &err), &err);
    struct invocations *v = read_quietly(d, s->format, dir);
    driver_need(d, v || err_set(&err, EXIT_INTERNAL, "%s: not to be read", dir), &err);
    free(dir);
    return v;
}

static struct replay_options options_of(const struct driver *d, const struct setting *s,
                                        const struct invocations *v)
{
    return (struct replay_options){
        .kind = v->kind == INVOCATIONS_COUNTS ? REPLAY_COUNTS : REPLAY_TIMES, .trace = s->format,
        .arrivals = "gamma", .start_s = s->start_s, .end_s = s->end_s, .process = &process_gamma,
        .interval_s = s->interval_s, .rate_scale = s->rate, .cv_scale = s->cv, .time_scale = 1,
        .replicate = 1, .seed = d->seed, .least = 3, .threads = d->threads,
    };
}

/* What one draw amounts to; the cv's sums are over gaps in operational time. */
struct drawn {
    double count, theory, gaps, gap_sum, gap_square, cv_square;
};

static void add_gaps(const struct replay *r, struct drawn *t)
{
    double before = 0, last = NAN;   /* operational time: of the window's start, of an arrival */
    size_t i = 0;
    for (size_t k = 0; k < r->windows; k++) {
        const struct process_window *w = &r->window[k];
        double end = k + 1 < r->windows ? r->window[k + 1].from : w->to;
        for (; i < r->arrivals.n && r->arrivals.t[i] < end; i++) {
            double at = before + w->rate * (r->arrivals.t[i] - w->from);
            if (!isnan(last)) {
                t->gaps++;
                t->gap_sum += at - last;
                t->gap_square += (at - last) * (at - last);
                t->cv_square += w->cv * w->cv;
            }
            last = at;
        }
        before += w->rate * (w->to - w->from);
    }
}

static struct drawn draw(const struct replay_options *o, const struct shares *s, bool theory)
{
    char *names[MODELS], letters[MODELS][32];
    struct replay r[MODELS];
    struct drawn t = { 0 };
    for (size_t i = 0; i < s->n; i++) {
        snprintf(letters[i], sizeof letters[i], "bert%zu", i);
        names[i] = letters[i];
    }
    replay_run(o, (const char *const *)names, s->share, s->n, r);
    for (size_t i = 0; i < s->n; i++) {
        t.count += (double)r[i].arrivals.n;
        add_gaps(&r[i], &t);
        for (size_t k = 0; theory && k < r[i].windows; k++) {
            const struct process_window *w = &r[i].window[k];
            double x = w->rate * (w->to - w->from);
            t.theory += !(x > 0) ? 0 : o->compat ? process_restart_mean(w->cv, x) : x;
        }
    }
    replay_free(r, s->n);
    return t;
}

static void measure(const struct driver *d, const struct setting *s, const char *trace,
                    const struct shares *shares, struct replay_options o, const char *axis,
                    double scale, FILE *f, struct sums *sums)
{
    size_t seeds = (d->full ? 40 : 4) * (o.kind == REPLAY_COUNTS ? 10 : 1);
    for (int compat = 0; compat < 2; compat++) {
        double asked = (double)shares->invocations * o.rate_scale, sum = 0, square = 0;
        struct drawn all = { 0 };
        o.compat = compat;
        for (size_t k = 0; k < seeds; k++) {
            o.seed = d->seed * 1000 + k;
            struct drawn one = draw(&o, shares, k == 0);
            sum += one.count / asked;
            square += one.count / asked * (one.count / asked);
            all.theory += one.theory;
            all.gaps += one.gaps;
            all.gap_sum += one.gap_sum;
            all.gap_square += one.gap_square;
            all.cv_square += one.cv_square;
        }
        double n = (double)seeds, mean = sum / n;
        double se = sqrt(fmax(0, square / n - mean * mean) / (n - 1));
        double gap = all.gap_sum / all.gaps, cv = sqrt(all.gap_square / all.gaps / gap / gap - 1);
        double cv_asked = sqrt(all.cv_square / all.gaps), theory = all.theory / asked;
        fprintf(f, "%s,%s,%s,%g,%s,%zu,%zu,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g\n", s->name, trace,
                axis, scale, compat ? "compat" : "careful", shares->n,
                estimate_count(o.start_s, o.end_s, o.interval_s), asked, mean * asked, se * asked,
                mean, theory, cv_asked, cv);
        if (!compat) {
            sums->careful_off = fmax(sums->careful_off, fabs(mean - 1) / fmax(0.01, 6 * se));
            if (o.kind == REPLAY_TIMES && cv_asked <= 5)   /* else runs are too short for a cv */
                sums->cv_off = fmax(sums->cv_off, fabs(cv / cv_asked - 1));
        } else if (strcmp(axis, "rate") == 0 && o.kind == REPLAY_COUNTS) {
            sums->least = fmin(sums->least, mean);
            sums->most = fmax(sums->most, mean);
        }
    }
}

/* Vanilla arrivals, all functions as one model: repeated and squeezed. */
static void vanilla(const struct driver *d, const struct setting *s, const struct invocations *v)
{
    struct outfile f = driver_csv(d, "replay_scales.csv",
                                  "factor,value,quantity,expected,obtained");
    struct replay_options o = options_of(d, s, v);
    static const double factor[] = { 0.5, 1, 2, 4 };
    struct shares one;
    struct err err = { 0 };
    const char *const name = "all";
    double cv1 = 0, rate1 = 0;
    o.process = NULL;
    o.rate_scale = o.cv_scale = 1;
    driver_need(d, shares_make(v, &o, mapping_find("stripe"), false, 1, &one, &err), &err);
    for (long times = 1; times <= 4; times++) {
        struct replay r;
        o.replicate = times;
        replay_run(&o, &name, one.share, 1, &r);
        double cv = estimate_gap_cv(r.arrivals.t, r.arrivals.n, 0);
        cv1 = times == 1 ? cv : cv1;
        rate1 = times == 1 ? (double)r.arrivals.n : rate1;
        fprintf(f.f, "replication,%ld,cv of gaps,%.9g,%.9g\n", times,
                sqrt((double)times * (cv1 * cv1 + 1) - 1), cv);
        fprintf(f.f, "replication,%ld,arrivals,%.9g,%zu\n", times, rate1 * (double)times,
                r.arrivals.n);
        replay_free(&r, 1);
    }
    o.replicate = 1;
    for (size_t i = 0; i < sizeof factor / sizeof *factor; i++) {
        struct replay r;
        o.time_scale = factor[i];
        replay_run(&o, &name, one.share, 1, &r);
        double last = r.arrivals.t[r.arrivals.n - 1] - o.start_s;
        fprintf(f.f, "time scale,%g,last arrival (s),%.9g,%.9g\n", factor[i],
                one.share[0].t[one.share[0].n - 1] / factor[i], last);
        fprintf(f.f, "time scale,%g,cv of gaps,%.9g,%.9g\n", factor[i], cv1,
                estimate_gap_cv(r.arrivals.t, r.arrivals.n, 0));
        replay_free(&r, 1);
    }
    shares_free(&one);
    driver_close(&f);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "replay_settings");
    struct outfile f = driver_csv(&d, "replay_settings.csv",
                                  "setting,trace,axis,scale,mode,models,windows,asked,generated,se,"
                                  "ratio,theory,cv_asked,cv_obtained");
    struct sums sums = { 0, 0, INFINITY, 0 };
    for (size_t k = 0; k < 2; k++) {
        const struct setting *s = &settings[k];
        struct invocations *v = find_data(&d, s);
        const char *trace = v ? "real" : "reference";
        if (!v)
            v = make_reference(&d, s);
        struct replay_options o = options_of(&d, s, v);
        size_t *alive = mem_array(v->n, sizeof *alive);
        size_t n = invocations_alive(v, s->start_s, s->end_s, alive);
        struct shares shares;
        struct err err = { 0 };
        driver_need(&d, shares_make(v, &o, mapping_find("stripe"), false,
                                    n > MODELS ? MODELS : n, &shares, &err), &err);
        for (size_t i = 0; i < AXIS && s->rates[i] > 0; i++) {
            o.rate_scale = s->rates[i];
            measure(&d, s, trace, &shares, o, "rate", s->rates[i], f.f, &sums);
        }
        o.rate_scale = s->rate;
        for (size_t i = 0; i < AXIS && s->cvs[i] > 0; i++) {
            o.cv_scale = s->cvs[i];
            measure(&d, s, trace, &shares, o, "cv", s->cvs[i], f.f, &sums);
        }
        if (v->kind == INVOCATIONS_TIMES)
            vanilla(&d, s, v);
        shares_free(&shares);
        free(alive);
        invocations_free(v);
    }
    driver_close(&f);
    f = driver_csv(&d, "replay_settings_sum.csv",
                   "careful_off,careful_cv_off,compat_least,compat_most");
    fprintf(f.f, "%.9g,%.9g,%.9g,%.9g\n", sums.careful_off, sums.cv_off, sums.least, sums.most);
    driver_close(&f);
    return driver_end(&d);
}
