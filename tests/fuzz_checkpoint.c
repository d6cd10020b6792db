/* fuzz_checkpoint.c: the three readers of a checkpoint take any bytes, by the first of them.
 *
 *   'S' safetensors: what is accepted tiles the data;  'C' config.json: makes sense;
 *   'T' tokenizer.json: what is accepted is lossless on the input itself */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "llm/checkpoint.h"
#include "llm/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void weights(const uint8_t *p, size_t n, struct err *err)
{
    struct safetensors s;
    if (!safetensors_parse(&s, p, n, "model.safetensors", err))
        return;
    size_t sum = 0;
    for (size_t i = 0; i < s.n; i++) {
        const struct tensor *t = &s.tensor[i];
        REQUIRE((const uint8_t *)t->data >= p && t->bytes <= n);
        sum += t->bytes;
        size_t count = 1;
        for (size_t k = 0; k < t->n_dims; k++)
            count *= t->dims[k];
        if (t->type != TENSOR_OTHER) {
            float *x = malloc(count * sizeof *x + 1);
            tensor_floats(t, x);
            free(x);
        }
    }
    REQUIRE(sum <= n);
    safetensors_close(&s);
}

static void words(struct str json, struct err *err)
{
    struct tokenizer *t = tokenizer_parse(json, "tokenizer.json", err);
    if (!t)
        return;
    struct tokens ids = { 0 };
    struct buf back = { 0 };
    if (json.n > 2000)
        json.n = 2000;
    tokenizer_encode(t, json, &ids);
    tokenizer_decode(t, ids.id, ids.n, &back);
    REQUIRE(str_eq(buf_view(&back), json));
    tokens_free(&ids);
    buf_free(&back);
    tokenizer_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = { 0 };
    struct llama_config c;
    if (size == 0)
        return 0;
    struct str rest = { (const char *)data + 1, size - 1 };
    if (data[0] == 'S')
        weights(data + 1, size - 1, &err);
    else if (data[0] == 'C' && checkpoint_parse_config(rest, "config.json", &c, &err))
        REQUIRE(llama_config_check(&c, NULL));
    else if (data[0] == 'T')
        words(rest, &err);
    REQUIRE(err.status == 0 || (err.status == EXIT_DATA && err.msg[0] && !strchr(err.msg, '\n')));
    return 0;
}
