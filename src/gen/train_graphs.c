/* train_graphs.c: choose the samples' form, build the vocabulary, train, save.
 *
 * Interfaces are left out before anything is learnt: no metric looks at them, and their names are
 * as many as their calls.
 */
#include "gen/train_graphs.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "gen/callees.h"
#include "gen/samples_priv.h"
#include "gen/vocabulary.h"
#include "llm/checkpoint.h"

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
        o.train.epochs =
            16; /* on real graphs: AUC .60 at copies .44 after 14, .57 at .54 after 18 */
    return o;
}

static struct graphset *without_interfaces(const struct graphset *graphs)
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
    meta_int(m, "epochs", (int64_t)t->epochs);
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
                        char hex[SHA256_HEX])
{
    struct meta *m = meta_new("train");
    struct buf b = { 0 };
    put_options(m, o);
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

/* What gen/llm.h reads back. */
static void put_facts(struct meta *m, const struct graphset *s, const struct tokenizer *t)
{
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
    buf_free(&b);
    free(words);
}

static void put_losses(struct meta *m, const struct train_report *rep)
{
    if (!rep->n_epochs)
        return;
    const struct train_epoch *last =
        &rep->epoch[rep->best < rep->n_epochs ? rep->best : rep->n_epochs - 1];
    meta_real(m, "loss", last->loss);
    meta_real(m, "loss.validation", last->validation);
    meta_int(m, "epoch", (int64_t)rep->best);
    meta_int(m, "too_long", (int64_t)rep->too_long);
}

/* ---- the work ---- */

static bool finished_before(const char *dir, const char *print)
{
    struct buf b = { 0 };
    struct err ignored;
    char *path = file_join(dir, "model.safetensors");
    bool same = file_exists(path) && checkpoint_meta(dir, "fingerprint", &b, &ignored) &&
                str_is(buf_view(&b), print);
    free(path);
    buf_free(&b);
    return same;
}

/* Positions: the longest sample and a quarter more, as a power of two. */
static size_t positions(size_t longest)
{
    size_t n = 256;
    while (n < longest + longest / 4 && n < 4096)
        n *= 2;
    return n;
}

static struct model *new_model(const struct train_graphs_options *o, const struct samples *s,
                               struct err *err)
{
    struct llama_config c = { 0 };
    if (!llama_preset(o->preset, &c)) {
        err_set(err, EXIT_USAGE, "no preset \"%s\"; there are %s", o->preset, llama_presets);
        return NULL;
    }
    c.vocab = tokenizer_size(s->tokenizer);
    c.max_len = positions(s->longest);
    c.bos = tokenizer_bos(s->tokenizer);
    c.eos = tokenizer_eos(s->tokenizer);
    c.pad = tokenizer_pad(s->tokenizer);
    if (!llama_config_check(&c, err))
        return NULL;
    struct model *m = model_new(&c);
    model_init(m, o->train.seed);
    return m;
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
    const struct samples *s;
    const struct train_graphs_options *o;
    const char *dir;
};

static bool snapshot(void *ctx, const struct model *m, size_t epochs_done, struct err *err)
{
    const struct album *a = ctx;
    char name[32];
    if (!a->o->snapshot_every || epochs_done % a->o->snapshot_every)
        return true;
    snprintf(name, sizeof name, "epoch-%zu", epochs_done);
    char *dir = file_join(a->dir, name);
    struct meta *meta = meta_new("train");
    put_options(meta, a->o);
    put_facts(meta, a->s->graphs, a->s->tokenizer);
    meta_int(meta, "epoch", (int64_t)epochs_done - 1);
    bool good = checkpoint_save(dir, m, a->s->tokenizer, meta, err);
    meta_free(meta);
    free(dir);
    return good;
}

static bool train_and_save(struct samples *s, const struct train_graphs_options *o, const char *dir,
                           const char *print, struct meta *meta, struct train_report *rep,
                           struct err *err)
{
    struct model *m = new_model(o, s, err);
    if (!m)
        return false;
    struct train_options t = o->train;
    t.dir = dir;
    t.fingerprint = print;
    t.snapshot = snapshot;
    t.snapshot_ctx = &(struct album){ s, o, dir };
    bool good = file_mkdirs(dir, err) && train_run(m, &t, &s->source, rep, err);
    if (good) {
        put_options(meta, o);
        put_facts(meta, s->graphs, s->tokenizer);
        put_losses(meta, rep);
        meta_text(meta, "fingerprint", print);
        good = checkpoint_save(dir, m, s->tokenizer, meta, err);
    }
    if (good) {
        train_forget(dir);
        sweep(dir);
    }
    model_free(m);
    return good;
}

bool train_graphs(const struct graphset *graphs, const struct train_graphs_options *o,
                  const char *dir, struct meta *meta, struct train_report *rep, struct err *err)
{
    char print[SHA256_HEX];
    struct graphset *plain = without_interfaces(graphs);
    struct samples s;
    fingerprint(plain, o, print);
    *rep = (struct train_report){ 0 };
    bool good = o->train.resume && finished_before(dir, print);
    if (!good && samples_init(&s, plain, o, err)) {
        good = train_and_save(&s, o, dir, print, meta, rep, err);
        samples_free(&s);
    }
    graphset_free(plain);
    return good;
}
