/* train_graphs.c: choose the samples' form, build the vocabulary, train, save.
 *
 * Interfaces are left out before anything is learnt: no metric looks at them, and their names are
 * as many as their calls.
 */
#include "gen/train_graphs.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "gen/callees.h"
#include "gen/cells.h"
#include "gen/latencies.h"
#include "gen/samples_priv.h"
#include "gen/subject.h"
#include "gen/vocabulary.h"

struct train_graphs_options train_graphs_standard_for(const char *to)
{
    struct train_graphs_options o = {
        .to = to,
        .preset = "base",
        .dropout = { .all = 0.05, .numbers = 0.25, .each = 0.1 },
        .mask_prompt = strcmp(to, "instruction") == 0,
        .train = train_standard,
    };
    if (strcmp(to, "compact") == 0)
        o.train.epochs = 16;   /* real graphs, five seeds: AUC .55 to .58 at copies .47 to .49 */
    return o;
}

struct graphset *train_graphs_plain(const struct graphset *graphs)
{
    struct graphset *s = graphset_new();
    s->tick_us = graphs->tick_us;
    for (size_t i = 0; i < graphs->n; i++) {
        struct callgraph *g = graphset_copy(s, &graphs->graphs[i], graphs->names);
        for (size_t k = 0; k < g->n; k++)
            g->calls[k].interface = NAMES_NONE;
        g->trace_id = NAMES_NONE;
    }
    return s;
}

/* ---- what the checkpoint says about itself ---- */

static void put_options(struct meta *m, const struct train_graphs_options *o)
{
    const struct train_options *t = &o->train;
    meta_text(m, "to", o->to);
    meta_text(m, "preset", o->preset);
    meta_real(m, "dropout.all", o->dropout.all);
    meta_real(m, "dropout.numbers", o->dropout.numbers);
    meta_real(m, "dropout.each", o->dropout.each);
    meta_real(m, "dropout.service", o->dropout.service);
    meta_real(m, "augment.shuffle", o->augment.shuffle);
    meta_real(m, "augment.jitter", o->augment.jitter);
    meta_int(m, "mask_prompt", o->mask_prompt);
    meta_int(m, "fixed_order", o->fixed_order);
    meta_int(m, "bf16", o->bf16);
    meta_int(m, "no_scratchpad", o->no_scratchpad);
    if (o->spell_below)
        meta_int(m, "spell_below", (int64_t)o->spell_below);
    if (o->spell_services)
        meta_int(m, "spell_services", 1);
    if (o->embed_scale > 0)
        meta_real(m, "embed_scale", o->embed_scale);
    meta_int(m, "epochs", (int64_t)t->epochs);
    meta_int(m, "tokens", (int64_t)t->tokens);
    meta_int(m, "block", (int64_t)t->block);
    meta_int(m, "patience", (int64_t)t->patience);
    meta_real(m, "spike", t->spike);
    meta_int(m, "tokens_per_step", (int64_t)t->tokens_per_step);
    meta_int(m, "slots", (int64_t)t->slots);
    meta_real(m, "lr", t->lr);
    meta_real(m, "lr_floor", t->lr_floor);
    meta_real(m, "warmup", t->warmup);
    meta_real(m, "weight_decay", t->weight_decay);
    meta_real(m, "beta1", t->beta1);
    meta_real(m, "beta2", t->beta2);
    meta_real(m, "eps", t->eps);
    meta_real(m, "clip", t->clip);
    meta_real(m, "dropout", t->dropout);
    meta_real(m, "smoothing", t->smoothing);
    meta_real(m, "average", t->average);
    meta_real(m, "validation", t->validation);
    meta_int(m, "keep_best", t->keep_best);
    meta_int(m, "seed", (int64_t)t->seed);
}

static void hash_pair(void *ctx, const char *key, const char *value)
{
    struct buf *b = ctx;
    buf_printf(b, "%s=%s\n", key, value);
}

/* Identity of everything that shapes the weights: options, seed and every call of every graph. */
static void fingerprint(const struct graphset *s, const struct train_graphs_options *o,
                        const struct subject *x, char hex[SHA256_HEX])
{
    struct meta *m = meta_new("train");
    struct buf b = { 0 };
    put_options(m, o);
    subject_describe(x, o, m);
    meta_each(m, hash_pair, &b);
    for (size_t i = 0; i < s->n; i++)
        buf_printf(&b, "%016llx\n",
                   (unsigned long long)callgraph_hash_full(&s->graphs[i], s->names));
    hash_sha256(b.p, b.n, hex);
    buf_free(&b);
    meta_free(m);
}

