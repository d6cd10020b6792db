/* profile_plots.c: arrays for report/, one function a figure. */
#include "cli/profile_plots.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/version.h"
#include "report/canvas.h"
#include "report/plot.h"
#include "stats/interval.h"
#include "stats/sort.h"

struct scene {
    const struct functions *functions;
    const struct proxies *proxies;
    const struct proxymap *mapping;
    int percentile;
    const char *dir;
    struct arena *mem;
};

static void draw(cairo_t *cr, void *plot)
{
    struct type_pen pen = { .cr = cr };
    plot_draw(plot, &pen);
    type_pen_free(&pen);
}

static bool write_plot(const struct scene *s, const char *name, const char *title, struct plot *f,
                       struct err *err)
{
    char *base = file_join(s->dir, name);
    char made_by[128];
    snprintf(made_by, sizeof made_by, "tracewright %s, commit %s", version_number, version_commit);
    struct canvas_info info = { f->width * 72, plot_height(f) * 72, title, title, made_by };
    const char *why = plot_refuses(f);
    bool good = why ? err_set(err, EXIT_DATA, "%s: %s", name, why)
                    : canvas_write(base, &info, draw, f, err);
    free(base);
    return good;
}

enum axis { AXIS_MEMORY, AXIS_CPU, AXIS_DURATION };

static double *proxy_values(const struct scene *s, enum axis axis, size_t *n)
{
    double *x = ARENA_ARRAY(s->mem, s->proxies->n + 1, double);
    size_t at = (size_t)proxy_pct_index(s->percentile);
    *n = 0;
    for (size_t j = 0; j < s->proxies->n; j++) {
        const struct proxy *p = &s->proxies->at[j];
        const struct proxy_axis *a = axis == AXIS_MEMORY ? &p->memory
                                     : axis == AXIS_CPU  ? &p->cpu
                                                         : &p->duration;
        if (a->have[at] && a->at[at] >= 0 && isfinite(a->at[at]))
            x[(*n)++] = a->at[at];
    }
    return x;
}

static double *trace_values(const struct scene *s, enum axis axis, size_t *n)
{
    double *x = ARENA_ARRAY(s->mem, s->functions->n + 1, double);
    size_t d, m, p;
    REQUIRE(proxymap_percentile(s->percentile, &d, &m, &p));
    *n = 0;
    for (size_t i = 0; i < s->functions->n; i++) {
        const struct function *f = &s->functions->at[i];
        double v = axis == AXIS_MEMORY ? f->memory[m] : f->duration[d];
        if (v >= 0 && isfinite(v))
            x[(*n)++] = v;
    }
    return x;
}

static const char *bin_label(struct arena *mem, double lo, double hi)
{
    const char *format = lo >= 0.999 ? "%.0f:%.0f" : "%.1g:%.1g";
    return arena_printf(mem, format, lo, hi);
}

/* Bars of x; marks where others lie in the same bin (others NULL: none). */
static bool draw_histogram(const struct scene *s, const char *name, const char *title,
                           const char *label, const double *x, size_t n, const double *others,
                           size_t n_others, struct err *err)
{
    size_t edges;
    double *edge = histogram_edges(x, n, &edges);
    if (!edge)
        return err_set(err, EXIT_DATA, "%s: there is no value to draw", name);
    size_t bins = edges - 1;
    double *at = ARENA_ARRAY(s->mem, bins, double), *count = ARENA_ARRAY(s->mem, bins, double);
    double *near = ARENA_ARRAY(s->mem, bins, double), *mark = ARENA_ARRAY(s->mem, bins, double);
    const char **names = ARENA_ARRAY(s->mem, bins, const char *);
    double most = 0;
    histogram_count(x, n, edge, edges, count);
    histogram_count(others ? others : x, others ? n_others : 0, edge, edges, near);
    for (size_t k = 0; k < bins; k++) {
        at[k] = (double)k;
        names[k] = bin_label(s->mem, edge[k], edge[k + 1]);
        most = fmax(most, count[k]);
    }
    for (size_t k = 0; k < bins; k++)
        mark[k] = near[k] > 0 ? count[k] + 0.025 * most : NAN;
    free(edge);
    struct plot_series bars = { .label = "functions", .style = 1, .n = bins, .x = at, .y = count,
                                .ref = others ? mark : NULL };
    struct plot_panel panel = {
        .kind = PLOT_BAR, .title = title, .series = &bars, .n_series = 1,
        .x = { .label = label, .lo = NAN, .hi = NAN, .names = names, .n_names = bins },
        .y = { .label = "Frequency", .lo = NAN, .hi = NAN },
    };
    struct plot f = { .width = bins > 40 ? 12 : 9, .height = 4.5, .columns = 1, .panels = &panel,
                      .n_panels = 1, .legend = others != NULL,
                      .ref_label = others ? "a proxy lies in the bin" : NULL };
    return write_plot(s, name, title, &f, err);
}

