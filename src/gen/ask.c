/* ask.c: see the header. */
#include "gen/ask.h"

#include "gen/latencies.h"

enum ask_key { ASK_SERVICE, ASK_EDGES, ASK_DEPTH, ASK_LATENCY, ASK_INCLUDE, ASK_HIGH, ASK_KEYS };
static const char *const keys[ASK_KEYS] = {
    "service", "edges", "depth", "latency", "include", "high-latency",
};

static bool take_number(struct str value, const char *key, int64_t least, int64_t *x,
                        struct err *err)
{
    if (str_i64(value, x) && *x >= least && *x <= INT64_MAX / 1000000)
        return true;
    return err_set(err, EXIT_USAGE, "--ask: %s=%.*s is no whole number from %lld on", key,
                   (int)value.n, value.p, (long long)least);
}

/* SRC>TYPE>DST */
static bool take_include(struct str value, struct arena *a, struct prompt *p, struct err *err)
{
    struct str rest = value, src, type, dst;
    if (!str_next(&rest, '>', &src) || !str_next(&rest, '>', &type) || !src.n || !rest.n)
        return err_set(err, EXIT_USAGE, "--ask: include=%.*s is not CALLER>TYPE>CALLEE",
                       (int)value.n, value.p);
    dst = rest;
    if (!call_type_parse(type, &p->include_type))
        return err_set(err, EXIT_USAGE, "--ask: include=%.*s: \"%.*s\" is not one of "
                       "http rpc db mc mq other", (int)value.n, value.p, (int)type.n, type.p);
    p->include_src = arena_strndup(a, src.p, src.n);
    p->include_dst = arena_strndup(a, dst.p, dst.n);
    return true;
}

static bool take_pair(struct str word, enum ask_key key, uint32_t tick_us, struct arena *a,
                      struct prompt *p, struct err *err)
{
    size_t n = str_of(keys[key]).n + 1;
    struct str value = { word.p + n, word.n > n ? word.n - n : 0 };
    switch (key) {
    case ASK_SERVICE:
        p->service = arena_strndup(a, value.p, value.n);
        return value.n || err_set(err, EXIT_USAGE, "--ask: service= names none");
    case ASK_EDGES:
        return take_number(value, keys[key], 1, &p->edges, err);
    case ASK_DEPTH:
        return take_number(value, keys[key], 1, &p->depth, err);
    case ASK_LATENCY:
        if (!take_number(value, keys[key], 0, &p->latency, err))
            return false;
        p->latency = p->latency * 1000 / tick_us;
        return true;
    case ASK_INCLUDE:
        return take_include(value, a, p, err);
    default:
        p->high_latency = true;
        return true;
    }
}

/* Which key is it? ASK_KEYS: none. Only high-latency stands without a value. */
static enum ask_key key_of(struct str word)
{
    struct str rest = word, name;
    bool named = str_next(&rest, '=', &name), value = named && name.n < word.n;
    for (int k = 0; named && k < ASK_KEYS; k++)
        if (str_is(name, keys[k]) && value == (k != ASK_HIGH))
            return (enum ask_key)k;
    return ASK_KEYS;
}

/* Arithmetic that no model can help. */
static bool can_be(const struct prompt *p, struct err *err)
{
    bool user = p->include_src && str_is(str_of(p->include_src), "USER");
    int64_t least = p->include_src && !user ? 2 : 1;
    if (p->edges != PROMPT_OPEN && p->depth != PROMPT_OPEN &&
        (p->depth > p->edges || (p->depth == 1 && p->edges > 1)))
        return err_set(err, EXIT_USAGE, "--ask: no graph has depth=%lld and edges=%lld",
                       (long long)p->depth, (long long)p->edges);
    if ((p->edges != PROMPT_OPEN && p->edges < least) ||
        (p->depth != PROMPT_OPEN && p->depth < least))
        return err_set(err, EXIT_USAGE, "--ask: a call from %s needs another above it: edges and "
                       "depth of 2 at least", p->include_src);
    return true;
}

bool ask_parse(const char *words, uint32_t tick_us, struct arena *a, struct prompt *p,
               struct err *err)
{
    struct str rest = str_of(words), word;
    bool seen[ASK_KEYS] = { false };
    *p = (struct prompt){ .edges = PROMPT_OPEN, .depth = PROMPT_OPEN, .latency = PROMPT_OPEN,
                          .include_type = CALL_OTHER };
    while (str_next(&rest, ' ', &word)) {
        if (word.n == 0)
            continue;
        enum ask_key key = key_of(word);
        if (key == ASK_KEYS)
            return err_set(err, EXIT_USAGE, "--ask: \"%.*s\" is none of service= edges= depth= "
                           "latency= include= high-latency", (int)word.n, word.p);
        if (seen[key])
            return err_set(err, EXIT_USAGE, "--ask: %s is given twice", keys[key]);
        seen[key] = true;
        if (!take_pair(word, key, tick_us, a, p, err))
            return false;
    }
    return can_be(p, err);
}

static const char *kept(struct str s, struct arena *a)
{
    return s.n ? arena_strndup(a, s.p, s.n) : NULL;
}

struct prompt ask_from_file(const struct text_prompt *t, uint32_t tick_us, struct arena *a)
{
    const struct text_ask *ask = &t->ask;
    struct prompt p = {
        .service = kept(ask->service, a), .edges = ask->edges, .depth = ask->depth,
        .latency = ask->latency, .high_latency = ask->high_latency,
        .include_src = kept(ask->include_src, a), .include_dst = kept(ask->include_dst, a),
        .include_type = ask->include_type, .text = t->text, .task = t->task,
    };
    if (p.latency > 0)
        p.latency = p.latency > INT64_MAX / 1000000 ? INT64_MAX / 64 : p.latency * 1000 / tick_us;
    return p;
}

bool ask_set_high(struct prompt *p, struct str latencies, struct err *err)
{
    int64_t least;
    if (!p->high_latency)
        return true;
    bool known = latencies_find(latencies, p->service, &least), told = p->latency != PROMPT_OPEN;
    if (known && told && p->latency < least)
        return err_set(err, EXIT_DATA, "high-latency: the latency asked for, %lld ticks, is below "
                       "the p90, %lld", (long long)p->latency, (long long)least);
    if (known || told) {
        p->least_latency = known ? least : 0;
        return true;
    }
    if (!latencies.n)
        return err_set(err, EXIT_DATA, "high-latency: the checkpoint does not say what is high: "
                       "--data TRAIN.csv does");
    return err_set(err, EXIT_DATA, "high-latency: service \"%s\" has too few training graphs for a "
                   "p90", p->service);
}
