/* layer_text.c: see the header. The original finds things by searching for substrings, not by a
 * grammar; so does this. */
#include "text/layer_text.h"

#include <string.h>

#include "text/instruction.h"

const char *const text_task_names[TEXT_TASKS] = { "tabular", "recursive", "instruction" };

size_t layer_text_find(struct str s, size_t from, const char *needle)
{
    size_t n = strlen(needle);
    for (size_t i = from; i + n <= s.n; i++) {
        const char *p = memchr(s.p + i, needle[0], s.n - n + 1 - i);
        if (!p)
            return SIZE_MAX;
        i = (size_t)(p - s.p);
        if (memcmp(p, needle, n) == 0)
            return i;
    }
    return SIZE_MAX;
}

size_t layer_text_last(struct str s, const char *needle)
{
    size_t n = strlen(needle);
    for (size_t i = s.n >= n ? s.n - n + 1 : 0; i-- > 0;)
        if (memcmp(s.p + i, needle, n) == 0)
            return i;
    return SIZE_MAX;
}

bool layer_text_line(struct str *rest, struct str *line)
{
    if (rest->n == 0)
        return false;
    const char *end = memchr(rest->p, '\n', rest->n);
    size_t n = end ? (size_t)(end - rest->p) : rest->n;
    *line = (struct str){ rest->p, n };
    n += end != NULL;
    *rest = (struct str){ rest->p + n, rest->n - n };
    return true;
}

struct str layer_text_join(struct str prompt, struct str output, struct arena *arena)
{
    if (output.n >= prompt.n && (prompt.n == 0 || memcmp(output.p, prompt.p, prompt.n) == 0))
        return output;
    bool bare = !memchr(prompt.p, '\n', prompt.n) && output.n && output.p[0] != '\n';
    size_t n = prompt.n + bare;
    char *p = arena_alloc(arena, n + output.n + 1);
    memcpy(p, prompt.p, prompt.n);
    if (bare)
        p[prompt.n] = '\n';
    if (output.n)
        memcpy(p + n, output.p, output.n);
    return (struct str){ p, n + output.n };
}

static const char *const phrase[EDGE_FIELDS] = {
    "edge_id is ", "type is ", "source is ", "destination is ", "communication starts at ",
    "communication finishes at ",
};

/* The word after the phrase. */
static struct str value_after(struct str s, size_t from)
{
    size_t n = from;
    while (n < s.n && s.p[n] != ' ')
        n++;
    return (struct str){ s.p + from, n - from };
}

static bool take_value(enum text_task task, struct text_edge *e, enum edge_field f, struct str v)
{
    switch (f) {
    case FIELD_ID:
        e->id_text = v;
        return task == TASK_TABULAR || header_int(v, &e->id);
    case FIELD_TYPE:
        e->type = v;
        return true;
    case FIELD_SOURCE:
        e->src = v;
        return true;
    case FIELD_DESTINATION:
        e->dst = v;
        return true;
    case FIELD_START:
        return header_int(v, &e->start);
    default:
        return header_int(v, &e->finish);
    }
}

/* One "attribute" of an edge: *e keeps the previous edge's value where nothing is recognised. */
static bool take_attribute(enum text_task task, struct text_edge *e, struct str s)
{
    for (int f = 0; f < EDGE_FIELDS; f++) {
        size_t at = layer_text_find(s, 0, phrase[f]);
        if (at == SIZE_MAX)
            continue;
        size_t from = at + strlen(phrase[f]);
        struct str v = value_after(s, from);
        struct str after = { s.p + from + v.n, s.n - from - v.n };
        bool time = f == FIELD_START || f == FIELD_FINISH;
        e->odd |= at != 0 || (e->fields >> f & 1) || !str_is(after, time ? " milliseconds" : "");
        e->fields |= 1u << f;
        return take_value(task, e, (enum edge_field)f, v);
    }
    e->odd = true;
    return true;
}

