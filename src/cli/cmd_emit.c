/* cmd_emit.c: call graphs to a running collector, at a rate, as if they happened now. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/commands_priv.h"
#include "cli/graphs.h"
#include "load/collector.h"

static const struct option options[] = {
    { "otlp", OPT_TEXT, "URL", NULL,
      "an OTLP/HTTP receiver, such as http://localhost:4318; /v1/traces is added to a bare host", 0,
      0 },
    { "zipkin", OPT_TEXT, "URL", NULL,
      "a Zipkin v2 receiver, such as http://localhost:9411; /api/v2/spans is added likewise", 0,
      0 },
    { "encoding", OPT_CHOICE, "proto|json", "proto", "of OTLP", 0, 0 },
    { "rate", OPT_REAL, "R", NULL, "traces a second", 1e-6, 1e6 },
    { "duration", OPT_REAL, "S", NULL,
      "seconds in which traces begin, the file from its start again as often as it takes; without "
      "it each graph is sent once", 1e-3, 1e9 },
    { "arrivals", OPT_CHOICE, "poisson|even", "poisson", "gaps between traces", 0, 0 },
    { "in-flight", OPT_INT, "N", "1000",
      "most posts without an answer; a trace that is due then is dropped and counted", 1, 1e6 },
    { "timeout", OPT_REAL, "S", "10", "of an answer", 0.01, 3600 },
    OPTION_SEED,
    OPTION_THREADS,
    OPTION_JSON,
    OPTION_END
};

static volatile int interrupted;

static void on_interrupt(int sig)
{
    (void)sig;
    interrupted = 1;
}

static void stop_on_interrupt(void)
{
    struct sigaction a = { .sa_handler = on_interrupt };
    sigemptyset(&a.sa_mask);
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
}

/* "http://host:4318" and "http://host:4318/" become ".../v1/traces"; a path is left alone. */
static void put_url(struct buf *b, const char *url, const char *path)
{
    const char *host = strstr(url, "://");
    const char *slash = host ? strchr(host + 3, '/') : NULL;
    buf_str(b, url);
    if (host && (!slash || !slash[1]))
        buf_str(b, slash ? path + 1 : path);
}

static double share(size_t n, double s)
{
    return s > 0 ? (double)n / s : NAN;
}

static void put_ms(const char *key, const double q[3], FILE *f)
{
    static const char *const names[] = { "p50", "p99", "max" };
    fprintf(f, ",\"%s\":{", key);
    for (int i = 0; i < 3; i++)
        fprintf(f, isnan(q[i]) ? "%s\"%s\":null" : "%s\"%s\":%.3f", i ? "," : "", names[i], q[i]);
    fprintf(f, "}");
}

static bool on_time(const struct collector_report *r)
{
    return r->traces > 0 && r->late_ms[1] <= COLLECTOR_LATE_MS;
}

static void print_json(const struct collector_report *r)
{
    printf("{\"traces\":%zu,\"spans\":%zu,\"bytes\":%llu,\"accepted\":%zu,\"refused\":%zu,"
           "\"failed\":%zu,\"dropped\":%zu,\"on_time\":%s,\"seconds\":%.3f,\"traces_per_s\":%.3f",
           r->traces, r->spans, (unsigned long long)r->bytes, r->accepted, r->refused, r->failed,
           r->dropped, on_time(r) ? "true" : "false", r->seconds, share(r->traces, r->seconds));
    put_ms("late_ms", r->late_ms, stdout);
    put_ms("answer_ms", r->answer_ms, stdout);
    printf("}\n");
}

static void print_words(const struct collector_report *r)
{
    printf("%zu traces of %zu spans in %.1f s (%.4g traces/s), %.1f MB; %zu accepted, %zu refused, "
           "%zu without answer, %zu dropped\n", r->traces, r->spans, r->seconds,
           share(r->traces, r->seconds), (double)r->bytes / 1e6, r->accepted, r->refused,
           r->failed, r->dropped);
    if (r->traces)
        printf("late p50 %.3f p99 %.3f max %.3f ms", r->late_ms[0], r->late_ms[1], r->late_ms[2]);
    if (r->accepted + r->refused)
        printf("; answered after p50 %.3f p99 %.3f max %.3f ms", r->answer_ms[0], r->answer_ms[1],
               r->answer_ms[2]);
    puts(r->traces ? "" : "nothing was sent");
    if (r->traces && !on_time(r))
        printf("not on time: p99 of the lateness is over %g ms\n", COLLECTOR_LATE_MS);
}

static struct collector_options asked(const struct args *a, const char *url)
{
    bool zipkin = args_given(a, "zipkin"), json = args_text(a, "encoding")[0] == 'j';
    return (struct collector_options){
        .format = zipkin ? &exporter_zipkin : json ? &exporter_otlp : &exporter_otlp_proto,
        .url = url,
        .type = zipkin || json ? "application/json" : "application/x-protobuf",
        .rate = args_real(a, "rate"),
        .duration_s = args_given(a, "duration") ? args_real(a, "duration") : 0,
        .even = args_text(a, "arrivals")[0] == 'e',
        .seed = (uint64_t)args_int(a, "seed"),
        .in_flight = (size_t)args_int(a, "in-flight"),
        .timeout_s = args_real(a, "timeout"),
        .stop = &interrupted,
    };
}

static bool emit(const struct args *a, const char *url, struct collector_report *rep,
                 struct err *err)
{
    struct collector_options o = asked(a, url);
    struct graphset *s = graphs_read_us(args_operand(a)[0], (size_t)args_int(a, "threads"), err);
    if (!s)
        return false;
    size_t had = s->n;
    s->n = 0;
    for (size_t i = 0; i < had; i++)
        if (exporter_can(&s->graphs[i], s->tick_us))
            s->graphs[s->n++] = s->graphs[i];
    stop_on_interrupt();
    bool good = s->n ? collector_run(s, &o, rep, err)
                     : err_set(err, EXIT_DATA, "%s: no graph has times that can be told",
                               args_operand(a)[0]);
    graphset_free(s);
    return good;
}

static int run(const struct args *a, struct err *err)
{
    bool zipkin = args_given(a, "zipkin");
    if (zipkin == args_given(a, "otlp") || !args_given(a, "rate")) {
        err_set(err, EXIT_USAGE, "say where to and how fast: --otlp URL or --zipkin URL, --rate R");
        return err->status;
    }
    struct buf url = { 0 };
    struct collector_report rep;
    put_url(&url, args_text(a, zipkin ? "zipkin" : "otlp"),
            zipkin ? "/api/v2/spans" : "/v1/traces");
    bool good = emit(a, url.p, &rep, err);
    if (good && args_flag(a, "json"))
        print_json(&rep);
    else if (good)
        print_words(&rep);
    if (good && rep.accepted < rep.traces + rep.dropped)
        good = err_set(err, EXIT_CHECK, "%s: %zu of %zu traces were not accepted%s%s", url.p,
                       rep.traces + rep.dropped - rep.accepted, rep.traces + rep.dropped,
                       rep.first[0] ? "; the first: " : "", rep.first);
    buf_free(&url);
    return good ? EXIT_GOOD : err->status;
}

const struct command cmd_emit = {
    .name = "emit",
    .summary = "send call graphs to a trace collector at a rate, as if they happened now",
    .operands = "INPUT.csv",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .examples = "  tracewright emit generated.csv --otlp http://localhost:4318 --rate 50\n"
                "  tracewright emit generated.csv --zipkin http://localhost:9411 --rate 200 "
                "--duration 60 --json",
    .run = run,
};
