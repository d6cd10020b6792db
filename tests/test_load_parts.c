/* load: the small parts of the sender: moments, histograms, messages, requests, outcomes, rings,
 * the tally, spans. */
#include "tests/near.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "load/histogram.h"
#include "load/message.h"
#include "load/moment.h"
#include "load/outcome.h"
#include "load/request.h"
#include "load/ring.h"
#include "load/tally.h"
#include "load/zipkin.h"

/* ---- moments --------------------------------------------------------------------------------- */

static void moments_are_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t wall;
    } good[] = {
        { "1764000000", 1764000000 * MOMENT_S },
        { "1764000000.25", 1764000000 * MOMENT_S + 250 * MOMENT_MS },
        { "1970-01-01T00:00:00Z", 0 },
        { "2000-02-29T23:59:59Z", 951868799 * MOMENT_S },
        { "2026-11-24T21:00:00Z", 1795554000 * MOMENT_S },
        { "2026-11-24t22:00:00.000000007+01:00", 1795554000 * MOMENT_S + 7 },
        { "2026-11-24 15:30:00-05:30", 1795554000 * MOMENT_S },
    };
    static const char *const bad[] = { "", "soon", "-3", "2026-11-24", "2026-13-01T00:00:00Z",
        "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "+", "1e99",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zz", "nan" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t wall = -1;
        struct err err = { 0 };
        assert_true(moment_parse(str_of(good[i].text), &wall, &err));
        assert_true(wall == good[i].wall);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t wall;
        struct err err = { 0 };
        assert_false(moment_parse(str_of(bad[i]), &wall, &err));
        assert_int_equal(err.status, EXIT_USAGE);
    }
    char text[MOMENT_TEXT];
    moment_write(951868799 * MOMENT_S + 1, text);
    assert_string_equal(text, "2000-02-29T23:59:59.000000001Z");
    for (int64_t day = 0; day < 80000; day += 13) {    /* to 2189; and back again */
        int64_t at = day * 86400 * MOMENT_S + day * 7919 % 86400 * MOMENT_S + day, back = -1;
        moment_write(at, text);
        assert_int_equal(strlen(text), MOMENT_TEXT - 2);
        assert_true(moment_parse(str_of(text), &back, NULL) && back == at);
    }
    int64_t soon = 0, now = moment_wall();
    assert_true(moment_parse(STR("+2.5"), &soon, NULL));
    assert_true(soon - now >= 2500 * MOMENT_MS && soon - now < 60 * MOMENT_S);
}

/* ---- histograms ------------------------------------------------------------------------------ */

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Every quantile is the sorted sample's, but for a bucket's width. */
static void check_quantiles(struct histogram h, double width)
{
    enum { N = 20000 };
    static int64_t v[N];
    gsl_rng *rng = rng_stream(1, "test/histogram", 0);
    for (size_t i = 0; i < N; i++) {
        v[i] = (int64_t)exp(25 * rng_unit(rng));    /* 1 ns to 72 s */
        histogram_add(&h, v[i]);
    }
    gsl_rng_free(rng);
    qsort(v, N, sizeof *v, ascending);
    static const double q[] = { 0, 1e-4, 0.25, 0.5, 0.9, 0.99, 0.999, 1 };
    for (size_t i = 0; i < sizeof q / sizeof *q; i++) {
        size_t rank = (size_t)ceil(q[i] * N);
        double want = (double)v[rank ? rank - 1 : 0], got = histogram_quantile(&h, q[i]);
        assert_true(got >= want && got <= want * (1 + width) + 1e-9);
    }
    assert_true(h.max == v[N - 1]);
    histogram_free(&h);
}

static void quantiles_are_those_of_the_sample(void **state)
{
    (void)state;
    check_quantiles(histogram_new(), 1.0 / 1024);
    check_quantiles(histogram_coarse(), 1.0 / 32);
}

static void histograms_keep_their_edges(void **state)
{
    (void)state;
    struct histogram h = histogram_new(), g = histogram_new();
    assert_true(isnan(histogram_quantile(&h, 0.5)) && isnan(histogram_mean(&h)));
    histogram_add(&h, -5);
    histogram_add(&h, 2047);
    histogram_add(&h, 2048);
    assert_near(histogram_quantile(&h, 0.1), 0, 0);
    assert_near(histogram_quantile(&h, 0.5), 2047, 0);
    assert_near(histogram_quantile(&h, 1), 2048, 0);
    histogram_add(&g, INT64_MAX / 2);
    histogram_merge(&h, &g);
    assert_int_equal(h.n, 4);
    assert_near(histogram_quantile(&h, 1), (double)(INT64_MAX / 2), 0);
    histogram_free(&h);
    histogram_free(&g);
}

