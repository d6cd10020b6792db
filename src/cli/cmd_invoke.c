/* cmd_invoke.c: fire a plan at servers, on time, and write down what became of every call. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/meta.h"
#include "base/str.h"
#include "cli/commands_priv.h"
#include "cli/graphs.h"
#include "cli/invoke_files.h"
#include "load/invoke.h"
#include "load/load_json.h"
#include "load/message.h"
#include "load/moment.h"
#include "load/plan_graphs.h"
#include "load/plan_load.h"
#include "load/stream.h"

static const struct option options[] = {
    { "load", OPT_TEXT, "load.json", NULL, "the plan: load.json or its binary form", 0, 0 },
    { "callgraphs", OPT_TEXT, "FILE.csv", NULL,
      "or call graphs, replayed against `tracewright serve --callgraphs FILE.csv`", 0, 0 },
    { "unit", OPT_CHOICE, "minute|second", "minute", "what a unit of the load is", 0, 0 },
    { "duration", OPT_INT, "N", "8", "units that are measured (of call graphs: seconds)", 0, 1e9 },
    { "warmup", OPT_INT, "N", "2", "units before them that are not", 0, 1e9 },
    { "port", OPT_INT, "P", "80", "of endpoints that name none", 1, 65535 },
    { "target", OPT_TEXT, "HOST[:PORT]", NULL,
      "send all calls there; endpoints are names only [call graphs: 127.0.0.1]", 0, 0 },
    { "timeout", OPT_REAL, "S", "30", "seconds until a call is DEADLINE_EXCEEDED", 0.001, 1e6 },
    { "connections", OPT_INT, "K", "1", "connections kept open to each address", 1, 10000 },
    { "most-connections", OPT_INT, "K", "256",
      "at most, where the server's limit of concurrent streams is reached", 1, 60000 },
    { "connect-per-call", OPT_FLAG, NULL, NULL,
      "a connection for each call, as the original's invoker has it", 0, 0 },
    { "protocol", OPT_CHOICE, "grpc|h2c|http1", "grpc", "what is spoken", 0, 0 },
    { "message", OPT_CHOICE, "greeter|executor", "greeter",
      "gRPC: vSwarm's Greeter/SayHello or invitro's Executor/Execute", 0, 0 },
    { "runtime", OPT_INT, "MS", "10", "executor: runtimeInMilliSec", 0, 4e9 },
    { "memory", OPT_INT, "MIB", "128", "executor: memoryInMebiBytes", 0, 4e9 },
    { "method", OPT_TEXT, "WORD", "GET", "h2c, http1: the method", 0, 0 },
    { "path", OPT_TEXT, "TEMPLATE", "/",
      "h2c, http1: {id} {unit} {index} {function} {endpoint} {uuid} are filled in", 0, 0 },
    { "body", OPT_TEXT, "TEMPLATE", "", "h2c, http1: likewise", 0, 0 },
    { "content-type", OPT_TEXT, "TYPE", "application/json", "h2c, http1: of the body", 0, 0 },
    { "tls", OPT_FLAG, NULL, NULL,
      "over TLS 1.2 or later (ALPN h2 or http/1.1), certificates checked", 0, 0 },
    { "cacert", OPT_TEXT, "FILE.pem", NULL, "--tls: authorities instead of the system's", 0, 0 },
    { "insecure", OPT_FLAG, NULL, NULL, "--tls: accept any certificate", 0, 0 },
    { "zipkin", OPT_TEXT, "URL", NULL,
      "post spans, such as to http://localhost:9411/api/v2/spans", 0, 0 },
    { "start-at", OPT_TEXT, "TIME", NULL,
      "begin then: seconds since 1970, +SECONDS, YYYY-MM-DDTHH:MM:SSZ", 0, 0 },
    { "shard", OPT_TEXT, "I[/N]", NULL,
      "I: of plan --shards, read load.I.json; I/N: every N-th call of the load, from the I-th",
      0, 0 },
    { "rate", OPT_REAL, "R", "0", "call graphs: R a second, Poisson; 0: at their arrivals", 0,
      1e7 },
    { "speed", OPT_REAL, "X", "1", "call graphs: arrivals X times as fast", 1e-6, 1e6 },
    { "spin", OPT_REAL, "US", "60", "microseconds before a call from which on to poll", 0, 1e6 },
    { "cpu", OPT_INT, "N", "-1", "processor of the sender; -1: any", -1, 1023 },
    { "lateness-bound", OPT_REAL, "MS", "10",
      "a run whose p99 lateness is over it is marked invalid", 0, 1e9 },
    OPTION_SEED,
    { "o", OPT_TEXT, "FILE.csv", "-", "a row per call; - is standard output", 0, 0 },
    { "latf", OPT_TEXT, "FILE", NULL, "latencies, a line each, as the original writes them", 0,
      0 },
    { "report", OPT_TEXT, "DIR", NULL, "figures, tables.xlsx, percentile files", 0, 0 },
    { "json", OPT_FLAG, NULL, NULL, "the figures as JSON (stdout if -o names a file, else stderr)",
      0, 0 },
    OPTION_END
};

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
    stop = sig;
}

/* From here on a signal ends the run, not the program: what there is will be written. */
static void stop_on_signals(void)
{
    struct sigaction a = { .sa_handler = on_signal };
    sigemptyset(&a.sa_mask);
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
}

