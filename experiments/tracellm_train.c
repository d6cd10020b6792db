/* tracellm_train: train the main model from scratch on the call graphs of this run.
 *
 * Method   A small Llama-type transformer reads every graph as one compact line; header fields
 *          are left open at random, so that one model serves every way of asking. All graphs are
 *          trained on: fidelity is measured against the training set, generalisation by
 *          tracellm_generalisation on splits of its own. With --checkpoint nothing is trained.
 * Reads    real.csv
 * Writes   checkpoint/          a Hugging Face directory, 16-bit weights
 *          checkpoint.path      where the model is that later drivers use
 *          tracellm_train.csv   epoch,slice,loss,targets   (nats a token; empty if not trained)
 *          tracellm_train_size.csv   what,value
 * Scale    small: the preset's epochs;  full: the same on more graphs
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/driver.h"
#include "gen/train_graphs.h"
#include "llm/checkpoint.h"
#include "ml/linalg.h"

static void write_losses(const struct driver *d, const struct train_report *rep)
{
    struct outfile o = driver_csv(d, "tracellm_train.csv", "epoch,slice,loss,targets");
    for (size_t e = 0; e < rep->n_epochs; e++) {
        const struct train_epoch *x = &rep->epoch[e];
        fprintf(o.f, "%zu,trained on,%.6f,%zu\n", e + 1, x->loss, x->targets);
        if (!isnan(x->validation))
            fprintf(o.f, "%zu,kept aside,%.6f,\n", e + 1, x->validation);
    }
    driver_close(&o);
}

static void write_size(const struct driver *d, const char *dir, size_t graphs)
{
    struct model *m;
    struct err err = { 0 };
    driver_need(d, checkpoint_load(dir, &m, NULL, &err), &err);
    struct outfile o = driver_csv(d, "tracellm_train_size.csv", "what,value");
    fprintf(o.f, "graphs,%zu\nweights,%zu\nvocabulary,%zu\nlayers,%zu\nwidth,%zu\n", graphs,
            m->n_weights, m->config.vocab, m->config.n_layers, m->config.d_model);
    driver_close(&o);
    model_free(m);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "tracellm_train");
    struct graphset *real = driver_graphs(&d, "real.csv");
    char *dir = d.checkpoint ? mem_strdup(d.checkpoint) : driver_path(&d, "checkpoint");
    struct train_report rep = { 0 };
    struct err err = { 0 };
    if (!d.checkpoint) {
        char *data = driver_path(&d, "real.csv");
        struct train_graphs_options o = train_graphs_standard_for("compact");
        o.train.seed = d.seed;
        o.train.threads = d.threads;
        o.train.resume = true;
        o.bf16 = true;   /* as shipped: what is made again writes the same graphs */
        struct meta *meta = meta_new("train");
        meta_text(meta, "blas", linalg_core());
        driver_need(&d, meta_input(meta, "data", data, &err), &err);
        driver_need(&d, train_graphs(real, &o, dir, meta, &rep, &err), &err);
        meta_free(meta);
        free(data);
    }
    write_losses(&d, &rep);
    write_size(&d, dir, real->n);
    char *path = driver_path(&d, "checkpoint.path");
    driver_need(&d, file_write(path, dir, strlen(dir), &err), &err);
    free(path);
    free(dir);
    train_report_free(&rep);
    graphset_free(real);
    return driver_end(&d);
}
