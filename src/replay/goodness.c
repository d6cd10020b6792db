/* goodness.c: a fitted law against the sample it was fitted to, window by window. */
#include "replay/goodness.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/threads.h"
#include "replay/replay_stats.h"
#include "stats/sort.h"

#define GAP_SHIFT 1e-6
enum { LAWS = 6 };

static size_t parameters(const struct law *law)
{
    size_t k = 0;
    while (k < GOODNESS_PARAMETERS && law->parameter[k])
        k++;
    return k;
}

/* Both are of steps: the law's value at each gap lies between i/n and (i + 1)/n, or does not. */
static void distances(const struct law *law, const double *x, size_t n, struct goodness *g)
{
    double sum = 0, m = (double)n;
    g->ks = 0;
    for (size_t i = 0; i < n; i++) {
        double f = fmin(fmax(law->cdf(x[i], g->p), 1e-300), 1 - 1e-16);
        double above = fmin(fmax(law->cdf(x[n - 1 - i], g->p), 1e-300), 1 - 1e-16);
        g->ks = fmax(g->ks, fmax(f - (double)i / m, (double)(i + 1) / m - f));
        sum += (2 * (double)i + 1) * (log(f) + log1p(-above));
    }
    g->ad = -m - sum / m;
}

struct goodness goodness_of(const struct law *law, const double *x, size_t n)
{
    struct goodness g = { { NAN, NAN, NAN }, NAN, NAN, NAN, NAN, NAN };
    REQUIRE(n >= GOODNESS_LEAST && x[0] > 0);
    if (!law->fit(x, n, g.p))
        return g;
    double k = (double)parameters(law), sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += law->log_density(x[i], g.p);
    g.log_likelihood = sum;
    g.aic = 2 * k - 2 * sum;
    g.bic = k * log((double)n) - 2 * sum;
    distances(law, x, n, &g);
    return g;
}

struct window_fit {
    size_t model, window, gaps;
    double from, to;
    struct goodness law[LAWS];
};

struct job {
    const struct replay_options *o;
    const struct replay_share *share;
    struct window_fit **fit;    /* (models) */
    size_t *n;
};

static void fit_model(void *ctx, size_t m, size_t worker)
{
    const struct job *j = ctx;
    const struct replay_share *s = &j->share[m];
    (void)worker;
    size_t windows = estimate_count(j->o->start_s, j->o->end_s, j->o->interval_s), i = 0, cap = 0;
    double *x = mem_array(s->n + 1, sizeof *x);
    for (size_t k = 0; k < windows; k++) {
        double from = j->o->start_s + (double)k * j->o->interval_s;
        double to = fmin(j->o->end_s, from + j->o->interval_s);
        size_t first = i;
        while (i < s->n && s->t[i] < to)
            i++;
        size_t n = i > first ? i - first - 1 : 0;
        if (n < GOODNESS_LEAST)
            continue;
        for (size_t g = 0; g < n; g++)
            x[g] = s->t[first + g + 1] - s->t[first + g] + GAP_SHIFT;
        sort_doubles(x, n);
        MEM_GROW(j->fit[m], j->n[m], cap);
        struct window_fit *f = &j->fit[m][j->n[m]++];
        *f = (struct window_fit){ .model = m, .window = k, .gaps = n, .from = from, .to = to };
        for (size_t l = 0; laws[l]; l++)
            f->law[l] = goodness_of(laws[l], x, n);
    }
    free(x);
}

static void number(FILE *f, double x, bool json)
{
    if (isfinite(x))
        fprintf(f, "%.9g", x);
    else if (json)
        fputs("null", f);
}

/* The figures of a row by name; best is a flag of its own. */
static void write_row(FILE *f, const char *model, const struct window_fit *w, size_t law, bool best,
                      bool json)
{
    static const char *const key[] = { "p1", "p2", "p3", "log_likelihood", "aic", "bic", "ks",
                                       "ad" };
    const struct goodness *g = &w->law[law];
    size_t k = parameters(laws[law]);
    const double value[] = { g->p[0], k > 1 ? g->p[1] : NAN, k > 2 ? g->p[2] : NAN,
                             g->log_likelihood, g->aic, g->bic, g->ks, g->ad };
    fputs(json ? "{\"model\":" : "", f);
    (json ? replay_json_text : str_put_csv)(f, model);
    fprintf(f, json ? ",\"window\":%zu,\"from\":%.17g,\"to\":%.17g,\"gaps\":%zu,\"law\":\"%s\""
                    : ",%zu,%.17g,%.17g,%zu,%s", w->window, w->from, w->to, w->gaps,
            laws[law]->name);
    for (size_t i = 0; i < sizeof value / sizeof *value; i++) {
        fprintf(f, json ? ",\"%s\":" : ",", json ? key[i] : "");
        number(f, value[i], json);
    }
    fprintf(f, json ? ",\"best\":%d}" : ",%d\n", best);
}

static size_t best_of(const struct window_fit *w)
{
    size_t best = 0;
    for (size_t l = 1; l < LAWS; l++)
        if (w->law[l].bic < w->law[best].bic)
            best = l;
    return best;
}

void goodness_write(const struct replay_options *o, const char *const *model,
                    const struct replay_share *share, size_t n, bool json, FILE *f)
{
    struct window_fit **fit = mem_array(n, sizeof *fit);
    size_t *rows = mem_array(n, sizeof *rows), written = 0;
    threads_for(o->threads, n, fit_model, &(struct job){ o, share, fit, rows });
    fputs(json ? "[" : "model,window,from,to,gaps,law,p1,p2,p3,log_likelihood,aic,bic,ks,ad,best\n",
          f);
    for (size_t m = 0; m < n; m++) {
        for (size_t i = 0; i < rows[m]; i++)
            for (size_t l = 0; laws[l]; l++) {
                if (json)
                    fputs(written++ ? ",\n" : "\n", f);
                write_row(f, model[m], &fit[m][i], l, l == best_of(&fit[m][i]), json);
            }
        free(fit[m]);
    }
    fputs(json ? "\n]\n" : "", f);
    free(fit);
    free(rows);
}
