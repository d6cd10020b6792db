/* paper_source.c: from the author's Markdown to Markdown without directives. See paper.h.
 *
 * Two passes over the lines. The first learns what can be referred to: headings, figures, tables,
 * references, notes. The second replaces. Code is skipped by both.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "report/paper_priv.h"

const char *paper_slug(struct arena *mem, const char *words)
{
    struct buf b = { 0 };
    for (; *words; words++)
        if (isalnum((unsigned char)*words) || (unsigned char)*words >= 0x80)
            buf_char(&b, (char)tolower((unsigned char)*words));
        else if (b.n && b.p[b.n - 1] != '-')
            buf_char(&b, '-');
    while (b.n && b.p[b.n - 1] == '-')
        b.n--;
    const char *slug = arena_strndup(mem, b.p ? b.p : "", b.n);
    buf_free(&b);
    return slug;
}

bool paper_is_fence(struct str line)
{
    line = str_trim(line);
    return str_starts(line, "```") || str_starts(line, "~~~");
}

size_t paper_skip_code(struct str s, size_t i)
{
    size_t ticks = 0;
    while (i + ticks < s.n && s.p[i + ticks] == '`')
        ticks++;
    for (size_t k = i + ticks; ticks && k + ticks <= s.n;) {
        size_t run = 0;
        while (k + run < s.n && s.p[k + run] == '`')
            run++;
        if (run == ticks)
            return k + run;
        k += run ? run : 1;
    }
    return i + ticks;
}

/* ---- first pass ---- */

struct numbering { int section, sub; size_t figures, tables; bool references, abstract; };

/* 1 to 6 for "# words", as CommonMark has it; else 0. */
static int heading_level(struct str line)
{
    size_t level = 0;
    while (level < line.n && line.p[level] == '#')
        level++;
    bool blank = level < line.n && line.p[level] == ' ';
    return level <= 6 && blank ? (int)level : 0;
}

/* Without the signs of emphasis and code: for documents' metadata. */
static const char *plain(struct arena *mem, struct str words)
{
    struct buf b = { 0 };
    for (size_t i = 0; i < words.n; i++)
        if (!strchr("*_`", words.p[i]))
            buf_char(&b, words.p[i]);
    const char *kept = arena_strndup(mem, b.p ? b.p : "", b.n);
    buf_free(&b);
    return kept;
}

static bool heading(struct paper *p, struct str line, size_t n, struct numbering *k,
                    struct err *err)
{
    int level = heading_level(line);
    struct str words = str_trim((struct str){ line.p + level, line.n - (size_t)level });
    if (level == 1) {
        if (p->title)
            return err_set(err, EXIT_DATA, "%s:%zu: a second title", p->name, n);
        p->title = plain(p->mem, words);
        return true;
    }
    struct paper_heading h = { .words = arena_strndup(p->mem, words.p, words.n), .level = level };
    h.slug = paper_slug(p->mem, h.words);
    k->references = str_is(words, "References");
    if (level == 2 && !k->references && !str_is(words, "Abstract")) {
        snprintf(h.number, sizeof h.number, "%d", ++k->section);
        k->sub = 0;
    } else if (level == 3 && k->section > 0) {
        snprintf(h.number, sizeof h.number, "%d.%d", k->section, ++k->sub);
    }
    for (size_t i = 0; i < p->n_headings; i++)
        if (strcmp(p->headings[i].slug, h.slug) == 0)
            return err_set(err, EXIT_DATA, "%s:%zu: a second heading \"%s\"", p->name, n, h.words);
    MEM_GROW(p->headings, p->n_headings, p->heading_cap);
    p->headings[p->n_headings++] = h;
    return true;
}

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!isalnum((unsigned char)s.p[i]) && !strchr("_-.", s.p[i]))
            return false;
    return s.n > 0 && s.p[0] != '.';
}

/* "{{figure NAME}}" alone on its line? */
static bool float_line(struct str line, struct str *kind, struct str *name)
{
    line = str_trim(line);
    if (!str_starts(line, "{{") || !str_ends(line, "}}") || line.n < 5)
        return false;
    struct str rest = str_trim((struct str){ line.p + 2, line.n - 4 });
    if (!str_next(&rest, ' ', kind) || (!str_is(*kind, "figure") && !str_is(*kind, "table")))
        return false;
    *name = str_trim(rest);
    return true;
}

