/* replay_plot.c: TraceReplay.visualize, with the bin's real width in the title, an axis that fits
 * the data, and the end that a scaled time has. */
#include "cli/replay_plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "report/canvas.h"
#include "report/plot.h"

enum { BINS = 99, MOST_BINS = 100000 };

struct bins {
    double from, width;
    size_t n;
    const char *unit;          /* of the axis */
    double unit_s;
};

static bool bins_of(const struct replay_options *o, double bin_s, struct bins *b, struct err *err)
{
    double length = (o->end_s - o->start_s) / o->time_scale;
    double width = bin_s > 0 ? bin_s : length / BINS;
    if (length / width > MOST_BINS)
        return err_set(err, EXIT_USAGE, "--bin %g: more than %d bins", width, MOST_BINS);
    *b = (struct bins){ o->start_s, width, (size_t)ceil(length / width - 1e-9), "s", 1 };
    if (length > 3 * 86400)
        b->unit = "days", b->unit_s = 86400;
    else if (length > 3 * 3600)
        b->unit = "h", b->unit_s = 3600;
    return true;
}

/* A step for each bin and one down to 0 after the last. */
static struct plot_series histogram(struct arena *mem, const struct replay *r,
                                    const struct bins *b)
{
    double *x = ARENA_ARRAY(mem, b->n + 1, double), *y = ARENA_ARRAY(mem, b->n + 1, double);
    for (size_t i = 0; i <= b->n; i++)
        x[i] = (b->from + (double)i * b->width) / b->unit_s;
    for (size_t i = 0; i < r->arrivals.n; i++) {
        double k = floor((r->arrivals.t[i] - b->from) / b->width);
        if (k >= 0 && k < (double)b->n)
            y[(size_t)k]++;
    }
    return (struct plot_series){ .label = r->model, .style = 1, .n = b->n + 1, .x = x, .y = y };
}

struct drawing {
    struct plot plot;
};

static void draw(cairo_t *cr, void *ctx)
{
    struct drawing *d = ctx;
    struct type_pen pen = { .cr = cr };
    plot_draw(&d->plot, &pen);
    type_pen_free(&pen);
}

static bool write_as(const char *path, const struct canvas_info *info, struct drawing *d,
                     struct err *err)
{
    struct buf out = { 0 };
    struct str name = str_of(path);
    bool ok;
    if (str_ends(name, ".pdf"))
        ok = canvas_pdf(&out, info, draw, d, err);
    else if (str_ends(name, ".png"))
        ok = canvas_png(&out, info, draw, d, err);
    else if (str_ends(name, ".svg"))
        ok = canvas_svg(&out, info, "p", draw, d, err);
    else
        ok = err_set(err, EXIT_USAGE, "--plot: \"%s\" ends neither with .pdf nor .svg nor .png",
                     path);
    ok = ok && file_write(path, out.p, out.n, err);
    buf_free(&out);
    return ok;
}

bool replay_plot(const struct replay_options *o, const struct replay *r, size_t n, double bin_s,
                 const char *path, struct err *err)
{
    struct bins b = { 0 };
    if (!bins_of(o, bin_s, &b, err))
        return false;
    struct arena *mem = arena_new();
    struct plot_series *series = ARENA_ARRAY(mem, n, struct plot_series);
    struct plot_panel *panel = ARENA_ARRAY(mem, n, struct plot_panel);
    for (size_t i = 0; i < n; i++) {
        series[i] = histogram(mem, &r[i], &b);
        panel[i] = (struct plot_panel){
            .kind = PLOT_STEP, .series = &series[i], .n_series = 1, .title = r[i].model,
            .x = { .label = arena_printf(mem, "time (%s)", b.unit), .lo = NAN, .hi = NAN },
            .y = { .label = arena_printf(mem, "requests in %.4g s", b.width), .lo = 0,
                   .hi = NAN },
        };
    }
    size_t columns = n < 4 ? n : 4;
    struct drawing d = { { .width = 7, .height = n == 1 ? 3.5 : 0, .columns = columns,
                           .panels = panel, .n_panels = n } };
    struct canvas_info info = {
        .width = 72 * d.plot.width, .height = 72 * plot_height(&d.plot),
        .title = arena_printf(mem, "%s, %s arrivals, %s to %s, bins of %.4g s", o->trace,
                              o->arrivals, o->start, o->end, b.width),
        .subject = "Arrivals over time, a panel for each model", .provenance = "tracewright replay",
    };
    const char *why = plot_refuses(&d.plot);
    bool ok = (!why || err_set(err, EXIT_USAGE, "--plot: %s", why)) &&
              write_as(path, &info, &d, err);
    arena_free(mem);
    return ok;
}
