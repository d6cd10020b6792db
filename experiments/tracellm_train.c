/* tracellm_train: train the main model from scratch on the call graphs of this run.
 *
 * Method   A small Llama-type transformer reads every graph as one compact line; header fields
 *          are left open at random, so that one model serves every way of asking. All graphs are
 *          trained on: fidelity is measured against the training set, generalisation by
 *          tracellm_generalisation on splits of its own. With --checkpoint nothing is trained.
 * Reads    real.csv
 * Writes   checkpoint/          a Hugging Face directory, 16-bit weights, with CARD.md: what made it
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

static void put_fact(FILE *f, const char *dir, const char *name, const char *key)
{
    struct buf b = { 0 };
    struct err ignored;
    bool there = checkpoint_meta(dir, key, &b, &ignored);
    fprintf(f, "| %s | %s |\n", name, there ? b.p : "n/a");
    buf_free(&b);
}

/* What the checkpoint says of itself, for people: no path, no date, so equal work, equal bytes. */
static void write_card(const struct driver *d, const char *dir)
{
    struct outfile o;
    struct err err = { 0 };
    char *path = file_join(dir, "CARD.md");
    driver_need(d, outfile_open(&o, path, &err), &err);
    fprintf(o.f, "# A model of call graphs in the compact format\n\n%s\n\n",
            d->data ? "Trained on real traces." : "Trained on the reference workload alone.");
    fprintf(o.f, "| | |\n|---|---|\n");
    fprintf(o.f, "| command | `%s` |\n", d->data || d->full || d->seed != 1
            ? "make reproduce" : "make checkpoints");
    fprintf(o.f, "| scale | %s |\n", d->full ? "full" : "small");
    put_fact(o.f, dir, "seed", "seed");
    put_fact(o.f, dir, "commit", "commit");
    put_fact(o.f, dir, "SHA-256 of the graphs, real.csv", "sha256.data");
    put_fact(o.f, dir, "size", "preset");
    put_fact(o.f, dir, "epochs", "epochs");
    put_fact(o.f, dir, "loss, nats a token, last epoch", "loss");
    put_fact(o.f, dir, "BLAS core", "blas");
    driver_need(d, outfile_commit(&o, &err), &err);
    free(path);
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
        write_card(&d, dir);
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