static bool draw_histograms(const struct scene *s, struct err *err)
{
    size_t nm, nc, nd, tm, td;
    const double *memory = proxy_values(s, AXIS_MEMORY, &nm), *cpu = proxy_values(s, AXIS_CPU, &nc);
    const double *duration = proxy_values(s, AXIS_DURATION, &nd);
    const double *trace_memory = trace_values(s, AXIS_MEMORY, &tm);
    const double *trace_duration = trace_values(s, AXIS_DURATION, &td);
    static const char ms[] = "Time Duration (milliseconds)";
    return draw_histogram(s, "proxy-functions-memory-utilization",
                          "Memory Utilization Distribution of proxy functions", "Memory (Mb)",
                          memory, nm, NULL, 0, err) &&
           (!nc || draw_histogram(s, "proxy-functions-cpu-utilization",
                                  "CPU Utilization Distribution of proxy functions",
                                  "CPU Utilization (millicores)", cpu, nc, NULL, 0, err)) &&
           draw_histogram(s, "proxy-functions-duration",
                          "Duration Distribution of proxy functions", ms, duration, nd, NULL, 0,
                          err) &&
           draw_histogram(s, "trace-functions-memory-utilization",
                          "Memory Utilization Distribution of trace functions", "Memory (Mb)",
                          trace_memory, tm, memory, nm, err) &&
           draw_histogram(s, "trace-functions-duration-utilization",
                          "Duration Distribution of trace functions", ms, trace_duration, td,
                          duration, nd, err);
}

static bool draw_scatter(const struct scene *s, struct err *err)
{
    struct plot_series two[2] = { { .label = "trace functions", .style = 1 },
                                  { .label = "proxy functions", .style = 2 } };
    for (size_t side = 0; side < 2; side++) {
        size_t n = side ? s->proxies->n : s->functions->n;
        double *x = ARENA_ARRAY(s->mem, n + 1, double), *y = ARENA_ARRAY(s->mem, n + 1, double);
        for (size_t i = 0; i < n; i++) {
            struct proxymap_point t =
                side ? proxymap_proxy_point(&s->proxies->at[i], s->percentile)
                     : proxymap_function_point(&s->functions->at[i], s->percentile, false);
            if (t.infinite || !isfinite(t.memory) || !isfinite(t.duration))
                continue;
            x[two[side].n] = exp(t.memory);
            y[two[side].n++] = exp(t.duration);
        }
        two[side].x = x;
        two[side].y = y;
    }
    struct plot_panel panel = {
        .kind = PLOT_SCATTER, .series = two, .n_series = 2,
        .x = { .label = "Memory (Mb)", .log = true, .lo = NAN, .hi = NAN },
        .y = { .label = "Duration (milliseconds)", .log = true, .lo = NAN, .hi = NAN },
    };
    struct plot f = { .width = 6, .height = 4.5, .columns = 1, .panels = &panel, .n_panels = 1,
                      .legend = true };
    return write_plot(s, "function-profiles", "Memory and duration of trace and proxy functions",
                      &f, err);
}

/* The distribution function of sorted x[0..n) as steps. */
static struct plot_series steps(struct arena *mem, const char *label, size_t style, double *x,
                                size_t n, bool exponentiate)
{
    double *at = ARENA_ARRAY(mem, n + 1, double), *share = ARENA_ARRAY(mem, n + 1, double);
    sort_doubles(x, n);
    for (size_t i = 0; i < n; i++) {
        at[i] = exponentiate ? exp(x[i]) : x[i];
        share[i] = (double)(i + 1) / (double)n;
    }
    return (struct plot_series){ .label = label, .style = style, .n = n, .x = at, .y = share };
}