struct plans {
    struct plan_load *load;
    struct plan_graphs *graphs;
    struct graphset *set;
    char *path;                /* of the load, or of the shard of it */
    uint64_t shard, shards;
    struct plan_source source;
    uint64_t calls;
};

static void plans_free(struct plans *p)
{
    plan_load_free(p->load);
    plan_graphs_free(p->graphs);
    graphset_free(p->set);
    free(p->path);
}

/* "I" or "I/N"; *whole: it names a file of its own. */
static bool read_shard(const struct args *a, struct plans *p, bool *whole, struct err *err)
{
    const char *text = args_text(a, "shard");
    p->shards = 1;
    *whole = false;
    if (!text)
        return true;
    struct str rest = str_of(text), i;
    if (!str_next(&rest, '/', &i) || !str_u64(i, &p->shard) ||
        (rest.n && (!str_u64(rest, &p->shards) || p->shard >= p->shards)))
        return err_set(err, EXIT_USAGE, "--shard: \"%s\" is neither I nor I/N with I below N",
                       text);
    *whole = strchr(text, '/') == NULL;
    return true;
}

static bool open_load(const struct args *a, struct invoke *v, struct plans *p, struct err *err)
{
    bool own_file, second = strcmp(args_text(a, "unit"), "second") == 0;
    const char *path = args_text(a, "load");
    if (!read_shard(a, p, &own_file, err))
        return false;
    p->path = own_file ? load_shard_path(path, (size_t)p->shard) : mem_strdup(path);
    uint64_t warmup = (uint64_t)args_int(a, "warmup");
    struct plan_load_options o = {
        .unit_ns = second ? MOMENT_S : 60 * MOMENT_S,
        .units = warmup + (uint64_t)args_int(a, "duration"), .warmup = warmup,
        .shard = own_file ? 0 : p->shard, .shards = p->shards,
    };
    p->load = plan_load_open(p->path, &o, invoke_client(v), err);
    if (!p->load)
        return false;
    if (plan_load_units(p->load) < o.units)
        fprintf(stderr, "%s has %llu units, fewer than the %llu of --warmup and --duration\n",
                p->path, (unsigned long long)plan_load_units(p->load),
                (unsigned long long)o.units);
    p->source = plan_load_source(p->load);
    p->calls = plan_load_calls(p->load);
    return true;
}

static bool open_graphs(const struct args *a, struct invoke *v, struct plans *p, struct err *err)
{
    bool own_file;
    if (!read_shard(a, p, &own_file, err))
        return false;
    if (own_file)
        return err_set(err, EXIT_USAGE, "--shard: of call graphs it is I/N");
    p->path = mem_strdup(args_text(a, "callgraphs"));
    p->set = graphs_read(p->path, 0, err);
    if (!p->set)
        return false;
    bool limited = args_given(a, "duration");
    double warmup = args_given(a, "warmup") ? args_real(a, "warmup") : 0;
    struct plan_graphs_options o = {
        .rate = args_real(a, "rate"), .speed = args_real(a, "speed"), .warmup = warmup,
        .seconds = limited ? warmup + args_real(a, "duration") : 0,
        .seed = (uint64_t)args_int(a, "seed"), .shard = p->shard, .shards = p->shards,
    };
    p->graphs = plan_graphs_new(p->set, &o, invoke_client(v), err);
    if (!p->graphs)
        return err_add(err, "%s", p->path);
    p->source = plan_graphs_source(p->graphs);
    p->calls = plan_graphs_calls(p->graphs);
    return true;
}

static struct request_form form_of(const struct args *a, bool grpc)
{
    struct request_form f = request_standard;
    if (!grpc) {
        f.kind = REQUEST_TEMPLATE;
        f.method = args_text(a, "method");
        f.path = args_text(a, "path");
        f.body = args_text(a, "body");
        f.content_type = args_text(a, "content-type");
    } else if (strcmp(args_text(a, "message"), "executor") == 0) {
        f.kind = REQUEST_EXECUTOR;
        f.path = MESSAGE_EXECUTOR_PATH;
        f.runtime_ms = (uint32_t)args_int(a, "runtime");
        f.memory_mib = (uint32_t)args_int(a, "memory");
    }
    return f;
}