static bool add_float(struct paper *p, bool is_table, struct str name, size_t line,
                      struct numbering *k, struct err *err)
{
    if (!is_name(name))
        return err_set(err, EXIT_DATA, "%s:%zu: \"%.*s\" is no name of a figure or table", p->name,
                       line, (int)name.n, name.p);
    for (size_t i = 0; i < p->n_floats; i++)
        if (str_is(name, p->floats[i].name))
            return err_set(err, EXIT_DATA, "%s:%zu: %s appears a second time (first in line %zu)",
                           p->name, line, p->floats[i].name, p->floats[i].line);
    MEM_GROW(p->floats, p->n_floats, p->float_cap);
    struct paper_float *f = &p->floats[p->n_floats++];
    *f = (struct paper_float){ .is_table = is_table, .line = line };
    f->name = arena_strndup(p->mem, name.p, name.n);
    f->number = is_table ? ++k->tables : ++k->figures;
    struct buf path = { 0 };
    buf_printf(&path, "%s/%s.%s", is_table ? p->o->table_dir : p->o->figure_dir, f->name,
               is_table ? "tab" : "fig");
    bool good = is_table ? grid_read(&f->grid, path.p, p->o->data_dir, err)
                         : figure_read(&f->figure, path.p, p->o->data_dir, err);
    buf_free(&path);
    return good || err_add(err, "%s:%zu", p->name, line);
}

/* "- [@key] ..." */
static bool reference_item(struct str line, struct str *key, struct str *rest)
{
    if (!str_starts(line, "- [@"))
        return false;
    const char *end = memchr(line.p, ']', line.n);
    if (!end)
        return false;
    *key = (struct str){ line.p + 4, (size_t)(end - line.p) - 4 };
    *rest = str_trim((struct str){ end + 1, (size_t)(line.p + line.n - end) - 1 });
    return is_name(*key);
}

/* "[^name]: text" */
static bool note_line(struct str line, struct str *name, struct str *text)
{
    const char *end = str_starts(line, "[^") ? memchr(line.p, ']', line.n) : NULL;
    if (!end || end + 1 >= line.p + line.n || end[1] != ':')
        return false;
    *name = (struct str){ line.p + 2, (size_t)(end - line.p) - 2 };
    *text = str_trim((struct str){ end + 2, (size_t)(line.p + line.n - end) - 2 });
    return name->n > 0;
}

static bool learn(struct paper *p, struct str text, struct err *err)
{
    struct numbering k = { 0 };
    struct str line, a, b;
    bool fenced = false, good = true;
    for (size_t n = 1; good && str_next(&text, '\n', &line); n++) {
        if (paper_is_fence(line))
            fenced = !fenced;
        if (fenced)
            continue;
        if (heading_level(line)) {
            good = heading(p, line, n, &k, err);
        } else if (float_line(line, &a, &b)) {
            good = add_float(p, str_is(a, "table"), b, n, &k, err);
        } else if (k.references && reference_item(line, &a, &b)) {
            for (size_t i = 0; i < p->n_keys; i++)
                if (str_is(a, p->keys[i]))
                    good = err_set(err, EXIT_DATA, "%s:%zu: a second reference %s", p->name, n,
                                   p->keys[i]);
            MEM_GROW(p->keys, p->n_keys, p->key_cap);
            p->keys[p->n_keys++] = arena_strndup(p->mem, a.p, a.n);
        } else if (note_line(line, &a, &b)) {
            MEM_GROW(p->notes, p->n_notes, p->note_cap);
            p->notes[p->n_notes++] = (struct paper_note){ arena_strndup(p->mem, a.p, a.n),
                                                          arena_strndup(p->mem, b.p, b.n), n };
        }
    }
    return good;
}

/* ---- second pass ---- */

/* "@a; @b" -> numbered links in brackets. */
static bool citation(struct paper *p, struct str inner, size_t line, struct buf *out,
                     struct err *err)
{
    struct str one;
    bool first = true;
    if (out->n && out->p[out->n - 1] == ' ') {      /* never at the start of a line */
        out->n--;
        buf_str(out, "\xC2\xA0");
    }
    buf_str(out, "\\[");
    while (str_next(&inner, ';', &one)) {
        one = str_trim(one);
        size_t k = 0;
        while (k < p->n_keys &&
               !(one.n && str_is((struct str){ one.p + 1, one.n - 1 }, p->keys[k])))
            k++;
        if (k == p->n_keys || one.p[0] != '@')
            return err_set(err, EXIT_DATA, "%s:%zu: [%.*s]: no such reference", p->name, line,
                           (int)one.n, one.p);
        buf_printf(out, "%s[%zu](#ref-%s)", first ? "" : ", ", k + 1, p->keys[k]);
        first = false;
    }
    buf_str(out, "\\]");
    return true;
}

static bool note_reference(struct paper *p, struct str name, size_t line, struct buf *out,
                           struct err *err)
{
    for (size_t i = 0; i < p->n_notes; i++)
        if (str_is(name, p->notes[i].name)) {
            buf_printf(out, "<sup>[%zu](#note-%zu)</sup>", i + 1, i + 1);
            return true;
        }
    return err_set(err, EXIT_DATA, "%s:%zu: [^%.*s]: no such note", p->name, line, (int)name.n,
                   name.p);
}

