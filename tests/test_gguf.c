/* A GGUF file, read back by hand: every byte of it accounted for, q and k in the order of a head
 * whose neighbours turn. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "llm/checkpoint.h"
#include "llm/gguf.h"
#include "tests/checkpoints.h"
#include "tests/gguf_reader.h"

static char *write_model(const struct model *m, enum tensor_type type, const char *json)
{
    struct gguf_options o = { .type = type, .name = "small", .license = "Apache-2.0",
                              .tokenizer = str_of(json), .tokenizer_name = "t.json" };
    struct err err = { 0 };
    char *path = file_join(checkpoint_folder("gguf"), "m.gguf");
    assert_true(file_mkdirs(checkpoint_folder("gguf"), NULL));
    if (!gguf_write(path, m, &o, &err))
        fail_msg("%s", err.msg);
    return path;
}

static char *json_of(struct tokenizer *t)
{
    struct buf b = { 0 };
    assert_true(file_mkdirs(checkpoint_folder("gguf"), NULL));
    char *path = file_join(checkpoint_folder("gguf"), "tokenizer.json");
    assert_true(tokenizer_save(t, path, NULL) && file_read(path, &b, NULL));
    free(path);
    tokenizer_free(t);
    return b.p;
}

static void keys_say_what_the_model_is(void **state)
{
    (void)state;
    static const char *const want[] = {
        "general.architecture=llama\n", "general.type=model\n", "general.name=small\n",
        "general.license=Apache-2.0\n", "general.file_type=0\n", "general.alignment=32\n",
        "llama.vocab_size=263\n", "llama.context_length=16\n", "llama.embedding_length=8\n",
        "llama.block_count=2\n", "llama.feed_forward_length=6\n", "llama.attention.head_count=2\n",
        "llama.attention.head_count_kv=1\n", "llama.attention.layer_norm_rms_epsilon=1e-05\n",
        "llama.rope.dimension_count=4\n", "llama.rope.freq_base=12345.5\n",
        "tokenizer.ggml.model=gpt2\n", "tokenizer.ggml.pre=llama-bpe\n",
        "tokenizer.ggml.tokens=<|begin|>,<|end|>,<|pad|>,!,\",#", "tokenizer.ggml.merges=\n",
        "tokenizer.ggml.token_type=3,3,3,1,1,1", "tokenizer.ggml.bos_token_id=0\n",
        "tokenizer.ggml.eos_token_id=1\n", "tokenizer.ggml.padding_token_id=2\n",
        "tokenizer.ggml.add_bos_token=true\n",
    };
    struct model *m = small_model(true);
    char *json = json_of(small_tokenizer()), *path = write_model(m, TENSOR_F32, json);
    struct reader r = read_file(path);
    struct buf keys = { 0 };
    assert_int_equal(take_u64(&r), m->n_params);
    take_keys(&r, take_u64(&r), &keys);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        must_have(&keys, want[i]);
    buf_free(&keys);
    buf_free(&r.b);
    free(json);
    free(path);
    model_free(m);
}

static const struct { const char *ggml, *hf; } names[] = {
    { "token_embd.weight", "model.embed_tokens.weight" },
    { "blk.0.attn_norm.weight", "model.layers.0.input_layernorm.weight" },
    { "blk.0.attn_q.weight", "model.layers.0.self_attn.q_proj.weight" },
    { "blk.0.attn_k.weight", "model.layers.0.self_attn.k_proj.weight" },
    { "blk.0.attn_v.weight", "model.layers.0.self_attn.v_proj.weight" },
    { "blk.0.attn_output.weight", "model.layers.0.self_attn.o_proj.weight" },
    { "blk.0.ffn_norm.weight", "model.layers.0.post_attention_layernorm.weight" },
    { "blk.0.ffn_gate.weight", "model.layers.0.mlp.gate_proj.weight" },
    { "blk.0.ffn_up.weight", "model.layers.0.mlp.up_proj.weight" },
    { "blk.0.ffn_down.weight", "model.layers.0.mlp.down_proj.weight" },
    { "output_norm.weight", "model.norm.weight" },
    { "output.weight", "lm_head.weight" },
};

/* Rows of a head of 4: 0, 2, 1, 3 where they turn. */
static void check_tensor(const struct model *m, const struct info *x, const char *data,
                         const char *hf)
{
    static const size_t turned[] = { 0, 2, 1, 3 };
    const struct param *p = model_param(m, hf);
    assert_non_null(p);
    assert_int_equal(x->n_dims, p->n_dims);
    assert_int_equal(x->dims[0], p->dims[p->n_dims - 1]);
    assert_int_equal(x->dims[p->n_dims - 1], p->dims[0]);
    size_t in = p->n_dims == 2 ? p->dims[1] : 1;
    bool turns = strstr(hf, "q_proj") || strstr(hf, "k_proj");
    for (size_t i = 0; i < p->count; i++) {
        size_t row = i / in, from = turns ? row / 4 * 4 + turned[row % 4] : row;
        float want = m->weights[p->offset + from * in + i % in];
        assert_near(element(x, data, i), want, x->type ? 0x1p-8 * fabsf(want) + 0x1p-25 : 0);
    }
}

