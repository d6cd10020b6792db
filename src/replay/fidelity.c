/* fidelity.c: trace and replay become counts per minute and lists of gaps, whole and as even and
 * odd windows; every distance then is one function of two such views. */
#include "replay/fidelity.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/threads.h"
#include "replay/replay_stats.h"
#include "stats/distance.h"
#include "stats/sort.h"

const char *const fidelity_metrics[FIDELITY_METRICS] = {
    "gap law", "minute counts", "dispersion", "dispersion 10", "autocorrelation", "day profile",
    "window counts", "volume",
};
enum { GAPS, COUNTS, DISPERSION, DISPERSION10, AUTOCORRELATION, PROFILE, WINDOWS, VOLUME };

struct view {
    double *minute;            /* (minutes) counts, in order */
    size_t minutes;
    double *gap;               /* (gaps) ascending */
    size_t gaps;
    double hour[FIDELITY_HOURS], total;
};

static void view_free(struct view *v)
{
    free(v->minute);
    free(v->gap);
}

/* Which 24th an instant belongs to. */
static size_t hour_of(const struct replay_options *o, double t)
{
    double length = o->end_s - o->start_s, day = length < 86400 ? length : 86400;
    double at = fmod(length < 86400 ? t - o->start_s : t, day) / day * FIDELITY_HOURS;
    return at < FIDELITY_HOURS - 1 ? (size_t)at : FIDELITY_HOURS - 1;
}

/* The minutes of the whole slice: every arrival, or counts as they are. */
static double *minutes_of(const struct replay_options *o, const double *t, size_t n,
                          const uint64_t *count, size_t counted, size_t minutes)
{
    double *c = mem_array(minutes + 1, sizeof *c);
    for (size_t i = 0; count && i < counted && i < minutes; i++)
        c[i] = (double)count[i];
    for (size_t i = 0; i < n; i++) {
        double m = floor((t[i] - o->start_s) / 60);
        if (m >= 0 && m < (double)minutes)
            c[(size_t)m]++;
    }
    return c;
}

static size_t window_of(const struct replay_options *o, double seconds)
{
    return (size_t)(seconds / o->interval_s);
}

/* part 0, 1: even or odd windows; 2: all. */
static struct view view_of(const struct replay_options *o, const double *t, size_t n,
                           const double *minute, size_t minutes, int part)
{
    struct view v = { .minute = mem_array(minutes + 1, sizeof *v.minute),
                      .gap = mem_array(n + 1, sizeof *v.gap) };
    for (size_t i = 0; i < minutes; i++) {
        if (part < 2 && window_of(o, 60 * (double)i) % 2 != (size_t)part)
            continue;
        v.minute[v.minutes++] = minute[i];
        v.total += minute[i];
        v.hour[hour_of(o, o->start_s + 60 * (double)i)] += minute[i];
    }
    for (size_t i = 1; i < n; i++)
        if (part == 2 || window_of(o, fmax(0, t[i] - o->start_s)) % 2 == (size_t)part)
            v.gap[v.gaps++] = fmax(0, t[i] - t[i - 1]);
    sort_doubles(v.gap, v.gaps);
    return v;
}

static double dispersion(const struct view *v, size_t width)
{
    size_t n = v->minutes / width;
    double *c = mem_array(n + 1, sizeof *c);
    for (size_t i = 0; i < n * width; i++)
        c[i / width] += v->minute[i];
    double d = n >= 2 ? gsl_stats_variance(c, 1, n) / gsl_stats_mean(c, 1, n) : NAN;
    free(c);
    return d;
}

static double autocorrelation(const struct view *v, size_t lag)
{
    if (v->minutes < 3 * lag)
        return NAN;
    double mean = gsl_stats_mean(v->minute, 1, v->minutes), square = 0, product = 0;
    for (size_t i = 0; i < v->minutes; i++)
        square += (v->minute[i] - mean) * (v->minute[i] - mean);
    for (size_t i = lag; i < v->minutes; i++)
        product += (v->minute[i] - mean) * (v->minute[i - lag] - mean);
    return product / square;
}

