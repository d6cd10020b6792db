/* fetch: whole files under their names, parts gone on with, sums held, from a server that breaks
 * off, refuses, changes the file and lies about it. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/http.h"
#include "base/mem.h"
#include "tests/http_server.h"

enum { SIZE = 300000 };
static char dir[] = "/tmp/test_fetch.XXXXXX";
static char body[SIZE], other[SIZE];
static struct http_server server;

static char *in_dir(const char *name)
{
    static char path[8][128];
    static int turn;
    turn = (turn + 1) % 8;
    snprintf(path[turn], sizeof path[turn], "%s/%s", dir, name);
    return path[turn];
}

static int enter(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZE; i++) {
        body[i] = (char)(hash64_mix(i, 1) & 255);
        other[i] = (char)(hash64_mix(i, 2) & 255);
    }
    http_server_start(&server);
    return mkdtemp(dir) ? 0 : -1;
}

static int leave(void **state)
{
    (void)state;
    http_server_stop(&server);
    char command[160];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static void serve(const char *p, const char *etag)
{
    server.body = p;
    server.n = SIZE;
    server.etag = etag;
    server.cut = 0;
    server.refuse = server.missing = server.gets = server.ranged = 0;
}

static bool get(const char *name, const char *sha, unsigned retries, struct http_got *got,
                struct err *err)
{
    char url[96];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/%s", server.port, name);
    struct http_file f = { .url = url, .path = in_dir(name), .sha256 = sha, .retries = retries };
    *got = (struct http_got){ 0 };
    *err = (struct err){ 0 };
    return http_download(&f, got, err);
}

static bool holds(const char *name, const char *want)
{
    struct buf b = { 0 };
    struct err err;
    bool same = file_read(in_dir(name), &b, &err) && b.n == SIZE && !memcmp(b.p, want, SIZE);
    buf_free(&b);
    return same;
}

static void a_file_comes_whole(void **state)
{
    (void)state;
    struct http_got got;
    struct err err;
    char hex[SHA256_HEX];
    hash_sha256(body, SIZE, hex);
    serve(body, "\"one\"");
    assert_true(get("whole", hex, 0, &got, &err));
    assert_true(holds("whole", body));
    assert_int_equal(got.bytes, SIZE);
    assert_int_equal(got.resumed, 0);
    assert_string_equal(got.sha256, hex);
    assert_false(file_exists(in_dir("whole.part")));
    assert_false(file_exists(in_dir("whole.part.tag")));
}

static void a_part_is_gone_on_with(void **state)
{
    (void)state;
    struct http_got got;
    struct err err;
    serve(body, "\"one\"");
    server.cut = 100000;
    assert_false(get("cut", NULL, 0, &got, &err));
    assert_int_equal(err.status, EXIT_NOINPUT);
    assert_false(file_exists(in_dir("cut")));
    assert_true(file_exists(in_dir("cut.part")));
    assert_true(get("cut", NULL, 0, &got, &err));
    assert_int_equal(server.ranged, 1);
    assert_int_equal(got.resumed, 100000);
    assert_true(holds("cut", body));
}

static void retries_go_on_within_one_call(void **state)
{
    (void)state;
    struct http_got got;
    struct err err;
    serve(body, "\"one\"");
    server.cut = 50000;
    assert_true(get("again", NULL, 1, &got, &err));
    assert_int_equal(server.gets, 2);
    assert_int_equal(server.ranged, 1);
    assert_int_equal(got.resumed, 0);       /* nothing was left by an earlier call */
    assert_true(holds("again", body));
    serve(body, "\"one\"");
    server.refuse = 1;
    assert_true(get("busy", NULL, 1, &got, &err));
    assert_int_equal(server.gets, 2);
}

static void a_file_that_changed_begins_anew(void **state)
{
    (void)state;
    struct http_got got;
    struct err err;
    serve(body, "\"one\"");
    server.cut = 100000;
    assert_false(get("changed", NULL, 0, &got, &err));
    serve(other, "\"two\"");
    assert_true(get("changed", NULL, 0, &got, &err));
    assert_int_equal(server.ranged, 0);     /* the server saw another tag and sent all */
    assert_int_equal(got.resumed, 0);
    assert_true(holds("changed", other));
}

/* Without a tag nothing says that the rest belongs to the part. */
static void a_part_without_tag_begins_anew(void **state)
{
    (void)state;
    struct http_got got;
    struct err err;
    serve(body, NULL);
    server.cut = 100000;
    assert_false(get("untagged", NULL, 0, &got, &err));
    assert_true(get("untagged", NULL, 0, &got, &err));
    assert_int_equal(server.ranged, 0);
    assert_true(holds("untagged", body));
}

static void a_part_that_is_too_long_begins_anew(void **state)
{
    (void)state;
    struct http_got got;
    struct err err;
    serve(body, "\"one\"");
    assert_true(file_write(in_dir("long.part"), body, SIZE, &err));
    assert_true(file_write(in_dir("long.part.tag"), "\"one\"", 5, &err));
    assert_true(get("long", NULL, 1, &got, &err));
    assert_int_equal(got.resumed, 0);
    assert_true(holds("long", body));
}

