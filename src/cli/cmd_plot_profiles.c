/* cmd_plot_profiles.c: do the proxies cover the trace? Needs neither cluster nor load. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands_priv.h"
#include "cli/profile_plots.h"

static const struct option options[] = {
    { "trace", OPT_TEXT, "DIR", "full-trace",
      "folder of durations.csv, memory.csv, invocations.csv", 0, 0 },
    { "profile", OPT_TEXT, "FILE", "profile.json", "what the proxies need", 0, 0 },
    { "percentile", OPT_CHOICE, "1|25|50|75|99|100", "75", "of memory and duration", 0, 0 },
    { "o", OPT_TEXT, "DIR", "png", "folder of the figures", 0, 0 },
    OPTION_JSON,
    OPTION_END
};

static void report(const struct coverage *c, bool json)
{
    printf(json ? "{\"functions\":%zu,\"proxies\":%zu,\"functions_near\":%.9g,"
                  "\"calls_near\":%.9g,\"median_error\":%.9g,\"worst_error\":%.9g,"
                  "\"memory_ks\":%.9g,\"memory_w1\":%.9g,\"duration_ks\":%.9g,"
                  "\"duration_w1\":%.9g}\n"
                : "functions %zu, proxies %zu\nwithin 0.5 of a proxy: functions %.4f, calls %.4f\n"
                  "error to the nearest proxy: median %.3f, worst %.3f\n"
                  "memory: KS %.3f, W1 %.3f (log)\nduration: KS %.3f, W1 %.3f (log)\n",
           c->functions, c->proxies, c->functions_near, c->calls_near, c->median_error,
           c->worst_error, c->memory.ks, c->memory.w1, c->duration.ks, c->duration.w1);
}

static int run(const struct args *a, struct err *err)
{
    struct functions f = { 0 };
    struct functions_report rows;
    struct proxies p = { 0 };
    struct coverage c = { 0 };
    struct proxymap m = { 0 };
    int percentile = atoi(args_text(a, "percentile"));
    struct proxymap_options how = { .percentile = percentile, .most = INFINITY };
    bool good = functions_read(args_text(a, "trace"), true, &f, &rows, err);
    functions_report_words(&rows, stderr);
    good = good && proxies_read(args_text(a, "profile"), &p, err) &&
           proxymap_find(&f, &p, &how, &m, err) &&
           profile_plots_draw(&f, &p, &m, percentile, args_text(a, "o"), &c, err);
    if (good)
        report(&c, args_flag(a, "json"));
    proxymap_free(&m);
    proxies_free(&p);
    functions_free(&f);
    return good ? EXIT_GOOD : err->status;
}

const struct command cmd_plot_profiles = {
    .name = "plot-profiles",
    .summary = "draw how the profiles of trace and proxy functions are spread",
    .options = options,
    .examples = "  tracewright plot-profiles --trace trace --profile profile.json -o png",
    .run = run,
};
