/* trace/invocations: what the readers make of files, hour by hour and error by error. */
#define _GNU_SOURCE   /* memfd_create */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "tests/serverless.h"

static void late_functions_and_gaps_in_days_have_their_places(void **state)
{
    (void)state;
    struct err err;
    struct invocations_report rep;
    char *dir = three_days("three");
    struct invocations *v = read_path("azure-v1", dir, (struct invocations_options){ 0 }, &rep,
                                      &err);
    assert_non_null(v);
    assert_int_equal(v->kind, INVOCATIONS_COUNTS);
    assert_int_equal(v->n_days, 3);
    assert_int_equal(v->n, 4);
    static const char *const names[] = { "f", "g", "h", "f" };
    static const char *const apps[] = { "a", "a", "b", "b" };
    static const uint64_t totals[] = { 305, 1, 7, 40 };
    for (size_t f = 0; f < 4; f++) {
        assert_string_equal(v->key[f].function, names[f]);
        assert_string_equal(v->key[f].app, apps[f]);
        assert_string_equal(v->key[f].owner, "o");
        assert_int_equal(v->total[f], totals[f]);
    }
    assert_int_equal(rep.files, 3);
    assert_int_equal(rep.rows_used, 5);
    assert_int_equal(invocations_count(v, 0, 0, 60), 5);
    assert_int_equal(invocations_count(v, 0, 60, 2 * DAY_SECONDS + 60), 0);
    assert_int_equal(invocations_count(v, 0, 2 * DAY_SECONDS + 60, 1e9), 300);
    assert_int_equal(invocations_count(v, 1, DAY_SECONDS - 60, DAY_SECONDS), 1);
    assert_int_equal(invocations_count(v, 2, DAY_SECONDS + 59 * 60, DAY_SECONDS + 3600), 7);
    size_t alive[4];
    assert_int_equal(invocations_alive(v, DAY_SECONDS, 3 * DAY_SECONDS, alive), 3);
    assert_true(alive[0] == 0 && alive[1] == 2 && alive[2] == 3);
    uint64_t sum[3] = { 1, 0, 0 };
    invocations_minutes(v, 0, 2 * DAY_MINUTES, 2 * DAY_MINUTES + 3, sum);
    invocations_minutes(v, 3, 2 * DAY_MINUTES, 2 * DAY_MINUTES + 3, sum);
    assert_true(sum[0] == 1 && sum[1] == 340 && sum[2] == 0);
    invocations_free(v);

    v = read_path("azure-v1", dir, (struct invocations_options){ .days = 3, .compat = true }, &rep,
                  &err);
    assert_null(v);            /* d03 has f twice, as the original sees it */
    assert_int_equal(err.status, EXIT_DATA);
    assert_non_null(strstr(err.msg, "d03.csv:3: function f has a second row"));
    v = read_path("azure_v1", dir, (struct invocations_options){ .days = 2, .compat = true }, &rep,
                  &err);
    assert_non_null(v);
    assert_int_equal(v->n_days, 2);
    assert_string_equal(v->key[0].app, "");
    invocations_free(v);
    v = read_path("azure-v1", dir, (struct invocations_options){ .compat = true }, &rep, &err);
    assert_null(v);            /* the original wants 14 */
    assert_int_equal(err.status, EXIT_NOINPUT);
    assert_non_null(strstr(err.msg, "d04.csv: no such file"));
    free(dir);
}

static void a_partial_day_has_its_header_s_minutes(void **state)
{
    (void)state;
    struct err err;
    struct invocations_report rep;
    static const char text[] = "\xEF\xBB\xBF" "HashFunction,minute_482,HashOwner,note,480\r\n"
                               "f,2,o,\"x,y\",9\r\n\r\n\"g\",0,o,,1\r\n";
    struct invocations *v = read_text("azure-v1", text, (struct invocations_options){ 0 }, &rep,
                                      &err);
    assert_non_null(v);
    assert_int_equal(v->n, 2);
    assert_int_equal(v->n_days, 1);
    assert_int_equal(invocations_count(v, 0, 479 * 60, 480 * 60), 9);
    assert_int_equal(invocations_count(v, 0, 481 * 60, 482 * 60), 2);
    assert_int_equal(v->total[0], 11);
    assert_string_equal(v->key[1].function, "g");
    assert_int_equal(v->total[1], 1);
    invocations_free(v);
    v = read_text("azure-v1", text, (struct invocations_options){ .compat = true }, &rep, &err);
    assert_null(v);
    assert_non_null(strstr(err.msg, ":1: no column for each of the minutes"));
}