static bool replace(struct paper *p, struct str s, size_t line, struct buf *out, struct err *err)
{
    for (size_t i = 0; i < s.n;) {
        struct str at = { s.p + i, s.n - i };
        if (at.p[0] == '\\' && at.n > 1) {
            buf_add(out, at.p, 2);
            i += 2;
        } else if (at.p[0] == '`') {
            size_t end = paper_skip_code(s, i);
            buf_add(out, s.p + i, end - i);
            i = end;
        } else if (str_starts(at, "{{")) {
            size_t end = 2;
            while (end + 1 < at.n && !(at.p[end] == '}' && at.p[end + 1] == '}'))
                end++;
            if (end + 1 >= at.n)
                return err_set(err, EXIT_DATA, "%s:%zu: {{ without }} in its line", p->name, line);
            if (!paper_directive(p, (struct str){ at.p + 2, end - 2 }, line, out, err))
                return false;
            i += end + 2;
        } else if (str_starts(at, "[@") || str_starts(at, "[^")) {
            const char *end = memchr(at.p, ']', at.n);
            if (!end)
                return err_set(err, EXIT_DATA, "%s:%zu: %.2s without ]", p->name, line, at.p);
            struct str inner = { at.p + 1, (size_t)(end - at.p) - 1 };
            if (!(at.p[1] == '@' ? citation(p, inner, line, out, err)
                                 : note_reference(p, (struct str){ inner.p + 1, inner.n - 1 }, line,
                                                  out, err)))
                return false;
            i += inner.n + 2;
        } else {
            buf_char(out, s.p[i++]);
        }
    }
    return true;
}

static bool notes_section(struct paper *p, struct buf *out, struct err *err)
{
    if (p->n_notes == 0)
        return true;
    buf_str(out, "\n## Notes\n\n");
    for (size_t i = 0; i < p->n_notes; i++) {
        buf_printf(out, "%zu. <a id=\"note-%zu\"></a>", i + 1, i + 1);
        if (!replace(p, str_of(p->notes[i].text), p->notes[i].line, out, err))
            return false;
        buf_char(out, '\n');
    }
    buf_char(out, '\n');
    return true;
}

static bool rewrite(struct paper *p, struct str text, struct err *err)
{
    struct str line, a, b;
    struct buf *out = &p->markdown;
    bool fenced = false, good = true, references = false, noted = false;
    size_t next_float = 0, next_key = 0, next_heading = 0;
    for (size_t n = 1; good && str_next(&text, '\n', &line); n++) {
        bool fence = paper_is_fence(line);
        fenced = fenced != fence;
        int level = fenced ? 0 : heading_level(line);
        if (level > 1) {
            line = (struct str){ line.p + level, line.n - (size_t)level };
            references = str_is(str_trim(line), "References");
            if (references && !noted)
                noted = good = notes_section(p, out, err);
            buf_printf(out, "\n%.*s " PAPER_MARK "H%zu", level, "######", next_heading++);
        }
        if (fence || fenced)
            buf_add(out, line.p, line.n);
        else if (float_line(line, &a, &b))
            buf_printf(out, "\n" PAPER_MARK "F%zu\n", next_float++);
        else if (references && reference_item(line, &a, &b)) {
            buf_printf(out, "%zu. <a id=\"ref-%.*s\"></a>", next_key + 1, (int)a.n, a.p);
            next_key++;
            good = replace(p, b, n, out, err);
        } else if (!note_line(line, &a, &b))
            good = good && replace(p, line, n, out, err);
        buf_char(out, '\n');
    }
    if (good && !noted)
        good = notes_section(p, out, err);
    if (good && fenced)
        good = err_set(err, EXIT_DATA, "%s: a code block never ends", p->name);
    return good;
}

bool paper_parse(struct paper *p, const char *name, struct str text, const struct paper_options *o,
                 struct err *err)
{
    *p = (struct paper){ .mem = arena_new(), .o = o };
    p->name = arena_strndup(p->mem, name, strlen(name));
    if (text.n && (memchr(text.p, 0, text.n) || !str_utf8(text)))
        return err_set(err, EXIT_DATA, "%s: not UTF-8 text", name);
    if (!learn(p, text, err) || !rewrite(p, text, err))
        return false;
    return p->title || err_set(err, EXIT_DATA, "%s: no title (# Title)", name);
}

bool paper_read(struct paper *p, const char *source, const struct paper_options *o, struct err *err)
{
    struct buf b = { 0 };
    *p = (struct paper){ 0 };
    bool good = file_read(source, &b, err) && paper_parse(p, source, buf_view(&b), o, err);
    buf_free(&b);
    return good;
}

void paper_free(struct paper *p)
{
    for (size_t i = 0; i < p->n_floats; i++) {
        figure_free(&p->floats[i].figure);
        grid_free(&p->floats[i].grid);
    }
    for (size_t i = 0; i < p->n_tables; i++)
        table_free(&p->tables[i]);
    free(p->floats);
    free(p->headings);
    free(p->keys);
    free(p->notes);
    free(p->tables);
    buf_free(&p->markdown);
    arena_free(p->mem);
    *p = (struct paper){ 0 };
}
