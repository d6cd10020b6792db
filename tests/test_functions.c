/* test_functions.c: what each kind of dirty row costs, by the original's rules. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "trace/functions.h"

#define D_HEAD "HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum," \
    "percentile_Average_0," \
    "percentile_Average_1,percentile_Average_25,percentile_Average_50,percentile_Average_75," \
    "percentile_Average_99,percentile_Average_100\n"
#define M_TAIL "SampleCount,AverageAllocatedMb,AverageAllocatedMb_pct1,AverageAllocatedMb_pct5," \
    "AverageAllocatedMb_pct25,AverageAllocatedMb_pct50,AverageAllocatedMb_pct75," \
    "AverageAllocatedMb_pct95,AverageAllocatedMb_pct99,AverageAllocatedMb_pct100\n"
#define M_HEAD "HashFunction,HashOwner,HashApp," M_TAIL
#define D_NUM ",1,2,3,4,5,6,7,8,9,10,11\n"
#define M_NUM ",1,2,3,4,5,6,7,8,9,10\n"

static char dir[64];

static void put(const char *name, const char *text)
{
    char *path = file_join(dir, name);
    struct err err;
    assert_true(file_write(path, text, strlen(text), &err));
    free(path);
}

static bool read_three(const char *d, const char *m, const char *i, struct functions *o,
                       struct functions_report *rep, struct err *err)
{
    put("durations.csv", d);
    put("memory.csv", m);
    put("invocations.csv", i);
    return functions_read(dir, true, o, rep, err);
}

static void rows_follow_the_rules(void **state)
{
    (void)state;
    struct functions o;
    struct functions_report r;
    struct err err = { 0 };
    assert_true(read_three(
        D_HEAD "o,a,one" D_NUM           /* replaced by the last row, keeps its place */
        "o,a,two" D_NUM
        "o,a,bad,x,2,3,4,5,6,7,8,9,10,11\n"
        "o,a,short,1\n"
        "o,a,gone" D_NUM "o,a,gone,1,2,3,4,5,6,7,8,x,10,11\n"     /* takes the first back */
        "o,a,lonely" D_NUM
        "\"o\",a,\"one\", 1_0 ,2,3,4,5,6,7,8,inf,10,11\r\n",
        M_HEAD "one,o,a" M_NUM "two,o,a" M_NUM "gone,o,a" M_NUM "other,o,a" M_NUM,
        "HashOwner,HashApp,HashFunction,Trigger,1,2\n"
        "o,a,two,http,1,-2,3\no,a,one,queue,0, +4 \no,a,gone,http,1,1\no,a,lonely,http,1,1.0\n",
        &o, &r, &err));
    assert_int_equal(o.n, 2);
    assert_string_equal(o.at[0].key, "oaone");
    assert_true(o.at[0].average == 10 && isinf(o.at[0].duration[4]));
    assert_int_equal(o.at[0].calls[1], 4);
    assert_string_equal(o.at[1].trigger, "http");
    assert_int_equal(o.at[1].units, 3);
    assert_int_equal(o.at[1].calls[1], -2);
    assert_int_equal(r.table[0].rows, 8);
    assert_int_equal(r.table[0].dropped[FUNCTIONS_FIELDS], 1);
    assert_int_equal(r.table[0].dropped[FUNCTIONS_NUMBER], 2);
    assert_int_equal(r.table[0].dropped[FUNCTIONS_AGAIN], 2);
    assert_int_equal(r.table[0].dropped[FUNCTIONS_MISSING], 1);
    assert_string_equal(r.table[0].example[FUNCTIONS_NUMBER], "durations.csv:4: \"x\"");
    assert_int_equal(r.table[1].dropped[FUNCTIONS_ALONE], 2);
    assert_int_equal(r.table[2].dropped[FUNCTIONS_NUMBER], 1);
    for (int t = 0; t < FUNCTIONS_TABLES; t++) {
        uint64_t sum = r.table[t].used;
        for (int c = 0; c < FUNCTIONS_CAUSES; c++)
            sum += r.table[t].dropped[c];
        assert_int_equal(sum, r.table[t].rows);
    }
    functions_free(&o);
}

