/* fuzz_config.c: any bytes are a config.json, an index of shards, or are refused in one line; a
 * config that is accepted makes sense, an index that is accepted stays in its directory. */
#include <string.h>

#include "base/err.h"
#include "llm/checkpoint.h"
#include "llm/shards.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void one_line(const struct err *err)
{
    REQUIRE(err->status == EXIT_DATA && err->msg[0] && !strchr(err->msg, '\n'));
}

static void config(struct str json)
{
    struct err err = { 0 };
    struct llama_config c;
    if (checkpoint_parse_config(json, "config.json", &c, &err)) {
        REQUIRE(llama_config_check(&c, NULL));
        REQUIRE(c.bos < c.vocab && c.eos < c.vocab);
        REQUIRE(llama_head_dim(&c) % 2 == 0 && c.n_heads % c.n_kv_heads == 0);
    } else
        one_line(&err);
}

static void shards(struct str json)
{
    struct err err = { 0 };
    struct shard_index x;
    if (!shard_index_parse(json, "index.json", &x, &err)) {
        one_line(&err);
        return;
    }
    REQUIRE(x.n >= 1 && x.n_files >= 1 && x.n_files <= x.n);
    for (size_t i = 0; i < x.n; i++) {
        REQUIRE(!strchr(x.entry[i].file, '/') && x.entry[i].file[0] != '.');
        REQUIRE(i == 0 || strcmp(x.entry[i - 1].file, x.entry[i].file) <= 0);
    }
    shard_index_free(&x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str json = { (const char *)data, size };
    config(json);
    shards(json);
    return 0;
}
