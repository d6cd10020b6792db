/* reference_azure.c: who there is and when they are called. A renewal process that has been going
 * on for ever is met in the midst of a gap: of length-biased length, at a uniform place. Starting
 * with a fresh gap instead would put a burst at the origin of every function. */
#include "trace/reference_azure_priv.h"

#include <gsl/gsl_math.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"

#define BURSTY_CV 4.0
#define POPULARITY 1.1
#define POPULARITY_HEAVY 2.0
#define DIURNAL_SWING 0.8
#define DIURNAL_PEAK_S (14 * 3600.0)
#define DAY_S 86400.0
enum { SHARED_EVERY = 50 };

const char *const azure_law_names[LAWS] = {
    [LAW_POISSON] = "poisson", [LAW_BURSTY] = "bursty", [LAW_PERIODIC] = "periodic",
    [LAW_DIURNAL] = "diurnal", [LAW_MIXED] = "mixed",   [LAW_HEAVY] = "heavy",
};

static enum azure_law law_of(enum azure_law asked, gsl_rng *r)
{
    double u = rng_unit(r);
    if (asked == LAW_HEAVY)
        return LAW_POISSON;
    if (asked != LAW_MIXED)
        return asked;
    return u < 0.3 ? LAW_PERIODIC : u < 0.6 ? LAW_POISSON : u < 0.85 ? LAW_DIURNAL : LAW_BURSTY;
}

static void name_after(char hex[SHA256_HEX], const char *what, uint64_t seed, size_t number)
{
    char text[96];
    int n = snprintf(text, sizeof text, "%s %llu %zu", what, (unsigned long long)seed, number);
    hash_sha256(text, (size_t)n, hex);
}

static void give_rate(struct azure_function *f, double rate, gsl_rng *r)
{
    double place = rng_unit(r);
    f->rate = rate;
    if (f->law != LAW_PERIODIC)
        return;
    f->period_s = fmax(1, round(1 / rate));
    f->phase_s = place * f->period_s;
    f->rate = 1 / f->period_s;
}

/* Rank of each function, from 0. */
static size_t *deal_ranks(size_t n, uint64_t seed)
{
    gsl_rng *r = rng_stream(seed, "reference/azure/ranks", 0);
    size_t *rank = mem_array(n, sizeof *rank);
    for (size_t i = 0; i < n; i++)
        rank[i] = i;
    rng_shuffle(r, rank, n);
    gsl_rng_free(r);
    return rank;
}

struct azure_function *azure_functions(const struct reference_azure_options *o, bool shared)
{
    size_t n = o->functions, owners = 0, apps = 0, *rank = deal_ranks(n, o->seed);
    double slope = o->law == LAW_HEAVY ? POPULARITY_HEAVY : POPULARITY, sum = 0;
    struct azure_function *f = mem_array(n, sizeof *f);
    gsl_rng *r = rng_stream(o->seed, "reference/azure/functions", 0);
    for (size_t k = n; k > 0; k--)   /* the smallest first */
        sum += pow((double)k, -slope);
    for (size_t i = 0; i < n; i++) {
        bool again = shared && i % SHARED_EVERY == SHARED_EVERY - 1;
        bool app = rng_unit(r) < 0.4 || i == 0 || again, owner = rng_unit(r) < 0.5 || i == 0;
        apps += app;
        owners += app && owner;
        name_after(f[i].owner, "owner", o->seed, owners);
        name_after(f[i].app, "app", o->seed, apps);
        name_after(f[i].function, "function", o->seed, again ? i - 1 : i);
        f[i].law = law_of(o->law, r);
        double share = pow((double)rank[i] + 1, -slope) / sum;
        give_rate(&f[i], share * o->invocations / DAY_S, r);
    }
    gsl_rng_free(r);
    free(rank);
    return f;
}

static void add(struct azure_times *a, double t)
{
    MEM_GROW(a->t, a->n, a->cap);
    a->t[a->n++] = t;
}

static void draw_bursty(double rate, double from, double to, gsl_rng *r, struct azure_times *out)
{
    double shape = 1 / (BURSTY_CV * BURSTY_CV), scale = 1 / (rate * shape);
    double whole = gsl_ran_gamma(r, shape + 1, scale);
    for (double t = from + rng_unit(r) * whole; t < to; t += gsl_ran_gamma(r, shape, scale))
        add(out, t);
}

static void draw_poisson(double rate, double from, double to, gsl_rng *r, struct azure_times *out)
{
    for (double t = from + gsl_ran_exponential(r, 1 / rate); t < to;
         t += gsl_ran_exponential(r, 1 / rate))
        add(out, t);
}

/* Of a Poisson process at the busiest rate each arrival stays with the probability of its hour. */
static void draw_diurnal(double rate, double from, double to, gsl_rng *r, struct azure_times *out)
{
    double most = rate * (1 + DIURNAL_SWING);
    for (double t = from + gsl_ran_exponential(r, 1 / most); t < to;
         t += gsl_ran_exponential(r, 1 / most)) {
        double now = rate * (1 + DIURNAL_SWING * cos(2 * M_PI * (t - DIURNAL_PEAK_S) / DAY_S));
        if (rng_unit(r) * most < now)
            add(out, t);
    }
}

void azure_draw(const struct reference_azure_options *o, const struct azure_function *f,
                size_t index, double from_s, double to_s, gsl_rng *r, struct azure_times *out)
{
    out->n = 0;
    rng_restart(r, o->seed, "reference/azure/arrivals", index);
    switch (f->law) {
    case LAW_BURSTY: draw_bursty(f->rate, from_s, to_s, r, out); break;
    case LAW_DIURNAL: draw_diurnal(f->rate, from_s, to_s, r, out); break;
    case LAW_PERIODIC:
        for (double i = ceil((from_s - f->phase_s) / f->period_s);
             f->phase_s + i * f->period_s < to_s; i++)
            add(out, f->phase_s + i * f->period_s);
        break;
    default: draw_poisson(f->rate, from_s, to_s, r, out);
    }
}

bool azure_write_truth(const struct reference_azure_options *o, const struct azure_function *f,
                       const char *dir, struct err *err)
{
    struct outfile out;
    char *path = file_join(dir, "truth.csv");
    bool ok = outfile_open(&out, path, err);
    free(path);
    if (!ok)
        return false;
    fputs("owner,app,function,law,rate_per_s,cv,period_s,phase_s,invocations\n", out.f);
    for (size_t i = 0; i < o->functions; i++) {
        fprintf(out.f, "%s,%s,%s,%s,%.17g,", f[i].owner, f[i].app, f[i].function,
                azure_law_names[f[i].law], f[i].rate);
        if (f[i].law == LAW_PERIODIC)
            fprintf(out.f, "0,%.17g,%.17g,", f[i].period_s, f[i].phase_s);
        else
            fprintf(out.f, "%s,,,", f[i].law == LAW_BURSTY ? "4" :
                                    f[i].law == LAW_POISSON ? "1" : "");
        fprintf(out.f, "%llu\n", (unsigned long long)f[i].written);
    }
    ok = outfile_commit(&out, err);
    outfile_abandon(&out);
    return ok;
}
