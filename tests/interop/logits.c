/* logits.c: small checkpoints, and what the engine makes of them, for tests/interop/forward.py.
 *
 *     logits make DIR vocab d_model layers heads kv_heads d_ff tied seed f32|f16|bf16 shard_bytes
 *     logits adapt BASE DIR rank seed [ADAPTER...]     an adapter whose B is not zero
 *     logits run DIR TOKEN,TOKEN,... [ADAPTER...]      logits of every row, as training's passes
 *                                                      and, in the second half, decoding have them
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "llm/adapter.h"
#include "llm/backprop.h"
#include "llm/checkpoint.h"
#include "llm/decode.h"
#include "ml/linalg.h"

static void need(bool good, const struct err *err)
{
    if (!good)
        exit(err_report(err, "logits"));
}

static size_t number(const char *s)
{
    uint64_t x = 0;
    REQUIRE(str_u64(str_of(s), &x));
    return (size_t)x;
}

/* Larger than training begins with, so that attention and gates have something to say. */
static void widen(float *w, size_t n, float by)
{
    for (size_t i = 0; i < n; i++)
        w[i] *= by;
}

static void make(char **a)
{
    static const struct str line[] = { STR("a b\n") };
    struct llama_config c = { .vocab = number(a[1]), .d_model = number(a[2]),
                              .n_layers = number(a[3]), .n_heads = number(a[4]),
                              .n_kv_heads = number(a[5]), .d_ff = number(a[6]), .max_len = 64,
                              .rope_theta = 10000, .norm_eps = 1e-5, .tied = number(a[7]),
                              .eos = 1, .pad = 2 };
    struct checkpoint_format f = { strcmp(a[9], "f32") == 0   ? TENSOR_F32
                                   : strcmp(a[9], "f16") == 0 ? TENSOR_F16
                                                              : TENSOR_BF16, number(a[10]) };
    struct err err = { 0 };
    struct model *m = model_new(&c);
    struct tokenizer *t = tokenizer_train(line, 1, NULL);
    model_init(m, number(a[8]));
    for (size_t i = 0; i < m->n_params; i++)
        if (m->param[i].n_dims == 2)
            widen(m->weights + m->param[i].offset, m->param[i].count, 8);
    need(checkpoint_save_as(a[0], m, t, &f, NULL, &err), &err);
    tokenizer_free(t);
    model_free(m);
}

static void adapt(int n, char **a)
{
    struct llama_config c;
    struct model *m;
    struct lora *stack[ADAPTERS_MAX];
    struct adapter_pins pins;
    struct err err = { 0 };
    need(checkpoint_map(a[0], &m, NULL, &err), &err);
    c = m->config;
    need(adapter_stack_load(a[0], &c, (const char *const *)a + 4, (size_t)n - 4, stack, &pins,
                            &err), &err);
    struct lora_options o = { .rank = number(a[2]), .alpha = 4,
                              .targets = (1u << LORA_TARGETS) - 1 };
    struct lora *l = lora_new(&c, &o);
    uint64_t seed = number(a[3]);
    lora_init(l, seed);
    for (size_t i = 0; i < l->n_weights; i++)
        if (l->weights[i] == 0)   /* B: a draw by hand, between -.1 and .1 */
            l->weights[i] = (float)((i * 2654435761u + seed) % 2001) / 10000 - 0.1f;
    need(adapter_save(a[1], l, &pins, NULL, &err), &err);
    lora_free(l);
    adapter_stack_free(stack, (size_t)n - 4);
    model_free(m);
}

static void print_rows(size_t rows, size_t vocab, const float *x)
{
    for (size_t i = 0; i < rows * vocab; i++)
        printf("%.9g%c", (double)x[i], (i + 1) % vocab ? ' ' : '\n');
}

static void run(int n, char **a)
{
    struct model *m, *merged;
    struct lora *stack[ADAPTERS_MAX];
    struct tokens ids = { 0 };
    struct batch b = { 0 };
    struct err err = { 0 };
    struct str rest = str_of(a[1]), piece;
    while (str_next(&rest, ',', &piece)) {
        uint64_t id = 0;
        REQUIRE(str_u64(piece, &id));
        tokens_add(&ids, (uint32_t)id);
    }
    need(checkpoint_map(a[0], &m, NULL, &err) && checkpoint_load(a[0], &merged, NULL, &err), &err);
    size_t adapters = (size_t)n - 2, V = m->config.vocab, rows = ids.n;
    need(adapter_stack_load(a[0], &m->config, (const char *const *)a + 2, adapters, stack, NULL,
                            &err), &err);
    tokens_add(&ids, 0);   /* a batch's last token is only a target */
    batch_add(&b, ids.id, ids.n, 0);
    float *logits = mem_array(rows * V, sizeof *logits);
    struct backprop *p = backprop_new(m);
    if (adapters)
        backprop_adapt(p, stack, adapters);
    backprop_logits(p, &b, logits);
    print_rows(rows, V, logits);
    for (size_t i = 0; i < adapters; i++)
        lora_merge(merged, stack[i]);
    struct decoder *d = decoder_new(merged, 1, m->config.max_len);
    uint32_t *slot = mem_array(rows, sizeof *slot);
    decoder_step(d, rows, slot, ids.id, logits);
    print_rows(rows, V, logits);
    free(slot);
    free(logits);
    decoder_free(d);
    backprop_free(p);
    batch_free(&b);
    tokens_free(&ids);
    adapter_stack_free(stack, adapters);
    model_free(m);
    model_free(merged);
}

int main(int argc, char **argv)
{
    linalg_start(argc, argv);
    if (argc == 13 && strcmp(argv[1], "make") == 0)
        make(argv + 2);
    else if (argc >= 6 && strcmp(argv[1], "adapt") == 0)
        adapt(argc - 2, argv + 2);
    else if (argc >= 4 && strcmp(argv[1], "run") == 0)
        run(argc - 2, argv + 2);
    else
        return EXIT_USAGE;
    return EXIT_GOOD;
}
