/* cli/args: one command with every kind of option, and every way to be wrong. */
#include "tests/near.h"

#include <string.h>

#include "cli/command.h"

static const struct option options[] = {
    { "json", OPT_FLAG, NULL, NULL, "a flag", 0, 0 },
    { "name", OPT_TEXT, "TEXT", NULL, "a text", 0, 0 },
    { "n", OPT_INT, "N", "7", "a whole number", 0, 100 },
    { "rate", OPT_REAL, "R", "0.5", "a number", 0, 1 },
    { "any", OPT_REAL, "R", NULL, "a number without a range", 0, 0 },
    { "from", OPT_CHOICE, "left|right", "left", "a choice", 0, 0 },
    OPTION_SEED, OPTION_END,
};

static const struct command command = {
    .name = "try", .operands = "FILE...", .min_operands = 1, .max_operands = 2, .options = options,
};

/* Cut at blanks and parse; at most 15 words. */
static struct args *parse(const char *line, struct err *err)
{
    static char text[512];
    static char *argv[16];
    int argc = 0;
    snprintf(text, sizeof text, "%s", line);
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    return args_parse(&command, argc, argv, err);
}

static void standards_hold_when_nothing_is_given(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct args *a = parse("in.csv", &err);
    assert_non_null(a);
    assert_false(args_flag(a, "json") || args_given(a, "n"));
    assert_null(args_text(a, "name"));
    assert_int_equal(args_int(a, "n"), 7);
    assert_near(args_real(a, "rate"), 0.5, 0);
    assert_near(args_real(a, "any"), NAN, 0);
    assert_string_equal(args_text(a, "from"), "left");
    assert_int_equal(args_operands(a), 1);
    args_free(a);
    args_free(NULL);
}

static void both_spellings_mix_with_operands(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct args *a =
        parse("in.csv --json --name=a=b -n 3 - --rate 1e-3 --from right --any=-2", &err);
    assert_non_null(a);
    assert_true(args_flag(a, "json") && args_given(a, "n"));
    assert_string_equal(args_text(a, "name"), "a=b");
    assert_int_equal(args_int(a, "n"), 3);
    assert_near(args_real(a, "rate"), 1e-3, 0);
    assert_near(args_real(a, "any"), -2, 0);
    assert_string_equal(args_text(a, "from"), "right");
    assert_string_equal(args_operand(a)[1], "-");
    args_free(a);
    a = parse("-n 3 -n 4 -- --json", &err);   /* the last one counts; "--" ends options */
    assert_non_null(a);
    assert_int_equal(args_int(a, "n"), 4);
    assert_string_equal(args_operand(a)[0], "--json");
    assert_false(args_flag(a, "json"));
    args_free(a);
}

static void every_way_to_be_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message;
    } way[] = {
        { "", "FILE... is missing; usage: tracewright try [options] FILE..." },
        { "a b c", "\"c\" is one operand too many; usage: tracewright try [options] FILE..." },
        { "a --nope", "unknown option --nope; see tracewright try --help" },
        { "a -x", "unknown option -x; see tracewright try --help" },
        { "a -json", "unknown option -json; see tracewright try --help" },
        { "a --jso", "unknown option --jso; see tracewright try --help" },
        { "a --=1", "unknown option --=1; see tracewright try --help" },
        { "a --json=1", "--json takes no value" },
        { "a --name", "--name needs a value: TEXT" },
        { "a -n", "-n needs a value: N" },
        { "a -n x", "-n: \"x\" is not a whole number" },
        { "a -n 1.5", "-n: \"1.5\" is not a whole number" },
        { "a -n=", "-n: \"\" is not a whole number" },
        { "a -n 99999999999999999999", "-n: \"99999999999999999999\" is not a whole number" },
        { "a -n 101", "-n: 101 is outside 0 to 100" },
        { "a -n -1", "-n: -1 is outside 0 to 100" },
        { "a --rate nan", "--rate: \"nan\" is not a finite number" },
        { "a --any inf", "--any: \"inf\" is not a finite number" },
        { "a --any 1e999", "--any: \"1e999\" is not a finite number" },
        { "a --rate 1.01", "--rate: 1.01 is outside 0 to 1" },
        { "a --from up", "--from: \"up\" is not one of left|right" },
        { "a --from left|right", "--from: \"left|right\" is not one of left|right" },
        { "a --from=", "--from: \"\" is not one of left|right" },
        { "a --seed -1", "--seed: -1 is outside 0 to 9000000000000000" },
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        struct err err = { 0 };
        struct args *a = parse(way[i].line, &err);
        assert_string_equal(err.msg, way[i].message);
        assert_int_equal(err.status, EXIT_USAGE);
        assert_null(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standards_hold_when_nothing_is_given),
        cmocka_unit_test(both_spellings_mix_with_operands),
        cmocka_unit_test(every_way_to_be_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