/* Marks of rare facts that occur, as bits 1 << class for struct compact_limits. */
static uint32_t marks_seen(const struct graphset *s)
{
    uint32_t marks = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct callgraph *g = &s->graphs[i];
        marks |= g->timed ? 0 : 1u << WORD_UNTIMED;
        marks |= str_is(names_str(s->names, g->calls[0].src), "USER") ? 0 : 1u << WORD_SOURCE;
        marks |= g->calls[0].start ? 1u << WORD_START : 0;
        for (size_t k = 0; k < g->n; k++) {
            const struct call *c = &g->calls[k];
            bool usual = c->kind == (c->type == CALL_MQ ? KIND_PRODUCER : KIND_CLIENT);
            marks |= (usual ? 0 : 1u << WORD_KIND) | (c->async ? 1u << WORD_ASYNC : 0) |
                     (c->status == STATUS_UNSET ? 0 : 1u << WORD_STATUS);
        }
    }
    return marks;
}

static bool all_untimed(const struct graphset *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->graphs[i].timed)
            return false;
    return true;
}

/* How many distinct structures of each depth were learnt from. */
static void put_depths(struct meta *m, const struct graphset *s)
{
    size_t trained[CELL_DEPTHS + 1];
    struct buf b = { 0 };
    cells_trained(s, trained);
    for (size_t depth = 1; depth <= CELL_DEPTHS; depth++)
        buf_printf(&b, depth > 1 ? " %zu" : "%zu", trained[depth]);
    meta_text(m, "depths", b.p);
    buf_free(&b);
}

/* What gen/llm.h reads back; compact's are as they always were. */
static void put_facts(struct meta *m, const struct graphset *s, const struct tokenizer *t,
                      const char *to)
{
    if (strcmp(to, "compact") != 0)
        put_depths(m, s);
    struct compact_word *words = vocabulary_words(t);
    struct buf b = { 0 };
    vocabulary_learn(words, t, s);
    vocabulary_write(words, tokenizer_size(t), &b);
    meta_text(m, "words", b.p);
    buf_clear(&b);
    callees_write(s, &b);
    if (b.n)
        meta_text(m, "callees", b.p);
    meta_int(m, "marks", marks_seen(s));
    meta_int(m, "tick_us", s->tick_us);
    meta_int(m, "timed", !all_untimed(s));
    buf_clear(&b);
    latencies_write(s, &b);
    meta_text(m, "latencies", b.p ? b.p : "");
    buf_free(&b);
    free(words);
}

/* Those of the epoch whose weights are saved. */
static void put_losses(struct meta *m, const struct train_report *rep, size_t epoch)
{
    if (epoch >= rep->n_epochs)
        return;
    meta_real(m, "loss", rep->epoch[epoch].loss);
    meta_real(m, "loss.validation", rep->epoch[epoch].validation);
    meta_int(m, "epoch", (int64_t)epoch);
    meta_int(m, "too_long", (int64_t)rep->too_long);
    meta_int(m, "spikes", (int64_t)rep->spikes);
}

/* ---- the work ---- */

static bool finished_before(const char *dir, bool adapter, const char *print)
{
    struct buf b = { 0 };
    bool same = subject_meta(dir, adapter, "fingerprint", &b) && str_is(buf_view(&b), print);
    buf_free(&b);
    return same;
}

/* Remove what killed runs left half-written in the checkpoint's folder. */
static void sweep(const char *dir)
{
    DIR *d = opendir(dir);
    if (!d)
        return;
    for (const struct dirent *e; (e = readdir(d));)
        if (strstr(e->d_name, ".safetensors.tmp.") || strstr(e->d_name, ".json.tmp.")) {
            char *path = file_join(dir, e->d_name);
            remove(path);
            free(path);
        }
    closedir(d);
}

/* What a snapshot needs to be a checkpoint of its own. */
struct album {
    const struct subject *x;
    const struct samples *s;
    const struct train_graphs_options *o;
    const char *dir;
};

static bool snapshot(void *ctx, const struct model *m, size_t epochs_done, struct err *err)
{
    (void)m;                             /* the subject's */
    const struct album *a = ctx;
    char name[32];
    if (!a->o->snapshot_every || epochs_done % a->o->snapshot_every)
        return true;
    snprintf(name, sizeof name, "epoch-%zu", epochs_done);
    char *dir = file_join(a->dir, name);
    struct meta *meta = meta_new("train");
    put_options(meta, a->o);
    subject_describe(a->x, a->o, meta);
    put_facts(meta, a->s->graphs, a->s->tokenizer, a->o->to);
    meta_int(meta, "epoch", (int64_t)epochs_done - 1);
    bool good = subject_save(a->x, dir, a->s->tokenizer, meta, err);
    meta_free(meta);
    free(dir);
    return good;
}

