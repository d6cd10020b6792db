/* train_state.c: weights, both moments, best and mean weights if there are; numbers as text. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "llm/safetensors.h"
#include "llm/train_priv.h"

#define STATE "train_state.safetensors"

static char *state_path(const char *dir)
{
    return file_join(dir, STATE);
}

struct train_block train_block_of(const struct train_options *o, const struct model *m)
{
    if (!o->n_adapters)
        return (struct train_block){ m->param, m->n_params, m->n_weights, m->weights };
    const struct lora *l = o->adapter[o->n_adapters - 1];
    return (struct train_block){ l->param, l->n_params, l->n_weights, l->weights };
}

static void identify_adapters(const struct train_options *o, struct buf *b)
{
    for (size_t i = 0; i < o->n_adapters; i++) {
        const struct lora_options *l = &o->adapter[i]->options;
        buf_printf(b, "|%zu %.17g %u %.17g %d", l->rank, l->alpha, l->targets, l->dropout,
                   l->rank_stabilised);
    }
}

/* All that changes the result of a run, in one line: a state with another is refused. */
static void identity(const struct train_options *o, const struct model *m, size_t n_samples,
                     struct buf *b)
{
    const struct llama_config *c = &m->config;
    const size_t count[] = { n_samples, c->vocab, c->d_model, c->n_layers, c->n_heads,
                             c->n_kv_heads, c->d_ff, c->max_len, c->tied, o->epochs,
                             o->tokens_per_step, o->slots, o->seed, o->keep_best, o->tokens,
                             o->block, o->patience };
    const double real[] = { c->rope_theta, c->norm_eps, o->lr, o->lr_floor, o->warmup,
                            o->weight_decay, o->beta1, o->beta2, o->eps, o->clip, o->dropout,
                            o->validation, o->spike, o->smoothing, o->average };
    buf_str(b, o->fingerprint ? o->fingerprint : "");
    for (size_t i = 0; i < sizeof count / sizeof *count; i++)
        buf_printf(b, "%c%zu", i ? ' ' : '|', count[i]);
    for (size_t i = 0; i < sizeof real / sizeof *real; i++)
        buf_printf(b, " %.17g", real[i]);
    if (c->rope.kind != ROPE_PLAIN)
        buf_printf(b, "|rope %d %.17g %.17g %.17g %.17g", (int)c->rope.kind, c->rope.factor,
                   c->rope.low, c->rope.high, c->rope.original_len);
    if (c->head_dim)
        buf_printf(b, "|head %zu", c->head_dim);
    identify_adapters(o, b);
}

static void add_epochs(struct meta *meta, const struct train_state *st)
{
    for (size_t i = 0; i < st->epoch; i++) {
        const struct train_epoch *e = &st->epochs[i];
        char key[40], value[160];
        snprintf(key, sizeof key, "epoch.%zu", i);
        snprintf(value, sizeof value, "%.17g %.17g %zu %zu %zu %.17g", e->loss, e->validation,
                 e->targets, e->step, e->tokens, e->lr);
        meta_text(meta, key, value);
    }
}

static void add_carry(struct meta *meta, const struct tokens *carry)
{
    struct buf b = { 0 };
    buf_str(&b, "");
    for (size_t i = 0; i < carry->n; i++)
        buf_printf(&b, "%s%u", i ? " " : "", carry->id[i]);
    meta_text(meta, "carry", b.p);
    buf_free(&b);
}

static void add_guard(struct meta *meta, const struct train_state *st)
{
    meta_real(meta, "usual", st->usual);
    meta_real(meta, "square", st->square);
    meta_int(meta, "seen", (int64_t)st->seen);
    meta_int(meta, "spikes", (int64_t)st->spikes);
    meta_int(meta, "in_a_row", (int64_t)st->in_a_row);
    meta_text(meta, "spike", st->spike);
}

static struct tensor whole(const char *name, const float *p, size_t n)
{
    return (struct tensor){ .name = name, .type = TENSOR_F32, .dims = { n }, .n_dims = 1, .data = p,
                            .bytes = n * sizeof *p };
}

bool train_state_save(const struct train_options *o, const struct model *m,
                      const struct train_state *st, struct err *err)
{
    struct meta *meta = meta_new("train");
    struct buf id = { 0 };
    identity(o, m, st->n_samples, &id);
    meta_text(meta, "identity", id.p);
    meta_int(meta, "epoch", (int64_t)st->epoch);
    meta_int(meta, "position", (int64_t)st->position);
    meta_int(meta, "step", (int64_t)st->step);
    meta_int(meta, "tokens", (int64_t)st->tokens);
    meta_int(meta, "too_long", (int64_t)st->too_long);
    meta_int(meta, "targets", (int64_t)st->targets);
    meta_int(meta, "best_epoch", (int64_t)st->best_epoch);
    meta_real(meta, "lr", st->lr);
    meta_real(meta, "loss_sum", st->loss_sum);
    meta_real(meta, "best_loss", st->best_loss);
    add_epochs(meta, st);
    add_carry(meta, &st->carry);
    add_guard(meta, st);
    struct train_block w = train_block_of(o, m);
    size_t n = 3;
    struct tensor t[5] = { whole("m1", st->m1, w.n_weights), whole("m2", st->m2, w.n_weights),
                           whole("weights", w.weights, w.n_weights) };
    if (st->best)
        t[n++] = whole("best", st->best, w.n_weights);
    if (st->mean)
        t[n++] = whole("mean", st->mean, w.n_weights);
    char *path = state_path(o->dir);
    bool good = file_mkdirs(o->dir, err) && safetensors_write(path, t, n, meta, err);
    free(path);
    buf_free(&id);
    meta_free(meta);
    return good;
}

