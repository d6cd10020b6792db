/* base/meta: sorted pairs, equal work gives equal bytes. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/meta.h"
#include "base/version.h"

static void append(void *ctx, const char *key, const char *value)
{
    struct buf *b = ctx;
    if (strcmp(key, "commit") != 0 && strcmp(key, "version") != 0)
        buf_printf(b, "%s=%s;", key, value);
}

static void pairs_come_sorted_and_the_last_value_counts(void **state)
{
    (void)state;
    struct meta *m = meta_new("train");
    meta_int(m, "seed", -3);
    meta_real(m, "lr", 0.1);
    meta_text(m, "zeta", "\"quoted\"\n\xC3\xA9");
    meta_text(m, "alpha", "first");
    meta_text(m, "alpha", "last");
    struct buf b = { 0 };
    meta_each(m, append, &b);
    assert_string_equal(b.p, "alpha=last;command=train;lr=0.10000000000000001;seed=-3;"
                             "zeta=\"quoted\"\n\xC3\xA9;");
    buf_free(&b);
    meta_free(m);
    meta_free(NULL);
}

static void the_file_beside_is_json(void **state)
{
    (void)state;
    char dir[] = "/tmp/test_meta.XXXXXX", path[64], beside[80], want[512];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/out.csv", dir);
    snprintf(beside, sizeof beside, "%s.meta.json", path);
    struct err err = { 0 };
    assert_true(file_write(path, "abc", 3, &err));
    struct meta *m = meta_new("stats");
    assert_true(meta_input(m, "data", path, &err));
    assert_true(meta_input(m, "data", path, &err));   /* a second input of the role */
    assert_true(meta_input(m, "real", "-", &err));
    meta_text(m, "bad", "\xFF");                      /* not UTF-8: no word of it is lost */
    assert_true(meta_write_beside(m, path, &err));
    const char *sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    snprintf(want, sizeof want,
             "{\n  \"bad\": \"\\\\xff\",\n  \"command\": \"stats\",\n  \"commit\": \"%s\",\n"
             "  \"sha256.data\": \"%s\",\n  \"sha256.data.2\": \"%s\",\n"
             "  \"sha256.real\": \"standard input\",\n  \"version\": \"%s\"\n}\n",
             version_commit, sha, sha, version_number);
    struct buf b = { 0 };
    assert_true(file_read(beside, &b, &err));
    assert_string_equal(b.p, want);
    assert_true(meta_write_beside(m, "-", &err));
    unlink(path);
    unlink(beside);
    assert_false(meta_input(m, "data", path, &err));
    assert_int_equal(err.status, EXIT_NOINPUT);
    rmdir(dir);
    assert_false(meta_write_beside(m, path, &err));
    assert_int_equal(err.status, EXIT_IO);
    buf_free(&b);
    meta_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_come_sorted_and_the_last_value_counts),
        cmocka_unit_test(the_file_beside_is_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
