/* prompt_file.c: lines are gathered into blocks, one a prompt; a block is read when the next
 * begins. That is how the original reads too, and why it loses the last: nothing begins after
 * it. */
#include "text/prompt_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "text/escape.h"
#include "text/instruction.h"
#include "trace/input.h"

struct reader {
    struct text_prompts *out;
    const char *name;
    size_t line;                   /* of the line in hand */
    struct buf block;              /* lines of the prompt in hand, apart by "\n" */
    size_t begun;                  /* its first line; 0: there is none */
    bool question;
    bool ended;                    /* its answer has begun: what follows is not its own */
    struct buf first_bad;          /* of this file: "line: reason" */
};

static void drop(struct reader *r, const char *reason, struct str value)
{
    char words[256];
    snprintf(words, sizeof words, "%s \"", reason);
    str_printable(words, sizeof words - 2,
                  (struct str){ value.p, value.n < 80 ? value.n : 80 });
    strcat(words, "\"");
    if (r->out->bad++ < TEXT_PROMPTS_NAMED)
        buf_printf(&r->out->bad_words, "%s:%zu: %s\n", file_base(r->name), r->begun, words);
    if (!r->first_bad.n)
        buf_printf(&r->first_bad, "%zu: %s", r->begun, words);
}

/* An unescaped name in the arena. */
static bool take_name(struct text_prompts *p, struct str escaped, struct str *name)
{
    struct buf b = { 0 };
    bool good = escaped.n && escape_read(escaped, &b);
    if (good)
        *name = (struct str){ arena_strndup(p->arena, b.p ? b.p : "", b.n), b.n };
    buf_free(&b);
    return good;
}

static bool count_good(const struct header *h, enum header_key k, int64_t least)
{
    return !header_has(h, k) || h->number[k] >= least;
}

static const char *header_fault(const struct text_prompt *p, const struct header *h)
{
    const struct text_ask *a = &p->ask;
    if (!(h->keys & (1u << HEAD_ID | 1u << HEAD_NUM_EDGES | 1u << HEAD_DEPTH | 1u << HEAD_LATENCY)))
        return "no field of a graph's header in";
    if (header_has(h, HEAD_CALLER) || h->number[HEAD_START_EDGE_ID] > 0)
        return "a layer below another's, which begins no graph:";
    if (!count_good(h, HEAD_NUM_EDGES, 1) || !count_good(h, HEAD_LATENCY, 0) ||
        !count_good(h, HEAD_DEPTH, p->task == TASK_TABULAR))
        return "a number too small in";
    if (a->edges > 0 && a->depth > 0 && (a->depth > a->edges || (a->depth == 1 && a->edges > 1)))
        return "no graph has these calls and levels:";
    return NULL;
}

/* "Include an edge from A to B with T type" */
static bool take_include(struct text_prompts *p, struct str s, struct text_ask *a)
{
    static const char head[] = "Include an edge from ";
    size_t to = layer_text_find(s, 0, " to "), with = layer_text_last(s, " with ");
    if (to == SIZE_MAX || with == SIZE_MAX || to < sizeof head - 1 || with < to + 4 ||
        !str_ends(s, " type") || with + 6 > s.n - 5 || a->include_dst.n)
        return false;
    return take_name(p, (struct str){ s.p + sizeof head - 1, to - (sizeof head - 1) },
                     &a->include_src) &&
           take_name(p, (struct str){ s.p + to + 4, with - to - 4 }, &a->include_dst) &&
           call_type_parse((struct str){ s.p + with + 6, s.n - 5 - with - 6 }, &a->include_type);
}

/* Conditions that ask for more than the header does. NULL, or what is wrong with *line. */
static const char *take_conditions(struct text_prompts *p, struct str block, struct text_ask *a,
                                   struct str *line)
{
    while (layer_text_line(&block, line)) {
        if (str_starts(*line, "Include an edge from ") && !take_include(p, *line, a))
            return "cannot be included:";
        a->high_latency |= str_is(*line, "Build a call graph with high latency");
    }
    return NULL;
}

/* Does the header say "depth", as tables do, or nothing that only layers have? */
static bool is_tabular(struct str line, const struct header *h)
{
    uint32_t table = 1u << HEAD_ID | 1u << HEAD_NUM_EDGES | 1u << HEAD_DEPTH | 1u << HEAD_LATENCY;
    return !(h->keys & ~table) && layer_text_find(line, 0, "remaining_depth") == SIZE_MAX;
}

static const char *take_header(struct text_prompts *out, struct str line, bool question,
                               struct text_prompt *p)
{
    struct header h;
    if (!header_parse(line, &h))
        return "no header:";
    p->task = question ? TASK_INSTRUCTION : is_tabular(line, &h) ? TASK_TABULAR : TASK_RECURSIVE;
    p->ask = (struct text_ask){
        .edges = h.number[HEAD_NUM_EDGES],
        .depth = h.number[HEAD_DEPTH] + (header_has(&h, HEAD_DEPTH) && p->task != TASK_TABULAR),
        .latency = h.number[HEAD_LATENCY], .include_type = CALL_OTHER,
    };
    if (header_has(&h, HEAD_ID) && !take_name(out, h.text[HEAD_ID], &p->ask.service))
        return "a name that cannot be read in";
    return header_fault(p, &h);
}