static void check_tensors(enum tensor_type type, uint32_t ggml)
{
    struct model *m = small_model(false);
    char *json = json_of(small_tokenizer()), *path = write_model(m, type, json);
    struct reader r = read_file(path);
    struct buf keys = { 0 };
    uint64_t n = take_u64(&r), at = 0;
    take_keys(&r, take_u64(&r), &keys);
    assert_int_equal(n, m->n_params);
    struct info *x = mem_array(n, sizeof *x);
    for (size_t i = 0; i < n; i++) {
        x[i] = take_info(&r);
        assert_int_equal(x[i].type, x[i].n_dims == 1 ? 0 : ggml);
        assert_int_equal(x[i].offset, at);
        size_t count = x[i].dims[0] * (x[i].n_dims == 2 ? x[i].dims[1] : 1);
        at += (count * (x[i].type == 0 ? 4 : 2) + 31) / 32 * 32;
    }
    r.at = (r.at + 31) / 32 * 32;
    assert_int_equal(r.b.n, r.at + at);
    size_t seen = 0;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        for (size_t i = 0; i < n; i++)
            if (strcmp(x[i].name, names[k].ggml) == 0) {
                check_tensor(m, &x[i], r.b.p + r.at, names[k].hf);
                seen++;
            }
    assert_int_equal(seen, sizeof names / sizeof *names);
    free(x);
    buf_free(&keys);
    buf_free(&r.b);
    free(json);
    free(path);
    model_free(m);
}

static void tensors_are_where_and_what_they_should_be(void **state)
{
    (void)state;
    check_tensors(TENSOR_F32, 0);
    check_tensors(TENSOR_F16, 1);
    check_tensors(TENSOR_BF16, 30);
}

/* Linear scaling is two keys; llama3's is a tensor of divisors: of heads of 4 pair 0 turns often
 * and stays; pair 1 at theta 12345.5 turns 8192 / 698 = 11.7 times: over `high`, or scaled. */
static void scaled_positions_are_said(void **state)
{
    (void)state;
    static const struct { struct rope_scaling s; float by; } row[] = {
        { { ROPE_LINEAR, 2.5, 0, 0, 0 }, 0 },
        { { ROPE_LLAMA3, 8, 1, 4, 8192 }, 1 },
        { { ROPE_LLAMA3, 8, 100, 400, 8192 }, 8 },
    };
    for (size_t i = 0; i < 3; i++) {
        struct model *m = small_model(true);
        m->config.rope = row[i].s;
        char *json = json_of(small_tokenizer()), *path = write_model(m, TENSOR_F32, json);
        struct reader r = read_file(path);
        struct buf keys = { 0 };
        uint64_t n = take_u64(&r);
        assert_int_equal(n, m->n_params + (row[i].s.kind == ROPE_LLAMA3));
        take_keys(&r, take_u64(&r), &keys);
        if (row[i].s.kind == ROPE_LINEAR) {
            must_have(&keys, "llama.rope.scaling.type=linear\n");
            must_have(&keys, "llama.rope.scaling.factor=2.5\n");
        } else {
            struct info first = take_info(&r), x = first;
            for (uint64_t k = 1; k < n; k++)
                x = take_info(&r);
            assert_string_equal(first.name, "rope_freqs.weight");
            assert_true(first.n_dims == 1 && first.dims[0] == 2 && first.type == 0);
            assert_true(first.offset == 0 && x.offset > 0);
            const char *data = r.b.p + (r.at + 31) / 32 * 32;
            assert_near((double)element(&first, data, 0), 1, 0);
            assert_near((double)element(&first, data, 1), (double)row[i].by, 1e-6);
        }
        buf_free(&keys);
        buf_free(&r.b);
        free(json);
        free(path);
        model_free(m);
    }
}

