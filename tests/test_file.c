/* base/file: what is seen under a final name is whole; every failure leaves the old file alone. */
#include "tests/near.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

static char dir[] = "/tmp/test_file.XXXXXX";

static char *in_dir(const char *name)
{
    static char path[4][128];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", dir, name);
    return path[turn];
}

static size_t entries(void)
{
    DIR *d = opendir(dir);
    size_t n = 0;
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static int enter(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int leave(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static void assert_holds(const char *path, const char *text)
{
    struct buf b = { 0 };
    struct err err = { 0 };
    assert_true(file_read(path, &b, &err));
    assert_string_equal(b.p, text);
    buf_free(&b);
}

static void the_old_file_stays_until_commit(void **state)
{
    (void)state;
    struct err err = { 0 };
    const char *path = in_dir("a");
    assert_true(file_write(path, "old", 3, &err));
    struct outfile o;
    assert_true(outfile_open(&o, path, &err));
    fputs("new", o.f);
    assert_holds(path, "old");
    assert_true(outfile_commit(&o, &err));
    assert_holds(path, "new");
    outfile_abandon(&o);   /* safe after commit */
    assert_true(outfile_open(&o, path, &err));
    fputs("never", o.f);
    outfile_abandon(&o);
    assert_holds(path, "new");
    assert_int_equal(entries(), 1);
    unlink(path);
}

static void a_rename_that_fails_leaves_nothing(void **state)
{
    (void)state;
    struct err err = { 0 };
    const char *path = in_dir("b");
    struct outfile o;
    assert_true(outfile_open(&o, path, &err));
    fputs("x", o.f);
    assert_int_equal(mkdir(path, 0777), 0);   /* a directory takes the name meanwhile */
    assert_false(outfile_commit(&o, &err));
    assert_int_equal(err.status, EXIT_IO);
    assert_non_null(strstr(err.msg, path));
    assert_int_equal(entries(), 1);
    rmdir(path);
}

static void names_that_cannot_be_written(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct outfile o;
    assert_false(outfile_open(&o, dir, &err));
    assert_non_null(strstr(err.msg, "directory"));
    assert_false(outfile_open(&o, in_dir("no/such"), &err));
    assert_int_equal(err.status, EXIT_IO);
    assert_non_null(strstr(err.msg, "No such file"));
    assert_int_equal(entries(), 0);
}

static void devices_are_written_in_place(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct stat st;
    assert_true(file_write("/dev/null", "x", 1, &err));
    assert_true(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode));
    assert_false(file_write("/dev/full", "x", 1, &err));
    assert_int_equal(err.status, EXIT_IO);
    assert_string_equal(err.msg, "/dev/full: No space left on device");
    assert_true(stat("/dev/full", &st) == 0 && S_ISCHR(st.st_mode));
}

/* A full disk: the file-size limit makes write fail as ENOSPC would. */
static void a_full_disk_keeps_the_old_file(void **state)
{
    (void)state;
    const char *path = in_dir("c");
    assert_true(file_write(path, "old", 3, NULL));
    char command[512];
    snprintf(command, sizeof command, "ulimit -f 8; trap '' XFSZ; exec %s/tests/test_file write %s",
             getenv("BUILD") ? getenv("BUILD") : "build", path);
    int status = system(command);
    assert_int_equal(WEXITSTATUS(status), EXIT_IO);
    assert_holds(path, "old");
    assert_int_equal(entries(), 1);
    unlink(path);
}

static void a_signal_removes_what_lies_aside(void **state)
{
    (void)state;
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        outfile_clean_on_signals();
        struct outfile o, p;
        outfile_open(&o, in_dir("d"), NULL);
        outfile_open(&p, in_dir("e"), NULL);
        fputs("half", o.f);
        fflush(o.f);
        if (write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    char c;
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(entries(), 2);
    kill(child, SIGINT);
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(WEXITSTATUS(status), 130);
    assert_int_equal(entries(), 0);
    close(ready[0]);
    close(ready[1]);
}

static void reading(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct buf b = { 0 };
    assert_false(file_read(in_dir("none"), &b, &err));
    assert_int_equal(err.status, EXIT_NOINPUT);
    assert_false(file_read(dir, &b, &err));
    assert_int_equal(err.status, EXIT_NOINPUT);
    assert_non_null(strstr(err.msg, "directory"));
    char *big = mem_alloc(300000);
    memset(big, 'q', 300000);
    assert_true(file_write(in_dir("big"), big, 300000, &err));
    assert_true(file_read(in_dir("big"), &b, &err));
    assert_true(b.n == 300000 && memcmp(b.p, big, b.n) == 0 && b.p[b.n] == '\0');
    assert_true(file_write(in_dir("big"), NULL, 0, &err));
    assert_true(file_read(in_dir("big"), &b, &err));
    assert_int_equal(b.n, 0);
    unlink(in_dir("big"));
    free(big);
    buf_free(&b);
}

static void directories(void **state)
{
    (void)state;
    struct err err = { 0 };
    assert_true(file_mkdirs(in_dir("x/y//z/"), &err));
    assert_true(file_is_dir(in_dir("x/y/z")) && file_mkdirs(in_dir("x/y"), &err));
    assert_true(file_write(in_dir("x/f"), "", 0, &err));
    assert_true(file_exists(in_dir("x/f")) && !file_is_dir(in_dir("x/f")));
    assert_false(file_mkdirs(in_dir("x/f"), &err));     /* a file is in the way */
    assert_false(file_mkdirs(in_dir("x/f/g"), &err));
    assert_false(file_mkdirs("", &err));
    assert_string_equal(file_base("a/b/c.csv"), "c.csv");
    assert_string_equal(file_base("c.csv"), "c.csv");
    char *joined = file_join("a", "b");
    assert_string_equal(joined, "a/b");
    free(joined);
}

/* Run as a program of its own under a file-size limit. */
static int write_much(const char *path)
{
    struct err err = { 0 };
    char *big = mem_alloc(1 << 20);
    bool good = file_write(path, big, 1 << 20, &err);
    free(big);
    return good ? 0 : err.status;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "write") == 0)
        return write_much(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_old_file_stays_until_commit),
        cmocka_unit_test(a_rename_that_fails_leaves_nothing),
        cmocka_unit_test(names_that_cannot_be_written),
        cmocka_unit_test(devices_are_written_in_place),
        cmocka_unit_test(a_full_disk_keeps_the_old_file),
        cmocka_unit_test(a_signal_removes_what_lies_aside),
        cmocka_unit_test(reading),
        cmocka_unit_test(directories),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
