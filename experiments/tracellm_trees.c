/* tracellm_trees: three real call graphs, and three the model wrote for the same service and size.
 *
 * Method   Real graphs of 5 to 14 calls, each of another service, are drawn at random; beside each
 *          stands the first generated graph of the same service and size that is no structural
 *          copy of a training graph, or, if there is none, of any kind ("copy" in its title).
 * Reads    real.csv, generated-model.csv
 * Writes   tracellm_trees.csv   graph,id,parent,label,type,start,finish   (ms)
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "cli/driver.h"

enum { TREES = 3 };

static void write_tree(FILE *f, const char *title, const struct graphset *s,
                       const struct callgraph *g)
{
    double ms = s->tick_us / 1000.0;
    for (size_t i = 0; i < g->n; i++) {
        const struct call *c = &g->calls[i];
        struct buf id = { 0 }, parent = { 0 };
        callgraph_rpcid(g, i, &id);
        if (c->parent != CALL_NONE)
            callgraph_rpcid(g, c->parent, &parent);
        fprintf(f, "\"%s\",%s,%s,\"%s\",%s,%.9g,%.9g\n", title, id.p, parent.n ? parent.p : "",
                names_get(s->names, c->dst), call_type_name(c->type), (double)c->start * ms,
                (double)call_finish(c) * ms);
        buf_free(&id);
        buf_free(&parent);
    }
}

static bool is_copy(const struct graphset *real, const struct graphset *s,
                    const struct callgraph *g)
{
    uint64_t h = callgraph_hash_structure(g, s->names);
    for (size_t i = 0; i < real->n; i++)
        if (callgraph_hash_structure(&real->graphs[i], real->names) == h)
            return true;
    return false;
}

/* The generated partner of a real graph; NULL if its service and size never occur. */
static const struct callgraph *partner(const struct graphset *real, const struct callgraph *r,
                                       const struct graphset *made, bool *copy)
{
    struct str service = names_str(real->names, r->service);
    const struct callgraph *any = NULL;
    for (size_t i = 0; i < made->n; i++) {
        const struct callgraph *g = &made->graphs[i];
        if (g->n != r->n || !str_eq(names_str(made->names, g->service), service))
            continue;
        *copy = is_copy(real, made, g);
        if (!*copy)
            return g;
        any = any ? any : g;
    }
    *copy = true;
    return any;
}

static bool service_taken(const struct graphset *real, const size_t *chosen, size_t n,
                          uint32_t service)
{
    for (size_t i = 0; i < n; i++)
        if (real->graphs[chosen[i]].service == service)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "tracellm_trees");
    struct graphset *real = driver_graphs(&d, "real.csv"),
                    *made = driver_graphs(&d, "generated-model.csv");
    struct outfile o =
        driver_csv(&d, "tracellm_trees.csv", "graph,id,parent,label,type,start,finish");
    size_t *order = mem_array(real->n, sizeof *order), chosen[TREES] = { 0 }, n = 0;
    for (size_t i = 0; i < real->n; i++)
        order[i] = i;
    gsl_rng *rng = rng_stream(d.seed, "tracellm_trees", 0);
    rng_shuffle(rng, order, real->n);
    const struct callgraph *beside[TREES];
    bool copy[TREES] = { false };
    for (size_t i = 0; i < real->n && n < TREES; i++) {
        const struct callgraph *g = &real->graphs[order[i]];
        if (g->n < 5 || g->n > 14 || service_taken(real, chosen, n, g->service))
            continue;
        beside[n] = partner(real, g, made, &copy[n]);
        if (beside[n])
            chosen[n++] = order[i];
    }
    char title[160];
    for (size_t k = 0; k < n; k++) {
        const struct callgraph *g = &real->graphs[chosen[k]];
        snprintf(title, sizeof title, "real %zu: %s", k + 1, names_get(real->names, g->service));
        write_tree(o.f, title, real, g);
    }
    for (size_t k = 0; k < n; k++) {
        snprintf(title, sizeof title, "generated %zu%s: %s", k + 1, copy[k] ? " (copy)" : "",
                 names_get(made->names, beside[k]->service));
        write_tree(o.f, title, made, beside[k]);
    }
    driver_close(&o);
    gsl_rng_free(rng);
    free(order);
    graphset_free(real);
    graphset_free(made);
    return driver_end(&d);
}
