/* spec.c: see the header. */
#include "report/spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

static void open_section(struct spec *s, struct str name, size_t line)
{
    MEM_GROW(s->section, s->sections, s->section_cap);
    MEM_GROW(s->section_line, s->sections, s->line_cap);
    s->section[s->sections] = arena_strndup(s->mem, name.p, name.n);
    s->section_line[s->sections++] = line;
}

static void join(struct spec *s, struct str more)
{
    struct spec_entry *e = &s->entry[s->entries - 1];
    e->value = arena_printf(s->mem, "%s%s%.*s", e->value, *e->value ? " " : "", (int)more.n,
                            more.p);
}

static bool take_line(struct spec *s, struct str raw, size_t line, struct err *err)
{
    struct str t = str_trim(raw);
    if (t.n == 0 || t.p[0] == '#')
        return true;
    if (raw.p[0] == ' ' || raw.p[0] == '\t') {
        if (s->entries == 0 || s->entry[s->entries - 1].section != s->sections - 1)
            return err_set(err, EXIT_DATA, "%s:%zu: a continuation of nothing", s->name, line);
        join(s, t);
        return true;
    }
    if (t.p[0] == '[') {
        if (t.p[t.n - 1] != ']' || t.n < 3)
            return err_set(err, EXIT_DATA, "%s:%zu: a section is written [name]", s->name, line);
        open_section(s, (struct str){ t.p + 1, t.n - 2 }, line);
        return true;
    }
    const char *eq = memchr(t.p, '=', t.n);
    if (!eq || eq == t.p)
        return err_set(err, EXIT_DATA, "%s:%zu: \"%.*s\" is not key = value", s->name, line,
                       (int)(t.n < 60 ? t.n : 60), t.p);
    struct str key = str_trim((struct str){ t.p, (size_t)(eq - t.p) });
    struct str value = str_trim((struct str){ eq + 1, (size_t)(t.p + t.n - eq) - 1 });
    MEM_GROW(s->entry, s->entries, s->entry_cap);
    s->entry[s->entries++] = (struct spec_entry){
        .key = arena_strndup(s->mem, key.p, key.n),
        .value = arena_strndup(s->mem, value.p, value.n),
        .section = s->sections - 1,
        .line = line,
    };
    return true;
}

bool spec_parse(struct spec *s, const char *name, struct str text, struct err *err)
{
    *s = (struct spec){ .mem = arena_new() };
    s->name = arena_strndup(s->mem, name, strlen(name));
    open_section(s, STR(""), 1);
    if (text.n && (memchr(text.p, 0, text.n) || !str_utf8(text)))
        return err_set(err, EXIT_DATA, "%s: not UTF-8 text", name);
    struct str line;
    for (size_t n = 1; str_next(&text, '\n', &line); n++)
        if (line.n && !take_line(s, line, n, err))
            return false;
    return true;
}

bool spec_read(struct spec *s, const char *path, struct err *err)
{
    struct buf b = { 0 };
    *s = (struct spec){ 0 };
    bool good = file_read(path, &b, err) && spec_parse(s, path, buf_view(&b), err);
    buf_free(&b);
    return good;
}

void spec_free(struct spec *s)
{
    arena_free(s->mem);
    free(s->entry);
    free(s->section);
    free(s->section_line);
    *s = (struct spec){ 0 };
}

static struct spec_entry *find(const struct spec *s, size_t section, const char *key)
{
    struct spec_entry *last = NULL;
    for (size_t i = 0; i < s->entries; i++)
        if (s->entry[i].section == section && strcmp(s->entry[i].key, key) == 0) {
            last = &s->entry[i];
            last->used = true;
        }
    return last;
}

const char *spec_text(struct spec *s, size_t section, const char *key, const char *standard)
{
    const struct spec_entry *e = find(s, section, key);
    return e ? e->value : standard;
}

const char *spec_nth(struct spec *s, size_t section, const char *key, size_t k)
{
    for (size_t i = 0; i < s->entries; i++)
        if (s->entry[i].section == section && strcmp(s->entry[i].key, key) == 0 && k-- == 0) {
            s->entry[i].used = true;
            return s->entry[i].value;
        }
    return NULL;
}

bool spec_bad(const struct spec *s, size_t section, const char *key, struct err *err,
              const char *why)
{
    const struct spec_entry *e = find(s, section, key);
    size_t line = e ? e->line : s->section_line[section];
    if (!e)
        return err_set(err, EXIT_DATA, "%s:%zu: %s%s%s%s: %s", s->name, line, section ? "[" : "",
                       s->section[section], section ? "] " : "", key, why);
    return err_set(err, EXIT_DATA, "%s:%zu: %s = %s: %s", s->name, line, key, e->value, why);
}

bool spec_need(struct spec *s, size_t section, const char *key, const char **value, struct err *err)
{
    *value = spec_text(s, section, key, "");
    return **value ? true : spec_bad(s, section, key, err, "is needed");
}

bool spec_real(struct spec *s, size_t section, const char *key, double standard, double *x,
               struct err *err)
{
    const struct spec_entry *e = find(s, section, key);
    *x = standard;
    if (!e)
        return true;
    /* x - x is 0 for finite numbers alone */
    if (!str_f64(str_of(e->value), x) || *x - *x != 0)
        return spec_bad(s, section, key, err, "not a number");
    return true;
}

bool spec_flag(struct spec *s, size_t section, const char *key, bool *x, struct err *err)
{
    const struct spec_entry *e = find(s, section, key);
    if (!e)
        return true;
    *x = strcmp(e->value, "yes") == 0;
    return *x || strcmp(e->value, "no") == 0 || spec_bad(s, section, key, err, "say yes or no");
}

bool spec_choice(struct spec *s, size_t section, const char *key, const char *const *choices,
                 size_t standard, size_t *index, struct err *err)
{
    const struct spec_entry *e = find(s, section, key);
    *index = standard;
    if (!e)
        return true;
    for (*index = 0; choices[*index]; ++*index)
        if (strcmp(choices[*index], e->value) == 0)
            return true;
    struct buf b = { 0 };
    buf_str(&b, "not one of");
    for (size_t i = 0; choices[i]; i++)
        buf_printf(&b, " %s", choices[i]);
    spec_bad(s, section, key, err, b.p);
    buf_free(&b);
    return false;
}

size_t spec_list(struct spec *s, size_t section, const char *key, const char ***words)
{
    struct str rest = str_of(spec_text(s, section, key, "")), w;
    size_t n = 0;
    *words = ARENA_ARRAY(s->mem, rest.n / 2 + 2, const char *);
    while (str_next(&rest, ',', &w)) {
        w = str_trim(w);
        if (w.n)
            (*words)[n++] = arena_strndup(s->mem, w.p, w.n);
    }
    return n;
}

const char *spec_map(struct spec *s, size_t section, const char *key, const char *word)
{
    struct str rest = str_of(spec_text(s, section, key, "")), w;
    size_t n = strlen(word);
    while (str_next(&rest, ',', &w)) {
        w = str_trim(w);
        if (w.n > n && w.p[n] == ':' && memcmp(w.p, word, n) == 0) {
            w = str_trim((struct str){ w.p + n + 1, w.n - n - 1 });
            return arena_strndup(s->mem, w.p, w.n);
        }
    }
    return word;
}

bool spec_done(const struct spec *s, struct err *err)
{
    for (size_t i = 0; i < s->entries; i++)
        if (!s->entry[i].used)
            return err_set(err, EXIT_DATA, "%s:%zu: \"%s\" means nothing here", s->name,
                           s->entry[i].line, s->entry[i].key);
    return true;
}