static void another_sum_is_refused(void **state)
{
    (void)state;
    struct http_got got;
    struct err err;
    char hex[SHA256_HEX];
    hash_sha256(other, SIZE, hex);
    serve(body, "\"one\"");
    assert_false(get("wrong", hex, 3, &got, &err));
    assert_int_equal(err.status, EXIT_DATA);
    assert_non_null(strstr(err.msg, hex));
    assert_false(file_exists(in_dir("wrong")));
    assert_false(file_exists(in_dir("wrong.part")));
    assert_int_equal(server.gets, 1);
}

static void what_is_not_there_is_said(void **state)
{
    (void)state;
    struct http_got got;
    struct err err;
    serve(body, NULL);
    server.missing = 1;
    assert_false(get("none", NULL, 3, &got, &err));
    assert_int_equal(err.status, EXIT_NOINPUT);
    assert_non_null(strstr(err.msg, "404"));
    assert_int_equal(server.gets, 1);       /* 404 is no fault that passes */
    struct http_file f = { .url = "file:///etc/hostname", .path = in_dir("local") };
    assert_false(http_download(&f, &got, &err));
    assert_false(file_exists(in_dir("local")));
    f = (struct http_file){ .url = "http://127.0.0.1:1/x", .path = in_dir("nobody") };
    assert_false(http_download(&f, &got, &err));
    assert_int_equal(err.status, EXIT_NOINPUT);
}

/* ---- the command ---- */

static int command(const char *words, const char *redirect)
{
    char line[512];
    const char *build = getenv("BUILD");
    snprintf(line, sizeof line, "%s/tracewright fetch -q %s %s", build ? build : "build", words,
             redirect);
    int status = system(line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void the_command_keeps_sums(void **state)
{
    (void)state;
    char words[256], hex[SHA256_HEX];
    struct buf b = { 0 };
    struct err err;
    serve(body, "\"one\"");
    snprintf(words, sizeof words, "alibaba-2022 --files 0-1,7 --from http://127.0.0.1:%d/x -o %s",
             server.port, in_dir("sets"));
    assert_int_equal(command(words, "> /dev/null"), 0);
    assert_int_equal(server.gets, 3);
    assert_true(holds("sets/CallGraph_7.tar.gz", body));
    assert_true(file_read(in_dir("sets/SHA256SUMS"), &b, &err));
    hash_sha256(body, SIZE, hex);
    assert_non_null(strstr(b.p, hex));
    assert_non_null(strstr(b.p, "  CallGraph_0.tar.gz\n"));
    /* Again: all are there, and none is asked for. */
    assert_int_equal(command(words, "--json > /dev/null"), 0);
    assert_int_equal(server.gets, 3);
    /* A file that was tampered with is found. */
    assert_true(file_write(in_dir("sets/CallGraph_1.tar.gz"), "x", 1, &err));
    assert_int_equal(command(words, "> /dev/null 2> /dev/null"), EXIT_DATA);
    buf_free(&b);
}

static void wrong_words_are_usage(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "alibaba-2023 --list", "alibaba-2022 --files 6240 --list",
        "alibaba-2022 --files 3-2 --list",
        "alibaba-2022 --files , --list", "alibaba-2022 --files a --list", "azure-v1",
        "alibaba-2021 --files 145 --list",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(command(wrong[i], "> /dev/null 2> /dev/null"), EXIT_USAGE);
    assert_int_equal(command("alibaba-2021 --files 144 --list", "> /dev/null"), 0);
}

/* What the redirected words leave in a file. */
static struct buf said(const char *words, const char *redirect)
{
    char line[256];
    struct buf b = { 0 };
    struct err err;
    snprintf(line, sizeof line, redirect, in_dir("said"));
    assert_int_equal(command(words, line), 0);
    assert_true(file_read(in_dir("said"), &b, &err));
    return b;
}

static void a_list_says_that_it_is_unverified(void **state)
{
    (void)state;
    static const char list[] = "alibaba-2021 --files 3,144 --list";
    struct buf out = said(list, "> %s 2> /dev/null"), words = said(list, "2> %s > /dev/null"),
               json = said("azure-v1 --list --json", "> %s"),
               mirror = said("azure-v1 --list --json --from http://localhost", "> %s");
    const char *line = strchr(out.p, '\n');
    assert_int_equal(strncmp(out.p, "http", 4), 0);
    assert_int_equal(strncmp(line, "\nhttp", 5), 0);
    assert_string_equal(strchr(line + 1, '\n'), "\n");
    assert_non_null(strstr(words.p, "not verified, see https://github.com/alibaba/clusterdata"));
    assert_non_null(strstr(json.p, "\"verified\":false,\"page\":\"https://github.com/Azure"));
    assert_null(strstr(mirror.p, "verified"));
    buf_free(&out);
    buf_free(&words);
    buf_free(&json);
    buf_free(&mirror);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_comes_whole),
        cmocka_unit_test(a_part_is_gone_on_with),
        cmocka_unit_test(retries_go_on_within_one_call),
        cmocka_unit_test(a_file_that_changed_begins_anew),
        cmocka_unit_test(a_part_without_tag_begins_anew),
        cmocka_unit_test(a_part_that_is_too_long_begins_anew),
        cmocka_unit_test(another_sum_is_refused),
        cmocka_unit_test(what_is_not_there_is_said),
        cmocka_unit_test(the_command_keeps_sums),
        cmocka_unit_test(wrong_words_are_usage),
        cmocka_unit_test(a_list_says_that_it_is_unverified),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
