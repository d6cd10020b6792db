/* clone_arrivals.c: see the header. */
#include "cli/clone_arrivals.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "gen/times.h"
#include "replay/estimate.h"
#include "replay/goodness.h"
#include "stats/distance.h"
#include "stats/interval.h"
#include "stats/sort.h"

enum { A_WINDOW = 25, A_WINDOW_MOST = 400, DRAWS = 64, COMPARED_LEAST = 20 };
static const double off = 10;              /* times what 19 of 20 gaps are below: it was off */
static const double tie_s = 1e-6;          /* added to gaps, as estimate.h does */

static int by_tick(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* ---- fitting ---- */

static void read_starts(struct clone_arrivals *a, const struct graphset *s)
{
    int64_t *tick = mem_array(s->n, sizeof *tick);
    for (size_t i = 0; i < s->n; i++)
        tick[i] = s->graphs[i].arrival;
    qsort(tick, s->n, sizeof *tick, by_tick);
    a->n = s->n;
    a->first = tick[0];
    a->tick_s = 1e-6 * s->tick_us;
    a->t = mem_array(s->n, sizeof *a->t);
    for (size_t i = 0; i < s->n; i++) {
        a->t[i] = (double)(tick[i] - tick[0]) * a->tick_s;
        a->grain = times_gcd(a->grain, tick[i] - tick[0]);
    }
    a->grain = a->grain > 0 ? a->grain : 1;
    free(tick);
}

/* Gaps, ascending; free() it. */
static double *sorted_gaps(const struct clone_arrivals *a)
{
    double *gap = mem_array(a->n, sizeof *gap);
    for (size_t i = 0; i + 1 < a->n; i++)
        gap[i] = a->t[i + 1] - a->t[i];
    sort_doubles(gap, a->n - 1);
    return gap;
}

/* Starts of a window: so many that bursts are not taken for rates, 1/5 being the relative error of
 * a rate. gap[0..n) are those that are no breaks. */
static size_t starts_a_window(const double *gap, size_t n)
{
    double mean = 0, square = 0;
    for (size_t i = 0; i < n; i++)
        mean += gap[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        square += (gap[i] - mean) * (gap[i] - mean) / (double)n;
    double starts = mean > 0 ? A_WINDOW * square / (mean * mean) : A_WINDOW;
    return (size_t)fmax(A_WINDOW, fmin(A_WINDOW_MOST, starts));
}

/* Windows over starts [from, to), which lie in one part. Its length has a mean gap at its end. */
static void cut_part(struct clone_arrivals *a, size_t from, size_t to, size_t a_window)
{
    size_t n = to - from, windows = n / a_window ? n / a_window : 1;
    double span = a->t[to - 1] - a->t[from], mean = a->length_s / (double)a->n;
    double length = n > 1 && span > 0 ? span * (double)n / (double)(n - 1) : mean;
    if (to < a->n)
        length = fmin(length, a->t[to] - a->t[from]);
    for (size_t k = 0, i = from; k < windows; k++) {
        struct process_window w = { .from = a->t[from] + length * (double)k / (double)windows,
                                    .to = a->t[from] + length * (double)(k + 1) / (double)windows };
        size_t first = i;
        while (i < to && (a->t[i] < w.to || k + 1 == windows))
            i++;
        w.rate = (double)(i - first) / (w.to - w.from);
        a->w[a->windows++] = w;
    }
    a->parts++;
}

static void cut(struct clone_arrivals *a)
{
    double *gap = sorted_gaps(a), longest = off * quantile_sorted(gap, a->n - 1, 0.95);
    size_t n = a->n - 1;
    while (longest > 0 && n && gap[n - 1] > longest)
        n--;
    size_t a_window = starts_a_window(gap, n);
    a->w = mem_array(a->n, sizeof *a->w);  /* windows hold a start each at least, on average */
    for (size_t from = 0, i = 1; i <= a->n; i++)
        if (i == a->n || (longest > 0 && a->t[i] - a->t[i - 1] > longest)) {
            cut_part(a, from, i, a_window);
            from = i;
        }
    free(gap);
}

/* Where the rate is 1: the area below the rate up to each start. */
static double *operational(const struct clone_arrivals *a)
{
    double *u = mem_array(a->n, sizeof *u), area = 0;
    size_t k = 0;
    for (size_t i = 0; i < a->n; i++) {
        while (k + 1 < a->windows && a->t[i] >= a->w[k].to) {
            area += (a->w[k].to - a->w[k].from) * a->w[k].rate;
            k++;
        }
        u[i] = area + (a->t[i] - a->w[k].from) * a->w[k].rate;
    }
    return u;
}

/* And the cv that goes with it: likeliest too, where the law has one. */
static const struct process *likeliest(const double *u, size_t n, double *cv)
{
    const struct process *best = &process_poisson;
    double least = INFINITY, *gap = mem_array(n, sizeof *gap);
    for (size_t i = 0; i + 1 < n; i++)
        gap[i] = u[i + 1] - u[i] + tie_s;
    sort_doubles(gap, n - 1);
    for (size_t i = 0; laws[i]; i++) {
        const struct process *p = process_find(laws[i]->name);
        if (!p)
            continue;
        struct goodness g = goodness_of(laws[i], gap, n - 1);
        if (isfinite(g.bic) && g.bic < least) {
            least = g.bic;
            best = p;
            *cv = p == &process_gamma ? 1 / sqrt(g.p[0]) : estimate_gap_cv(u, n, 0);
        }
    }
    free(gap);
    return best;
}

struct clone_arrivals clone_arrivals_of(const struct graphset *s)
{
    struct clone_arrivals a = { .own_cv = NAN };
    read_starts(&a, s);
    double span_s = a.t[a.n - 1];
    a.cv = estimate_gap_cv(a.t, a.n, 0);
    if (!(span_s > 0) || a.n <= GOODNESS_LEAST)
        return a;
    a.length_s = span_s * (double)a.n / (double)(a.n - 1);
    a.rate = (double)a.n / a.length_s;
    cut(&a);
    a.length_s = fmax(a.length_s, a.w[a.windows - 1].to);
    double *u = operational(&a);
    a.own_cv = estimate_gap_cv(u, a.n, 0);
    double cv = a.own_cv;
    a.process = likeliest(u, a.n, &cv);
    for (size_t k = 0; k < a.windows; k++)
        a.w[k].cv = fmin(fmax(cv, a.process->cv_lo), a.process->cv_hi);
    free(u);
    return a;
}

void clone_arrivals_free(struct clone_arrivals *a)
{
    free(a->t);
    free(a->w);
}

/* ---- drawing ---- */

/* The windows once more from `from` on. */
static void run_once(const struct clone_arrivals *a, double from, gsl_rng *rng,
                     struct arrivals *out)
{
    struct process_window *w = mem_array(a->windows, sizeof *w);
    for (size_t k = 0; k < a->windows; k++) {
        w[k] = a->w[k];
        w[k].from += from;
        w[k].to += from;
    }
    process_run(a->process, w, a->windows, rng, out);
    free(w);
}

/* A recording of as many starts as the real one, or a few more. */
static struct arrivals run_whole(const struct clone_arrivals *a, gsl_rng *rng)
{
    struct arrivals best = { 0 };
    for (size_t k = 0; k < DRAWS; k++) {
        struct arrivals x = { 0 };
        run_once(a, 0, rng, &x);
        bool nearer = best.n < a->n ? x.n > best.n : x.n >= a->n && x.n < best.n;
        if (nearer) {
            struct arrivals swap = best;
            best = x;
            x = swap;
        }
        free(x.t);
    }
    return best;
}

/* Drop chosen at random, until n are left. */
static void drop(struct arrivals *x, size_t n, gsl_rng *rng)
{
    for (size_t left = x->n, keep = n, i = 0, to = 0; i < x->n; i++, left--)
        if (rng_below(rng, left) < keep) {
            x->t[to++] = x->t[i];
            keep--;
        }
    x->n = x->n < n ? x->n : n;
}

void clone_arrivals_draw(const struct clone_arrivals *a, size_t n, uint64_t seed, int64_t *out)
{
    struct arrivals x = { 0 };
    gsl_rng *rng = rng_stream(seed, "clone/arrivals", 0);
    if (a->process && n == a->n) {
        x = run_whole(a, rng);
        drop(&x, n, rng);
    }
    size_t again = x.n > 0;                    /* one recording is there already */
    for (size_t turn = 0; a->process && x.n < n; turn++)
        run_once(a, (double)(turn + again) * a->length_s, rng, &x);
    for (size_t i = 0; i < n; i++) {
        double ticks = a->process ? x.t[i] / a->tick_s / (double)a->grain : 0;
        out[i] = a->first + (int64_t)ticks * a->grain;
    }
    gsl_rng_free(rng);
    free(x.t);
}

/* ---- comparing ---- */

/* Gaps over the mean gap, in a random order; free() it. */
static double *gaps_of(const double *t, size_t n, gsl_rng *rng)
{
    double *gap = mem_array(n, sizeof *gap), mean = (t[n - 1] - t[0]) / (double)(n - 1);
    size_t *order = mem_array(n, sizeof *order);
    for (size_t i = 0; i + 1 < n; i++)
        order[i] = i;
    rng_shuffle(rng, order, n - 1);
    for (size_t i = 0; i + 1 < n; i++)
        gap[i] = (t[order[i] + 1] - t[order[i]]) / mean;
    free(order);
    return gap;
}

/* Where in the recording, as a share of its length, in a random order. */
static double *places_of(const struct clone_arrivals *a, const double *t, size_t n, gsl_rng *rng)
{
    double *place = mem_array(n, sizeof *place), length = a->length_s;
    size_t *order = mem_array(n, sizeof *order);
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    rng_shuffle(rng, order, n);
    for (size_t i = 0; i < n; i++)
        place[i] = fmod(t[order[i]], length) / length;
    free(order);
    return place;
}

static size_t least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

struct clone_arrivals_distance clone_arrivals_compare(const struct clone_arrivals *a,
                                                      const int64_t *made, size_t n,
                                                      uint64_t seed)
{
    struct clone_arrivals_distance d = { NAN, NAN, NAN, NAN, NAN, 0, 0 };
    if (!a->process || n < COMPARED_LEAST || a->n < 2 * COMPARED_LEAST)
        return d;
    double *t = mem_array(n, sizeof *t);
    for (size_t i = 0; i < n; i++)
        t[i] = (double)(made[i] - a->first) * a->tick_s;
    gsl_rng *rng = rng_stream(seed, "clone/arrivals/compare", 0);
    size_t real = a->n;
    while (real > 2 * COMPARED_LEAST && n < a->n && a->t[real - 1] > t[n - 1])
        real--;                            /* fewer were wanted: their part of the recording */
    size_t half = real / 2, some = least_of(half, n) - 1;
    double *g = gaps_of(a->t, real, rng), *h = gaps_of(t, n, rng);
    double *p = places_of(a, a->t, real, rng), *q = places_of(a, t, n, rng);
    d.n = some;
    d.n_real = half - 1;
    d.gaps = distance_samples(g + half, half - 1, h, some).ks;
    d.gaps_floor = distance_samples(g + half, half - 1, g, some).ks;
    d.places = distance_samples(p + half, half - 1, q, some).w1;
    d.places_floor = distance_samples(p + half, half - 1, p, some).w1;
    d.cv = estimate_gap_cv(t, n, 0);
    double *part[] = { g, h, p, q, t };
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        free(part[i]);
    gsl_rng_free(rng);
    return d;
}