static double log_ratio(double a, double b)
{
    return a > 0 && b > 0 ? fabs(log(a / b)) : NAN;
}

/* All distances but that of windows, which is no comparison of halves. */
static void compare(const struct view *a, const struct view *b, double *d)
{
    d[GAPS] = distance_sorted(a->gap, a->gaps, b->gap, b->gaps).ks;
    d[COUNTS] = distance_samples(a->minute, a->minutes, b->minute, b->minutes).ks;
    d[DISPERSION] = log_ratio(dispersion(a, 1), dispersion(b, 1));
    d[DISPERSION10] = log_ratio(dispersion(a, 10), dispersion(b, 10));
    d[AUTOCORRELATION] = NAN;
    for (size_t lag = 1; lag <= FIDELITY_LAGS; lag++)   /* fmax passes over a NaN */
        d[AUTOCORRELATION] = fmax(d[AUTOCORRELATION],
                                  fabs(autocorrelation(a, lag) - autocorrelation(b, lag)));
    d[PROFILE] = a->total > 0 && b->total > 0 ? 0 : NAN;
    for (size_t h = 0; h < FIDELITY_HOURS; h++)
        d[PROFILE] += 0.5 * fabs(a->hour[h] / a->total - b->hour[h] / b->total);
    d[VOLUME] = log_ratio(a->total, b->total);
}

static double window_error(const struct replay_options *o, const struct view *a,
                           const struct view *b)
{
    size_t windows = estimate_count(o->start_s, o->end_s, o->interval_s);
    double *difference = mem_array(windows + 1, sizeof *difference), square = 0;
    for (size_t i = 0; i < a->minutes; i++) {
        size_t k = window_of(o, 60 * (double)i);
        difference[k < windows ? k : windows - 1] += b->minute[i] - a->minute[i];
    }
    for (size_t k = 0; k < windows; k++)
        square += difference[k] * difference[k];
    free(difference);
    return sqrt(square / (2 * a->total));
}

static void describe(const struct view *v, struct fidelity *f, size_t which)
{
    f->dispersion[which] = dispersion(v, 1);
    f->dispersion10[which] = dispersion(v, 10);
    for (size_t lag = 1; lag <= FIDELITY_LAGS; lag++)
        f->autocorrelation[which][lag - 1] = autocorrelation(v, lag);
    for (size_t h = 0; h < FIDELITY_HOURS; h++)
        f->profile[which][h] = v->hour[h] / v->total;
}

static void score(struct fidelity *f)
{
    double sum = 0, n = 0;
    for (size_t k = 0; k < FIDELITY_METRICS; k++) {
        double d = f->distance[k], floor_k = f->floor[k];
        f->score[k] = isnan(d) || isnan(floor_k) ? NAN : d <= floor_k ? 1 : floor_k / d;
        if (!isnan(f->score[k])) {
            sum += f->score[k];
            n++;
        }
    }
    f->overall = n > 0 ? sum / n : NAN;
}

struct fidelity fidelity_of(const struct replay_options *o, const struct replay_share *trace,
                            const struct replay *replay)
{
    struct fidelity f = { .overall = NAN };
    size_t minutes = (size_t)ceil((o->end_s - o->start_s) / 60);
    double *real = minutes_of(o, trace->t, trace->n, trace->count, trace->minutes, minutes);
    double *made = minutes_of(o, replay->arrivals.t, replay->arrivals.n, NULL, 0, minutes);
    struct view a = view_of(o, trace->t, trace->n, real, minutes, 2);
    struct view b = view_of(o, replay->arrivals.t, replay->arrivals.n, made, minutes, 2);
    struct view even = view_of(o, trace->t, trace->n, real, minutes, 0);
    struct view odd = view_of(o, trace->t, trace->n, real, minutes, 1);
    compare(&a, &b, f.distance);
    compare(&even, &odd, f.floor);
    for (size_t k = 0; k < FIDELITY_METRICS && !(a.total > 0); k++)
        f.distance[k] = NAN;   /* nothing to be like */
    f.distance[WINDOWS] = a.total > 0 ? window_error(o, &a, &b) : NAN;
    f.floor[WINDOWS] = 1;
    describe(&a, &f, 0);
    describe(&b, &f, 1);
    score(&f);
    view_free(&a);
    view_free(&b);
    view_free(&even);
    view_free(&odd);
    free(real);
    free(made);
    return f;
}

