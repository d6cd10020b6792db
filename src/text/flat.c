/* flat.c: see the header. The list is kept sorted by id where a question needs it; a parent is then
 * found by binary search for the id without its last component. */
#include "text/flat.h"

#include <stdlib.h>
#include <string.h>

#include "text/escape.h"
#include "text/header.h"

enum { PATH_MAX_DEPTH = 1000 };

const char *const flat_fault_names[FLAT_FAULTS] = {
    [FLAT_GOOD] = "good",
    [FLAT_EMPTY] = "no calls",
    [FLAT_REPEATED] = "an id twice",
    [FLAT_ORPHAN] = "a call without its caller, or a second root",
    [FLAT_SRC] = "source is not the caller's destination",
    [FLAT_NAME] = "a name is missing or unknown",
    [FLAT_TYPE] = "an unknown type",
    [FLAT_BACKWARD] = "a call finishes before it starts",
    [FLAT_EARLY] = "a call starts before its caller",
    [FLAT_LATE] = "a call finishes after its caller",
    [FLAT_RANGE] = "an id or a time out of range",
};

void flat_free(struct flat *f)
{
    free(f->calls);
    *f = (struct flat){ 0 };
}

static struct flat_call *append(struct flat *f, const int64_t *path, size_t depth)
{
    MEM_GROW(f->calls, f->n, f->cap);
    f->calls[f->n] = (struct flat_call){ .path = path, .depth = depth };
    return &f->calls[f->n++];
}

struct flat_call *flat_add(struct flat *f, const int64_t *prefix, size_t n, int64_t last)
{
    int64_t *path = ARENA_ARRAY(f->arena, n + 1, int64_t);
    if (n)
        memcpy(path, prefix, n * sizeof *path);
    path[n] = last;
    return append(f, path, n + 1);
}

struct flat_call *flat_add_dotted(struct flat *f, struct str id)
{
    size_t dots = 0, n = 0;
    for (size_t i = 0; i < id.n; i++)
        dots += id.p[i] == '.';
    if (dots >= PATH_MAX_DEPTH)
        return NULL;
    int64_t *path = ARENA_ARRAY(f->arena, dots + 1, int64_t);
    for (size_t i = 0, from = 0; i <= id.n; i++) {
        if (i < id.n && id.p[i] != '.')
            continue;
        if (!header_int((struct str){ id.p + from, i - from }, &path[n++]))
            return NULL;
        from = i + 1;
    }
    return append(f, path, n);
}

static int cmp_path(const int64_t *a, size_t na, const int64_t *b, size_t nb)
{
    for (size_t i = 0; i < na && i < nb; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return (na > nb) - (na < nb);
}

int flat_cmp(const struct flat_call *a, const struct flat_call *b)
{
    return cmp_path(a->path, a->depth, b->path, b->depth);
}

/* Merge sort: stable, and libc's qsort promises nothing. */
static void sort_range(struct flat_call *v, struct flat_call *aside, size_t n)
{
    if (n < 2)
        return;
    size_t half = n / 2, i = 0, j = half, k = 0;
    sort_range(v, aside, half);
    sort_range(v + half, aside, n - half);
    while (i < half && j < n)
        aside[k++] = flat_cmp(&v[i], &v[j]) <= 0 ? v[i++] : v[j++];
    while (i < half)
        aside[k++] = v[i++];
    memcpy(v, aside, k * sizeof *v);      /* what is left of the second half is in place */
}

void flat_sort(struct flat *f)
{
    struct flat_call *aside = mem_array(f->n + 1, sizeof *aside);
    sort_range(f->calls, aside, f->n);
    free(aside);
}

void flat_unique(struct flat *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++)
        if (n == 0 || flat_cmp(&f->calls[n - 1], &f->calls[i]) != 0)
            f->calls[n++] = f->calls[i];
    f->n = n;
}

size_t flat_depth(const struct flat *f)
{
    size_t deepest = 0;
    for (size_t i = 0; i < f->n; i++)
        if (f->calls[i].depth > deepest)
            deepest = f->calls[i].depth;
    return deepest;
}

