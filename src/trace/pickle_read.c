/* pickle_read.c: the pickle that AlpaServe's preprocessing leaves, by a machine that runs nothing.
 *
 * Python's unpickler calls whatever the file names. This one knows five names, and what it does for
 * each is written below; any other name, and any opcode that such a pickle does not have, ends the
 * reading with the place.
 *
 *     OrderedDict()                                  REDUCE, or EMPTY_DICT: the table
 *     _reconstruct(ndarray, (0,), b'b')              REDUCE: an array to be filled
 *     dtype('i4' | 'i8' | 'f8', False, True)         REDUCE: a type
 *       BUILD (3, '<', None, None, None, -1, -1, 0)    little-endian
 *     array BUILD (1, (n,), dtype, False, bytes)     its n numbers
 *     _frombuffer(bytes, dtype, (n,), 'C')           REDUCE: the same, as protocol 5 has it
 *     key array ... SETITEMS                         functions of the trace
 *
 * An array becomes codes or times as soon as its bytes are there, so that a batch of 1,000
 * functions does not lie here as it lies in the file. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trace/feed_priv.h"
#include "trace/invocations_priv.h"

enum { STACK_MAX = 1 << 16, MEMO_MAX = 1 << 26, TEXT_MAX = 1 << 16 };

enum kind {
    MARK, NONE, BOOL, INT, TEXT, BYTES, TUPLE, TABLE, ARRAY, TYPE,
    ORDERED_DICT, RECONSTRUCT, NDARRAY, DTYPE, FROMBUFFER    /* names */
};

struct array {
    bool filled, used;
    struct day_code *day;      /* counts: codes with their days, in slab */
    uint8_t *slab;
    size_t n_days, bytes;
    double *t;                 /* times: (n) */
    size_t n;
    struct array *before;      /* all of them, to free what the table did not take */
};

struct item {
    enum kind kind;
    int64_t i;                 /* INT, BOOL; TYPE: 4, 8 or -8 for i4, i8, f8 */
    size_t n;                  /* TEXT, BYTES, TUPLE */
    union {
        const char *text;
        struct bytes *bytes;
        struct item *tuple;
        struct array *array;
    } u;
};

struct bytes {                 /* in a list as well */
    char *p;                   /* NULL once an array has it */
    struct bytes *before;
};

struct machine {
    struct feed *f;
    struct builder *b;
    enum invocations_kind kind;
    uint32_t days;             /* later ones are not read; 0: all are */
    struct err *err;
    struct arena *arena;
    struct item *stack, *memo;
    size_t n, cap, n_memo, memo_cap;
    struct array *arrays;
    struct bytes *all_bytes;
    bool stopped;
};

static bool fail(struct machine *m, const char *what)
{
    return feed_fail(m->f, m->err, "%s; this is not a pickle of a trace", what);
}

static bool push(struct machine *m, struct item x)
{
    if (m->n >= STACK_MAX)
        return fail(m, "the stack grows without end");
    MEM_GROW(m->stack, m->n, m->cap);
    m->stack[m->n++] = x;
    return true;
}

static bool push_kind(struct machine *m, enum kind kind, int64_t i)
{
    return push(m, (struct item){ .kind = kind, .i = i });
}

/* The k-th item from the top (0 is the top) if it is of this kind. */
static const struct item *top(const struct machine *m, size_t k, enum kind kind)
{
    return k < m->n && m->stack[m->n - 1 - k].kind == kind ? &m->stack[m->n - 1 - k] : NULL;
}

static bool get_number(struct machine *m, size_t bytes, uint64_t *x)
{
    unsigned char b[8] = { 0 };
    if (!feed_get(m->f, b, bytes, m->err))
        return false;
    *x = 0;
    for (size_t i = bytes; i-- > 0;)
        *x = *x << 8 | b[i];
    return true;
}

static bool put_memo(struct machine *m, uint64_t at)
{
    if (m->n == 0 || at > m->n_memo || at >= MEMO_MAX)
        return fail(m, "the memo has a gap");
    MEM_RESERVE(m->memo, (size_t)at + 1, m->memo_cap);
    m->memo[at] = m->stack[m->n - 1];
    m->n_memo += at == m->n_memo;
    return true;
}

static bool get_memo(struct machine *m, uint64_t at)
{
    return at < m->n_memo ? push(m, m->memo[at]) : fail(m, "the memo has no such entry");
}

static bool push_text(struct machine *m, uint64_t n)
{
    if (n > TEXT_MAX)
        return fail(m, "a name of more than 64 KiB");
    char *text = arena_alloc(m->arena, (size_t)n + 1);
    if (!feed_get(m->f, text, (size_t)n, m->err))
        return false;
    return push(m, (struct item){ .kind = TEXT, .n = (size_t)n, .u.text = text });
}

