/* endpoints.c: names into hosts, by a pattern or by a table. */
#include "load/endpoints.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/names.h"

bool endpoints_expand(const char *template, const char *name, const char *key, size_t index,
                      struct buf *out, struct err *err)
{
    buf_clear(out);
    for (const char *p = template; *p; p++) {
        if (*p != '%') {
            buf_char(out, *p);
            continue;
        }
        switch (*++p) {
        case 's': buf_str(out, name); break;
        case 'k': buf_str(out, key); break;
        case 'i': buf_u64(out, index); break;
        case '%': buf_char(out, '%'); break;
        default:
            return err_set(err, EXIT_USAGE,
                           "--endpoint-template: \"%s\": after %% belongs s, k, i or %%", template);
        }
    }
    return true;
}

static const char *without_scheme(const char *s)
{
    const char *at = strstr(s, "://");
    return at ? at + 3 : s;
}

bool endpoints_from_template(const char *template, const struct functions *f,
                             const struct proxymap *m, struct arena *mem, const char **endpoint,
                             struct err *err)
{
    struct buf b = { 0 };
    bool good = true;
    for (size_t i = 0; i < m->n && good; i++) {
        good = endpoints_expand(template, m->reported[i], f->at[i].key, i, &b, err);
        endpoint[i] = NULL;
        if (good && m->proxy[i] != PROXYMAP_NONE)
            endpoint[i] = arena_printf(mem, "%s", without_scheme(b.p ? b.p : ""));
        if (good && endpoint[i] && !*endpoint[i])
            good = err_set(err, EXIT_USAGE, "--endpoint-template: \"%s\" gives an empty name",
                           template);
    }
    buf_free(&b);
    return good;
}

struct hosts {
    struct names *names;
    const char **host;           /* (names) */
    size_t cap;
};

static void add(struct hosts *h, struct str name, struct str host, struct arena *mem)
{
    uint32_t id = names_id(h->names, name);
    MEM_RESERVE(h->host, (size_t)id + 1, h->cap);
    h->host[id] = without_scheme(arena_strndup(mem, host.p, host.n));
}

static bool add_object(struct hosts *h, const json_t *root, const char *path, struct arena *mem,
                       struct err *err)
{
    const char *key;
    json_t *j;
    json_object_foreach((json_t *)root, key, j) {
        if (!json_is_string(j) || !json_string_length(j))
            return err_set(err, EXIT_DATA, "%s: the endpoint of \"%s\" is no string", path, key);
        add(h, str_of(key), str_of(json_string_value(j)), mem);
    }
    return true;
}

static bool add_lines(struct hosts *h, struct str text, const char *path, struct arena *mem,
                      struct err *err)
{
    struct str line;
    for (size_t n = 1; str_next(&text, '\n', &line); n++) {
        line = str_trim(line);
        const char *comma = line.n ? memchr(line.p, ',', line.n) : NULL;
        if (!line.n)
            continue;
        struct str name = { line.p, comma ? (size_t)(comma - line.p) : 0 };
        struct str host = { comma ? comma + 1 : "", comma ? line.n - name.n - 1 : 0 };
        name = str_trim(name);
        host = str_trim(host);
        if (!name.n || !host.n || memchr(host.p, ',', host.n) || !str_utf8(host))
            return err_set(err, EXIT_DATA, "%s:%zu: \"%.*s\" is no \"name,endpoint\"", path, n,
                           (int)(line.n < 80 ? line.n : 80), line.p);
        if (n > 1 || !str_is(host, "endpoint"))
            add(h, name, host, mem);
    }
    return true;
}

static bool read_hosts(const char *path, struct hosts *h, struct arena *mem, struct err *err)
{
    struct buf text = { 0 };
    bool good = file_read(path, &text, err);
    struct str all = good ? str_trim(buf_view(&text)) : STR("");
    if (good && all.n && *all.p == '{') {
        json_error_t e;
        json_t *root = json_loadb(all.p, all.n, JSON_REJECT_DUPLICATES, &e);
        good = root ? add_object(h, root, path, mem, err)
                    : err_set(err, EXIT_DATA, "%s:%d: %s", path, e.line, e.text);
        json_decref(root);
    } else if (good) {
        good = add_lines(h, buf_view(&text), path, mem, err);
    }
    buf_free(&text);
    return good;
}

static const char *find(const struct hosts *h, const char *name)
{
    uint32_t id = names_find(h->names, str_of(name));
    return id == NAMES_NONE ? NULL : h->host[id];
}

bool endpoints_from_file(const char *path, const struct functions *f, const struct proxymap *m,
                         struct arena *mem, const char **endpoint, struct err *err)
{
    struct hosts h = { .names = names_new() };
    bool good = read_hosts(path, &h, mem, err);
    for (size_t i = 0; i < m->n && good; i++) {
        const char *by_key = find(&h, f->at[i].key);
        endpoint[i] = by_key ? by_key : find(&h, m->reported[i]);
        if (m->proxy[i] == PROXYMAP_NONE)
            endpoint[i] = NULL;
    }
    names_free(h.names);
    free(h.host);
    return good;
}