/* 1 us to 1 ms: what HdrHistogram prints of it, by hand for the first and last lines. */
static void the_percentile_file_is_hdrhistograms(void **state)
{
    (void)state;
    struct histogram h = histogram_new();
    for (int64_t us = 1; us <= 1000; us++)
        histogram_add(&h, us * 1000);
    char *text;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    histogram_write(&h, 1e3, f);
    fclose(f);
    assert_non_null(strstr(text, "       Value     Percentile TotalCount 1/(1-Percentile)\n\n"
                                 "       1.000 0.000000000000          1           1.00\n"));
    assert_non_null(strstr(text, " 0.500000000000        500           2.00\n"));
    assert_non_null(strstr(text, "    1000.000 1.000000000000       1000\n"));
    assert_non_null(strstr(text, "#[Mean    =      500.500, StdDeviation   =      288.675]\n"));
    assert_non_null(strstr(text, "#[Max     =     1000.000, Total count    =         1000]\n"));
    double last = -1, percentile, value;
    unsigned long long count;
    for (char *line = strchr(text, '\n') + 2; *line != '#'; line = strchr(line, '\n') + 1) {
        assert_int_equal(sscanf(line, "%lf %lf %llu", &value, &percentile, &count), 3);
        assert_true(percentile > last && (double)count >= 1000 * percentile - 1e-9);
        last = percentile;
    }
    assert_near(last, 1, 0);
    free(text);
    histogram_free(&h);
}

/* ---- messages and requests ------------------------------------------------------------------- */

static void messages_have_protobufs_bytes(void **state)
{
    (void)state;
    struct buf b = { 0 };
    message_put(&b, &(struct message){ .text = STR("hi"), .meta = STR("m") });
    assert_int_equal(b.n, 12);
    assert_memory_equal(b.p, "\0\0\0\0\7\x0a\2hi\x7a\1m", 12);
    buf_clear(&b);
    message_put(&b, &(struct message){ .text = STR("x"), .number = { 300, 0 } });
    assert_int_equal(b.n, 11);
    assert_memory_equal(b.p, "\0\0\0\0\6\x0a\1x\x10\xac\2", 11);
    struct message m;
    assert_true(message_get(buf_view(&b), &m));
    assert_true(str_is(m.text, "x"));
    assert_int_equal(m.number[0], 300);
    assert_int_equal(m.number[1], 0);
    for (size_t n = 0; n < b.n; n++)    /* cut short anywhere, it is none */
        assert_false(message_get((struct str){ b.p, n }, &m));
    b.p[0] = 1;                         /* compressed */
    assert_false(message_get(buf_view(&b), &m));
    buf_free(&b);
    /* unknown fields of every wire type are skipped */
    assert_true(message_get((struct str){ "\0\0\0\0\x13\x28\1\x31xxxxxxxx\x3dyyyy\x0a\1z", 24 },
                            &m));
    assert_true(str_is(m.text, "z"));
}

static void a_greeter_says_what_the_original_says(void **state)
{
    (void)state;
    struct buf b = { 0 };
    struct message m;
    struct invocation i = { 0 };
    gsl_rng *rng = rng_stream(1, "test/request", 0);
    char workflow[UUID_TEXT];
    request_uuid(rng, workflow);
    request_body(&request_standard, &i, "e", "f", workflow, 951868799 * MOMENT_S + 5, rng, &b);
    assert_true(message_get(buf_view(&b), &m));
    assert_true(str_is(m.text, "Invoke relay"));
    json_t *meta = json_loadb(m.meta.p, m.meta.n, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(meta, "WorkflowId")), workflow);
    assert_string_equal(json_string_value(json_object_get(meta, "InvokedOn")),
                        "2000-02-29T23:59:59.000000005Z");
    const char *id = json_string_value(json_object_get(meta, "InvocationId"));
    assert_int_equal(strlen(id), 36);
    assert_true(id[14] == '4' && strchr("89ab", id[19]) && strcmp(id, workflow) != 0);
    json_decref(meta);
    gsl_rng_free(rng);
    buf_free(&b);
}

static void templates_are_filled_in(void **state)
{
    (void)state;
    struct request_form f = { .kind = REQUEST_TEMPLATE, .method = "POST",
                              .path = "/{function}/{id}?u={unit}&x={nothing}&{",
                              .body = "{\"i\":{index},\"e\":\"{endpoint}\"}" };
    struct invocation i = { .id = 7, .unit = 2, .index = 5 };
    gsl_rng *rng = rng_stream(1, "test/request", 0);
    struct buf b = { 0 };
    request_path(&f, &i, "e.x", "fn", rng, &b);
    assert_string_equal(b.p, "/fn/7?u=2&x={nothing}&{");
    buf_clear(&b);
    request_body(&f, &i, "e.x", "fn", "", 0, rng, &b);
    assert_string_equal(b.p, "{\"i\":5,\"e\":\"e.x\"}");
    gsl_rng_free(rng);
    buf_free(&b);
}

