/* An adapter as GGUF: what its alpha, A and B add to the base's GGUF is the merged model's, row by
 * row, so q and k are turned as the base is. */
#include "tests/near.h"

#include <stdlib.h>

#include "base/mem.h"
#include "llm/gguf.h"
#include "llm/lora.h"
#include "tests/checkpoints.h"
#include "tests/gguf_reader.h"

struct file {
    struct reader r;
    struct buf keys;
    struct info *info;
    size_t n;
    const char *data;
};

static struct file open_file(const char *name)
{
    char *path = file_join(checkpoint_folder("gguf-adapter"), name);
    struct file f = { .r = read_file(path) };
    f.n = take_u64(&f.r);
    take_keys(&f.r, take_u64(&f.r), &f.keys);
    f.info = mem_array(f.n, sizeof *f.info);
    for (size_t i = 0; i < f.n; i++)
        f.info[i] = take_info(&f.r);
    f.data = f.r.b.p + (f.r.at + GGUF_ALIGNMENT - 1) / GGUF_ALIGNMENT * GGUF_ALIGNMENT;
    free(path);
    return f;
}

static void close_file(struct file *f)
{
    buf_free(&f->r.b);
    buf_free(&f->keys);
    free(f->info);
}

static const struct info *find(const struct file *f, const char *name, const char *end)
{
    char whole[80];
    snprintf(whole, sizeof whole, "%s%s", name, end);
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->info[i].name, whole) == 0)
            return &f->info[i];
    return NULL;
}

static void write_model(const struct model *m, const char *name)
{
    struct buf json = { 0 };
    char *words = file_join(checkpoint_folder("gguf-adapter"), "tokenizer.json");
    char *path = file_join(checkpoint_folder("gguf-adapter"), name);
    struct tokenizer *t = small_tokenizer();
    assert_true(tokenizer_save(t, words, NULL) && file_read(words, &json, NULL));
    struct gguf_options o = { .name = "small", .tokenizer = buf_view(&json),
                              .tokenizer_name = words };
    assert_true(gguf_write(path, m, &o, NULL));
    tokenizer_free(t);
    buf_free(&json);
    free(words);
    free(path);
}

/* One adapted matrix: merged is base + alpha / rank B A. */
static void check_matrix(const struct file *base, const struct file *adapter,
                         const struct file *merged, const char *name, size_t rank, double scale)
{
    const struct info *w = find(base, name, ""), *to = find(merged, name, "");
    const struct info *a = find(adapter, name, ".lora_a"), *b = find(adapter, name, ".lora_b");
    assert_true(w && to && a && b);
    size_t in = w->dims[0], out = w->dims[1];
    assert_true(a->dims[0] == in && a->dims[1] == rank && b->dims[0] == rank && b->dims[1] == out);
    for (size_t i = 0; i < out; i++)
        for (size_t j = 0; j < in; j++) {
            double sum = 0;
            for (size_t k = 0; k < rank; k++)
                sum += (double)element(b, adapter->data, i * rank + k) *
                       (double)element(a, adapter->data, k * in + j);
            assert_near(element(to, merged->data, i * in + j),
                        element(w, base->data, i * in + j) + scale * sum, 1e-6);
        }
}

static void check_adapter(bool rank_stabilised, const char *alpha, double scale)
{
    static const char *const matrix[] = { "attn_q", "attn_k", "attn_output", "ffn_down" };
    struct model *m = small_model(true);
    struct lora_options o = { .rank = 4, .alpha = 3, .rank_stabilised = rank_stabilised,
                              .targets = 1u << LORA_Q | 1u << LORA_K | 1u << LORA_O |
                                         1u << LORA_DOWN };
    struct lora *l = lora_new(&m->config, &o);
    char *path;
    assert_true(file_mkdirs(checkpoint_folder("gguf-adapter"), NULL));
    path = file_join(checkpoint_folder("gguf-adapter"), "adapter.gguf");
    for (size_t i = 0; i < l->n_weights; i++)
        l->weights[i] = 0.1f * (float)((i * 7) % 13) - 0.6f;
    write_model(m, "base.gguf");
    assert_true(gguf_write_adapter(path, l, "tuned", NULL));
    lora_merge(m, l);
    write_model(m, "merged.gguf");
    struct file base = open_file("base.gguf"), adapter = open_file("adapter.gguf"),
                merged = open_file("merged.gguf");
    must_have(&adapter.keys, "general.architecture=llama\n");
    must_have(&adapter.keys, "general.type=adapter\n");
    must_have(&adapter.keys, "general.name=tuned\n");
    must_have(&adapter.keys, "adapter.type=lora\n");
    must_have(&adapter.keys, alpha);
    assert_int_equal(adapter.n, l->n_params);
    for (size_t layer = 0; layer < 2; layer++)
        for (size_t i = 0; i < 4; i++) {
            char name[64];
            snprintf(name, sizeof name, "blk.%zu.%s.weight", layer, matrix[i]);
            check_matrix(&base, &adapter, &merged, name, 4, scale);
        }
    close_file(&base);
    close_file(&adapter);
    close_file(&merged);
    free(path);
    lora_free(l);
    model_free(m);
}

static void base_and_adapter_are_the_merged_model(void **state)
{
    (void)state;
    check_adapter(false, "adapter.lora.alpha=3\n", 3.0 / 4);
    check_adapter(true, "adapter.lora.alpha=6\n", 6.0 / 4);    /* 3 / sqrt 4, by a rank of 4 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base_and_adapter_are_the_merged_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
