/* proxies.c: two small JSON files, read whole with jansson. What Python's json reads beyond JSON
 * (NaN, Infinity, -Infinity outside of strings) is put into quotes first, and taken out again where
 * a number is wanted. */
#include "load/proxies.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"

const int proxy_pct[PROXY_PCTS] = { 0, 1, 5, 25, 50, 75, 95, 99, 100 };

static const char *const words[] = { "-Infinity", "Infinity", "NaN" };
static const double values[] = { -INFINITY, INFINITY, NAN };

int proxy_pct_index(int percentile)
{
    for (int i = 0; i < PROXY_PCTS; i++)
        if (proxy_pct[i] == percentile)
            return i;
    return -1;
}

/* Quote the three words wherever they stand outside of strings. */
static void quote_words(const struct buf *in, struct buf *out)
{
    bool within = false;
    for (const char *p = in->p, *end = in->p + in->n; p < end; p++) {
        size_t w = 0, n = 0;
        for (; !within && w < 3; w++) {
            n = strlen(words[w]);
            if ((size_t)(end - p) >= n && memcmp(p, words[w], n) == 0)
                break;
        }
        if (!within && w < 3) {
            buf_printf(out, "\"%s\"", words[w]);
            p += n - 1;
            continue;
        }
        buf_char(out, *p);
        if (within && *p == '\\' && p + 1 < end)
            buf_char(out, *++p);
        else if (*p == '"')
            within = !within;
    }
}

static json_t *read_json(const char *path, struct err *err)
{
    struct buf raw = { 0 }, text = { 0 };
    json_error_t e;
    json_t *j = NULL;
    if (file_read(path, &raw, err)) {
        quote_words(&raw, &text);
        j = json_loadb(text.p ? text.p : "", text.n, JSON_DECODE_INT_AS_REAL, &e);
        if (!j)
            err_set(err, EXIT_DATA, "%s:%d: %s", path, e.line, e.text);
    }
    buf_free(&raw);
    buf_free(&text);
    return j;
}

static bool number_of(const json_t *j, double *x)
{
    if (json_is_number(j)) {
        *x = json_number_value(j);
        return true;
    }
    for (int w = 0; json_is_string(j) && w < 3; w++)
        if (strcmp(json_string_value(j), words[w]) == 0) {
            *x = values[w];
            return true;
        }
    return false;
}

static void read_axis(const json_t *entry, const char *name, struct proxy_axis *a)
{
    const json_t *j = json_object_get(entry, name);
    for (int i = 0; i < PROXY_PCTS; i++) {
        char key[32];
        snprintf(key, sizeof key, "%d-percentile", proxy_pct[i]);
        a->at[i] = NAN;
        a->have[i] = number_of(json_object_get(j, key), &a->at[i]);
    }
}

static const char *text_of(struct arena *mem, const json_t *j, const char *standard)
{
    return json_is_string(j) ? arena_printf(mem, "%s", json_string_value(j)) : standard;
}

static void read_proxy(struct arena *mem, const char *key, const json_t *j, struct proxy *p)
{
    p->key = arena_printf(mem, "%s", key);
    p->name = text_of(mem, json_object_get(j, "name"), p->key);
    p->yaml = text_of(mem, json_object_get(j, "yaml"), "");
    p->kind = text_of(mem, json_object_get(j, "class"), NULL);
    const json_t *pipe = json_object_get(j, "pipelined");
    p->pipelined = json_is_boolean(pipe) ? json_is_true(pipe) : -1;
    read_axis(j, "cpu", &p->cpu);
    read_axis(j, "memory", &p->memory);
    read_axis(j, "duration", &p->duration);
}

bool proxies_read(const char *path, struct proxies *p, struct err *err)
{
    *p = (struct proxies){ 0 };
    json_t *root = read_json(path, err);
    if (!root)
        return false;
    if (!json_is_object(root) || !json_object_size(root)) {
        json_decref(root);
        return err_set(err, EXIT_DATA, "%s: is no object of proxies", path);
    }
    p->mem = arena_new();
    p->at = ARENA_ARRAY(p->mem, json_object_size(root), struct proxy);
    const char *key;
    json_t *j;
    json_object_foreach (root, key, j) {
        read_proxy(p->mem, key, j, &p->at[p->n++]);
    }
    json_decref(root);
    return true;
}

void proxies_free(struct proxies *p)
{
    arena_free(p->mem);
    *p = (struct proxies){ 0 };
}

static const char *const *read_commands(struct arena *mem, const json_t *j, size_t *n)
{
    const char **list = ARENA_ARRAY(mem, json_array_size(j) + 1, const char *);
    size_t i;
    const json_t *line;
    *n = 0;
    json_array_foreach(j, i, line)
        if (json_is_string(line))
            list[(*n)++] = arena_printf(mem, "%s", json_string_value(line));
    return list;
}

bool deployments_read(const char *path, struct arena *mem, struct deployment **list, size_t *n,
                      struct err *err)
{
    json_t *root = read_json(path, err);
    *n = 0;
    if (!root)
        return false;
    if (!json_is_array(root)) {
        json_decref(root);
        return err_set(err, EXIT_DATA, "%s: is no list of deployments", path);
    }
    *list = ARENA_ARRAY(mem, json_array_size(root) + 1, struct deployment);
    size_t i;
    const json_t *j;
    json_array_foreach(root, i, j) {
        const char *yaml = text_of(mem, json_object_get(j, "yaml-location"), NULL);
        if (!yaml)
            continue;
        struct deployment *d = &(*list)[(*n)++];
        d->yaml = yaml;
        d->before = read_commands(mem, json_object_get(j, "predeployment-commands"), &d->n_before);
        d->after = read_commands(mem, json_object_get(j, "postdeployment-commands"), &d->n_after);
    }
    json_decref(root);
    return true;
}

bool proxies_configure(struct proxies *p, const char *path, size_t *matched, struct err *err)
{
    struct deployment *list;
    size_t n;
    *matched = 0;
    if (!deployments_read(path, p->mem, &list, &n, err))
        return false;
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = n; k-- > 0;)
            if (strcmp(list[k].yaml, p->at[i].yaml) == 0) {
                p->at[i].before = list[k].before;
                p->at[i].n_before = list[k].n_before;
                p->at[i].after = list[k].after;
                p->at[i].n_after = list[k].n_after;
                ++*matched;
                break;
            }
    return true;
}