/* First call with this id in a sorted list, or SIZE_MAX. */
static size_t find(const struct flat *f, const int64_t *path, size_t depth)
{
    size_t lo = 0, hi = f->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (cmp_path(f->calls[mid].path, f->calls[mid].depth, path, depth) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    bool found = lo < f->n && cmp_path(f->calls[lo].path, f->calls[lo].depth, path, depth) == 0;
    return found ? lo : SIZE_MAX;
}

static bool unknown(struct str s)
{
    return str_is(s, "UNKNOWN") || str_is(s, "UNAVAILABLE");
}

/* Calls [a, ae) of a node under the calls [p, pe) of its parent node. */
static bool node_fits(const struct flat *f, size_t a, size_t ae, size_t p, size_t pe)
{
    int64_t latest = INT64_MIN, first_end = INT64_MAX;
    for (size_t i = a; i < ae; i++) {
        if (f->calls[i].finish > latest)
            latest = f->calls[i].finish;
        if (!str_eq(f->calls[i].src, f->calls[a].src))
            return false;
    }
    for (size_t i = p; i < pe; i++) {
        if (f->calls[i].finish < first_end)
            first_end = f->calls[i].finish;
        if (!str_eq(f->calls[i].dst, f->calls[p].dst))
            return false;
    }
    return latest <= first_end && str_eq(f->calls[a].src, f->calls[p].dst);
}

static size_t end_of_node(const struct flat *f, size_t i)
{
    size_t j = i + 1;
    while (j < f->n && flat_cmp(&f->calls[i], &f->calls[j]) == 0)
        j++;
    return j;
}

static bool node_valid(const struct flat *f, size_t i, size_t end)
{
    const struct flat_call *c = &f->calls[i];
    size_t p = c->depth > 1 ? find(f, c->path, c->depth - 1) : SIZE_MAX;
    if (p != SIZE_MAX && !node_fits(f, i, end, p, end_of_node(f, p)))
        return false;
    /* An empty node on the way up whose own parent has a call. Below the trie's root all passes. */
    for (size_t d = c->depth - 1; d >= 2; d--)
        if (find(f, c->path, d) == SIZE_MAX && find(f, c->path, d - 1) != SIZE_MAX)
            return false;
    return true;
}

bool flat_valid(const struct flat *f)
{
    if (f->n == 0 || f->calls[0].depth != 1 || f->calls[0].path[0] != 0)
        return false;
    for (size_t i = 0; i < f->n; i++)
        if (unknown(f->calls[i].type) || unknown(f->calls[i].src) || unknown(f->calls[i].dst))
            return false;
    struct flat sorted = { .n = f->n, .calls = mem_array(f->n, sizeof *sorted.calls) };
    memcpy(sorted.calls, f->calls, f->n * sizeof *f->calls);
    flat_sort(&sorted);
    bool good = true;
    for (size_t i = 0, end; good && i < sorted.n; i = end) {
        end = end_of_node(&sorted, i);
        good = node_valid(&sorted, i, end);
    }
    free(sorted.calls);
    return good;
}

static bool known_type(struct str s)
{
    enum call_type t;
    return str_is(s, call_type_name(CALL_OTHER)) || call_type_parse(s, &t);
}

/* Faults of call i of a sorted list. */
static uint32_t faults_of(const struct flat *f, size_t i)
{
    const struct flat_call *c = &f->calls[i];
    uint32_t bad = 0;
    if (i && flat_cmp(&f->calls[i - 1], c) == 0)
        bad |= 1u << FLAT_REPEATED;
    if (c->dst.n == 0 || unknown(c->dst) || unknown(c->src))
        bad |= 1u << FLAT_NAME;
    if (!known_type(c->type))
        bad |= 1u << FLAT_TYPE;
    if (c->finish < c->start)
        bad |= 1u << FLAT_BACKWARD;
    if (c->start < 0 || c->path[c->depth - 1] < 0 || c->path[c->depth - 1] > UINT32_MAX ||
        c->depth > UINT16_MAX)
        bad |= 1u << FLAT_RANGE;
    if (c->depth == 1)
        return bad | (i || c->path[0] != 0 ? 1u << FLAT_ORPHAN : 0);
    size_t p = find(f, c->path, c->depth - 1);
    if (p == SIZE_MAX)
        return bad | 1u << FLAT_ORPHAN;
    const struct flat_call *up = &f->calls[p];
    if (c->src.n && !str_eq(c->src, up->dst))
        bad |= 1u << FLAT_SRC;
    if (c->start < up->start)
        bad |= 1u << FLAT_EARLY;
    if (c->finish > up->finish)
        bad |= 1u << FLAT_LATE;
    return bad;
}

uint32_t flat_faults(struct flat *f)
{
    uint32_t bad = f->n ? 0 : 1u << FLAT_EMPTY;
    flat_sort(f);
    for (size_t i = 0; i < f->n; i++)
        bad |= faults_of(f, i);
    return bad;
}

static bool intern(struct graphset *s, struct str escaped, struct buf *b, uint32_t *id)
{
    if (!escape_read(escaped, b) || !str_utf8(buf_view(b)))
        return false;
    *id = names_id(s->names, buf_view(b));
    return true;
}

enum flat_fault flat_graph(struct flat *f, struct str service, struct graphset *out, size_t *at)
{
    *at = 0;
    if (f->n == 0)
        return FLAT_EMPTY;
    flat_sort(f);
    for (; *at < f->n; ++*at) {
        uint32_t bad = faults_of(f, *at) & ~(1u << FLAT_EARLY);
        for (int k = FLAT_EMPTY; bad && k < FLAT_FAULTS; k++)
            if (bad >> k & 1)
                return (enum flat_fault)k;
    }
    struct call *calls = mem_array(f->n, sizeof *calls);
    struct buf b = { 0 };
    uint32_t service_id = NAMES_NONE;
    bool good = service.n && intern(out, service, &b, &service_id);
    for (*at = 0; good && *at < f->n; *at += good) {
        const struct flat_call *c = &f->calls[*at];
        struct call *to = &calls[*at];
        enum call_type t = CALL_OTHER;
        call_type_parse(c->type, &t);
        *to = (struct call){ .interface = NAMES_NONE,
                             .id = (uint32_t)c->path[c->depth - 1],
                             .type = (uint8_t)t,
                             .level = (uint16_t)(c->depth - 1),
                             .start = c->start,
                             .rt = c->finish - c->start,
                             .kind = t == CALL_MQ ? KIND_PRODUCER : KIND_CLIENT };
        good = intern(out, c->dst, &b, &to->dst);
        if (good && *at == 0)
            good = intern(out, c->src.n ? c->src : STR("USER"), &b, &to->src);
    }
    buf_free(&b);
    struct callgraph g = {
        .service = service_id, .trace_id = NAMES_NONE, .timed = true, .n = f->n, .calls = calls
    };
    if (good) {
        REQUIRE(callgraph_link(&g));
        for (size_t i = 1; i < g.n; i++)
            calls[i].src = calls[calls[i].parent].dst;
        REQUIRE(callgraph_check(&g, NULL) == GRAPH_GOOD);
        graphset_copy(out, &g, NULL);
    }
    free(calls);
    return good ? FLAT_GOOD : FLAT_NAME;
}
