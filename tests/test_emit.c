/* test_emit.c: traces to a collector, on loopback: the schedule is kept, whatever the collector
 * does; times are now; every trace has an id of its own; what was not taken is counted. */
#define _GNU_SOURCE   /* memfd_create */
#include "tests/near.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "load/collector.h"
#include "tests/http_server.h"
#include "tests/memfile.h"
#include "trace/import.h"

static const char two[] =
    "timestamp,traceid,service,rpc_id,rpctype,um,dm,rt\n"
    "5000,T_1,S,0,http,USER,a,10\n5002,T_1,S,0.1,rpc,a,b,3\n"
    "9000,T_2,S,0,http,USER,a,4\n";
enum { SPANS_1 = 4, SPANS_2 = 2 };   /* both sides of each call */

static struct http_server server;
static char url[96];

static int enter(void **state)
{
    (void)state;
    http_server_start(&server);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    http_server_stop(&server);
    return 0;
}

static void serve(int answer, double delay_s)
{
    pthread_mutex_lock(&server.lock);
    server.posts = 0;
    buf_clear(&server.posted);
    server.answer = answer;
    server.delay_s = delay_s;
    pthread_mutex_unlock(&server.lock);
}

static struct graphset *graphs(void)
{
    struct memfile m = memfile_open(two, sizeof two - 1);
    char *paths[] = { m.path };
    struct import_report rep = { 0 };
    struct import_options o = { .tick_us = 1 };
    struct err err = { 0 };
    struct graphset *s = graphset_new();
    assert_true(import_alibaba_2022(paths, 1, &o, s, &rep, &err));
    memfile_close(&m);
    return s;
}

static struct collector_options options(const struct exporter *e, double rate, double duration_s)
{
    snprintf(url, sizeof url, "http://127.0.0.1:%d/spans", server.port);
    return (struct collector_options){ .format = e, .url = url, .type = "application/json",
                                       .rate = rate, .duration_s = duration_s, .seed = 1,
                                       .in_flight = 100, .timeout_s = 5 };
}

static void the_schedule_is_a_poisson_process(void **state)
{
    (void)state;
    enum { N = 20000 };
    struct collector_options o = { .rate = 50, .seed = 3 };
    static double t[N], again[N];
    collector_schedule(&o, N, t);
    collector_schedule(&o, N, again);
    assert_memory_equal(t, again, sizeof t);
    assert_near(t[0], 0, 0);
    assert_near(t[N - 1] / (N - 1), 1.0 / 50, 4 * 1.0 / 50 / sqrt(N));   /* 4 sigma */
    double squares = 0;
    for (size_t i = 1; i < N; i++)
        squares += (t[i] - t[i - 1]) * (t[i] - t[i - 1]);
    assert_near(squares / (N - 1) * 50 * 50, 2, 0.15);                   /* exponential: 2 */
    o.even = true;
    collector_schedule(&o, 4, t);
    assert_near(t[3], 0.06, 1e-15);
    size_t n;
    o.duration_s = 2;
    double *due = collector_plan(&o, 2, &n);
    assert_int_equal(n, 100);
    free(due);
    o.duration_s = 0;
    due = collector_plan(&o, 7, &n);
    assert_int_equal(n, 7);
    free(due);
}

/* The documents that came, one after the other, through f. */
static size_t each_document(void (*f)(json_t *root, size_t i))
{
    const char *p = server.posted.p;
    for (int i = 0; i < server.posts; p += server.post_bytes[i++]) {
        json_t *root = json_loadb(p, server.post_bytes[i], 0, NULL);
        assert_non_null(root);
        f(root, (size_t)i);
        json_decref(root);
    }
    return (size_t)server.posts;
}

static char ids[64][40];
static double ends_s[64], starts_s[64];
static size_t spans_seen;

static void look_at_zipkin(json_t *root, size_t i)
{
    json_t *first = json_array_get(root, 0);
    spans_seen += json_array_size(root);
    snprintf(ids[i], sizeof ids[i], "%s", json_string_value(json_object_get(first, "traceId")));
    starts_s[i] = 1e-6 * (double)json_integer_value(json_object_get(first, "timestamp"));
    ends_s[i] = starts_s[i] + 1e-6 * (double)json_integer_value(json_object_get(first, "duration"));
    assert_null(json_object_get(json_object_get(first, "tags"), "alibaba.traceid"));
}

