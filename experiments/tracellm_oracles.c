/* tracellm_oracles: what do the two judges say of the graphs that were written?
 *
 * Method   Graphs are put into the paper's tabular and recursive texts, and every text is judged by
 *          the released code's checks (original) and by ours (strict: the paper's Appendix C).
 *          The real graphs stand beside the generated ones: they too start a call before its caller
 *          now and then, which only strict minds.
 * Reads    real.csv, generated-*.csv
 * Writes   tracellm_oracles.csv   name,graphs,original_table,original_layers,
 *                                 strict_table,strict_layers
 *          (shares of graphs whose table, or whose every layer, is accepted)
 * Scale    small: 2,000 graphs of each;  full: 20,000
 */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "cli/driver.h"
#include "text/format.h"
#include "text/oracle.h"

static const char *const names[] = {
    "real", "model", "model-service", "model-free", "probabilistic", "probabilistic-weak",
    "bootstrap",
};

struct judged {
    const struct driver *d;
    size_t accepted[2][2];     /* by oracle (original, strict) and text (table, layers) */
};

/* Every sample of g in a format is accepted by the oracle. */
static bool accepts(const struct oracle *o, const struct text_samples *s, enum text_task task)
{
    for (size_t i = 0; i < s->n; i++) {
        struct str prompt = { s->text.p + s->at[i].prompt, s->at[i].output - s->at[i].prompt };
        struct str output = { s->text.p + s->at[i].output, s->at[i].end - s->at[i].output };
        if (!oracle_judge(o, task, prompt, output).valid)
            return false;
    }
    return true;
}

static void judge(struct judged *j, const struct callgraph *g, const struct graphset *s, size_t i)
{
    static const struct oracle *const judges[] = { &oracle_original, &oracle_strict };
    const struct text_format *const formats[] = { &text_tabular, &text_recursive };
    static const enum text_task tasks[] = { TASK_TABULAR, TASK_RECURSIVE };
    struct text_options none = { 0 };
    for (size_t f = 0; f < 2; f++) {
        struct text_samples samples = { 0 };
        gsl_rng *rng = rng_stream(j->d->seed, "tracellm_oracles", i);
        formats[f]->samples(g, s->names, s->tick_us, &none, rng, &samples);
        gsl_rng_free(rng);
        for (size_t o = 0; o < 2; o++)
            j->accepted[o][f] += accepts(judges[o], &samples, tasks[f]);
        text_samples_free(&samples);
    }
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "tracellm_oracles");
    size_t most = d.full ? 20000 : 2000;
    struct outfile o = driver_csv(&d, "tracellm_oracles.csv",
        "name,graphs,original_table,original_layers,strict_table,strict_layers");
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        char file[128];
        snprintf(file, sizeof file, strcmp(names[k], "real") == 0 ? "%s.csv" : "generated-%s.csv",
                 names[k]);
        struct graphset *s = driver_graphs(&d, file);
        struct judged j = { .d = &d };
        size_t n = s->n < most ? s->n : most;
        for (size_t i = 0; i < n; i++)
            judge(&j, &s->graphs[i], s, i);
        fprintf(o.f, "%s,%zu,%.6f,%.6f,%.6f,%.6f\n", names[k], n,
                (double)j.accepted[0][0] / (double)n,
                (double)j.accepted[0][1] / (double)n, (double)j.accepted[1][0] / (double)n,
                (double)j.accepted[1][1] / (double)n);
        graphset_free(s);
    }
    driver_close(&o);
    return driver_end(&d);
}
