/* meta.c: a flat, sorted map of strings. */
#include "base/meta.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/version.h"

struct pair {
    char *key, *value;
};

struct meta {
    struct pair *at;
    size_t n, cap;
};

struct meta *meta_new(const char *command)
{
    struct meta *m = mem_alloc(sizeof *m);
    meta_text(m, "command", command);
    meta_text(m, "version", version_number);
    meta_text(m, "commit", version_commit);
    return m;
}

void meta_free(struct meta *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n; i++) {
        free(m->at[i].key);
        free(m->at[i].value);
    }
    free(m->at);
    free(m);
}

void meta_text(struct meta *m, const char *key, const char *value)
{
    size_t i = 0;
    int c = 1;
    while (i < m->n && (c = strcmp(m->at[i].key, key)) < 0)
        i++;
    if (i < m->n && c == 0) {
        free(m->at[i].value);
        m->at[i].value = mem_strdup(value);
        return;
    }
    MEM_GROW(m->at, m->n, m->cap);
    memmove(m->at + i + 1, m->at + i, (m->n - i) * sizeof *m->at);
    m->at[i] = (struct pair){ mem_strdup(key), mem_strdup(value) };
    m->n++;
}

void meta_int(struct meta *m, const char *key, int64_t value)
{
    char s[32];
    snprintf(s, sizeof s, "%" PRId64, value);
    meta_text(m, key, s);
}

void meta_real(struct meta *m, const char *key, double value)
{
    char s[32];
    snprintf(s, sizeof s, "%.17g", value);
    meta_text(m, key, s);
}

static bool has(const struct meta *m, const char *key)
{
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->at[i].key, key) == 0)
            return true;
    return false;
}

bool meta_input(struct meta *m, const char *role, const char *path, struct err *err)
{
    char hex[SHA256_HEX] = "standard input", key[128];
    if (strcmp(path, "-") != 0 && !hash_sha256_file(path, hex, err))
        return false;
    snprintf(key, sizeof key, "sha256.%s", role);
    for (int i = 2; has(m, key); i++)
        snprintf(key, sizeof key, "sha256.%s.%d", role, i);
    meta_text(m, key, hex);
    return true;
}

void meta_each(const struct meta *m, meta_visit fn, void *ctx)
{
    for (size_t i = 0; i < m->n; i++)
        fn(ctx, m->at[i].key, m->at[i].value);
}

/* Bytes that are no UTF-8 (JSON holds none) become \xff and so on. */
static json_t *json_of(const char *value)
{
    if (str_utf8(str_of(value)))
        return json_string(value);
    struct buf b = { 0 };
    for (const char *s = value; *s; s++)
        if ((unsigned char)*s < 0x80)
            buf_char(&b, *s);
        else
            buf_printf(&b, "\\x%02x", (unsigned char)*s);
    json_t *j = json_string(b.p);
    buf_free(&b);
    return j;
}

bool meta_write_beside(const struct meta *m, const char *path, struct err *err)
{
    if (strcmp(path, "-") == 0)
        return true;
    json_t *o = json_object();
    for (size_t i = 0; i < m->n; i++)
        REQUIRE(json_object_set_new(o, m->at[i].key, json_of(m->at[i].value)) == 0);
    char *text = json_dumps(o, JSON_INDENT(2) | JSON_SORT_KEYS);
    json_decref(o);
    REQUIRE(text);
    struct buf b = { 0 };
    buf_printf(&b, "%s\n", text);
    free(text);
    size_t room = strlen(path) + sizeof ".meta.json";
    char *beside = mem_alloc(room);
    snprintf(beside, room, "%s.meta.json", path);
    bool good = file_write(beside, b.p, b.n, err);
    free(beside);
    buf_free(&b);
    return good;
}
