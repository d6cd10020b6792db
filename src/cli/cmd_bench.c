/* cmd_bench.c: one measurement, one line. The ceiling is measured first, while the memory of the
 * work is not yet there. */
#include <stdio.h>
#include <string.h>

#include "base/threads.h"
#include "cli/bench.h"
#include "cli/commands_priv.h"

static const struct bench_kind *const kinds[] = { &bench_train, &bench_generate, &bench_plain };

static const struct option options[] = {
    { "size", OPT_CHOICE, "S|M|L", "S", "size of the model", 0, 0 },
    { "batch", OPT_INT, "B", NULL, "sequences at once [train 8, generate 64]", 1, 4096 },
    { "weights", OPT_CHOICE, "f32|bf16|int8", "f32",
      "generate: how weights lie; bf16 as of a bf16 checkpoint, the same bits as f32 would give; "
      "int8 as of generate --weights int8", 0, 0 },
    { "cache", OPT_CHOICE, "f32|f16", "f32",
      "generate: how keys and values lie; f16 as of generate --cache f16", 0, 0 },
    OPTION_SEED,
    OPTION_THREADS,
    OPTION_JSON,
    OPTION_END
};

static const struct bench_kind *kind_named(const char *name, struct err *err)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    err_set(err, EXIT_USAGE, "bench: \"%s\" is no kind of work; see tracewright bench --help",
            name);
    return NULL;
}

static enum bench_weights weights_of(const char *name)
{
    return strcmp(name, "bf16") == 0   ? BENCH_BF16
           : strcmp(name, "int8") == 0 ? BENCH_INT8
                                       : BENCH_F32;
}

static struct bench_ask ask_of(const struct args *a, const struct bench_kind *kind)
{
    struct bench_ask ask = {
        .batch = args_given(a, "batch") ? (size_t)args_int(a, "batch") : kind->batch,
        .threads = (size_t)args_int(a, "threads"),
        .seed = (uint64_t)args_int(a, "seed"),
        .weights = weights_of(args_text(a, "weights")),
        .cache = strcmp(args_text(a, "cache"), "f16") == 0 ? BENCH_CACHE_F16 : BENCH_CACHE_F32,
    };
    if (!ask.threads)
        ask.threads = threads_default();
    REQUIRE(llama_preset(args_text(a, "size"), &ask.config));
    ask.config.vocab = 1024;
    ask.config.max_len = 512;
    return ask;
}

static void print(const struct args *a, const struct bench_kind *kind, const struct bench_ask *ask,
                  const struct bench_done *done)
{
    double rate = (double)done->tokens / done->seconds, flops = rate * done->flops_per_token;
    bool f16 = ask->cache == BENCH_CACHE_F16;
    if (args_flag(a, "json"))
        printf("{\"size\":\"%s\",\"tokens_per_s\":%.1f,\"tokens\":%zu,\"seconds\":%.4f,"
               "\"gflops\":%.2f,\"fraction\":%.4f%s}\n",
               args_text(a, "size"), rate, done->tokens, done->seconds, 1e-9 * flops,
               flops / ask->ceiling, f16 ? ",\"cache\":\"f16\"" : "");
    else
        printf("%s%s\n%s: %.0f tokens/s (%zu in %.2f s), %.0f GF/s, %.2f of the %.0f of sgemm\n",
               kind->what, f16 ? ", keys and values in f16" : "", args_text(a, "size"), rate,
               done->tokens, done->seconds, 1e-9 * flops, flops / ask->ceiling,
               1e-9 * ask->ceiling);
}

static int run(const struct args *a, struct err *err)
{
    const struct bench_kind *kind = kind_named(args_operand(a)[0], err);
    if (!kind)
        return err->status;
    struct bench_ask ask = ask_of(a, kind);
    if (kind == &bench_train && ask.weights != BENCH_F32) {
        err_set(err, EXIT_USAGE, "bench train has its weights in f32: --weights is generate's");
        return err->status;
    }
    struct bench_done done = { 0 };
    ask.ceiling = bench_ceiling(ask.threads);
    if (!kind->run(&ask, &done, err))
        return err->status;
    print(a, kind, &ask, &done);
    return EXIT_GOOD;
}

const struct command cmd_bench = {
    .name = "bench",
    .summary = "measure the speed of training or of generation on this machine",
    .operands = "train|generate|plain",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .examples = "  tracewright bench train --size M\n"
                "  tracewright bench train --size S --threads 1 --json\n"
                "  tracewright bench generate --size L --batch 1 --weights int8\n"
                "  tracewright bench generate --size L --cache f16\n"
                "  tracewright bench plain --size L",
    .run = run,
};
