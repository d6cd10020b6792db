/* llm.c: read a checkpoint with what its metadata says about graphs, and hand the job to the writer
 * of its text format. */
#include "gen/llm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gen/draw_priv.h"
#include "gen/llm_priv.h"
#include "gen/vocabulary.h"
#include "llm/adapter.h"
#include "llm/checkpoint.h"

/* Where facts are: the checkpoint, and what lies on it. */
struct facts {
    const char *dir;
    const char *const *adapter;
    size_t n;
};

/* The value of a key, or the standard where nobody says. */
static struct str meta_value(const struct facts *f, const char *key, const char *standard,
                             struct buf *b)
{
    struct err ignored;
    buf_clear(b);
    for (size_t i = f->n; i-- > 0;)
        if (adapter_meta(f->adapter[i], key, b, &ignored))
            return buf_view(b);
    if (!checkpoint_meta(f->dir, key, b, &ignored))
        buf_str(b, standard);
    return buf_view(b);
}

static bool read_words(const struct facts *f, struct llm *m, struct buf *b, struct err *err)
{
    size_t n = tokenizer_size(m->tokenizer);
    m->words = vocabulary_words(m->tokenizer);
    struct str text = meta_value(f, "words", "", b);
    if (text.n == 0)
        vocabulary_open(m->words, m->tokenizer);
    else if (!vocabulary_read(m->words, n, text))
        return err_set(err, EXIT_DATA, "%s: \"words\" of the metadata does not fit %zu tokens",
                       f->dir, n);
    return true;
}

static bool read_callees(const struct facts *f, struct llm *m, struct buf *b, struct err *err)
{
    struct str text = meta_value(f, "callees", "", b);
    return text.n == 0 || callees_read(text, &m->callees) ||
           err_set(err, EXIT_DATA, "%s: \"callees\" of the metadata is no list of names", f->dir);
}

static bool read_facts(const struct facts *f, struct llm *m, struct err *err)
{
    struct buf b = { 0 };
    uint64_t tick = 0, marks = 0;
    bool good = str_u64(meta_value(f, "tick_us", "1000", &b), &tick) && tick > 0 &&
                tick <= UINT32_MAX && str_u64(meta_value(f, "marks", "0", &b), &marks) &&
                marks <= UINT32_MAX;
    if (!good)
        err_set(err, EXIT_DATA,
                "%s: \"tick_us\" or \"marks\" of the metadata is no number in range", f->dir);
    m->tick_us = (uint32_t)tick;
    m->marks = (uint32_t)marks;
    m->timed = !str_is(meta_value(f, "timed", "1", &b), "0");
    m->mask_prompt = str_is(meta_value(f, "mask_prompt", "0", &b), "1");
    m->fixed_order = str_is(meta_value(f, "fixed_order", "0", &b), "1");
    struct str to = meta_value(f, "to", "compact", &b);
    snprintf(m->to, sizeof m->to, "%.*s", (int)to.n, to.p);
    m->no_scratchpad = str_is(meta_value(f, "no_scratchpad", "0", &b), "1");
    struct str high = meta_value(f, "latencies", "", &b);
    m->latencies = mem_strndup(high.p ? high.p : "", high.n);
    good = good && read_words(f, m, &b, err) && read_callees(f, m, &b, err);
    buf_free(&b);
    return good;
}

/* Into weights in memory; beside mapped ones. */
static bool join_adapters(const struct facts *f, struct model *m, struct err *err)
{
    struct lora *stack[ADAPTERS_MAX];
    if (!adapter_stack_load(f->dir, &m->config, f->adapter, f->n, stack, NULL, err))
        return false;
    if (m->mapped) {
        model_take_adapters(m, stack, f->n);
        return true;
    }
    for (size_t i = 0; i < f->n; i++)
        lora_merge(m, stack[i]);
    adapter_stack_free(stack, f->n);
    return true;
}

bool llm_load_adapted(const char *dir, const char *const *adapter, size_t n, struct llm *m,
                      struct err *err)
{
    struct facts f = { dir, adapter, n };
    *m = (struct llm){ 0 };
    if (!checkpoint_open(dir, &m->model, &m->tokenizer, err))
        return false;
    if ((!n || join_adapters(&f, m->model, err)) && read_facts(&f, m, err))
        return true;
    llm_free(m);
    return false;
}

bool llm_load(const char *dir, struct llm *m, struct err *err)
{
    return llm_load_adapted(dir, NULL, 0, m, err);
}

void llm_free(struct llm *m)
{
    model_free(m->model);
    tokenizer_free(m->tokenizer);
    free(m->words);
    callees_free(&m->callees);
    free(m->latencies);
    *m = (struct llm){ 0 };
}

struct decode_crew llm_crew(const struct llm *m, const struct llm_options *o,
                            const struct draw_job *job)
{
    struct decoder_as as = { o->int8 ? DECODER_INT8 : DECODER_EXACT,
                             o->f16_cache ? DECODER_CACHE_F16 : DECODER_CACHE_F32 };
    return decode_crew_new(as, m->model, o->batch ? o->batch : LLM_BATCH, draw_threads(job),
                           m->model->config.max_len);
}

bool llm_can(const struct llm *m, const struct llm_options *o, const struct prompt *p,
             struct err *err)
{
    if (strcmp(m->to, "compact") == 0)
        return llm_compact_can(m, o, p, err);
    return llm_layers_can(m, o, p, err);
}

bool llm_run(const struct llm *m, const struct llm_options *o, const struct draw_job *job,
             struct graphset *out, struct draw_report *rep, struct err *err)
{
    bool compact = strcmp(m->to, "compact") == 0;
    uint32_t tick_us = compact ? m->tick_us : 1000;
    if ((job->prompts->list || job->prompts->fields.latency) && job->prompts->tick_us != tick_us)
        return err_set(err, EXIT_DATA, "prompts have ticks of %u us, the model's are %u us",
                       job->prompts->tick_us, tick_us);
    return (compact ? llm_compact_run : llm_layers_run)(m, o, job, out, rep, err);
}
