/* tracellm_generalisation: likeness to graphs that were not trained on.
 *
 * Method   Random splits by graph, four fifths to fit, one fifth to test. On every split the model
 *          is trained from scratch, the baselines are fitted, and each writes graphs for headers
 *          of the fit part (held-out headers would hand it the answer). All are measured against
 *          the test part, beside the fit part's own score there. The model of split 0 and its
 *          test part stay for tracellm_accuracy.
 * Reads    real.csv
 * Writes   tracellm_generalisation.csv   split,metric,view,name,value,lo,hi,n,floor,who
 *          tracellm_generalisation_mean.csv   metric,view,name,value,lo,hi,splits
 *                                         (mean over splits; lo, hi: least and most)
 *          tracellm_generalisation_paired.csv   split,metric,view,a,b,difference,lo,hi
 *          split0/, split0-test.csv
 * Scale    small: 2 splits, 10,000 graphs;  full: 5 splits, 20,000 graphs
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/contest.h"
#include "eval/floors.h"

enum { MAX_SPLITS = 5 };

static void run_split(const struct driver *d, struct contest *c, size_t k, size_t n)
{
    char name[32];
    snprintf(name, sizeof name, "split%zu", k);
    struct train_graphs_options o = train_graphs_standard_for("compact");
    o.train.seed = d->seed * 1000 + k;
    contest_model(d, c, o, name, n);
    contest_baselines(d, c, n);
}

static void write_paired(const struct comparison *c, size_t k, FILE *paired)
{
    for (size_t i = 0; i < c->n; i++) {
        if (strcmp(c->row[i].name, "model") != 0)
            continue;
        struct interval x = compare_difference(c, c->row[i].metric->name, c->row[i].view, 0, 1);
        fprintf(paired, "%zu,%s,%s,model,%s,%.6g,%.6g,%.6g\n", k, c->row[i].metric->name,
                view_names[c->row[i].view], c->row[1].name, x.value, x.lo, x.hi);
    }
}

/* The mean over splits of every row, with the least and the most. All splits have the same rows. */
static void write_mean(struct comparison *const *c, size_t splits, FILE *f)
{
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < (pass ? c[0]->n_floors : c[0]->n); i++) {
            double sum = 0, lo = INFINITY, hi = -INFINITY;
            const struct compare_row *r = pass ? &c[0]->floor_row[i] : &c[0]->row[i];
            for (size_t k = 0; k < splits; k++) {
                double v = pass ? c[k]->floor_row[i].value.value : c[k]->row[i].value.value;
                sum += v;
                lo = v < lo ? v : lo;
                hi = v > hi ? v : hi;
            }
            fprintf(f, "%s,%s,%s,%.6g,%.6g,%.6g,%zu\n", r->metric->name, view_names[r->view],
                    r->name, sum / (double)splits, isnan(sum) ? NAN : lo, isnan(sum) ? NAN : hi,
                    splits);
        }
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "tracellm_generalisation");
    size_t splits = d.full ? 5 : 2, n = d.full ? 20000 : 10000;
    struct graphset *real = driver_graphs(&d, "real.csv");
    struct outfile rows = driver_csv(&d, "tracellm_generalisation.csv",
                                     "split," CONTEST_COLUMNS);
    struct outfile paired = driver_csv(&d, "tracellm_generalisation_paired.csv",
                                       "split,metric,view,a,b,difference,lo,hi");
    struct outfile mean = driver_csv(&d, "tracellm_generalisation_mean.csv",
                                     "metric,view,name,value,lo,hi,splits");
    size_t *fit = mem_array(real->n, sizeof *fit), *test = mem_array(real->n, sizeof *test);
    struct comparison *c[MAX_SPLITS];
    for (size_t k = 0; k < splits; k++) {
        struct floors_split p = floors_split_by_graph(real->n, 0.2, d.seed, k, fit, test);
        struct graphset *learned = graphset_select(real, fit, p.n_fit),
                        *held = graphset_select(real, test, p.n_test);
        if (k == 0)
            driver_write_graphs(&d, "split0-test.csv", held);
        struct contest s = { .fit = learned };
        run_split(&d, &s, k, n);
        struct compare_options o = { .seed = d.seed, .threads = d.threads };
        c[k] = compare_run(held, learned, s.source, s.n, &o);
        char key[32];
        snprintf(key, sizeof key, "%zu", k);
        contest_rows(c[k], key, rows.f);
        write_paired(c[k], k, paired.f);
        contest_free(&s);
        graphset_free(learned);
        graphset_free(held);
    }
    write_mean(c, splits, mean.f);
    for (size_t k = 0; k < splits; k++)
        comparison_free(c[k]);
    driver_close(&rows);
    driver_close(&paired);
    driver_close(&mean);
    free(fit);
    free(test);
    graphset_free(real);
    return driver_end(&d);
}
