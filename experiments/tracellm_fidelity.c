/* tracellm_fidelity: is what was written like what was learnt from, and how much of it is copied?
 *
 * Claim    The model is close to its training graphs where the probabilistic baseline is not, and
 *          copies no more than real graphs repeat one another. (TraceLLM, section 4.)
 * Method   Every metric of eval/, by traffic and by topology, against the training graphs, beside
 *          two floors: a bootstrap copy of them and their two random halves. Differences between
 *          generators use the same re-draws of the real graphs. The memoriser is in the table.
 * Reads    real.csv, generated-*.csv
 * Writes   tracellm_fidelity.csv          metric,view,name,value,lo,hi,n,floor
 *          tracellm_fidelity_paired.csv   metric,view,a,b,difference,lo,hi
 *          tracellm_popular.csv           name,value,lo,hi,paper   (KL, by traffic)
 *          tracellm_frontier.csv          name,copies,auc,auc_lo,auc_hi
 * Scale    small: 200 re-draws, 3 classifiers;  full: 1000 and 5
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/driver.h"
#include "eval/compare.h"
#include "report/table.h"

static const char *const names[] = {
    "model", "model-service", "model-free", "probabilistic", "probabilistic-weak", "bootstrap",
};
enum { SOURCES = sizeof names / sizeof *names };

static void write_paired(const struct driver *d, const struct comparison *c)
{
    struct outfile o = driver_csv(d, "tracellm_fidelity_paired.csv",
                                  "metric,view,a,b,difference,lo,hi");
    for (size_t i = 0; i < c->n; i++) {
        const struct compare_row *r = &c->row[i];
        for (size_t b = 1; b < SOURCES; b++) {
            if (strcmp(r->name, "model") != 0)
                continue;
            struct interval x = compare_difference(c, r->metric->name, r->view, 0, b);
            fprintf(o.f, "%s,%s,%s,%s,%.6g,%.6g,%.6g\n", r->metric->name, view_names[r->view],
                    names[0], names[b], x.value, x.lo, x.hi);
        }
    }
    driver_close(&o);
}

/* What the paper printed for a source; NaN if nothing. */
static double paper_value(const struct driver *d, const char *name)
{
    struct table t;
    struct err err = { 0 };
    size_t col, *rows, n = 0;
    double x = NAN;
    char where[128];
    snprintf(where, sizeof where, "name=%s", name);
    driver_need(d,
                table_read(&t, "experiments/expected/paper/tracellm_popular.csv", &err) &&
                    table_col(&t, "paper", &col, &err) && table_where(&t, where, &rows, &n, &err),
                &err);
    if (n)
        driver_need(d, table_number(&t, rows[0], col, &x, &err), &err);
    table_free(&t);
    return x;
}

static void write_popular(const struct driver *d, const struct comparison *c)
{
    struct outfile o = driver_csv(d, "tracellm_popular.csv", "name,value,lo,hi,paper");
    for (size_t i = 0; i < SOURCES + 2; i++) {
        const char *name = i < SOURCES ? names[i] : i == SOURCES ? "copier" : "halves";
        struct interval x = compare_get(c, "kl100", VIEW_TRAFFIC, name)->value;
        fprintf(o.f, "%s,%.6g,%.6g,%.6g,%.6g\n", name, x.value, x.lo, x.hi, paper_value(d, name));
    }
    driver_close(&o);
}

static void write_frontier(const struct driver *d, const struct comparison *c)
{
    struct outfile o = driver_csv(d, "tracellm_frontier.csv", "name,copies,auc,auc_lo,auc_hi");
    for (size_t i = 0; i < SOURCES; i++) {
        struct interval x = compare_get(c, "auc", VIEW_TRAFFIC, names[i])->value;
        struct interval copies = compare_get(c, "struct_copy3", VIEW_TRAFFIC, names[i])->value;
        fprintf(o.f, "%s,%.6g,%.6g,%.6g,%.6g\n", names[i], copies.value, x.value, x.lo, x.hi);
    }
    driver_close(&o);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "tracellm_fidelity");
    struct graphset *real = driver_graphs(&d, "real.csv");
    struct compare_source source[SOURCES];
    struct graphset *set[SOURCES];
    for (size_t i = 0; i < SOURCES; i++) {
        char file[128];
        snprintf(file, sizeof file, "generated-%s.csv", names[i]);
        set[i] = driver_graphs(&d, file);
        source[i] = (struct compare_source){ .name = names[i], .graphs = set[i] };
    }
    struct compare_options o = { .seed = d.seed, .redraws = d.full ? 1000 : 200,
                                 .repeats = d.full ? 5 : 3, .threads = d.threads };
    struct comparison *c = compare_run(real, real, source, SOURCES, &o);
    char *path = driver_path(&d, "tracellm_fidelity.csv");
    struct outfile out;
    struct err err = { 0 };
    driver_need(&d, outfile_open(&out, path, &err), &err);
    compare_write_csv(c, out.f);
    driver_close(&out);
    write_paired(&d, c);
    write_popular(&d, c);
    write_frontier(&d, c);
    comparison_free(c);
    for (size_t i = 0; i < SOURCES; i++)
        graphset_free(set[i]);
    graphset_free(real);
    free(path);
    return driver_end(&d);
}