static bool take_count(const struct safetensors *s, const char *key, size_t *x)
{
    const char *v = safetensors_meta(s, key);
    uint64_t u;
    if (!v || !str_u64(str_of(v), &u))
        return false;
    *x = (size_t)u;
    return true;
}

static bool take_real(const struct safetensors *s, const char *key, double *x)
{
    const char *v = safetensors_meta(s, key);
    return v && str_f64(str_of(v), x);
}

static bool take_floats(const struct safetensors *s, const char *name, float *out, size_t n)
{
    const struct tensor *t = safetensors_find(s, name);
    if (!t || t->type != TENSOR_F32 || t->bytes != n * sizeof *out)
        return false;
    memcpy(out, t->data, t->bytes);
    return true;
}

static bool take_epochs(const struct safetensors *s, struct train_state *st)
{
    for (size_t i = 0; i < st->epoch; i++) {
        char key[40];
        snprintf(key, sizeof key, "epoch.%zu", i);
        const char *v = safetensors_meta(s, key);
        MEM_GROW(st->epochs, i, st->cap_epochs);
        struct train_epoch *e = &st->epochs[i];
        if (!v || sscanf(v, "%lf %lf %zu %zu %zu %lf", &e->loss, &e->validation, &e->targets,
                         &e->step, &e->tokens, &e->lr) != 6)
            return false;
    }
    return true;
}

static bool take_carry(const struct safetensors *s, const struct model *m, struct tokens *carry)
{
    const char *v = safetensors_meta(s, "carry");
    struct str rest = str_of(v ? v : ""), piece;
    uint64_t id;
    while (str_next(&rest, ' ', &piece)) {
        if (!str_u64(piece, &id) || id >= m->config.vocab)
            return false;
        tokens_add(carry, (uint32_t)id);
    }
    return v != NULL;
}

static bool take_guard(const struct safetensors *s, struct train_state *st)
{
    const char *what = safetensors_meta(s, "spike");
    snprintf(st->spike, sizeof st->spike, "%s", what ? what : "");
    return what && take_real(s, "usual", &st->usual) && take_real(s, "square", &st->square) &&
           take_count(s, "seen", &st->seen) && take_count(s, "spikes", &st->spikes) &&
           take_count(s, "in_a_row", &st->in_a_row);
}

static bool take_all(const struct safetensors *s, const struct train_options *o, struct model *m,
                     struct train_state *st)
{
    bool good = take_count(s, "epoch", &st->epoch) && take_count(s, "position", &st->position) &&
                take_count(s, "step", &st->step) && take_count(s, "tokens", &st->tokens) &&
                take_count(s, "too_long", &st->too_long) &&
                take_count(s, "targets", &st->targets) &&
                take_count(s, "best_epoch", &st->best_epoch) &&
                take_real(s, "lr", &st->lr) && take_real(s, "loss_sum", &st->loss_sum) &&
                take_real(s, "best_loss", &st->best_loss);
    struct train_block w = train_block_of(o, m);
    if (!good || !take_epochs(s, st) || !take_carry(s, m, &st->carry) || !take_guard(s, st) ||
        !take_floats(s, "m1", st->m1, w.n_weights) || !take_floats(s, "m2", st->m2, w.n_weights) ||
        !take_floats(s, "weights", w.weights, w.n_weights))
        return false;
    if (st->mean && !take_floats(s, "mean", st->mean, w.n_weights))
        return false;
    if (!safetensors_find(s, "best"))
        return true;
    st->best = mem_array(w.n_weights, sizeof *st->best);
    return take_floats(s, "best", st->best, w.n_weights);
}

bool train_state_load(const struct train_options *o, struct model *m, struct train_state *st,
                      struct err *err)
{
    char *path = state_path(o->dir);
    struct safetensors s;
    struct buf id = { 0 };
    bool good = true;
    if (file_exists(path) && (good = safetensors_open(&s, path, err))) {
        const char *was = safetensors_meta(&s, "identity");
        identity(o, m, st->n_samples, &id);
        if (!was || strcmp(was, id.p) != 0)
            good = err_set(err, EXIT_DATA, "%s: belongs to other data or other options; "
                           "remove it, or train into another folder", path);
        else if (!take_all(&s, o, m, st))
            good = err_set(err, EXIT_DATA, "%s: is damaged", path);
        safetensors_close(&s);
    }
    buf_free(&id);
    free(path);
    return good;
}

/* The state, and what a run that was killed while it saved one has left aside. */
void train_forget(const char *dir)
{
    DIR *d = opendir(dir);
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));) {
        struct str name = str_of(e->d_name);
        if (!str_is(name, STATE) && !str_starts(name, STATE ".tmp."))
            continue;
        char *path = file_join(dir, e->d_name);
        unlink(path);
        free(path);
    }
    closedir(d);
}