static bool push_bytes(struct machine *m, uint64_t n)
{
    struct bytes *b = ARENA_NEW(m->arena, struct bytes);
    b->p = feed_take(m->f, n, m->err);
    if (!b->p)
        return false;
    b->before = m->all_bytes;
    m->all_bytes = b;
    return push(m, (struct item){ .kind = BYTES, .n = (size_t)n, .u.bytes = b });
}

static bool push_tuple(struct machine *m, size_t n)
{
    if (n > m->n)
        return fail(m, "the stack is empty");
    struct item *at = n ? ARENA_ARRAY(m->arena, n, struct item) : NULL;
    for (size_t i = 0; i < n; i++) {
        at[i] = m->stack[m->n - n + i];
        if (at[i].kind == MARK)
            return fail(m, "a tuple across a mark");
    }
    m->n -= n;
    return push(m, (struct item){ .kind = TUPLE, .n = n, .u.tuple = at });
}

/* Items above the topmost mark; false when there is no mark. */
static bool above_mark(struct machine *m, size_t *n)
{
    for (*n = 0; *n < m->n; ++*n)
        if (m->stack[m->n - 1 - *n].kind == MARK)
            return true;
    return fail(m, "a mark is missing");
}

static bool tuple_from_mark(struct machine *m)
{
    size_t n;
    if (!above_mark(m, &n) || !push_tuple(m, n))
        return false;
    m->stack[m->n - 2] = m->stack[m->n - 1];
    m->n--;
    return true;
}

static bool push_name(struct machine *m, struct str module, struct str name)
{
    static const struct { const char *module, *name; enum kind kind; } known[] = {
        { "collections", "OrderedDict", ORDERED_DICT },
        { "numpy.core.multiarray", "_reconstruct", RECONSTRUCT },
        { "numpy._core.multiarray", "_reconstruct", RECONSTRUCT },
        { "numpy.core.numeric", "_frombuffer", FROMBUFFER },
        { "numpy._core.numeric", "_frombuffer", FROMBUFFER },
        { "numpy", "ndarray", NDARRAY },
        { "numpy", "dtype", DTYPE },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_is(module, known[i].module) && str_is(name, known[i].name))
            return push_kind(m, known[i].kind, 0);
    return feed_fail(m->f, m->err, "the pickle names %.*s.%.*s, which no trace needs; nothing is "
                     "run", (int)(module.n < 60 ? module.n : 60), module.p,
                     (int)(name.n < 60 ? name.n : 60), name.p);
}

static bool stack_global(struct machine *m)
{
    const struct item *name = top(m, 0, TEXT), *module = top(m, 1, TEXT);
    if (!name || !module)
        return fail(m, "a name without text");
    m->n -= 2;
    return push_name(m, (struct str){ module->u.text, module->n },
                     (struct str){ name->u.text, name->n });
}

static bool get_line(struct machine *m, char line[128], size_t *n)
{
    for (*n = 0; *n < 128; ++*n)
        if (!feed_get(m->f, &line[*n], 1, m->err))
            return false;
        else if (line[*n] == '\n')
            return true;
    return fail(m, "a name of more than 128 bytes");
}

static bool global(struct machine *m)
{
    char module[128], name[128];
    size_t a, b;
    return get_line(m, module, &a) && get_line(m, name, &b) &&
           push_name(m, (struct str){ module, a }, (struct str){ name, b });
}

/* ---- arrays ---- */

static int64_t number_at(const char *p, int64_t type, size_t i)
{
    int32_t small;
    int64_t large;
    if (type == 4) {
        memcpy(&small, p + 4 * i, 4);
        return small;
    }
    memcpy(&large, p + 8 * i, 8);
    return large;
}

static bool fill_counts(struct machine *m, struct array *a, const char *p, int64_t type, size_t n)
{
    size_t days = (n + DAY_MINUTES - 1) / DAY_MINUTES, cap = 0;
    if (days > INVOCATIONS_DAYS_MAX)
        return fail(m, "an array of more than ten years");
    a->day = mem_array(days ? days : 1, sizeof *a->day);
    uint32_t dense[DAY_MINUTES];
    struct minutes busy;
    for (size_t d = 0; d < days; d++) {
        memset(dense, 0, sizeof dense);
        for (size_t k = 0; k < DAY_MINUTES && d * DAY_MINUTES + k < n; k++) {
            int64_t x = number_at(p, type, d * DAY_MINUTES + k);
            if (x < 0 || x > UINT32_MAX)
                return fail(m, "a count below 0 or above 2^32 - 1");
            dense[k] = (uint32_t)x;
        }
        minutes_of(dense, &busy);
        MEM_RESERVE(a->slab, a->bytes + MINUTES_CODE_MAX, cap);
        size_t bytes = minutes_encode(&busy, a->slab + a->bytes);
        a->day[a->n_days++] = (struct day_code){ .bytes = (uint32_t)bytes, .day = (uint32_t)d };
        a->bytes += bytes;
    }
    a->slab = mem_resize(a->slab, a->bytes ? a->bytes : 1, 1);
    return true;
}

