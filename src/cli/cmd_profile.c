/* cmd_profile.c: entries of profile.json, from files or from a cluster. */
#define _GNU_SOURCE   /* realpath */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/commands_priv.h"
#include "load/profiling.h"

static const struct option options[] = {
    { "durations", OPT_TEXT, "FILE", NULL, "a duration a line: us, or with ms, s", 0, 0 },
    { "memory", OPT_TEXT, "FILE", NULL, "memory, a line each: MiB, or with Ki, Mi, Gi", 0, 0 },
    { "cpu", OPT_TEXT, "FILE", NULL, "cpu, a line each: millicores, or with m", 0, 0 },
    { "name", OPT_TEXT, "NAME", "function", "key and name of the entry made from files", 0, 0 },
    { "yaml", OPT_TEXT, "PATH", "", "its yaml, for deploying it as a proxy", 0, 0 },
    { "config", OPT_TEXT, "FILE", NULL, "deploy each entry of config.json alone and measure it", 0,
      0 },
    { "rps", OPT_REAL, "R", "0.2", "calls a second; below 0.5 keeps it at one pod", 1e-6, 1e6 },
    { "iter", OPT_INT, "N", "5", "looks at kubectl top, at equal distances", 1, 1e6 },
    { "duration", OPT_INT, "S", "100", "seconds of calls for each function", 1, 1e7 },
    { "port", OPT_INT, "P", "80", "where services listen", 1, 65535 },
    { "invoker", OPT_TEXT, "PROGRAM", "/proc/self/exe", "whose invoke makes the calls", 0, 0 },
    { "build", OPT_TEXT, "DIR", "build", "folder of deployed yaml files, scripts, calls", 0, 0 },
    { "yamls", OPT_TEXT, "DIR", ".", "folder that yaml paths start from", 0, 0 },
    { "poll", OPT_REAL, "S", "5", "seconds between looks whether it is ready", 0.01, 3600 },
    { "ready", OPT_REAL, "S", "900", "longest wait for it", 0.01, 1e6 },
    { "compat", OPT_FLAG, NULL, NULL, "the original's percentiles of cumulative means", 0, 0 },
    { "append", OPT_FLAG, NULL, NULL, "keep the entries that the output has", 0, 0 },
    { "o", OPT_TEXT, "FILE", "profile.json", "where the entries go", 0, 0 },
    OPTION_END
};

static bool from_files(const struct args *a, struct err *err)
{
    static const char *const names[] = { "durations", "memory", "cpu" };
    struct proxy p = { .key = args_text(a, "name"), .name = args_text(a, "name"),
                       .yaml = args_text(a, "yaml"), .pipelined = -1 };
    struct proxy_axis *axes[] = { &p.duration, &p.memory, &p.cpu };
    for (int k = 0; k < 3; k++) {
        struct measures m = { 0 };
        const char *path = args_text(a, names[k]);
        bool good = !path || measures_read(path, (enum measure_kind)k, &m, err);
        *axes[k] = measures_axis(&m, args_flag(a, "compat"));
        free(m.at);
        if (!good)
            return false;
        if (!path && k < 2)
            return err_set(err, EXIT_USAGE, "--%s is missing: a mapping needs it", names[k]);
    }
    return proxies_write(&p, 1, args_flag(a, "append"), args_text(a, "o"), err);
}

/* A link to ourselves must be read before a child's exec would resolve it anew. */
static const char *own_path(const char *path, char real[4096])
{
    return strcmp(path, "/proc/self/exe") == 0 && realpath(path, real) ? real : path;
}

static bool from_cluster(const struct args *a, struct arena *mem, struct err *err)
{
    struct deployment *list;
    size_t n, done = 0;
    char real[4096];
    struct profiling_options o = {
        .deploy = { .build = args_text(a, "build"), .yamls = args_text(a, "yamls"),
                    .poll_s = args_real(a, "poll"), .ready_s = args_real(a, "ready"),
                    .words = stderr },
        .invoker = own_path(args_text(a, "invoker"), real),
        .rps = args_real(a, "rps"), .iterations = (size_t)args_int(a, "iter"),
        .duration_s = (size_t)args_int(a, "duration"), .port = (unsigned)args_int(a, "port"),
        .compat = args_flag(a, "compat"),
    };
    if (!deployments_read(args_text(a, "config"), mem, &list, &n, err))
        return false;
    struct proxy *p = ARENA_ARRAY(mem, n + 1, struct proxy);
    for (size_t i = 0; i < n; i++) {
        struct err why = { 0 };
        if (profiling_measure(&list[i], &o, mem, &p[done], &why))
            fprintf(stderr, "%zu of %zu: %s\n", i + 1, n, p[done++].name);
        else
            fprintf(stderr, "%zu of %zu: not measured: %s\n", i + 1, n, why.msg);
    }
    if (!done)
        return err_set(err, EXIT_DATA, "%s: no function could be measured",
                       args_text(a, "config"));
    return proxies_write(p, done, args_flag(a, "append"), args_text(a, "o"), err);
}

static int run(const struct args *a, struct err *err)
{
    bool files = args_given(a, "durations") || args_given(a, "memory") || args_given(a, "cpu");
    bool good;
    if (files == args_given(a, "config")) {
        good = err_set(err, EXIT_USAGE, "profile: give either --durations, --memory (and --cpu), "
                       "or --config");
    } else if (files) {
        good = from_files(a, err);
    } else {
        struct arena *mem = arena_new();
        good = from_cluster(a, mem, err);
        arena_free(mem);
    }
    return good ? EXIT_GOOD : err->status;
}

const struct command cmd_profile = {
    .name = "profile",
    .summary = "describe proxies by measured durations, memory and cpu (profile.json)",
    .options = options,
    .examples = "  tracewright profile --durations duration.txt --memory memory.txt --cpu cpu.txt "
                "--name aes-go -o profile.json\n"
                "  tracewright profile --config config.json --rps 0.2 --iter 5 --duration 100",
    .run = run,
};
