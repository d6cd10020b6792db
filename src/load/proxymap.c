/* proxymap.c: points on two logarithmic axes, and three ways to pair them. */
#include "load/proxymap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "load/assign.h"

/* Dearer than all real errors of a row together, small enough to leave their digits: what may not
 * be paired costs this, so that as few functions as possible end there. */
#define DEAR 1e5

bool proxymap_percentile(int percentile, size_t *duration, size_t *memory, size_t *proxy)
{
    int at = proxy_pct_index(percentile);
    size_t d = 0, m = 0;
    while (d < FUNCTION_DURATIONS && function_duration_pct[d] != percentile)
        d++;
    while (m < FUNCTION_MEMORIES && function_memory_pct[m] != percentile)
        m++;
    *duration = d;
    *memory = m;
    *proxy = at < 0 ? 0 : (size_t)at;
    return at >= 0 && d < FUNCTION_DURATIONS && m < FUNCTION_MEMORIES;
}

/* ln x; what is not above 0 has none. ln NaN is NaN, ln of infinity infinite. */
static double logarithm(double x, bool *infinite)
{
    *infinite |= x <= 0;
    return x <= 0 ? 0 : log(x);
}

struct proxymap_point proxymap_function_point(const struct function *f, int percentile, bool compat)
{
    size_t d, m, p;
    REQUIRE(proxymap_percentile(percentile, &d, &m, &p));
    double floor = compat ? 0.01 : 0.5;
    double memory = f->memory[m], duration = f->duration[d];
    struct proxymap_point t = { .infinite = false };
    t.memory = logarithm(memory == 0 ? floor : memory, &t.infinite);
    t.duration = logarithm(duration == 0 ? floor : duration, &t.infinite);
    return t;
}

struct proxymap_point proxymap_proxy_point(const struct proxy *x, int percentile)
{
    size_t d, m, p;
    REQUIRE(proxymap_percentile(percentile, &d, &m, &p));
    struct proxymap_point q = { .infinite = !x->memory.have[p] || !x->duration.have[p] };
    q.memory = x->memory.have[p] ? logarithm(x->memory.at[p], &q.infinite) : 0;
    q.duration = x->duration.have[p] ? logarithm(x->duration.at[p], &q.infinite) : 0;
    return q;
}

double proxymap_error(struct proxymap_point t, struct proxymap_point p)
{
    if (t.infinite || p.infinite)
        return INFINITY;
    double m = t.memory - p.memory, d = t.duration - p.duration;
    return sqrt(m * m + d * d);
}

struct pairs {
    const struct proxymap_options *o;
    size_t n_functions, n_proxies;
    struct proxymap_point *function, *proxy;
    bool *out;                   /* (n_proxies) left out by a filter */
};

/* The error that the choice goes by: infinite for a pair that may not be. */
static double price(const struct pairs *x, size_t i, size_t j)
{
    double e = proxymap_error(x->function[i], x->proxy[j]);
    bool original = x->o->compat && x->o->rule != PROXYMAP_CAPACITY;
    if (x->out[j] || (!original && isnan(e)))
        return INFINITY;
    return e > x->o->most ? INFINITY : e;
}

static struct pairs pairs_new(const struct functions *f, const struct proxies *p,
                              const struct proxymap_options *o)
{
    struct pairs x = { .o = o, .n_functions = f->n, .n_proxies = p->n };
    x.function = mem_array(f->n, sizeof *x.function);
    x.proxy = mem_array(p->n, sizeof *x.proxy);
    x.out = mem_array(p->n, sizeof *x.out);
    for (size_t i = 0; i < f->n; i++)
        x.function[i] = proxymap_function_point(&f->at[i], o->percentile, o->compat);
    for (size_t j = 0; j < p->n; j++) {
        const struct proxy *q = &p->at[j];
        x.proxy[j] = proxymap_proxy_point(q, o->percentile);
        x.out[j] = (o->kind && q->kind && strcmp(o->kind, q->kind) != 0) ||
                   (o->no_pipelined && q->pipelined == 1);
    }
    return x;
}

static void pairs_free(struct pairs *x)
{
    free(x->function);
    free(x->proxy);
    free(x->out);
}

static void map_greedily(const struct pairs *x, struct proxymap *m)
{
    for (size_t i = 0; i < m->n; i++) {
        m->proxy[i] = PROXYMAP_NONE;
        m->error[i] = INFINITY;
        for (size_t j = 0; j < x->n_proxies; j++) {
            double e = price(x, i, j);
            if (e < m->error[i]) {
                m->error[i] = e;
                m->proxy[i] = (uint32_t)j;
            }
        }
    }
}

