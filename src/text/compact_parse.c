/* compact_parse.c: a line of words as a call graph, or the word at which it fails to be one. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/compact.h"
#include "text/compact_priv.h"
#include "text/compact_words.h"
#include "text/escape.h"

struct reader {
    struct str rest, spelling;
    struct compact_word word;  /* the next one; WORD_FOREIGN with an empty spelling at the end */
    size_t at;                 /* number of that word, from 1 */
    struct graphset *set;
    struct buf bytes;
    struct call *calls;
    size_t *last;
    size_t n, cap, depth, last_cap;
    struct err *err;
};

static void next(struct reader *r)
{
    const char *cut = r->rest.n ? memchr(r->rest.p, ' ', r->rest.n) : NULL;
    size_t n = cut ? (size_t)(cut - r->rest.p) : r->rest.n, skip = cut ? n + 1 : n;
    r->spelling = (struct str){ r->rest.p, n };
    r->rest = (struct str){ r->rest.p + skip, r->rest.n - skip };
    r->word = compact_word_classify(r->spelling);
    r->at++;
}

static bool at_end(const struct reader *r)
{
    return r->spelling.n == 0 && r->rest.n == 0;
}

static bool fault(struct reader *r, const char *wanted)
{
    int n = r->spelling.n > 60 ? 60 : (int)r->spelling.n;
    if (at_end(r))
        return err_set(r->err, EXIT_DATA, "word %zu: the line ends where %s should be", r->at,
                       wanted);
    return err_set(r->err, EXIT_DATA, "word %zu: \"%.*s\" is not %s", r->at, n, r->spelling.p,
                   wanted);
}

static bool is(const struct reader *r, enum compact_class c)
{
    return r->word.class == c;
}

static bool read_number(struct reader *r, uint64_t max, uint64_t *x)
{
    int digits = is(r, WORD_MAGNITUDE) ? r->word.value : 1;
    if (digits > 1)
        next(r);
    *x = 0;
    for (int i = 0; i < digits; i++) {
        if (!is(r, WORD_NUMBER) || (digits > 1 && i == 0 && r->word.value == 0))
            return fault(r, digits > 1 ? "a number 0..99, the first not 0" : "a number");
        if (__builtin_mul_overflow(*x, 100u, x) || __builtin_add_overflow(*x, r->word.value, x) ||
            *x > max)
            return err_set(r->err, EXIT_DATA, "word %zu: the number is out of range", r->at);
        next(r);
    }
    return true;
}

static bool read_name(struct reader *r, size_t mark, uint32_t *id)
{
    struct str s = { r->spelling.p + mark, r->spelling.n - mark };
    if (!escape_read(s, &r->bytes) || !str_utf8(buf_view(&r->bytes)))
        return fault(r, "a name in UTF-8 with %XX escapes");
    *id = names_id(r->set->names, buf_view(&r->bytes));
    next(r);
    return true;
}

static bool read_plain_name(struct reader *r, uint32_t *id)
{
    return is(r, WORD_NAME) ? read_name(r, 0, id) : fault(r, "a name");
}

struct header {
    uint32_t service, tick_us;
    struct compact_header_mask open;
    bool timed;
    uint64_t edges, depth, latency;     /* of those that are not open */
};

static bool read_field(struct reader *r, uint64_t max, uint64_t *x, bool *open)
{
    *open = is(r, WORD_OPEN);
    if (!*open)
        return read_number(r, max, x);
    next(r);
    return true;
}

static bool read_header(struct reader *r, struct header *h)
{
    uint64_t tick = 1000;
    if (is(r, WORD_TICK)) {
        next(r);
        if (!read_number(r, UINT32_MAX, &tick))
            return false;
        if (tick == 0)
            return err_set(r->err, EXIT_DATA, "word %zu: a tick of 0 us", r->at - 1);
    }
    *h = (struct header){ .tick_us = (uint32_t)tick, .timed = true };
    h->open.service = is(r, WORD_OPEN);
    if (h->open.service)
        next(r);
    else if (!read_plain_name(r, &h->service))
        return false;
    if (!read_field(r, SIZE_MAX / 2, &h->edges, &h->open.edges) ||
        !read_field(r, UINT16_MAX + 1u, &h->depth, &h->open.depth))
        return false;
    if (!h->open.edges && h->edges == 0)
        return err_set(r->err, EXIT_DATA, "a graph of 0 calls");
    h->timed = !is(r, WORD_UNTIMED);
    if (!h->timed)
        next(r);
    else if (!read_field(r, INT64_MAX, &h->latency, &h->open.latency))
        return false;
    return !h->open.service || read_plain_name(r, &h->service);
}

static bool read_level(struct reader *r, struct call *c)
{
    uint64_t level = r->n;     /* the first call is at 0, the second at 1 */
    if (r->n >= 2) {
        if (!is(r, WORD_LEVEL))
            return fault(r, "a level");
        level = r->word.value;
        next(r);
        if (level == 0 && !read_number(r, UINT16_MAX, &level))
            return false;
        if (level == 0 || level > r->calls[r->n - 1].level + 1u)
            return err_set(r->err, EXIT_DATA, "word %zu: level %llu does not follow level %u",
                           r->at - 1, (unsigned long long)level, r->calls[r->n - 1].level);
    }
    c->level = (uint16_t)level;
    c->parent = CALL_NONE;
    if (r->n) {
        size_t p = r->last[level - 1];
        c->parent = (uint32_t)p;
    }
    return true;
}

