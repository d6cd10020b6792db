/* base/err: messages, contexts, and what does not fit. */
#include "tests/near.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"

static void contexts_stack_in_front(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_false(err_set(&e, EXIT_DATA, "rpctype \"%s\" is unknown", "foo"));
    assert_false(err_add(&e, "calls.csv:%d", 1042));
    assert_false(err_add(&e, "train"));
    assert_string_equal(e.msg, "train: calls.csv:1042: rpctype \"foo\" is unknown");
    assert_int_equal(e.status, EXIT_DATA);
}

static void nobody_has_to_listen(void **state)
{
    (void)state;
    assert_false(err_set(NULL, EXIT_DATA, "x"));
    assert_false(err_add(NULL, "x"));
}

static void long_messages_lose_their_end(void **state)
{
    (void)state;
    char value[3000];
    memset(value, 'v', sizeof value);
    value[sizeof value - 1] = '\0';
    struct err e = { 0 };
    err_set(&e, EXIT_DATA, "%s", value);
    assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
    err_add(&e, "file:1");
    assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
    assert_int_equal(strncmp(e.msg, "file:1: vvv", 11), 0);
    err_add(&e, "%s", value);   /* a context longer than the message is left out */
    assert_int_equal(strncmp(e.msg, "file:1: vvv", 11), 0);
}

static void report_returns_the_status(void **state)
{
    (void)state;
    struct err e = { 0 };
    err_set(&e, EXIT_NOINPUT, "expected in this log");
    assert_int_equal(err_report(&e, "test"), EXIT_NOINPUT);
    e.status = 0;
    assert_int_equal(err_report(&e, "test"), EXIT_INTERNAL);
}

static void a_broken_requirement_aborts(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        REQUIRE(1 + 1 == 2);
        REQUIRE(1 + 1 == 3);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void messages_stay_on_one_line(void **state)
{
    (void)state;
    struct err e = { 0 };
    err_set(&e, EXIT_DATA, "near '%s'", "a\n\tb\x7f\xc3\xa9");
    assert_string_equal(e.msg, "near 'a??b?\xc3\xa9'");
    err_add(&e, "x\ry");
    assert_string_equal(e.msg, "x?y: near 'a??b?\xc3\xa9'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_stay_on_one_line),
        cmocka_unit_test(contexts_stack_in_front),
        cmocka_unit_test(nobody_has_to_listen),
        cmocka_unit_test(long_messages_lose_their_end),
        cmocka_unit_test(report_returns_the_status),
        cmocka_unit_test(a_broken_requirement_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
