/* score.c: the samples of training, made once, through the loss of validation. */
#include "gen/score.h"

#include <math.h>

#include "gen/samples_priv.h"

static size_t count_calls(const struct graphset *graphs)
{
    size_t n = 0;
    for (size_t i = 0; i < graphs->n; i++)
        n += graphs->graphs[i].n;
    return n;
}

/* Tokens of all texts; *too_long counts those of over `most`. */
static size_t count_tokens(const struct train_source *s, size_t most, size_t *too_long)
{
    struct tokens t = { 0 };
    size_t n = 0, ignored;
    for (size_t i = 0; i < s->n_samples; i++) {
        t.n = 0;
        s->fill(s->ctx, 0, i, &t, &ignored);
        n += t.n;
        *too_long += t.n > most;
    }
    tokens_free(&t);
    return n;
}

bool score_graphs(const struct llm *m, const struct graphset *graphs, size_t threads,
                  struct score *out, struct err *err)
{
    struct train_graphs_options o = train_graphs_standard_for(m->to);
    struct samples s;
    o.dropout = (struct header_dropout){ 0 };
    o.fixed_order = m->fixed_order;
    o.mask_prompt = m->mask_prompt;
    o.no_scratchpad = m->no_scratchpad;
    *out = (struct score){ .graphs = graphs->n };
    struct graphset *plain = train_graphs_plain(graphs);
    bool good = samples_init(&s, plain, &o, m->tokenizer, err);
    if (good) {
        size_t all = count_tokens(&s.source, m->model->config.max_len + 1, &out->too_long);
        out->tokens_per_edge = (double)all / (double)count_calls(plain);
        out->loss_per_token = train_loss(m->model, &s.source, 0, threads, &out->tokens);
        samples_free(&s);
    }
    graphset_free(plain);
    return good;
}