static bool read_rare(struct reader *r, struct call *c, uint64_t usual_id, bool timed)
{
    uint64_t x = usual_id;
    c->interface = NAMES_NONE;
    c->kind = (uint8_t)usual_kind(c->type);
    if (is(r, WORD_INTERFACE) && !read_name(r, 1, &c->interface))
        return false;
    if (is(r, WORD_KIND)) {
        c->kind = r->word.value;
        next(r);
    }
    if (is(r, WORD_STATUS)) {
        c->status = r->word.value;
        next(r);
    }
    c->async = is(r, WORD_ASYNC);
    if (c->async)
        next(r);
    if (is(r, WORD_ID)) {
        next(r);
        if (!read_number(r, UINT32_MAX, &x))
            return false;
    }
    if (x > UINT32_MAX)
        return err_set(r->err, EXIT_DATA, "word %zu: the ids of siblings run out", r->at);
    c->id = (uint32_t)x;
    if (r->n > 0)
        return true;
    if (!is(r, WORD_SOURCE))
        c->src = names_id_of(r->set->names, "USER");
    else if (!read_name(r, 1, &c->src))
        return false;
    if (timed && is(r, WORD_START)) {
        next(r);
        if (!read_number(r, INT64_MAX, &x))
            return false;
        c->start = (int64_t)x;
    }
    return true;
}

static bool read_times(struct reader *r, const struct header *h, struct call *c, int64_t base)
{
    uint64_t x = 0;
    if (r->n > 0) {
        bool minus = is(r, WORD_MINUS);
        if (minus)
            next(r);
        if (!read_number(r, INT64_MAX, &x))
            return false;
        if (__builtin_add_overflow(base, minus ? -(int64_t)x : (int64_t)x, &c->start))
            return err_set(r->err, EXIT_DATA, "word %zu: the start is out of range", r->at);
    }
    x = h->latency;
    if ((r->n > 0 || h->open.latency) && !read_number(r, INT64_MAX, &x))
        return false;
    c->rt = (int64_t)x;
    int64_t finish;
    if (c->start < 0 || __builtin_add_overflow(c->start, c->rt, &finish))
        return err_set(r->err, EXIT_DATA, "word %zu: the call starts or ends out of range", r->at);
    return true;
}

static bool read_call(struct reader *r, const struct header *h)
{
    if (r->n >= CALL_NONE)
        return err_set(r->err, EXIT_DATA, "word %zu: too many calls", r->at);
    MEM_GROW(r->calls, r->n, r->cap);
    struct call *c = &r->calls[r->n];
    memset(c, 0, sizeof *c);
    if (!read_level(r, c))
        return false;
    if (!is(r, WORD_TYPE))
        return fault(r, "a call type");
    c->type = r->word.value;
    next(r);
    if (!read_plain_name(r, &c->dst))
        return false;
    MEM_RESERVE(r->last, c->level + (size_t)1, r->last_cap);
    if (c->level + (size_t)1 > r->depth) {
        r->depth = c->level + (size_t)1;
        r->last[c->level] = SIZE_MAX;       /* nobody was here before */
    }
    struct place at = place_of(r->calls, r->n, r->last);
    if (!read_rare(r, c, at.id, h->timed) || (h->timed && !read_times(r, h, c, at.base)))
        return false;
    if (r->n)
        c->src = r->calls[c->parent].dst;
    r->last[c->level] = r->n++;
    return true;
}

/* The graph against the header, the rules of every graph, and the set's tick. */
static bool accept(struct reader *r, const struct header *h)
{
    if (!h->open.edges && h->edges != r->n)
        return err_set(r->err, EXIT_DATA, "header says %llu calls, the body has %zu",
                       (unsigned long long)h->edges, r->n);
    if (!h->open.depth && h->depth != r->depth)
        return err_set(r->err, EXIT_DATA, "header says depth %llu, the body has %zu",
                       (unsigned long long)h->depth, r->depth);
    struct callgraph g = { .service = h->service, .trace_id = NAMES_NONE, .timed = h->timed,
                           .n = r->n, .calls = r->calls };
    size_t at = 0;
    enum callgraph_fault f = callgraph_check(&g, &at);
    if (f != GRAPH_GOOD)
        return err_set(r->err, EXIT_DATA, "call %zu: %s", at + 1, callgraph_fault_names[f]);
    if (r->set->n == 0)
        r->set->tick_us = h->tick_us;
    if (r->set->tick_us != h->tick_us)
        return err_set(r->err, EXIT_DATA, "ticks of %u us among graphs with ticks of %u us",
                       h->tick_us, r->set->tick_us);
    graphset_copy(r->set, &g, NULL);
    return true;
}

bool compact_parse(struct str line, struct graphset *out, struct err *err)
{
    while (line.n &&
           (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r' || line.p[line.n - 1] == ' '))
        line.n--;
    struct reader r = { .rest = line, .set = out, .err = err };
    struct header h;
    next(&r);
    bool good = read_header(&r, &h);
    /* Known calls end the graph; words past them are a fault of the line, not another call. */
    while (good && !at_end(&r) && (h.open.edges || r.n < h.edges))
        good = read_call(&r, &h);
    if (good && r.n == 0)
        good = fault(&r, "a call type");
    if (good && !at_end(&r))
        good = fault(&r, "the end of the line");
    good = good && accept(&r, &h);
    free(r.calls);
    free(r.last);
    buf_free(&r.bytes);
    return good;
}
