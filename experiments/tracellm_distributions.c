/* tracellm_distributions: size, depth, degree and response time, real and generated.
 *
 * Method   Empirical distribution functions over graphs (size, depth), over microservices of a
 *          graph (calls received, calls issued; USER is not one) and over calls (response time).
 *          With DGG's graphs among the data, these stand beside as "DGG by traffic" and "DGG by
 *          topology"; they have no times.
 * Reads    real.csv, generated-{model,model-free,probabilistic,probabilistic-weak}.csv, dgg.list
 * Writes   tracellm_distributions.csv   quantity,name,x,at_or_below,above,n
 *          (at_or_below: share of values <= x; above: share of values >= x)
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/driver.h"
#include "trace/import.h"

static const char *const names[] = { "model", "model-free", "probabilistic", "probabilistic-weak" };

struct sample {
    double *x, *w;
    size_t n, cap, wcap;
};

static void add(struct sample *s, double x, double w)
{
    MEM_GROW(s->x, s->n, s->cap);
    MEM_GROW(s->w, s->n, s->wcap);
    s->x[s->n] = x;
    s->w[s->n++] = w;
}

static void size(const struct callgraph *g, const struct graphset *s, double w, struct sample *out)
{
    (void)s;
    add(out, (double)g->n, w);
}

static void depth(const struct callgraph *g, const struct graphset *s, double w, struct sample *out)
{
    (void)s;
    add(out, (double)callgraph_depth(g), w);
}

/* Every microservice of the graph once, with how often it is a call's dst (or src). */
static void degree(const struct callgraph *g, const struct graphset *s, double w, bool in,
                   struct sample *out)
{
    uint32_t user = names_find(s->names, STR("USER"));
    for (size_t i = 0; i < g->n; i++) {
        uint32_t ms = g->calls[i].dst;
        size_t count = 0;
        bool first = ms != user;
        for (size_t j = 0; first && j < g->n; j++) {
            first = !(j < i && g->calls[j].dst == ms);
            count += (in ? g->calls[j].dst : g->calls[j].src) == ms;
        }
        if (first)
            add(out, (double)count, w);
    }
}

static void in_degree(const struct callgraph *g, const struct graphset *s, double w,
                      struct sample *out)
{
    degree(g, s, w, true, out);
}

static void out_degree(const struct callgraph *g, const struct graphset *s, double w,
                       struct sample *out)
{
    degree(g, s, w, false, out);
}

static void response(const struct callgraph *g, const struct graphset *s, double w,
                     struct sample *out)
{
    for (size_t i = 0; g->timed && i < g->n; i++)
        add(out, (double)g->calls[i].rt * s->tick_us / 1000, w);
}

static const struct quantity {
    const char *name;
    void (*collect)(const struct callgraph *g, const struct graphset *s, double w,
                    struct sample *out);
} quantities[] = {
    { "calls per graph", size },          { "depth (levels)", depth },
    { "calls received per microservice", in_degree },
    { "calls issued per microservice", out_degree },
    { "response time (ms)", response },
};

static const struct sample *sorting;

static int by_value(const void *a, const void *b)
{
    double x = sorting->x[*(const size_t *)a], y = sorting->x[*(const size_t *)b];
    return (x > y) - (x < y);
}

/* One row per distinct value; beyond 600 of them only steps of a thousandth or more. */
static void write_curve(FILE *f, const char *quantity, const char *name, const struct sample *s)
{
    size_t *order = mem_array(s->n, sizeof *order), n = s->n;
    double total = 0, below = 0, shown = 0;
    for (size_t i = 0; i < n; i++) {
        order[i] = i;
        total += s->w[i];
    }
    sorting = s;
    if (n)
        qsort(order, n, sizeof *order, by_value);
    for (size_t i = 0; i < n;) {
        double x = s->x[order[i]], from = below;
        for (; i < n && s->x[order[i]] == x; i++)
            below += s->w[order[i]];
        if (i < n && n > 600 && (below - shown) / total < 0.001 && i > 1)
            continue;
        fprintf(f, "%s,%s,%.9g,%.9g,%.9g,%zu\n", quantity, name, x, below / total,
                (total - from) / total, n);
        shown = below;
    }
    free(order);
}

static void write_set(FILE *f, const char *name, const struct graphset *s, bool by_topology)
{
    for (size_t q = 0; q < sizeof quantities / sizeof *quantities; q++) {
        struct sample x = { 0 };
        for (size_t i = 0; i < s->n; i++)
            quantities[q].collect(&s->graphs[i], s, by_topology || !s->weight ? 1 : s->weight[i],
                                  &x);
        write_curve(f, quantities[q].name, name, &x);
        free(x.x);
        free(x.w);
    }
}

static void write_dgg(const struct driver *d, FILE *f)
{
    struct buf list = { 0 };
    struct err err = { 0 };
    char *path = driver_path(d, "dgg.list"), **paths = NULL;
    size_t n = 0, cap = 0;
    driver_need(d, file_read(path, &list, &err), &err);
    for (char *line = list.p ? strtok(list.p, "\n") : NULL; line; line = strtok(NULL, "\n")) {
        MEM_GROW(paths, n, cap);
        paths[n++] = line;
    }
    struct graphset *s = graphset_new();
    struct import_report rep = { 0 };
    if (n) {
        driver_need(d, import_dgg(paths, n, NULL, s, &rep, &err), &err);
        write_set(f, "DGG by traffic", s, false);
        write_set(f, "DGG by topology", s, true);
    }
    graphset_free(s);
    free(paths);
    free(path);
    buf_free(&list);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "tracellm_distributions");
    struct outfile o =
        driver_csv(&d, "tracellm_distributions.csv", "quantity,name,x,at_or_below,above,n");
    struct graphset *real = driver_graphs(&d, "real.csv");
    write_set(o.f, "real", real, false);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char file[128];
        snprintf(file, sizeof file, "generated-%s.csv", names[i]);
        struct graphset *s = driver_graphs(&d, file);
        write_set(o.f, names[i], s, false);
        graphset_free(s);
    }
    write_dgg(&d, o.f);
    driver_close(&o);
    graphset_free(real);
    return driver_end(&d);
}
