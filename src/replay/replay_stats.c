/* replay_stats.c: the original's figures and its line of words, number formats included. */
#include "replay/replay_stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stats/sort.h"

#define CV_SHIFT 1e-5

static double gaps_cv(const double *t, size_t n)
{
    if (n < 2)
        return NAN;
    return n == 2 ? 0 : estimate_gap_cv(t, n, CV_SHIFT);
}

static struct replay_stats stats_of(const double *t, size_t n, double length, bool compat)
{
    if (compat && n <= 1)
        return (struct replay_stats){ n, 0, 0 };
    return (struct replay_stats){ n, length > 0 ? (double)n / length : NAN, gaps_cv(t, n) };
}

struct replay_stats replay_stats(const struct replay_options *o, const struct replay *r)
{
    double length = (o->end_s - o->start_s) / o->time_scale;
    return stats_of(r->arrivals.t, r->arrivals.n, o->compat ? floor(length) : length, o->compat);
}

double *replay_merged(const struct replay *r, size_t n, size_t *total)
{
    size_t sum = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        sum += r[i].arrivals.n;
    double *t = mem_array(sum + 1, sizeof *t);
    for (size_t i = 0; i < n; i++) {
        if (r[i].arrivals.n)
            memcpy(t + at, r[i].arrivals.t, r[i].arrivals.n * sizeof *t);
        at += r[i].arrivals.n;
    }
    sort_doubles(t, sum);
    *total = sum;
    return t;
}

struct replay_stats replay_group_stats(const struct replay_options *o, const struct replay *r,
                                       size_t n)
{
    size_t total;
    double *t = replay_merged(r, n, &total);
    double length = (o->end_s - o->start_s) / (o->compat ? 1 : o->time_scale);
    struct replay_stats s = stats_of(t, total, length, false);
    free(t);
    return s;
}

/* A float as Python prints it: the fewest digits that read back, and ".0" after a whole number. */
static const char *python_float(double x, char text[40])
{
    int digits = 1;
    do
        snprintf(text, 40, "%.*g", digits, x);
    while (strtod(text, NULL) != x && digits++ < 17);
    double size = fabs(x);
    if (x != 0 && (size < 1e-4 || size >= 1e16))
        snprintf(text, 40, "%.*e", digits - 1, x);
    else if (x == floor(x))
        snprintf(text, 40, "%.1f", x);
    else
        snprintf(text, 40, "%.*g", digits, x);
    return text;
}

static const char *number(double x, char text[40])
{
    if (isnan(x))
        return "n/a";
    snprintf(text, 40, "%.2f", x);
    return text;
}

void replay_stats_words(const struct replay_options *o, const struct replay *r, size_t n, FILE *f)
{
    long seconds = (long)llround(o->end_s - o->start_s);
    double interval = o->process ? o->interval_s : o->end_s - o->start_s;
    char a[40], b[40], c[40], d[40], e[40];
    for (size_t i = 0; i < n; i++) {
        struct replay_stats s = replay_stats(o, &r[i]);
        if (interval == floor(interval) && fabs(interval) < 1e15)
            snprintf(d, sizeof d, "%.0f", interval);
        else
            python_float(interval, d);
        fprintf(f, "Trace for %s, duration: (%ld, %ld, %ld, %ld), %ld (s), #arrivals: %zu, arrival "
                "distribution: %s, generation interval: %s, scale factor: (%s, %s, %s, %ld). ",
                r[i].model, seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60,
                seconds, s.n, o->arrivals, d, python_float(o->rate_scale, a),
                python_float(o->cv_scale, b), python_float(o->time_scale, c),
                o->process ? 1 : o->replicate);
        fprintf(f, "overall rate: %s, overall cv: %s.\n", number(s.rate, a), number(s.cv, e));
    }
    struct replay_stats s = replay_group_stats(o, r, n);
    fprintf(f, "Group of %zu, #arrivals: %zu, overall rate: %s, overall cv: %s.\n", n, s.n,
            number(s.rate, a), number(s.cv, b));
}

static void json_number(FILE *f, double x)
{
    if (isnan(x) || isinf(x))
        fputs("null", f);
    else
        fprintf(f, "%.17g", x);
}

void replay_json_text(FILE *f, const char *s)
{
    fputc('"', f);
    for (; *s; s++)
        if (*s == '"' || *s == '\\')
            fprintf(f, "\\%c", *s);
        else if ((unsigned char)*s < 0x20)
            fprintf(f, "\\u%04x", (unsigned)*s);
        else
            fputc(*s, f);
    fputc('"', f);
}

static void json_figures(FILE *f, struct replay_stats s)
{
    fprintf(f, "\"arrivals\":%zu,\"rate\":", s.n);
    json_number(f, s.rate);
    fputs(",\"cv\":", f);
    json_number(f, s.cv);
}

void replay_stats_json(const struct replay_options *o, const struct replay *r, size_t n, FILE *f)
{
    fprintf(f, "{\"trace\":\"%s\",\"distribution\":\"%s\",\"start\":\"%s\",\"end\":\"%s\","
            "\"duration_s\":%.17g,\"interval_s\":%.17g,\"rate_scale\":%.17g,\"cv_scale\":%.17g,"
            "\"time_scale\":%.17g,\"replication\":%ld,\"seed\":%llu,\"compat\":%s,\"models\":[",
            o->trace, o->arrivals, o->start, o->end, o->end_s - o->start_s,
            o->process ? o->interval_s : o->end_s - o->start_s, o->rate_scale, o->cv_scale,
            o->time_scale, o->replicate, (unsigned long long)o->seed,
            o->compat ? "true" : "false");
    for (size_t i = 0; i < n; i++) {
        fputs(i ? ",\n{\"model\":" : "\n{\"model\":", f);
        replay_json_text(f, r[i].model);
        fputc(',', f);
        json_figures(f, replay_stats(o, &r[i]));
        fprintf(f, ",\"windows\":%zu}", r[i].windows);
    }
    fputs("],\n\"group\":{", f);
    json_figures(f, replay_group_stats(o, r, n));
    fputs("}}\n", f);
}

void replay_params_json(const struct replay_options *o, const struct replay *r, size_t n, FILE *f)
{
    const bool shapes = o->compat && o->process == &process_pareto;
    fputc('{', f);
    for (size_t i = 0; i < n; i++) {
        fputs(i ? ",\n" : "\n", f);
        replay_json_text(f, r[i].model);
        fputs(":[", f);
        for (size_t k = 0; k < r[i].windows; k++) {
            const struct process_window *w = &r[i].window[k];
            fputs(k ? "," : "", f);
            if (!(w->rate > 0))
                fputs("null", f);
            else if (shapes)
                fprintf(f, "[%.17g,1,0]", w->rate);
            else
                fprintf(f, "[%.17g,%.17g]", w->rate, w->cv);
        }
        fputc(']', f);
    }
    fputs("\n}\n", f);
}