static void an_applications_memory_is_divided(void **state)
{
    (void)state;
    struct functions o;
    struct functions_report r;
    struct err err = { 0 };
    assert_true(read_three(D_HEAD "o,a,one" D_NUM "o,a,two" D_NUM "o,b,three" D_NUM,
                           "HashOwner,HashApp," M_TAIL "o,a" M_NUM "o,b" M_NUM,
                           "HashOwner,HashApp,HashFunction,Trigger,1\no,a,one,http,1\n"
                           "o,a,two,http,1\no,b,three,http,1\n", &o, &r, &err));
    assert_true(o.at[0].memory[5] == 4 && o.at[1].memory[5] == 4 && o.at[2].memory[5] == 8);
    functions_free(&o);
    assert_false(functions_read(dir, false, &o, &r, &err));
    assert_non_null(strstr(err.msg, "no column HashFunction"));
}

static void headers_are_strict(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        { "", "is empty" },
        { "\xEF\xBB\xBF" D_HEAD, "byte order mark" },
        { "HashOwner,HashApp\n", "no column HashFunction" },
        { "x," D_HEAD, "15 fields, not 14" },
        { D_HEAD, "no function is in all three tables" },
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        struct functions o;
        struct functions_report r;
        struct err err = { 0 };
        assert_false(read_three(bad[k][0], M_HEAD, "HashOwner,HashApp,HashFunction,Trigger,1\n",
                                &o, &r, &err));
        assert_int_equal(err.status, EXIT_DATA);
        if (!strstr(err.msg, bad[k][1]))
            fail_msg("\"%s\" does not say \"%s\"", err.msg, bad[k][1]);
    }
}

static void numbers_are_pythons(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool real, whole;
    } t[] = {
        { "1", true, true }, { " -7\t", true, true }, { "+1_000", true, true },
        { "", false, false },
        { "1.", true, false }, { ".5e-3", true, false }, { "1e", false, false },
        { "0x10", false, false }, { "_1", false, false }, { "1__0", false, false },
        { "nan", true, false }, { "-Infinity", true, false }, { "infin", false, false },
        { "2147483648", true, false }, { "99999999999999999999999", true, false },
        { "1 2", false, false }, { "--1", false, false }, { ".", false, false },
    };
    for (size_t k = 0; k < sizeof t / sizeof *t; k++) {
        double x;
        int32_t n;
        if (functions_float(str_of(t[k].text), &x) != t[k].real ||
            functions_int(str_of(t[k].text), &n) != t[k].whole)
            fail_msg("\"%s\"", t[k].text);
    }
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct functions o, again;
    struct functions_report r;
    struct err err = { 0 };
    assert_true(read_three(D_HEAD "\"o,\"\"\",a,one,0.1,2,3,4,5,6,7,8,9,10,1e300\n",
                           M_HEAD "one,\"o,\"\"\",a" M_NUM,
                           "HashOwner,HashApp,HashFunction,Trigger,540,541\n"
                           "\"o,\"\"\",a,one,http,1,2\n", &o, &r, &err));
    assert_true(functions_write(&o, dir, &err) && functions_read(dir, false, &again, &r, &err));
    assert_string_equal(again.at[0].key, "o,\"aone");
    assert_true(again.at[0].average == 0.1 && again.at[0].duration[6] == 1e300);
    assert_string_equal(again.unit_name[1], "541");
    functions_free(&o);
    functions_free(&again);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/test_functions.XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = { "durations.csv", "memory.csv", "invocations.csv" };
    for (size_t k = 0; k < 3; k++) {
        char *path = file_join(dir, names[k]);
        unlink(path);
        free(path);
    }
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_follow_the_rules),
        cmocka_unit_test(an_applications_memory_is_divided),
        cmocka_unit_test(headers_are_strict),
        cmocka_unit_test(numbers_are_pythons),
        cmocka_unit_test(what_is_written_is_read),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