/* The array gets the n numbers of this type that bytes holds. */
static bool fill_array(struct machine *m, struct array *a, const struct item *type, size_t n,
                       const struct item *bytes)
{
    bool times = type->i < 0;
    size_t each = (size_t)(type->i < 0 ? -type->i : type->i);
    if (a->filled || each == 0 || bytes->n % each || bytes->n / each != n || !bytes->u.bytes->p)
        return fail(m, "an array whose bytes do not fit its length");
    if (times != (m->kind == INVOCATIONS_TIMES))
        return feed_fail(m->f, m->err, "the pickle holds %s, which this trace does not have",
                         times ? "times of arrivals" : "counts by the minute");
    char *p = bytes->u.bytes->p;
    a->filled = true;
    a->n = n;
    if (times)
        a->t = (double *)(void *)p;
    bytes->u.bytes->p = NULL;
    bool good = times || fill_counts(m, a, p, type->i, n);
    if (!times)
        free(p);
    return good;
}

static struct array *new_array(struct machine *m)
{
    struct array *a = ARENA_NEW(m->arena, struct array);
    a->before = m->arrays;
    m->arrays = a;
    return a;
}

static bool is_text(const struct item *x, const char *s)
{
    return x->kind == TEXT && str_is((struct str){ x->u.text, x->n }, s);
}

/* (n,) */
static bool is_shape(const struct item *x, size_t *n)
{
    bool good = x->kind == TUPLE && x->n == 1 && x->u.tuple[0].kind == INT && x->u.tuple[0].i >= 0;
    *n = good ? (size_t)x->u.tuple[0].i : 0;
    return good;
}

static bool reduce_dtype(struct machine *m, const struct item *arg, size_t n)
{
    bool good = n >= 1 && n <= 3;
    int64_t type = !good ? 0 : is_text(&arg[0], "i4") ? 4 : is_text(&arg[0], "i8") ? 8 :
                   is_text(&arg[0], "f8") ? -8 : 0;
    return type ? push_kind(m, TYPE, type) : fail(m, "a type that is not i4, i8 or f8");
}

static bool reduce_frombuffer(struct machine *m, const struct item *arg, size_t n)
{
    size_t length;
    if (n != 4 || arg[0].kind != BYTES || arg[1].kind != TYPE || !is_shape(&arg[2], &length))
        return fail(m, "an array of another form");
    struct array *a = new_array(m);
    return fill_array(m, a, &arg[1], length, &arg[0]) &&
           push(m, (struct item){ .kind = ARRAY, .u.array = a });
}

static bool reduce(struct machine *m)
{
    const struct item *args = top(m, 0, TUPLE);
    if (!args || m->n < 2)
        return fail(m, "a call without arguments");
    const struct item *arg = args->u.tuple;
    size_t n = args->n;
    enum kind callee = m->stack[m->n - 2].kind;
    m->n -= 2;
    if (callee == ORDERED_DICT && n == 0)
        return push_kind(m, TABLE, 0);
    if (callee == DTYPE)
        return reduce_dtype(m, arg, n);
    if (callee == FROMBUFFER)
        return reduce_frombuffer(m, arg, n);
    if (callee == RECONSTRUCT && n == 3 && arg[0].kind == NDARRAY)
        return push(m, (struct item){ .kind = ARRAY, .u.array = new_array(m) });
    return fail(m, "a call that a trace does not need");
}

static bool build(struct machine *m)
{
    const struct item *state = top(m, 0, TUPLE);
    if (!state || m->n < 2)
        return fail(m, "a state of another form");
    const struct item *x = state->u.tuple;
    size_t n = state->n, length;
    struct item *object = &m->stack[m->n - 2];
    m->n--;
    if (object->kind == TYPE && n >= 2 && (is_text(&x[1], "<") || is_text(&x[1], "|")))
        return true;
    if (object->kind == ARRAY && n == 5 && is_shape(&x[1], &length) && x[2].kind == TYPE &&
        x[3].kind == BOOL && x[4].kind == BYTES)
        return fill_array(m, object->u.array, &x[2], length, &x[4]);
    return fail(m, object->kind == TYPE ? "a type that is not little-endian" :
                                          "an array of another form");
}

/* ---- the table ---- */

