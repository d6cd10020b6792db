/* tracellm_layered_train: TraceLLM's three formats and its ablation, trained on this run's graphs.
 *
 * Method   One model each for tabular, recursive and instruction texts, and for instruction texts
 *          without their arithmetic (the no-scratchpad ablation): the same size, the same number
 *          of tokens, keys and attributes in the order of the spec, so that a small model can
 *          learn them. The paper tunes its instruction model from the recursive one with an
 *          adapter; here each starts afresh, on texts that hold the recursive ones whole.
 * Reads    real.csv
 * Writes   layered-NAME/        Hugging Face directories: tabular, recursive, instruction, bare
 *          tracellm_layered_train.csv   name,tokens,epoch,loss
 * Scale    small: the smallest preset, 120,000 tokens each;  full: base, 20 million each
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/driver.h"
#include "gen/train_graphs.h"

static const struct {
    const char *name, *to;
    bool no_scratchpad;
} models[] = {
    { "tabular", "tabular", false },
    { "recursive", "recursive", false },
    { "instruction", "instruction", false },
    { "bare", "instruction", true },
};

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "tracellm_layered_train");
    struct graphset *real = driver_graphs(&d, "real.csv");
    char *data = driver_path(&d, "real.csv");
    struct outfile o = driver_csv(&d, "tracellm_layered_train.csv", "name,tokens,epoch,loss");
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        char dir[64];
        snprintf(dir, sizeof dir, "layered-%s", models[i].name);
        char *path = driver_path(&d, dir);
        struct train_graphs_options t = train_graphs_standard_for(models[i].to);
        t.preset = d.full ? "base" : "tiny";
        t.fixed_order = true;
        t.no_scratchpad = models[i].no_scratchpad;
        t.train.tokens = d.full ? 20000000 : 120000;
        t.train.lr = d.full ? 0.002 : 0.006;
        t.train.dropout = 0;
        t.train.seed = d.seed;
        t.train.threads = d.threads;
        t.train.resume = true;
        struct train_report rep = { 0 };
        struct meta *meta = meta_new("train");
        struct err err = { 0 };
        driver_need(&d, meta_input(meta, "data", data, &err), &err);
        driver_need(&d, train_graphs(real, &t, path, meta, &rep, &err), &err);
        for (size_t e = 0; e < rep.n_epochs; e++)
            fprintf(o.f, "%s,%zu,%zu,%.6f\n", models[i].name, t.train.tokens, e + 1,
                    rep.epoch[e].loss);
        train_report_free(&rep);
        meta_free(meta);
        free(path);
    }
    driver_close(&o);
    free(data);
    graphset_free(real);
    return driver_end(&d);
}