static void statuses_follow_the_specification(void **state)
{
    (void)state;
    assert_string_equal(grpc_status_name(GRPC_UNAUTHENTICATED), "UNAUTHENTICATED");
    assert_int_equal(GRPC_UNAUTHENTICATED, 16);
    static const int http[][2] = { { 400, 13 }, { 401, 16 }, { 403, 7 }, { 404, 12 }, { 429, 14 },
                                   { 502, 14 }, { 503, 14 }, { 504, 14 }, { 500, 2 }, { 302, 2 } };
    for (size_t i = 0; i < sizeof http / sizeof *http; i++)
        assert_int_equal(grpc_status_of_http(http[i][0]), http[i][1]);
    static const int reset[][2] = { { 0, 13 }, { 1, 13 }, { 7, 14 }, { 8, 1 }, { 11, 8 },
                                    { 12, 7 } };
    for (size_t i = 0; i < sizeof reset / sizeof *reset; i++)
        assert_int_equal(grpc_status_of_reset((uint32_t)reset[i][0]), reset[i][1]);
}

/* ---- rings, tallies, spans ------------------------------------------------------------------- */

static void rings_keep_order_and_know_their_end(void **state)
{
    (void)state;
    struct ring *r = ring_new(4, sizeof(int));
    int x;
    for (int round = 0, put = 0, taken = 0; round < 100; round++) {
        while (ring_put(r, &put))
            put++;
        assert_int_equal(ring_count(r), 4);
        for (int k = 0; k < 1 + round % 4; k++) {
            assert_true(ring_take(r, &x));
            assert_int_equal(x, taken++);
        }
    }
    while (ring_take(r, &x))
        ;
    assert_int_equal(ring_count(r), 0);
    ring_free(r);
}

static void the_tally_tells_planned_from_sent(void **state)
{
    (void)state;
    struct tally t = tally_new();
    struct invocation i = { .measured = true, .planned = 1000, .issued = 1500, .sent = 2000,
                            .first = 5000, .done = 6000, .status = GRPC_OK, .ending = END_ANSWER,
                            .expected = 3000, .function = 2 };
    tally_add(&t, &i);
    i.status = GRPC_UNAVAILABLE;    /* failed: no latency; never sent: no lateness */
    i.ending = END_REFUSED;
    i.sent = 0;
    tally_add(&t, &i);
    i.measured = false;
    tally_add(&t, &i);
    assert_int_equal(t.done, 3);
    assert_int_equal(t.failed, 2);
    assert_int_equal(t.warmup, 1);
    assert_int_equal(t.never_sent, 2);
    assert_int_equal(t.latency.n, 1);
    assert_near(histogram_quantile(&t.latency, 1), 5000, 0);
    assert_near(histogram_quantile(&t.from_sent, 1), 4000, 0);
    assert_near(histogram_quantile(&t.lateness, 1), 1000, 0);
    assert_near(t.gap_sum, 1000, 0);
    assert_int_equal(t.n_functions, 3);
    assert_int_equal(t.function[2].calls, 2);
    assert_int_equal(t.function[2].failed, 1);
    tally_free(&t);
}

static void spans_are_zipkins(void **state)
{
    (void)state;
    struct buf b = { 0 };
    struct invocation i = { .measured = true, .planned = 1000000, .issued = 1000000,
                            .sent = 2000000, .done = 5000000, .trace = { 1, 2 }, .span = 3,
                            .status = GRPC_UNAVAILABLE, .ending = END_LOST };
    zipkin_span(&b, &i, "e\"x", "fn", 7000);
    json_t *s = json_loadb(b.p, b.n, 0, NULL);
    assert_non_null(s);
    assert_string_equal(json_string_value(json_object_get(s, "traceId")),
                        "00000000000000010000000000000002");
    assert_string_equal(json_string_value(json_object_get(s, "id")), "0000000000000003");
    assert_string_equal(json_string_value(json_object_get(s, "kind")), "CLIENT");
    assert_int_equal(json_integer_value(json_object_get(s, "timestamp")), 2007);
    assert_int_equal(json_integer_value(json_object_get(s, "duration")), 3000);
    json_t *tags = json_object_get(s, "tags");
    assert_string_equal(json_string_value(json_object_get(tags, "endpoint")), "e\"x");
    assert_string_equal(json_string_value(json_object_get(tags, "grpc.status")), "UNAVAILABLE");
    assert_string_equal(json_string_value(json_object_get(tags, "error")), "lost");
    json_decref(s);
    buf_free(&b);
    static const char *const bad[] = { "", "localhost:9411", "https://x/", "http://", "http:///p" };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        struct err err = { 0 };
        assert_null(zipkin_open(bad[k], &err));
        assert_int_equal(err.status, EXIT_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_read_and_written),
        cmocka_unit_test(quantiles_are_those_of_the_sample),
        cmocka_unit_test(histograms_keep_their_edges),
        cmocka_unit_test(the_percentile_file_is_hdrhistograms),
        cmocka_unit_test(messages_have_protobufs_bytes),
        cmocka_unit_test(a_greeter_says_what_the_original_says),
        cmocka_unit_test(templates_are_filled_in),
        cmocka_unit_test(statuses_follow_the_specification),
        cmocka_unit_test(rings_keep_order_and_know_their_end),
        cmocka_unit_test(the_tally_tells_planned_from_sent),
        cmocka_unit_test(spans_are_zipkins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
