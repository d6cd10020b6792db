/* progress.c: the clock is read on every progress_set, so call it per item of work, not per byte. */
#include "base/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool silent;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void progress_silence(void)
{
    silent = true;
}

struct progress progress_begin(const char *label, const char *unit, double total)
{
    const char *term = getenv("TERM");
    double t = now_s();
    return (struct progress){
        .label = label, .unit = unit, .total = total, .started_s = t, .shown_s = t,
        .terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0,
    };
}

static void show_time(double s)
{
    if (s < 60)
        fprintf(stderr, "%.0f s", s);
    else if (s < 3600)
        fprintf(stderr, "%d min %02d s", (int)s / 60, (int)s % 60);
    else
        fprintf(stderr, "%d h %02d min", (int)s / 3600, (int)s / 60 % 60);
}

static void show_rate(double rate, const char *unit)
{
    const char *scale = "";
    if (rate >= 1e9)
        rate /= 1e9, scale = "G";
    else if (rate >= 1e6)
        rate /= 1e6, scale = "M";
    else if (rate >= 1e4)
        rate /= 1e3, scale = "k";
    fprintf(stderr, "%.3g %s%s%s/s", rate, scale, *scale ? " " : "", unit);
}

static void show(struct progress *p, double t)
{
    enum { WIDTH = 24 };
    double rate = t > p->started_s ? p->done / (t - p->started_s) : 0;
    fprintf(stderr, "%s%s ", p->terminal ? "\r\033[K" : "", p->label);
    if (p->total > 0) {
        double share = p->done < p->total ? p->done / p->total : 1;
        if (p->terminal) {
            char bar[WIDTH + 1];
            memset(bar, '.', WIDTH);
            memset(bar, '#', (size_t)(share * WIDTH));
            bar[WIDTH] = '\0';
            fprintf(stderr, "[%s] ", bar);
        }
        fprintf(stderr, "%3.0f %%  ", 100 * share);
    } else
        fprintf(stderr, "%.0f %s  ", p->done, p->unit);
    show_rate(rate, p->unit);
    if (p->total > 0 && rate > 0) {
        fprintf(stderr, "  ");
        show_time((p->total > p->done ? p->total - p->done : 0) / rate);
        fprintf(stderr, " left");
    }
    if (p->note[0])
        fprintf(stderr, "  %s", p->note);
    if (!p->terminal)
        fputc('\n', stderr);
    fflush(stderr);
    p->shown_s = t;
    p->shown = true;
}

void progress_set(struct progress *p, double done)
{
    p->done = done;
    if (silent)
        return;
    double t = now_s();
    if (t - p->shown_s >= (p->terminal ? 0.1 : 10))
        show(p, t);
}

void progress_end(struct progress *p)
{
    if (p->shown && p->terminal)
        fprintf(stderr, "\r\033[K");
    p->shown = false;
}
