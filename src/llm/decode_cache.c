/* decode_cache.c: keys and values in panels (ml/panels.h), so that attention is two products of the
 * same kernel: scores are a query times the keys, 32 positions a panel; the answer is the weights
 * times the values, 32 dimensions a panel, one position after the other.
 *
 *     keys    (layer, slot, head, position / 32, D, 32)      values  (layer, slot, head, D / 32,
 *                                                                     position, 32)
 *
 * Of many sequences it is far larger than any cache of the processor, and every token reads all of
 * its own: that reading is what attention costs. As f16 it is half as much.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "llm/decode_priv.h"
#include "ml/halves.h"
#include "ml/vec.h"

struct decode_cache decode_cache_new(enum decoder_cache as, const struct llama_config *c,
                                     size_t slots, size_t max_len)
{
    struct decode_cache k = { .as = as, .slots = slots, .max_len = max_len,
                              .heads = c->n_kv_heads };
    size_t all = c->n_layers * slots * c->n_kv_heads;
    k.D = llama_head_dim(c);
    k.type = as == DECODER_CACHE_F16 ? PANELS_F16 : PANELS_F32;
    k.size = k.type == PANELS_F16 ? sizeof(uint16_t) : sizeof(float);
    k.keys_head = panels_floats(max_len, k.D, k.type);
    k.values_head = panels_floats(k.D, max_len, k.type);
    k.keys = panels_room(all * k.keys_head);
    k.values = panels_room(all * k.values_head);
    return k;
}

void decode_cache_free(struct decode_cache *c)
{
    free(c->keys.base);
    free(c->values.base);
    *c = (struct decode_cache){ 0 };
}

size_t decode_cache_head(const struct decode_cache *c, size_t layer, size_t slot, size_t g)
{
    return (layer * c->slots + slot) * c->heads + g;
}

/* The panel of keys that a position is in. */
static char *keys_at(const struct decode_cache *c, size_t head, size_t position)
{
    return (char *)(c->keys.at + head * c->keys_head) + position / PANEL * c->D * PANEL * c->size;
}

/* The values of a position, in panel j. */
static char *values_at(const struct decode_cache *c, size_t head, size_t j, size_t position)
{
    return (char *)(c->values.at + head * c->values_head) +
           (j * c->max_len + position) * PANEL * c->size;
}

void decode_cache_copy(const struct decode_cache *c, size_t to, size_t from, size_t n)
{
    memcpy(keys_at(c, to, 0), keys_at(c, from, 0), panels_count(n) * c->D * PANEL * c->size);
    for (size_t j = 0; j < panels_count(c->D); j++)
        memcpy(values_at(c, to, j, 0), values_at(c, from, j, 0), n * PANEL * c->size);
}

static void put_f32(const struct decode_cache *c, size_t head, size_t position, const float *key,
                    const float *value)
{
    float *k = (float *)(void *)keys_at(c, head, position) + position % PANEL;
    for (size_t j = 0; j < c->D; j++)
        k[j * PANEL] = key[j];
    for (size_t j = 0; j < c->D; j += PANEL)
        memcpy(values_at(c, head, j / PANEL, position), value + j,
               (c->D - j < PANEL ? c->D - j : PANEL) * sizeof *value);
}

static void put_f16(const struct decode_cache *c, size_t head, size_t position, const float *key,
                    const float *value)
{
    uint16_t half[PANEL], *k = (uint16_t *)(void *)keys_at(c, head, position) + position % PANEL;
    for (size_t j = 0; j < c->D; j += PANEL) {
        size_t n = c->D - j < PANEL ? c->D - j : PANEL;
        f16_narrow_within(n, key + j, half);
        for (size_t i = 0; i < n; i++)
            k[(j + i) * PANEL] = half[i];
        f16_narrow_within(n, value + j, half);
        memcpy(values_at(c, head, j / PANEL, position), half, n * sizeof *half);
    }
}

void decode_cache_put(const struct decode_cache *c, size_t head, size_t position, const float *key,
                      const float *value)
{
    (c->type == PANELS_F16 ? put_f16 : put_f32)(c, head, position, key, value);
}

void decode_cache_attend(const struct decode_cache *c, size_t head, size_t seen, const float *q,
                         float *score, float *out)
{
    struct panels keys = { .N = seen, .K = c->D, .stride = c->D * PANEL, .type = c->type,
                           .w = keys_at(c, head, 0) };
    struct panels values = { .N = c->D, .K = seen, .stride = c->max_len * PANEL, .type = c->type,
                             .w = values_at(c, head, 0, 0) };
    panels_product(&keys, 0, panels_count(seen), 1, q, 0, score, 0);
    vec_scale(seen, 1.0f / sqrtf((float)c->D), score);
    vec_softmax(seen, score);
    panels_product(&values, 0, panels_count(c->D), 1, score, 0, out, 0);
}
