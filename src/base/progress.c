/* progress.c: a line is built whole and written at once. The clock is read on every progress_set,
 * so call it per item of work, not per byte. */
#include "base/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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

/* A line under construction; what does not fit is cut. */
struct line {
    char text[256];
    size_t n;
};

static void add(struct line *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct line *l, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(l->text + l->n, sizeof l->text - l->n, fmt, ap);
    va_end(ap);
    l->n += n < 0 ? 0 : (size_t)n;
    if (l->n >= sizeof l->text)
        l->n = sizeof l->text - 1;
}

static void add_time(struct line *l, double s)
{
    if (s < 60)
        add(l, "%.0f s", s);
    else if (s < 3600)
        add(l, "%d min %02d s", (int)s / 60, (int)s % 60);
    else if (s < 1e6)
        add(l, "%d h %02d min", (int)s / 3600, (int)s / 60 % 60);
    else
        add(l, "days");
}

static void add_rate(struct line *l, double rate, const char *unit)
{
    static const struct {
        double from, by;
        const char *name;
    } scale[] = { { 1e9, 1e9, "G " }, { 1e6, 1e6, "M " }, { 1e4, 1e3, "k " }, { 0, 1, "" } };
    size_t i = 0;
    while (rate < scale[i].from)
        i++;
    add(l, "%.3g %s%s/s", rate / scale[i].by, scale[i].name, unit);
}

static void add_bar(struct line *l, double share)
{
    enum { WIDTH = 24 };
    char bar[WIDTH + 1];
    memset(bar, '.', WIDTH);
    memset(bar, '#', (size_t)(share * WIDTH));
    bar[WIDTH] = '\0';
    add(l, "[%s] ", bar);
}

/* What a line has; the note says most, so a narrow terminal loses the other parts first. */
enum parts { NOTE, SHARE, RATE, BAR };

static void describe(const struct progress *p, double t, enum parts most, struct line *l)
{
    double rate = t > p->started_s && p->done > 0 ? p->done / (t - p->started_s) : 0;
    *l = (struct line){ .n = 0 };
    if (most == NOTE) {
        add(l, "%s", p->note);
        return;
    }
    add(l, "%s ", p->label);
    if (p->total > 0) {
        double share = p->done <= 0 ? 0 : p->done < p->total ? p->done / p->total : 1;
        if (most >= BAR)
            add_bar(l, share);
        add(l, "%3.0f %%", 100 * share);
    } else
        add(l, "%.0f %s", p->done, p->unit);
    if (most >= RATE) {
        add(l, "  ");
        add_rate(l, rate, p->unit);
    }
    if (most >= RATE && p->total > 0 && rate > 0) {
        add(l, "  ");
        add_time(l, (p->total > p->done ? p->total - p->done : 0) / rate);
        add(l, " left");
    }
    if (p->note[0])
        add(l, "  %s", p->note);
}

static size_t columns(void)
{
    struct winsize w;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 ? w.ws_col : 80;
}

/* One write per redraw; a line as wide as the terminal would wrap and could not be cleared. */
static void show(struct progress *p, double t)
{
    struct line l;
    enum parts most = p->terminal ? BAR : RATE, least = p->note[0] ? NOTE : RATE;
    size_t width = p->terminal ? columns() - 1 : sizeof l.text;
    describe(p, t, most, &l);
    while (l.n > width && most > least)
        describe(p, t, --most, &l);
    fprintf(stderr, "%s%.*s%s", p->terminal ? "\r\033[K" : "", (int)(l.n < width ? l.n : width),
            l.text, p->terminal ? "" : "\n");
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
