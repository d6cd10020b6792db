/* fuzz_safetensors.c: any bytes are a safetensors file or are refused in one line; what is accepted
 * tiles its data, and every float of it can be read. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "llm/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes that a tensor has, as its shape says. */
static void check_tensor(const struct tensor *t)
{
    size_t count = 1;
    for (size_t k = 0; k < t->n_dims; k++)
        count *= t->dims[k];
    if (t->type == TENSOR_OTHER)
        return;
    REQUIRE(count * tensor_type_size(t->type) == t->bytes);
    float *x = malloc(count * sizeof *x + 1);
    tensor_floats(t, x);
    free(x);
}

static void check_file(const struct safetensors *s, const uint8_t *p, size_t n)
{
    uint64_t head;
    size_t sum = 0;
    memcpy(&head, p, sizeof head);
    for (size_t i = 0; i < s->n; i++) {
        const struct tensor *t = &s->tensor[i];
        REQUIRE((const uint8_t *)t->data == p + 8 + head + sum);
        sum += t->bytes;
        check_tensor(t);
        REQUIRE(safetensors_find(s, t->name) == t);
    }
    REQUIRE(8 + head + sum == n);
    for (size_t i = 0; i < s->n_meta; i++)
        REQUIRE(safetensors_meta(s, s->key[i]) == s->value[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = { 0 };
    struct safetensors s;
    if (safetensors_parse(&s, data, size, "model.safetensors", &err)) {
        check_file(&s, data, size);
        safetensors_close(&s);
    } else
        REQUIRE(err.status == EXIT_DATA && err.msg[0] && !strchr(err.msg, '\n'));
    return 0;
}