/* The prompt in hand is whole. */
static void flush(struct reader *r)
{
    if (!r->begun)
        return;
    struct text_prompts *out = r->out;
    struct text_prompt p = { .line = r->begun };
    p.text = (struct str){ arena_strndup(out->arena, r->block.p, r->block.n), r->block.n };
    struct str line = p.text;
    const char *fault = r->question && !instruction_header_line(p.text, &line)
                            ? "no header after"
                            : take_header(out, line, r->question, &p);
    if (!fault && r->question)
        fault = take_conditions(out, p.text, &p.ask, &line);
    if (fault)
        drop(r, fault, line);
    else {
        MEM_GROW(out->at, out->n, out->cap);
        out->at[out->n++] = p;
    }
    r->begun = 0;
}

static void begin(struct reader *r, struct str line, bool question)
{
    flush(r);
    buf_clear(&r->block);
    buf_add(&r->block, line.p, line.n);
    r->begun = r->line;
    r->question = question;
    r->ended = false;
}

static struct str without(struct str s, const char *prefix)
{
    size_t n = strlen(prefix);
    return str_starts(s, prefix) ? str_trim((struct str){ s.p + n, s.n - n }) : s;
}

static bool opens_answer(struct str s)
{
    return str_starts(s, "### Answer") || str_is(s, "<layer>") || str_is(s, "<edges>");
}

/* Conditions have colons too, but none of a header's keys. */
static bool is_header(struct str line)
{
    struct header h;
    return header_parse(line, &h) && h.keys;
}

static void take_line(struct reader *r, struct str line)
{
    struct str s = without(without(str_trim(line), "[GENERATE GRAPH]"), "### Question:");
    r->line++;
    if (s.n == 0)
        return;
    if (opens_answer(s)) {
        r->ended = true;
        return;
    }
    bool own = r->begun && r->question && !r->ended;
    struct str block = buf_view(&r->block);
    if (str_is(s, INSTRUCTION_SYSTEM) ||
        (str_is(s, "Requirements:") && !(own && str_is(block, INSTRUCTION_SYSTEM))))
        begin(r, s, true);
    else if (own && (str_ends(block, "Requirements:") || !is_header(s))) {
        buf_char(&r->block, '\n');
        buf_add(&r->block, s.p, s.n);
    } else
        begin(r, s, false);
}

/* All bytes of all streams of a path. */
static bool read_all(const char *path, struct buf *b, struct err *err)
{
    char *paths[] = { (char *)(uintptr_t)path }, piece[8192];
    struct input *in = input_open(paths, 1, err);
    struct err broken = { 0 };
    size_t got = 1;
    if (!in)
        return false;
    bool good = true;
    while (good && input_next(in, &broken))
        for (got = 1; good && got; buf_add(b, piece, good ? got : 0))
            good = input_read(in, piece, sizeof piece, &got, &broken);
    input_close(in);
    return broken.status == 0 || err_set(err, broken.status, "%s", broken.msg);
}

bool text_prompts_read(const char *path, bool compat, struct text_prompts *p, struct err *err)
{
    struct buf b = { 0 };
    struct reader r = { .out = p, .name = path };
    size_t before = p->n, bad = p->bad;
    bool good = read_all(path, &b, err);
    if (!p->arena)
        p->arena = arena_new();
    struct str rest = buf_view(&b), line;
    while (good && layer_text_line(&rest, &line))
        take_line(&r, line);
    if (!compat)
        flush(&r);
    if (good && p->n == before)
        good = err_set(err, EXIT_DATA, "%s:%s; no prompt can be asked (bad: %zu)", path,
                       r.first_bad.n ? r.first_bad.p : "1: nothing in it is a prompt",
                       p->bad - bad);
    buf_free(&r.block);
    buf_free(&r.first_bad);
    buf_free(&b);
    return good;
}

void text_prompts_free(struct text_prompts *p)
{
    if (p->arena)
        arena_free(p->arena);
    free(p->at);
    buf_free(&p->bad_words);
    *p = (struct text_prompts){ 0 };
}

bool text_prompts_cell(const char *path, int64_t *edges, int64_t *depth)
{
    struct str rest = str_of(file_base(path)), first, second;
    uint64_t e = 0, d = 0;
    if (!str_next(&rest, '_', &first) || !str_next(&rest, '.', &second) || !str_is(rest, "txt") ||
        !str_u64(first, &e) || !str_u64(second, &d) || e > INT64_MAX || d > INT64_MAX)
        return false;
    *edges = (int64_t)e;
    *depth = (int64_t)d;
    return true;
}
