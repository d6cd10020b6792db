/* fuzz_adapter.c: any two files are an adapter or are refused in one line; what is accepted fits
 * the model it is for, and merges into it.
 *
 * The input is adapter_config.json, a byte 0, adapter_model.safetensors.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "llm/adapter.h"
#include "llm/lora.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/fuzz-adapter-XXXXXX";

static void leave(void)
{
    char *config = file_join(folder, "adapter_config.json");
    char *weights = file_join(folder, "adapter_model.safetensors");
    unlink(config);
    unlink(weights);
    rmdir(folder);
    free(config);
    free(weights);
}

static void put(const char *name, const uint8_t *data, size_t n)
{
    char *path = file_join(folder, name);
    FILE *f = fopen(path, "wb");
    REQUIRE(f && fwrite(data, 1, n, f) == n && fclose(f) == 0);
    free(path);
}

static void must_be_refused(const struct err *err)
{
    REQUIRE(err->status == EXIT_DATA && err->msg[0] && !strchr(err->msg, '\n'));
}

static void config(struct str json)
{
    struct err err = { 0 };
    struct lora_options o;
    if (!adapter_parse_config(json, "adapter_config.json", &o, &err))
        must_be_refused(&err);
    else
        REQUIRE(o.rank >= 1 && o.targets != 0);
}

static void directory(const struct llama_config *c)
{
    struct err err = { 0 };
    struct lora *l;
    if (!adapter_load(folder, c, NULL, &l, &err)) {
        must_be_refused(&err);
        return;
    }
    struct model *m = model_new(c);
    lora_merge(m, l);
    model_free(m);
    lora_free(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct llama_config c = { .vocab = 5, .d_model = 4, .n_layers = 1, .n_heads = 2,
                                           .n_kv_heads = 1, .d_ff = 3, .max_len = 4,
                                           .rope_theta = 1e4, .norm_eps = 1e-6, .tied = true };
    static bool made;
    const uint8_t *end = size ? memchr(data, 0, size) : NULL;
    size_t n = end ? (size_t)(end - data) : size;
    if (!made) {
        REQUIRE(mkdtemp(folder) && atexit(leave) == 0);
        made = true;
    }
    config((struct str){ (const char *)data, n });
    put("adapter_config.json", data, n);
    put("adapter_model.safetensors", end ? end + 1 : data, end ? size - n - 1 : 0);
    directory(&c);
    return 0;
}