static void bad_rows_are_counted_and_named(void **state)
{
    (void)state;
    struct err err;
    struct invocations_report rep;
    struct invocations *v = read_text(
        "azure-v1", "HashOwner,HashApp,HashFunction,Trigger,1,2,3\n"
                    "o,a,f,http,1,2,3\no,a,g,http,1,2\no,a,h,http,1,1.0,3\no,a,,http,1,2,3\n"
                    "o,a,f,http,10,0,0\no,a,i,http,1,-2,3\no,a,j,http,0,0,0\n"
                    "o,a,f,http,4294967290,0,0\no,a,\"k,http,1,2,3\n",
        (struct invocations_options){ 0 }, &rep, &err);
    assert_non_null(v);
    assert_int_equal(rep.rows_read, 9);
    assert_int_equal(rep.rows_used, 3);
    assert_int_equal(rep.dropped[INV_FIELDS].rows, 1);
    assert_int_equal(rep.dropped[INV_COUNT].rows, 3);
    assert_int_equal(rep.dropped[INV_KEY].rows, 1);
    assert_int_equal(rep.dropped[INV_QUOTE].rows, 1);
    assert_int_equal(rep.repeated.rows, 1);
    assert_int_equal(invocations_report_dropped(&rep), 6);
    assert_non_null(strstr(rep.dropped[INV_COUNT].example, ":4: \"1.0\""));
    assert_non_null(strstr(rep.dropped[INV_FIELDS].example, ":3: "));
    assert_non_null(strstr(rep.repeated.example, ":6: \"f\""));
    assert_int_equal(v->n, 2);                 /* f and j, who was there and not called */
    assert_int_equal(v->total[0], 16);
    assert_int_equal(invocations_count(v, 0, 0, 60), 11);
    assert_int_equal(v->total[1], 0);
    invocations_free(v);
}

static void arrivals_are_ends_minus_durations(void **state)
{
    (void)state;
    struct err err;
    struct invocations_report rep;
    static const char text[] = "app,func,end_timestamp,duration\n"
                               "a,f,0.1,0.5\na,g,10.25,0.25\nb,f,90000.1,0\na,f,5,1\n"
                               "a,f,6.5,2.5\na,f,86400.5,0.5\nb,g,0.3,0.1\nb,h,7,-1\nb,h,nan,1\n";
    struct invocations *v = read_text("azure-v2", text, (struct invocations_options){ 0 }, &rep,
                                      &err);
    assert_non_null(v);
    assert_int_equal(v->n, 4);                 /* a/f, a/g, b/f, b/g */
    assert_int_equal(v->n_days, 2);
    assert_int_equal(rep.dropped[INV_DURATION].rows, 1);
    assert_int_equal(rep.dropped[INV_TIME].rows, 1);
    size_t n;
    const double *t = invocations_times(v, 0, -INFINITY, INFINITY, &n);
    assert_int_equal(n, 4);
    assert_true(t[0] == 0.1 - 0.5 && t[1] == 4 && t[2] == 4 && t[3] == 86400);
    t = invocations_times(v, 0, 4, 86400, &n);
    assert_true(n == 2 && t[0] == 4);
    invocations_times(v, 0, 5, 4, &n);
    assert_int_equal(n, 0);
    assert_int_equal(invocations_count(v, 0, 0, 86400), 2);
    assert_true(invocations_times(v, 3, 0, 1, &n)[0] == 0.3 - 0.1);
    uint64_t sum[2] = { 0 };
    invocations_minutes(v, 0, 1439, 1441, sum);
    assert_true(sum[0] == 0 && sum[1] == 1);
    invocations_free(v);

    static const char good[] = "app,func,end_timestamp,duration\n"
                               "a,f,0.1,0.5\na,g,10.25,0.25\nb,f,90000.1,0\nb,f,3,-4\nb,g,inf,1\n";
    v = read_text("azure-v2", good, (struct invocations_options){ .compat = true }, &rep, &err);
    assert_non_null(v);        /* one id under two apps is one function, and any float is a time */
    assert_int_equal(v->n, 2);
    assert_string_equal(v->key[0].app, "");
    assert_int_equal(v->total[0], 3);
    t = invocations_times(v, 0, 0, 1e9, &n);
    assert_true(n == 2 && t[0] == 7 && t[1] == 90000.1);
    invocations_free(v);

    v = read_text("azure-v2", good, (struct invocations_options){ .days = 1 }, &rep, &err);
    assert_non_null(v);
    assert_int_equal(v->n_days, 1);
    assert_int_equal(rep.late, 1);
    assert_int_equal(rep.rows_used, 2);
    invocations_free(v);
}

