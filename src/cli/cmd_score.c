/* cmd_score.c: how well a model foretells call graphs. */
#include <math.h>
#include <stdio.h>

#include "cli/commands_priv.h"
#include "cli/graphs.h"
#include "cli/models.h"
#include "gen/score.h"

static const struct option options[] = {
    { "checkpoint", OPT_TEXT, "DIR", NULL, "a model that train wrote", 0, 0 },
    OPTION_ADAPTER,
    { "data", OPT_TEXT, "FILE.csv", NULL, "call graphs to foretell", 0, 0 },
    OPTION_THREADS,
    OPTION_JSON,
    OPTION_END
};

static void print_json(const struct score *s)
{
    printf(isnan(s->loss_per_token) ? "{\"loss_per_token\":null," : "{\"loss_per_token\":%.9g,",
           s->loss_per_token);
    printf("\"tokens_per_edge\":%.9g,\"tokens\":%zu,\"graphs\":%zu,\"too_long\":%zu}\n",
           s->tokens_per_edge, s->tokens, s->graphs, s->too_long);
}

static void print_words(const struct score *s)
{
    printf("%.4f nats a token over %zu tokens of %zu graphs, %.2f tokens a call\n",
           s->loss_per_token, s->tokens, s->graphs, s->tokens_per_edge);
    if (s->too_long)
        fprintf(stderr, "%zu texts were longer than the model's context and left out\n",
                s->too_long);
}

static int run(const struct args *a, struct err *err)
{
    struct llm m;
    struct score s;
    size_t threads = (size_t)args_int(a, "threads");
    if (!args_given(a, "checkpoint") || !args_given(a, "data")) {
        err_set(err, EXIT_USAGE, "score needs --checkpoint DIR and --data FILE.csv");
        return err->status;
    }
    struct graphset *graphs = graphs_read(args_text(a, "data"), threads, err);
    if (!graphs)
        return err->status;
    bool good = models_load(a, &m, err);
    if (good) {
        good = score_graphs(&m, graphs, threads, &s, err);
        llm_free(&m);
    }
    graphset_free(graphs);
    if (!good)
        return err->status;
    if (args_flag(a, "json"))
        print_json(&s);
    else
        print_words(&s);
    return EXIT_GOOD;
}

const struct command cmd_score = {
    .name = "score",
    .summary = "mean loss of a model on call graphs, full headers told",
    .options = options,
    .examples = "  tracewright score --checkpoint model --data new.csv --json\n"
                "  tracewright score --checkpoint base --adapter tuned --data new.csv",
    .run = run,
};