static bool set_item(struct machine *m, const struct item *key, const struct item *value)
{
    if (key->kind != TEXT || value->kind != ARRAY)
        return fail(m, "an entry that is not a name and an array");
    struct array *a = value->u.array;
    struct row_key k = { .owner = STR(""), .app = STR(""), .function = { key->u.text, key->n } };
    if (!a->filled || a->used || (k.function.n && !row_key_good(&k)))
        return fail(m, "an entry that is not a name and an array of its own");
    size_t known = builder_functions(m->b), f = builder_function(m->b, k.owner, k.app, k.function);
    if (f < known)
        return fail(m, "a function that comes twice");
    a->used = true;
    if (m->kind == INVOCATIONS_TIMES) {
        builder_take_times(m->b, f, a->t, NULL, a->n);
        a->t = NULL;
        return true;
    }
    uint8_t *code = a->slab;
    builder_take_slab(m->b, a->slab, a->bytes);
    a->slab = NULL;
    for (size_t d = 0; d < a->n_days && (m->days == 0 || d < m->days); code += a->day[d++].bytes)
        builder_day(m->b, f, a->day[d].day, code, a->day[d].bytes);
    free(a->day);
    a->day = NULL;
    return true;
}

static bool set_items(struct machine *m, size_t n)
{
    if (n % 2 || m->n < n || m->n == n)
        return fail(m, "entries without a table");
    for (size_t i = m->n - n; i < m->n; i += 2)
        if (!set_item(m, &m->stack[i], &m->stack[i + 1]))
            return false;
    m->n -= n;
    return true;
}

static bool set_items_from_mark(struct machine *m)
{
    size_t n;
    if (!above_mark(m, &n) || !set_items(m, n))
        return false;
    m->n--;
    return top(m, 0, TABLE) || fail(m, "entries without a table");
}

/* One opcode (pickletools.py of Python names and describes them). */
static bool step(struct machine *m, unsigned char op)
{
    uint64_t x = 0;
    switch (op) {
    case 0x80: return get_number(m, 1, &x) && (x <= 5 || fail(m, "a protocol above 5"));
    case 0x95: return get_number(m, 8, &x);               /* FRAME: a hint */
    case 0x94: return put_memo(m, m->n_memo);
    case 'q': return get_number(m, 1, &x) && put_memo(m, x);
    case 'r': return get_number(m, 4, &x) && put_memo(m, x);
    case 'h': return get_number(m, 1, &x) && get_memo(m, x);
    case 'j': return get_number(m, 4, &x) && get_memo(m, x);
    case 0x8C: return get_number(m, 1, &x) && push_text(m, x);
    case 'X': return get_number(m, 4, &x) && push_text(m, x);
    case 'C': return get_number(m, 1, &x) && push_bytes(m, x);
    case 'B': return get_number(m, 4, &x) && push_bytes(m, x);
    case 0x8E: case 0x96: return get_number(m, 8, &x) && push_bytes(m, x);
    case 0x93: return stack_global(m);
    case 'c': return global(m);
    case '(': return push_kind(m, MARK, 0);
    case ')': return push_tuple(m, 0);
    case 0x85: case 0x86: case 0x87: return push_tuple(m, op - 0x84u);
    case 't': return tuple_from_mark(m);
    case 'K': return get_number(m, 1, &x) && push_kind(m, INT, (int64_t)x);
    case 'M': return get_number(m, 2, &x) && push_kind(m, INT, (int64_t)x);
    case 'J': return get_number(m, 4, &x) && push_kind(m, INT, (int32_t)(uint32_t)x);
    case 0x89: return push_kind(m, BOOL, 0);
    case 0x88: return push_kind(m, BOOL, 1);
    case 'N': return push_kind(m, NONE, 0);
    case '}': return push_kind(m, TABLE, 0);
    case 'R': return reduce(m);
    case 'b': return build(m);
    case 's': return m->n >= 3 && m->stack[m->n - 3].kind == TABLE ? set_items(m, 2) :
                     fail(m, "an entry without a table");
    case 'u': return set_items_from_mark(m);
    case '.':
        m->stopped = true;
        return (m->n == 1 && top(m, 0, TABLE)) || fail(m, "something else than a table");
    }
    return feed_fail(m->f, m->err, "opcode 0x%02x is not one that a trace's pickle has", op);
}

static void free_machine(struct machine *m)
{
    for (struct bytes *b = m->all_bytes; b; b = b->before)
        free(b->p);
    for (struct array *a = m->arrays; a; a = a->before) {
        free(a->day);
        free(a->slab);
        free(a->t);
    }
    free(m->stack);
    free(m->memo);
    arena_free(m->arena);
}

bool pickle_read(struct feed *f, struct builder *b, enum invocations_kind kind, uint32_t days,
                 struct err *err)
{
    struct machine m = { .f = f, .b = b, .kind = kind, .days = days, .err = err,
                         .arena = arena_new() };
    unsigned char op;
    bool good = true;
    while (good && !m.stopped)
        good = feed_get(f, &op, 1, err) && step(&m, op);
    free_machine(&m);
    return good;
}