static void traces_happen_now(void **state)
{
    (void)state;
    struct graphset *s = graphs();
    struct collector_options o = options(&exporter_zipkin, 40, 0.5);
    o.even = true;
    struct collector_report rep;
    struct err err = { 0 };
    serve(202, 0);
    double before = http_server_now();
    assert_true(collector_run(s, &o, &rep, &err));
    assert_int_equal(rep.traces, 20);
    assert_int_equal(rep.accepted, 20);
    assert_int_equal(rep.spans, 10 * (SPANS_1 + SPANS_2));
    assert_int_equal(rep.refused + rep.failed + rep.dropped, 0);
    assert_true(rep.seconds >= 19 / 40.0 && rep.seconds < 3);
    spans_seen = 0;
    assert_int_equal(each_document(look_at_zipkin), 20);
    assert_int_equal(spans_seen, rep.spans);
    for (int i = 0; i < 20; i++) {
        assert_true(starts_s[i] >= before - 1e-3);
        assert_true(ends_s[i] <= server.post_s[i] + 1e-3);   /* nothing is told before it is over */
        for (int k = 0; k < i; k++)
            assert_string_not_equal(ids[i], ids[k]);
    }
    assert_string_equal(server.type, "application/json");
    assert_string_equal(server.path, "/spans");
    graphset_free(s);
}

/* A collector that takes 200 ms holds nothing up: the traces leave at their times all the same. */
static void a_slow_collector_delays_nobody(void **state)
{
    (void)state;
    struct graphset *s = graphs();
    struct collector_options o = options(&exporter_otlp, 40, 0.5);
    o.even = true;
    struct collector_report rep;
    struct err err = { 0 };
    serve(200, 0.02);               /* the server answers one at a time: 20 traces take 400 ms */
    assert_true(collector_run(s, &o, &rep, &err));
    assert_int_equal(rep.accepted, 20);
    assert_true(rep.late_ms[0] < 10);
    assert_true(rep.answer_ms[0] >= 20);
    serve(200, 0.2);
    o.in_flight = 1;
    assert_true(collector_run(s, &o, &rep, &err));
    assert_true(rep.dropped > 5);
    assert_int_equal(rep.dropped + rep.traces, 20);
    assert_int_equal(rep.accepted, rep.traces);
    graphset_free(s);
}

static void what_is_refused_is_counted(void **state)
{
    (void)state;
    struct graphset *s = graphs();
    struct collector_options o = options(&exporter_otlp_proto, 100, 0);
    struct collector_report rep;
    struct err err = { 0 };
    serve(503, 0);
    assert_true(collector_run(s, &o, &rep, &err));
    assert_int_equal(rep.traces, 2);
    assert_int_equal(rep.refused, 2);
    assert_non_null(strstr(rep.first, "503"));
    o.url = "http://127.0.0.1:1/";
    assert_true(collector_run(s, &o, &rep, &err));
    assert_int_equal(rep.failed, 2);
    assert_true(isnan(rep.answer_ms[0]));
    o.url = "ftp://127.0.0.1/";
    assert_false(collector_run(s, &o, &rep, &err));
    assert_int_equal(err.status, EXIT_USAGE);
    graphset_free(s);
}

/* ---- the command ---- */

static int command(const char *words)
{
    char line[512];
    const char *build = getenv("BUILD");
    snprintf(line, sizeof line, "%s/tracewright emit -q %s > /dev/null 2> /dev/null",
             build ? build : "build", words);
    int status = system(line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void the_command_knows_where_to(void **state)
{
    (void)state;
    struct memfile m = memfile_open(two, sizeof two - 1);
    char words[300], path[64];
    snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)getpid(), m.fd);
    static const struct {
        const char *option, *to, *path, *type;
    } want[] = {
        { "--otlp", "", "/v1/traces", "application/x-protobuf" },
        { "--encoding json --otlp", "/", "/v1/traces", "application/json" },
        { "--otlp", "/my/path", "/my/path", "application/x-protobuf" },
        { "--zipkin", "", "/api/v2/spans", "application/json" },
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        serve(200, 0);
        snprintf(words, sizeof words, "%s %s http://127.0.0.1:%d%s --rate 100 --json", path,
                 want[i].option, server.port, want[i].to);
        assert_int_equal(command(words), 0);
        assert_int_equal(server.posts, 2);
        assert_string_equal(server.path, want[i].path);
        assert_string_equal(server.type, want[i].type);
    }
    serve(500, 0);
    assert_int_equal(command(words), EXIT_CHECK);
    snprintf(words, sizeof words, "%s --otlp http://127.0.0.1:%d", path, server.port);
    assert_int_equal(command(words), EXIT_USAGE);
    snprintf(words, sizeof words, "%s --rate 5", path);
    assert_int_equal(command(words), EXIT_USAGE);
    assert_int_equal(command("/nonexistent.csv --otlp http://127.0.0.1:1 --rate 5"), EXIT_NOINPUT);
    memfile_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_schedule_is_a_poisson_process),
        cmocka_unit_test(traces_happen_now),
        cmocka_unit_test(a_slow_collector_delays_nobody),
        cmocka_unit_test(what_is_refused_is_counted),
        cmocka_unit_test(the_command_knows_where_to),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