static bool draw_distributions(const struct scene *s, const struct coverage *c, struct err *err)
{
    struct plot_series series[4];
    struct plot_panel panel[2];
    for (size_t k = 0; k < 2; k++) {
        size_t nt, np;
        bool memory = k == 0;
        double *t = coverage_trace(s->functions, s->percentile, memory, &nt);
        double *p = coverage_proxies(s->proxies, s->percentile, memory, &np);
        series[2 * k] = steps(s->mem, "trace functions", 0, t, nt, true);
        series[2 * k + 1] = steps(s->mem, "proxy functions", 2, p, np, true);
        free(t);
        free(p);
        struct distance d = memory ? c->memory : c->duration;
        panel[k] = (struct plot_panel){
            .kind = PLOT_STEP, .series = &series[2 * k], .n_series = 2,
            .title = arena_printf(s->mem, "KS %.3f, W1 %.3f (log)", d.ks, d.w1),
            .x = { .label = memory ? "Memory (MB)" : "Duration (ms)", .log = true, .lo = NAN,
                   .hi = NAN },
            .y = { .label = "share at or below", .lo = 0, .hi = 1 },
        };
    }
    struct plot f = { .width = 7, .height = 3, .columns = 2, .panels = panel, .n_panels = 2,
                      .legend = true };
    return write_plot(s, "trace-proxy-distributions",
                      "Distributions of trace and proxy functions", &f, err);
}

static bool draw_residuals(const struct scene *s, struct err *err)
{
    const struct proxymap *m = s->mapping;
    double *x = ARENA_ARRAY(s->mem, m->n + 1, double);
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++)
        if (isfinite(m->error[i]))
            x[n++] = m->error[i];
    if (!n)
        return true;
    struct plot_series series = steps(s->mem, "mapped functions", 1, x, n, false);
    struct plot_line near = { .vertical = true, .at = COVERAGE_NEAR, .label = "0.5" };
    struct plot_panel panel = {
        .kind = PLOT_STEP, .series = &series, .n_series = 1, .lines = &near, .n_lines = 1,
        .x = { .label = "error of the pair (natural logarithm)", .lo = 0, .hi = NAN },
        .y = { .label = "share at or below", .lo = 0, .hi = 1 },
    };
    struct plot f = { .width = 3.33, .height = 2.5, .columns = 1, .panels = &panel,
                      .n_panels = 1 };
    return write_plot(s, "mapping-residuals", "Errors of the mapping", &f, err);
}

static bool write_coverage(const struct scene *s, const struct coverage *c, struct err *err)
{
    char *path = file_join(s->dir, "coverage.csv");
    struct outfile o = { 0 };
    bool good = outfile_open(&o, path, err);
    free(path);
    if (!good)
        return false;
    fprintf(o.f,
            "quantity,value\nfunctions,%zu\nproxies,%zu\npercentile,%d\nfunctions_near,%.9g\n"
            "calls_near,%.9g\nmedian_error,%.9g\nworst_error,%.9g\nmemory_ks,%.9g\n"
            "memory_w1,%.9g\nduration_ks,%.9g\nduration_w1,%.9g\n",
            c->functions, c->proxies, s->percentile, c->functions_near, c->calls_near,
            c->median_error, c->worst_error, c->memory.ks, c->memory.w1, c->duration.ks,
            c->duration.w1);
    good = outfile_commit(&o, err);
    return good;
}

bool profile_plots_draw(const struct functions *f, const struct proxies *p,
                        const struct proxymap *m, int percentile, const char *dir,
                        struct coverage *c, struct err *err)
{
    struct scene s = { f, p, m, percentile, dir, arena_new() };
    struct coverage own = coverage_measure(f, p, percentile);
    bool good = file_mkdirs(dir, err) && draw_histograms(&s, err) && draw_scatter(&s, err) &&
                draw_distributions(&s, &own, err) && (!m || draw_residuals(&s, err)) &&
                write_coverage(&s, &own, err);
    if (c)
        *c = own;
    arena_free(s.mem);
    return good;
}