static void requests_to_models_have_tokens_and_a_date(void **state)
{
    (void)state;
    struct err err;
    struct invocations_report rep;
    char *dir = folder("llm"), *path = file_join(dir, "AzureLLMInferenceTrace_code.csv");
    static const char code[] = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
                               "2023-11-16 18:17:03.9799600,4808,10\n"
                               "2023-11-16 18:17:04.0319569,3180,8\n"
                               "2023-11-16 18:17,1,1\n2023-11-16 18:17:05,many,8\n";
    static const char conv[] = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
                               "2023-11-15 23:59:59.5+00:00,110,27\n"
                               "2023-11-16T01:00:00+02:00,7,9\n";
    assert_true(file_write(path, code, sizeof code - 1, &err));
    free(path);
    path = file_join(dir, "AzureLLMInferenceTrace_conv.csv");
    assert_true(file_write(path, conv, sizeof conv - 1, &err));
    struct invocations *v = read_path("azure-llm", dir, (struct invocations_options){ 0 }, &rep,
                                      &err);
    assert_non_null(v);
    assert_int_equal(v->n, 2);
    assert_int_equal(v->n_days, 2);
    assert_true(v->origin_unix_s == 1700006400);             /* 2023-11-15 00:00 UTC */
    assert_string_equal(v->key[0].function, "AzureLLMInferenceTrace_code");
    assert_string_equal(v->key[1].function, "AzureLLMInferenceTrace_conv");
    size_t n;
    const double *t = invocations_times(v, 0, 0, 1e9, &n);
    assert_int_equal(n, 2);
    assert_near(t[0], DAY_SECONDS + 18 * 3600 + 17 * 60 + 3.97996, 1e-9);
    assert_near(t[1] - t[0], 0.0519969, 1e-9);
    t = invocations_times(v, 1, 0, 1e9, &n);
    const struct invocation_tokens *k = invocations_tokens(v, 1, 0, 1e9, &n);
    assert_int_equal(n, 2);
    assert_near(t[0], 23 * 3600, 0);
    assert_near(t[1], DAY_SECONDS - 0.5, 0);
    assert_true(k[0].context == 7 && k[0].generated == 9 && k[1].context == 110);
    assert_int_equal(rep.dropped[INV_TIME].rows, 1);
    assert_int_equal(rep.dropped[INV_TOKENS].rows, 1);
    invocations_free(v);
    free(path);
    free(dir);
}

#define V1 "HashOwner,HashApp,HashFunction,Trigger,1,2\n"
#define V2 "app,func,end_timestamp,duration\n"
#define LLM "TIMESTAMP,ContextTokens,GeneratedTokens\n"
#define HEAD "\x80\x04"