/* A row an epoch: what the run's loss curve is drawn from. */
static bool write_losses(const char *dir, const struct train_report *rep, struct err *err)
{
    struct buf b = { 0 };
    char *path = file_join(dir, "losses.csv");
    buf_str(&b, "epoch,step,tokens,lr,train,validation\n");
    for (size_t e = 0; e < rep->n_epochs; e++) {
        const struct train_epoch *x = &rep->epoch[e];
        buf_printf(&b, "%zu,%zu,%zu,%.9g,%.9g,", e + 1, x->step, x->tokens, x->lr, x->loss);
        if (!isnan(x->validation))
            buf_printf(&b, "%.9g", x->validation);
        buf_char(&b, '\n');
    }
    bool good = file_write(path, b.p, b.n, err);
    buf_free(&b);
    free(path);
    return good;
}

/* The epoch that the weights not chosen are of. */
static size_t other_epoch(const struct train_report *rep, bool best_chosen)
{
    size_t best = 0;
    for (size_t e = 1; e < rep->n_epochs; e++)
        if (rep->epoch[e].validation < rep->epoch[best].validation)
            best = e;
    return best_chosen ? rep->n_epochs - 1 : best;
}

/* What a run leaves: first what stands beside, then the weights that make DIR complete. */
static bool save(struct subject *x, const struct samples *s, const struct train_graphs_options *o,
                 const char *dir, struct meta *meta, const struct train_report *rep,
                 struct err *err)
{
    bool good = write_losses(dir, rep, err);
    if (good && rep->other) {
        char *beside = file_join(dir, o->train.keep_best ? "last" : "best");
        put_losses(meta, rep, other_epoch(rep, o->train.keep_best));
        subject_swap(x, rep->other);
        good = subject_save(x, beside, s->tokenizer, meta, err);
        subject_swap(x, rep->other);
        free(beside);
    }
    put_losses(meta, rep, rep->best);
    return good && subject_save(x, dir, s->tokenizer, meta, err);
}

static bool train_and_save(struct subject *x, struct samples *s,
                           const struct train_graphs_options *o, const char *dir,
                           const char *print, struct meta *meta, struct train_report *rep,
                           struct err *err)
{
    if (!subject_begin(x, o, s->tokenizer, s->longest, err))
        return false;
    struct train_options t = o->train;
    t.dir = dir;
    t.fingerprint = print;
    t.adapter = x->stack;
    t.n_adapters = x->n;
    t.snapshot = snapshot;
    t.snapshot_ctx = &(struct album){ x, s, o, dir };
    if (!file_mkdirs(dir, err) || !train_run(x->model, &t, &s->source, rep, err))
        return false;
    put_options(meta, o);
    subject_describe(x, o, meta);
    put_facts(meta, s->graphs, s->tokenizer, o->to);
    meta_text(meta, "fingerprint", print);
    if (!save(x, s, o, dir, meta, rep, err))
        return false;
    train_forget(dir);
    sweep(dir);
    return true;
}

static bool options_agree(const struct train_graphs_options *o, struct err *err)
{
    if (o->train.block && o->mask_prompt)
        return err_set(err, EXIT_USAGE, "--block trains on all tokens: it knows no prompt to mask");
    if (o->mask_prompt && strcmp(o->to, "compact") == 0)
        return err_set(err, EXIT_USAGE, "--mask-prompt: compact learns its header, so that it can "
                       "draw one");
    if (o->spell_below && (o->base || strcmp(o->to, "compact") == 0))
        return err_set(err, EXIT_USAGE, "--spell-below: %s", o->base
                       ? "the tokenizer is the base's" : "compact never copies a name");
    if (o->spell_services && (o->base || strcmp(o->to, "compact") == 0))
        return err_set(err, EXIT_USAGE, "--spell-services: %s", o->base
                       ? "the tokenizer is the base's" : "compact never copies a name");
    if (o->train.patience && !(o->train.validation > 0))
        return err_set(err, EXIT_USAGE, "--patience needs --validation");
    return true;
}

bool train_graphs(const struct graphset *graphs, const struct train_graphs_options *o,
                  const char *dir, struct meta *meta, struct train_report *rep, struct err *err)
{
    char print[SHA256_HEX];
    struct subject x;
    struct samples s;
    *rep = (struct train_report){ 0 };
    if (!options_agree(o, err) || !subject_open(&x, o, err))
        return false;
    struct graphset *plain = train_graphs_plain(graphs);
    fingerprint(plain, o, &x, print);
    bool good = o->train.resume && finished_before(dir, o->lora.rank > 0, print);
    if (!good && samples_init(&s, plain, o, x.tokenizer, err)) {
        good = train_and_save(&x, &s, o, dir, print, meta, rep, err);
        samples_free(&s);
    }
    graphset_free(plain);
    subject_free(&x);
    return good;
}
