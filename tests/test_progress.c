/* base/progress on a pseudo-terminal, in a pipe, on a dumb terminal, silenced. */
#define _GNU_SOURCE   /* openpty */
#include "tests/near.h"

#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/progress.h"

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

static _Noreturn void work(bool silent)
{
    if (silent)
        progress_silence();
    struct progress p = progress_begin("train", "tokens", 1000);
    snprintf(p.note, sizeof p.note, "loss 2.31");
    pause_ms(150);
    progress_set(&p, 250);
    progress_set(&p, 260);   /* too soon to be drawn */
    pause_ms(150);
    progress_set(&p, 500);
    progress_end(&p);
    _exit(0);
}

/* What work() writes to stderr when it is `fd`'s other end. */
static void capture(int read_end, int write_end, const char *term, bool silent, char *text,
                    size_t cap)
{
    pid_t child = fork();
    if (child == 0) {
        setenv("TERM", term, 1);
        dup2(write_end, STDERR_FILENO);
        work(silent);
    }
    close(write_end);
    waitpid(child, NULL, 0);
    size_t n = 0;
    for (ssize_t k; n < cap - 1 && (k = read(read_end, text + n, cap - 1 - n)) > 0;)
        n += (size_t)k;
    text[n] = '\0';
    close(read_end);
}

static void on_terminal(unsigned short columns, const char *term, bool silent, char *text,
                        size_t cap)
{
    int master, slave;
    struct winsize size = { .ws_row = 24, .ws_col = columns };
    if (openpty(&master, &slave, NULL, NULL, &size) != 0) {   /* a container without /dev/pts */
        printf("SKIP what a terminal sees: no pseudo-terminal to be had\n");
        skip();
    }
    capture(master, slave, term, silent, text, cap);
}

static void a_terminal_gets_a_bar_that_is_cleared(void **state)
{
    (void)state;
    char text[4096];
    on_terminal(100, "xterm", false, text, sizeof text);
    assert_non_null(strstr(text, "\r\033[Ktrain [######..................]  25 %  "));
    assert_non_null(strstr(text, "train [############............]  50 %  "));
    assert_null(strstr(text, " 26 %"));
    assert_non_null(strstr(text, " tokens/s  "));
    assert_non_null(strstr(text, " left  loss 2.31"));
    assert_null(strchr(text, '\n'));
    assert_string_equal(text + strlen(text) - 4, "\r\033[K");
}

static void a_narrow_terminal_gets_what_fits(void **state)
{
    (void)state;
    char text[4096];
    on_terminal(60, "xterm", false, text, sizeof text);
    assert_non_null(strstr(text, "\r\033[Ktrain  25 %  "));
    assert_null(strstr(text, "[#"));
    assert_non_null(strstr(text, " left  loss 2.31\r"));
    on_terminal(30, "xterm", false, text, sizeof text);
    assert_non_null(strstr(text, "\r\033[Ktrain  25 %  loss 2.31\r"));
    on_terminal(15, "xterm", false, text, sizeof text);
    assert_non_null(strstr(text, "\r\033[Kloss 2.31\r"));
    on_terminal(7, "xterm", false, text, sizeof text);
    assert_non_null(strstr(text, "\r\033[Kloss 2\r"));
}

static void others_get_lines_now_and_then_or_nothing(void **state)
{
    (void)state;
    char text[4096];
    on_terminal(100, "dumb", false, text, sizeof text);
    assert_string_equal(text, "");   /* under 10 s */
    on_terminal(100, "xterm", true, text, sizeof text);
    assert_string_equal(text, "");
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    capture(ends[0], ends[1], "xterm", false, text, sizeof text);
    assert_string_equal(text, "");
}

/* A clock set back by 11 s stands for the wait. */
static void a_pipe_gets_a_line_after_ten_seconds(void **state)
{
    (void)state;
    int ends[2];
    char text[256] = "";
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        struct progress p = progress_begin("import", "rows", 0);
        p.started_s -= 11;
        p.shown_s -= 11;
        progress_set(&p, 220000);
        progress_set(&p, 230000);
        progress_end(&p);
        _exit(0);
    }
    close(ends[1]);
    waitpid(child, NULL, 0);
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    assert_string_equal(text, "import 220000 rows  20 k rows/s\n");
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_terminal_gets_a_bar_that_is_cleared),
        cmocka_unit_test(a_narrow_terminal_gets_what_fits),
        cmocka_unit_test(others_get_lines_now_and_then_or_nothing),
        cmocka_unit_test(a_pipe_gets_a_line_after_ten_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