static bool take_edge(enum text_task task, struct text_edge *e, struct str inner)
{
    e->fields = 0;
    e->odd = false;
    for (;;) {
        const char *comma = inner.n ? memchr(inner.p, ',', inner.n) : NULL;
        size_t n = comma ? (size_t)(comma - inner.p) : inner.n;
        if (!take_attribute(task, e, (struct str){ inner.p, n }))
            return false;
        if (!comma)
            return true;
        inner = (struct str){ inner.p + n + 1, inner.n - n - 1 };
    }
}

static bool read_edges(enum text_task task, struct layer_text *t, struct arena *arena)
{
    size_t from = layer_text_find(t->text, 0, "<edges>");
    t->has_edges = from != SIZE_MAX;
    if (!t->has_edges)
        return true;
    from += strlen("<edges>");
    size_t to = layer_text_find(t->text, from, "</edges>");
    t->closed = to != SIZE_MAX;
    struct str rest = { t->text.p + from, (t->closed ? to : t->text.n) - from }, line, count = rest;
    size_t lines = 0;
    while (layer_text_line(&count, &line))
        lines += line.n && line.p[0] == '(';
    t->edges = ARENA_ARRAY(arena, lines ? lines : 1, struct text_edge);
    struct text_edge e = { 0 };
    uint32_t ever = 0, need = task == TASK_TABULAR ? 0x3F : 0x3F & ~(1u << FIELD_SOURCE);
    while (layer_text_line(&rest, &line)) {
        if (line.n < 2 || line.p[0] != '(' || line.p[line.n - 1] != ')') {
            t->odd_lines += line.n > 0;
            continue;
        }
        if (!take_edge(task, &e, (struct str){ line.p + 1, line.n - 2 }))
            return false;
        ever |= e.fields;
        if ((ever & need) != need)
            return false;      /* nothing to reuse yet */
        t->edges[t->n_edges++] = e;
    }
    return true;
}

static bool read_subs(struct layer_text *t, struct arena *arena)
{
    static const char head[] = "<subgraph of edge_id ", tail[] = "</subgraph>";
    size_t at = layer_text_find(t->text, 0, head), last = layer_text_last(t->text, tail);
    t->open_sub =
        at != SIZE_MAX && (last == SIZE_MAX || layer_text_find(t->text, last, head) != SIZE_MAX);
    if (at == SIZE_MAX || last == SIZE_MAX || last < at)
        return true;
    struct str region = { t->text.p, last + strlen(tail) };
    size_t n = 0;
    for (size_t i = at; i != SIZE_MAX; i = layer_text_find(region, i + 1, head))
        n++;
    t->subs = ARENA_ARRAY(arena, n, struct text_sub);
    while (at != SIZE_MAX) {
        struct text_sub *s = &t->subs[t->n_subs];
        size_t from = at + strlen(head), close = layer_text_find(region, from, ">");
        size_t end = close == SIZE_MAX ? SIZE_MAX : layer_text_find(region, close, tail);
        if (end == SIZE_MAX ||
            !header_int((struct str){ region.p + from, close - from }, &s->index))
            return false;
        s->line = (struct str){ region.p + close + 1, end - close - 1 };
        if (!header_parse(s->line, &s->header))
            return false;
        t->n_subs++;
        at = layer_text_find(region, end, head);
    }
    return true;
}

static bool find_header_line(enum text_task task, struct str text, struct str *line)
{
    static const char mark[] = "[GENERATE GRAPH]";
    if (task == TASK_INSTRUCTION)
        return instruction_header_line(text, line);
    struct str rest = text;
    if (!layer_text_line(&rest, line))
        return false;
    if (str_starts(*line, mark))
        *line = (struct str){ line->p + strlen(mark), line->n - strlen(mark) };
    return true;
}

bool layer_text_parse(enum text_task task, struct str text, struct arena *arena,
                      struct layer_text *t)
{
    *t = (struct layer_text){ .text = text };
    t->split = layer_text_find(text, 0, "<split>") != SIZE_MAX;
    return find_header_line(task, text, &t->header_line) &&
           header_parse(t->header_line, &t->header) && read_edges(task, t, arena) &&
           (task == TASK_TABULAR || read_subs(t, arena));
}