/* The whole matrix; dear: a pair that may not be costs DEAR rather than everything. */
static struct assign_costs matrix(const struct pairs *x, bool dear)
{
    struct assign_costs c = assign_costs_new(x->n_functions, x->n_proxies);
    for (size_t i = 0; i < x->n_functions; i++)
        for (size_t j = 0; j < x->n_proxies; j++) {
            double e = price(x, i, j);
            c.at[i * c.stride + j] = dear && e == INFINITY ? DEAR : e;
        }
    return c;
}

/* False when there is no such assignment. */
static bool map_exactly(const struct pairs *x, size_t capacity, bool dear, struct proxymap *m)
{
    struct assign_costs c = matrix(x, dear);
    enum assign_choice choice = x->o->compat ? ASSIGN_SCIPY : ASSIGN_ANY;
    bool good = assign_rows(&c, capacity, choice, m->proxy);
    for (size_t i = 0; i < m->n && good; i++) {
        m->error[i] = price(x, i, m->proxy[i]);
        if (m->error[i] == INFINITY)
            m->proxy[i] = PROXYMAP_NONE;
    }
    assign_costs_free(&c);
    return good;
}

static bool enough(const struct pairs *x, const struct proxymap *m, struct err *err)
{
    size_t k = x->o->capacity;
    if (!m->candidates)
        return err_set(err, EXIT_USAGE, "the filters leave none of %zu proxies", x->n_proxies);
    if (x->o->rule != PROXYMAP_CAPACITY || m->n / k + (m->n % k > 0) <= x->n_proxies)
        return true;
    return err_set(err, EXIT_USAGE,
                   "--capacity %zu: %zu proxies take %zu functions, the trace has %zu; %zu would "
                   "do", k, x->n_proxies, k * x->n_proxies, m->n,
                   m->n / x->n_proxies + (m->n % x->n_proxies > 0));
}

static void choose(const struct pairs *x, struct proxymap *m)
{
    const struct proxymap_options *o = x->o;
    bool dear = o->most < INFINITY || m->candidates < x->n_proxies;
    if (o->rule == PROXYMAP_CAPACITY) {
        REQUIRE(map_exactly(x, o->capacity, true, m));
        return;
    }
    if (o->rule == PROXYMAP_UNIQUE && m->n > x->n_proxies)
        m->fell_back = "there are more functions than proxies; --capacity K gives each one that "
                       "at most K share";
    else if (o->rule == PROXYMAP_UNIQUE && !map_exactly(x, 1, dear, m))
        m->fell_back = "no assignment gives every function a proxy of its own";
    if (o->rule == PROXYMAP_GREEDY || m->fell_back)
        map_greedily(x, m);
}

static void sum_up(const struct proxies *p, const struct proxymap_options *o, struct proxymap *m)
{
    bool *used = mem_array(p->n, sizeof *used);
    bool keys = o->rule != PROXYMAP_GREEDY && !m->fell_back;
    for (size_t i = 0; i < m->n; i++) {
        uint32_t j = m->proxy[i];
        m->reported[i] = j == PROXYMAP_NONE ? "" : keys ? p->at[j].key : p->at[j].name;
        if (j == PROXYMAP_NONE)
            continue;
        m->total += m->error[i];
        m->mapped++;
        m->used += !used[j];
        used[j] = true;
    }
    free(used);
}

bool proxymap_find(const struct functions *f, const struct proxies *p,
                  const struct proxymap_options *o, struct proxymap *m, struct err *err)
{
    *m = (struct proxymap){ .n = f->n };
    m->proxy = mem_array(f->n, sizeof *m->proxy);
    m->reported = mem_array(f->n, sizeof *m->reported);
    m->error = mem_array(f->n, sizeof *m->error);
    struct pairs x = pairs_new(f, p, o);
    for (size_t j = 0; j < p->n; j++)
        m->candidates += !x.out[j];
    bool good = enough(&x, m, err);
    if (good) {
        choose(&x, m);
        sum_up(p, o, m);
    }
    pairs_free(&x);
    if (!good)
        proxymap_free(m);
    return good;
}

void proxymap_free(struct proxymap *m)
{
    free(m->proxy);
    free(m->reported);
    free(m->error);
    *m = (struct proxymap){ 0 };
}

bool proxymap_write(const struct functions *f, const struct proxymap *m, const char *path,
                   struct err *err)
{
    struct outfile out = { 0 };
    if (!outfile_open(&out, path, err))
        return false;
    fputs("trace_key,proxy,error\n", out.f);
    struct buf line = { 0 };
    for (size_t i = 0; i < m->n; i++) {
        buf_clear(&line);
        buf_csv(&line, str_of(f->at[i].key));
        buf_char(&line, ',');
        buf_csv(&line, str_of(m->reported[i]));
        buf_printf(&line, ",%.17g\n", m->error[i]);
        fwrite(line.p, 1, line.n, out.f);
    }
    buf_free(&line);
    if (outfile_commit(&out, err))
        return true;
    outfile_abandon(&out);
    return false;
}