static bool read_options(const struct args *a, struct invoke_options *o, struct tls **tls,
                         struct err *err)
{
    static const char *const names[] = { "grpc", "h2c", "http1" };
    enum client_protocol protocol = CLIENT_GRPC;
    while (strcmp(args_text(a, "protocol"), names[protocol]) != 0)
        protocol++;
    const char *target = args_text(a, "target");
    *o = (struct invoke_options){
        .client = {
            .protocol = protocol, .form = form_of(a, protocol == CLIENT_GRPC),
            .timeout = (int64_t)(args_real(a, "timeout") * 1e9),
            .spin = (int64_t)(args_real(a, "spin") * 1e3),
            .connections = (size_t)args_int(a, "connections"),
            .most = (size_t)args_int(a, "most-connections"),
            .per_call = args_flag(a, "connect-per-call"), .port = (uint16_t)args_int(a, "port"),
            .target = target || !args_given(a, "callgraphs") ? target : "127.0.0.1",
            .seed = (uint64_t)args_int(a, "seed"),
        },
        .csv = args_text(a, "o"), .latencies = args_text(a, "latf"),
        .zipkin = args_text(a, "zipkin"), .cpu = (int)args_int(a, "cpu"), .log = stderr,
        .lateness_bound = (int64_t)(args_real(a, "lateness-bound") * 1e6),
    };
    if (!args_flag(a, "tls") && (args_text(a, "cacert") || args_flag(a, "insecure")))
        return err_set(err, EXIT_USAGE, "--%s needs --tls",
                       args_text(a, "cacert") ? "cacert" : "insecure");
    if (args_flag(a, "insecure") && args_text(a, "cacert"))
        return err_set(err, EXIT_USAGE, "--insecure asks for no --cacert: it accepts anybody");
    if (args_flag(a, "tls")) {
        *tls = tls_new(args_text(a, "cacert"), args_flag(a, "insecure"),
                       protocol == CLIENT_HTTP1 ? "http/1.1" : "h2", err);
        o->client.tls = *tls;
    }
    return (!args_flag(a, "tls") || *tls) &&
           (!args_text(a, "start-at") ||
            moment_parse(str_of(args_text(a, "start-at")), &o->start_wall, err));
}

static bool write_meta(const struct args *a, const struct plans *p, struct err *err)
{
    static const char *const noted[] = { "unit", "protocol", "message", "method", "shard" };
    struct meta *m = meta_new("invoke");
    for (size_t i = 0; i < sizeof noted / sizeof *noted; i++)
        if (args_text(a, noted[i]))
            meta_text(m, noted[i], args_text(a, noted[i]));
    meta_int(m, "duration", args_int(a, "duration"));
    meta_int(m, "warmup", args_int(a, "warmup"));
    meta_int(m, "connections", args_int(a, "connections"));
    meta_int(m, "seed", args_int(a, "seed"));
    meta_real(m, "timeout", args_real(a, "timeout"));
    bool good = meta_input(m, p->load ? "load" : "callgraphs", p->path, err) &&
                meta_write_beside(m, args_text(a, "o"), err);
    meta_free(m);
    return good;
}

static bool tell(const struct args *a, const struct invoke_report *r, struct invoke *v,
                 struct err *err)
{
    bool csv_on_stdout = strcmp(args_text(a, "o"), "-") == 0;
    if (args_flag(a, "json"))
        invoke_report_json(r, invoke_client(v), csv_on_stdout ? stderr : stdout);
    else
        invoke_report_words(r, invoke_client(v), stderr);
    return !args_text(a, "report") ||
           invoke_files_write(args_text(a, "report"), r, invoke_client(v), err);
}

static bool invoke(const struct args *a, struct invoke *v, struct plans *p, struct err *err)
{
    struct invoke_report r;
    bool good = args_given(a, "load") ? open_load(a, v, p, err) : open_graphs(a, v, p, err);
    if (!good)
        return false;
    stop_on_signals();
    good = invoke_run(v, p->source, p->calls, &stop, &r, err);
    good = good && tell(a, &r, v, err) && write_meta(a, p, err);
    invoke_report_free(&r);
    return good;
}

static int run(const struct args *a, struct err *err)
{
    struct invoke_options o;
    struct tls *tls = NULL;
    struct plans p = { 0 };
    if (args_given(a, "load") == args_given(a, "callgraphs")) {
        err_set(err, EXIT_USAGE, "invoke needs --load load.json or --callgraphs FILE.csv");
        return err->status;
    }
    stream_allow_many();
    struct invoke *v = read_options(a, &o, &tls, err) ? invoke_new(&o, err) : NULL;
    bool good = v && invoke(a, v, &p, err);
    plans_free(&p);
    invoke_free(v);
    tls_free(tls);
    return !good ? err->status : stop ? 128 + stop : EXIT_GOOD;
}

const struct command cmd_invoke = {
    .name = "invoke",
    .summary = "fire a plan at servers on time; latencies of every call",
    .options = options,
    .examples = "  tracewright invoke --load load.json --duration 20 -o calls.csv --report report\n"
                "  tracewright invoke --load load.json --unit second --target 10.0.0.5:80 "
                "--latf lat.csv -o calls.csv --json\n"
                "  tracewright invoke --load load.json --shard 0/2 --start-at "
                "2026-12-01T12:00:00Z -o a.csv\n"
                "  tracewright invoke --callgraphs new.csv --port 50051 --rate 20 -o calls.csv",
    .run = run,
};