static void every_way_to_be_wrong_has_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *format, *text, *says;
        size_t n;              /* 0: strlen */
        struct invocations_options o;
    } wrong[] = {
        { "azure-v1", "", "is empty", 0, { 0 } },
        { "azure-v1", V1, "no row to use", 0, { 0 } },
        { "azure-v1", "HashOwner,HashApp,Trigger,1\n", "no column HashFunction", 0, { 0 } },
        { "azure-v1", "HashFunction,Trigger\nf,http\n", "no column of a minute", 0, { 0 } },
        { "azure-v1", "HashFunction,1,minute_1\nf,1,1\n", "a minute once", 0, { 0 } },
        { "azure-v1", "HashFunction,0,1441\nf,1,1\n", "of a minute", 0, { 0 } },
        { "azure-v1", V1 "o,a,f,http,x,2\n", ":2: \"x\": bad count", 0, { 0 } },
        { "azure-v1", V1 "o,a,f,http,1\n", "wrong number of fields", 0, { 0 } },
        { "azure-v1", V1 "o,a,f,http,1,2\n", "2 days are asked for, and there are 1", 0,
          { .days = 2 } },
        { "azure-v2", "app,func,end,duration\n", "no column end_timestamp", 0, { 0 } },
        { "azure-v2", V2, "no row to use", 0, { 0 } },
        { "azure-v2", V2 "a,f,1,-1\n", ":2: \"-1\": bad duration", 0, { 0 } },
        { "azure-v2", V2 "a,f,1e12,1\n", "bad time", 0, { 0 } },
        { "azure-v2", V2 "a,f,1,1\na,f,2\n",
          ":3: \"a\": wrong number of fields; the original stops", 0, { .compat = true } },
        { "azure-v2", V2 "a,f,one,1\n", "bad time", 0, { .compat = true } },
        { "azure-llm", "TIMESTAMP,ContextTokens\n", "no column GeneratedTokens", 0, { 0 } },
        { "azure-llm", LLM "2023-02-29 00:00:00,1,1\n", "bad time", 0, { 0 } },
        { "azure-llm", LLM "2023-02-28 00:00:00,1,1\n1970-01-01 00:00:00,1,1\n", "19416 days", 0,
          { 0 } },
        { "azure-llm", LLM "2023-02-28 24:00:00,1,1\n", "bad time", 0, { 0 } },
        { "azure-llm", LLM "2023-02-28 00:00:00+1,1,1\n", "bad time", 0, { 0 } },
        { "azure-v2", HEAD ".", "something else than a table", 3, { 0 } },
        { "azure-v2", HEAD, "the file ends too early", 2, { 0 } },
        { "azure-v2", HEAD "cos\nsystem\n.", "names os.system, which no trace needs", 0, { 0 } },
        { "azure-v2", HEAD "\x8c\x05posix\x8c\x06system\x93.", "names posix.system", 0, { 0 } },
        { "azure-v2", HEAD "}(\x8c\x01" "fK\x01u.", "not a name and an array", 0, { 0 } },
        { "azure-v2", HEAD "}(\x8c\x01" "fu.", "entries without a table", 0, { 0 } },
        { "azure-v2", HEAD "}u.", "a mark is missing", 0, { 0 } },
        { "azure-v2", HEAD "}.", "no function", 0, { 0 } },
        { "azure-v2", HEAD "h\x07.", "the memo has no such entry", 0, { 0 } },
        { "azure-v2", HEAD "Nq\x07.", "the memo has a gap", 0, { 0 } },
        { "azure-v2", HEAD "I1\n.", "opcode 0x49", 0, { 0 } },
        { "azure-v2", HEAD "X\xff\xff\xff\x7f.", "a name of more than", 0, { 0 } },
        { "azure-v2", HEAD "B\xff\xff\xff\x7fxx", "ends too early", 0, { 0 } },
        { "azure-v2", "\x80\x04\x80\x06.", "protocol above 5", 0, { 0 } },
        { "azure-v2", HEAD "\x8c\x05numpy\x8c\x05" "dtype\x93\x8c\x02" "f4\x89\x88\x87R.",
          "not i4, i8 or f8", 0, { 0 } },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct err err = { 0 };
        struct invocations_report rep;
        size_t n = wrong[i].n ? wrong[i].n : strlen(wrong[i].text);
        struct memfile m = memfile_open(wrong[i].text, n);
        struct invocations *v = read_path(wrong[i].format, m.path, wrong[i].o, &rep, &err);
        memfile_close(&m);
        if (v || err.status != EXIT_DATA || !strstr(err.msg, wrong[i].says))
            fail_msg("case %zu, \"%.60s\": status %d, %s", i, wrong[i].text, err.status, err.msg);
        assert_null(strchr(err.msg, '\n'));
    }
    struct err err;
    struct invocations_report rep;
    assert_null(read_path("azure-v1", "/nonexistent/file", (struct invocations_options){ 0 }, &rep,
                          &err));
    assert_int_equal(err.status, EXIT_NOINPUT);
    assert_null(read_path("azure-v2", root, (struct invocations_options){ 0 }, &rep, &err));
    assert_int_equal(err.status, EXIT_NOINPUT);
    assert_non_null(strstr(err.msg, "azure_v2.pkl"));
    assert_null(invocations_format("alibaba"));
}

static void a_line_of_two_megabytes_is_no_row(void **state)
{
    (void)state;
    struct err err;
    struct invocations_report rep;
    struct buf b = { 0 };
    buf_str(&b, V2 "a,f,1,1\na,");
    for (int i = 0; i < 2 << 20; i++)
        buf_char(&b, 'x');
    buf_str(&b, ",5,1\nb,g,2,x\nb,g,2,1");
    struct invocations *v = read_text("azure-v2", b.p, (struct invocations_options){ 0 }, &rep,
                                      &err);
    assert_non_null(v);
    assert_int_equal(rep.rows_read, 4);
    assert_int_equal(rep.rows_used, 2);
    assert_int_equal(rep.dropped[INV_LONG].rows, 1);
    assert_non_null(strstr(rep.dropped[INV_LONG].example, ":3: "));
    assert_non_null(strstr(rep.dropped[INV_DURATION].example, ":4: "));
    invocations_free(v);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_functions_and_gaps_in_days_have_their_places),
        cmocka_unit_test(a_partial_day_has_its_header_s_minutes),
        cmocka_unit_test(bad_rows_are_counted_and_named),
        cmocka_unit_test(arrivals_are_ends_minus_durations),
        cmocka_unit_test(requests_to_models_have_tokens_and_a_date),
        cmocka_unit_test(every_way_to_be_wrong_has_its_line),
        cmocka_unit_test(a_line_of_two_megabytes_is_no_row),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