#define LLAMA2(vocab, merges) \
    "{\"added_tokens\":[{\"id\":0,\"content\":\"<unk>\",\"special\":true}," \
    "{\"id\":1,\"content\":\"<s>\",\"special\":true},{\"id\":2,\"content\":\"</s>\"," \
    "\"special\":true}],\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\"," \
    "\"byte_fallback\":true,\"vocab\":{\"<unk>\":0,\"<s>\":1,\"</s>\":2,\"<0x0A>\":3," vocab \
    "},\"merges\":[" merges "]}}"

static void a_llama_2_tokenizer_has_scores_and_kinds(void **state)
{
    (void)state;
    struct model *m = small_model(true);
    char *path = write_model(m, TENSOR_F32,
                             LLAMA2("\"a\":6,\"b\":7,\"ab\":4,\"aba\":5",
                                    "\"a b\",[\"ab\",\"a\"]"));
    struct reader r = read_file(path);
    struct buf keys = { 0 };
    take_u64(&r);
    take_keys(&r, take_u64(&r), &keys);
    must_have(&keys, "tokenizer.ggml.model=llama\n");
    must_have(&keys, "tokenizer.ggml.tokens=<unk>,<s>,</s>,<0x0A>,ab,aba,a,b,[PAD8],[PAD9],");
    must_have(&keys, "tokenizer.ggml.token_type=2,3,3,6,1,1,1,1,5,5,");
    must_have(&keys, "tokenizer.ggml.scores=0,0,0,0,-0,-1,0,0,");
    must_have(&keys, "tokenizer.ggml.unknown_token_id=0\n");
    assert_null(strstr(keys.p, "tokenizer.ggml.merges"));
    buf_free(&keys);
    buf_free(&r.b);
    free(path);
    model_free(m);
}

static void every_tokenizer_that_does_not_fit_is_named(void **state)
{
    (void)state;
    static const char *const way[][2] = {
        { "", "t.json:" },
        { "{}", "model" },
        { "{\"model\":{\"type\":\"Unigram\"}}", "model" },
        { "{\"model\":{\"type\":\"BPE\",\"vocab\":[]}}", "vocab" },
        { "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":263}}}", "id" },
        { "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":-1}}}", "id" },
        { "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":\"0\"}}}", "id" },
        { "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":0}}}", "another" },
        { "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[7]}}", "merges" },
        { "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[[\"a \",\"b\"]]}}",
          "blank" },
        { "{\"added_tokens\":[7],\"model\":{\"type\":\"BPE\",\"vocab\":{}}}", "added_tokens" },
        { LLAMA2("\"a\":6", "\"a b\""), "merges" },
        { LLAMA2("\"a\":6", "7"), "merges" },
    };
    struct model *m = small_model(true);
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        struct gguf_options o = { .name = "n", .tokenizer = str_of(way[i][0]),
                                  .tokenizer_name = "t.json" };
        struct err err = { 0 };
        if (gguf_write("/dev/null", m, &o, &err) || !strstr(err.msg, way[i][1]) ||
            !strstr(err.msg, "t.json") || err.status != EXIT_DATA)
            fail_msg("%s\n  gave \"%s\", want \"%s\"", way[i][0], err.msg, way[i][1]);
    }
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_say_what_the_model_is),
        cmocka_unit_test(tensors_are_where_and_what_they_should_be),
        cmocka_unit_test(scaled_positions_are_said),
        cmocka_unit_test(a_llama_2_tokenizer_has_scores_and_kinds),
        cmocka_unit_test(every_tokenizer_that_does_not_fit_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
