/* cmd_serve.c: microservices that take as long as they are told. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/commands_priv.h"
#include "cli/graphs.h"
#include "load/serve.h"
#include "load/stream.h"

static const struct option options[] = {
    { "listen", OPT_TEXT, "ADDRESS:PORT", "127.0.0.1:50051", "where; port 0 is any free one", 0,
      0 },
    { "callgraphs", OPT_TEXT, "FILE.csv", NULL,
      "the graphs that `invoke --callgraphs` replays: services call one another as they say", 0,
      0 },
    { "latency", OPT_TEXT, "fixed:MS|exp:MS|trace", NULL,
      "what a service takes itself [trace with --callgraphs, else fixed:0]", 0, 0 },
    { "burn", OPT_FLAG, NULL, NULL, "work burns the processor instead of sleeping", 0, 0 },
    { "cpu", OPT_INT, "N", "-1", "processor to run on; -1: any", -1, 1023 },
    OPTION_SEED,
    OPTION_END
};

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
    stop = sig;
}

static bool read_latency(const struct args *a, struct serve_options *o, struct err *err)
{
    const char *text = args_text(a, "latency");
    o->latency = args_given(a, "callgraphs") ? SERVE_TRACE : SERVE_FIXED;
    if (!text)
        return true;
    struct str rest = str_of(text), kind;
    bool number = str_next(&rest, ':', &kind) && str_f64(rest, &o->ms) && o->ms >= 0 &&
                  o->ms <= 1e9;
    if (str_is(kind, "trace") && kind.n == strlen(text)) {
        o->latency = SERVE_TRACE;
        return args_given(a, "callgraphs") ||
               err_set(err, EXIT_USAGE, "--latency trace needs --callgraphs FILE.csv");
    }
    o->latency = str_is(kind, "exp") ? SERVE_EXPONENTIAL : SERVE_FIXED;
    return (number && (str_is(kind, "exp") || str_is(kind, "fixed"))) ||
           err_set(err, EXIT_USAGE, "--latency: \"%s\" is not fixed:MS, exp:MS or trace", text);
}

static int serve(const struct serve_options *o, struct err *err)
{
    stream_allow_many();
    struct server *s = server_new(o, err);
    if (!s)
        return err->status;
    struct sigaction act = { .sa_handler = on_signal };
    sigemptyset(&act.sa_mask);
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    printf("listening on port %u\n", server_port(s));
    fflush(stdout);
    server_run(s, &stop);
    struct server_counts n = server_counts(s);
    fprintf(stderr, "%llu requests, %llu answered, %llu calls of its own, %llu connections\n",
            (unsigned long long)n.requests, (unsigned long long)n.answers,
            (unsigned long long)n.children, (unsigned long long)n.connections);
    server_free(s);
    return EXIT_GOOD;
}

static int run(const struct args *a, struct err *err)
{
    struct serve_options o = {
        .listen = args_text(a, "listen"), .burn = args_flag(a, "burn"),
        .cpu = (int)args_int(a, "cpu"), .seed = (uint64_t)args_int(a, "seed"),
    };
    struct graphset *graphs = NULL;
    if (!read_latency(a, &o, err))
        return err->status;
    if (args_given(a, "callgraphs")) {
        graphs = graphs_read(args_text(a, "callgraphs"), 0, err);
        if (!graphs)
            return err->status;
        o.graphs = graphs;
    }
    int status = serve(&o, err);
    graphset_free(graphs);
    return status;
}

const struct command cmd_serve = {
    .name = "serve",
    .summary = "emulate microservices that answer after a time, or as call graphs say",
    .options = options,
    .examples = "  tracewright serve --listen 127.0.0.1:50051 --latency exp:5\n"
                "  tracewright serve --listen 127.0.0.1:50051 --callgraphs new.csv",
    .run = run,
};