struct job {
    const struct replay_options *o;
    const struct replay_share *trace;
    const struct replay *replay;
    struct fidelity *out;
};

static void measure(void *ctx, size_t item, size_t worker)
{
    const struct job *j = ctx;
    (void)worker;
    j->out[item] = fidelity_of(j->o, &j->trace[item], &j->replay[item]);
}

static void number(FILE *f, double x, bool json)
{
    if (isfinite(x))
        fprintf(f, "%.9g", x);
    else
        fputs(json ? "null" : "", f);
}

static void list(FILE *f, const char *key, const double *x, size_t n)
{
    fprintf(f, ",\"%s\":[", key);
    for (size_t i = 0; i < n; i++) {
        fputs(i ? "," : "", f);
        number(f, x[i], true);
    }
    fputc(']', f);
}

static void write_json(const struct fidelity *v, const char *model, FILE *f)
{
    fputs("{\"model\":", f);
    replay_json_text(f, model);
    fputs(",\"score\":", f);
    number(f, v->overall, true);
    fputs(",\"metrics\":{", f);
    for (size_t k = 0; k < FIDELITY_METRICS; k++) {
        fprintf(f, "%s\"%s\":[", k ? "," : "", fidelity_metrics[k]);
        number(f, v->distance[k], true);
        fputc(',', f);
        number(f, v->floor[k], true);
        fputc(',', f);
        number(f, v->score[k], true);
        fputc(']', f);
    }
    fputc('}', f);
    list(f, "dispersion", v->dispersion, 2);
    list(f, "dispersion_10", v->dispersion10, 2);
    list(f, "autocorrelation_trace", v->autocorrelation[0], FIDELITY_LAGS);
    list(f, "autocorrelation_replay", v->autocorrelation[1], FIDELITY_LAGS);
    list(f, "profile_trace", v->profile[0], FIDELITY_HOURS);
    list(f, "profile_replay", v->profile[1], FIDELITY_HOURS);
    fputc('}', f);
}

static void write_csv(const struct fidelity *v, const char *model, FILE *f)
{
    for (size_t k = 0; k <= FIDELITY_METRICS; k++) {
        const bool sum = k == FIDELITY_METRICS;
        str_put_csv(f, model);
        fprintf(f, ",%s,", sum ? "overall" : fidelity_metrics[k]);
        number(f, sum ? NAN : v->distance[k], false);
        fputc(',', f);
        number(f, sum ? NAN : v->floor[k], false);
        fputc(',', f);
        number(f, sum ? v->overall : v->score[k], false);
        fputc('\n', f);
    }
}

void fidelity_write(const struct replay_options *o, const struct replay_share *trace,
                    const struct replay *replay, size_t n, bool json, FILE *f)
{
    struct fidelity *v = mem_array(n, sizeof *v);
    threads_for(o->threads, n, measure, &(struct job){ o, trace, replay, v });
    fputs(json ? "[" : "model,metric,distance,floor,score\n", f);
    for (size_t i = 0; i < n; i++) {
        if (json)
            fputs(i ? ",\n" : "\n", f);
        (json ? write_json : write_csv)(&v[i], replay[i].model, f);
    }
    fputs(json ? "\n]\n" : "", f);
    free(v);
}
