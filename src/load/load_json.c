/* load_json.c: JSON of one shape, on the streaming reader of trace/. A unit's two lists grow in
 * arrays that the next unit uses again; a host name is looked up once a call and stored once. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "load/load_priv.h"

/* What the reader of JSON stumbled over, or what the stream broke off with. */
static bool fault(struct load_reader *r)
{
    if (r->json.broken.status && !r->broken) {
        *r->err = r->json.broken;
        r->broken = true;
        return false;
    }
    return load_refuse(r, "%s", r->json.bad);
}

static bool read_time(struct load_reader *r)
{
    struct str s;
    uint64_t x;
    if (json_peek(&r->json) != JSON_NUMBER || !json_text(&r->json, &s))
        return r->json.bad ? fault(r) : load_refuse(r, "timestamp %zu is no number", r->n_at);
    if (!str_u64(s, &x))
        return load_refuse(r, "timestamp %zu, %.*s, is no whole number of at least 0", r->n_at,
                           (int)(s.n < 40 ? s.n : 40), s.p);
    if (x > LOAD_MOST_US)
        return load_refuse(r, "timestamp %zu is above 1e15 us", r->n_at);
    if (r->n_at && x < r->at_us[r->n_at - 1])
        return load_refuse(r, "timestamp %zu, %llu, comes after %llu", r->n_at,
                           (unsigned long long)x, (unsigned long long)r->at_us[r->n_at - 1]);
    MEM_GROW(r->at_us, r->n_at, r->at_cap);
    r->at_us[r->n_at++] = x;
    return true;
}

static bool read_endpoint(struct load_reader *r)
{
    struct str s;
    if (!json_only_text(&r->json, &s))
        return r->json.bad ? fault(r) : load_refuse(r, "endpoint %zu is no text", r->n_endpoint);
    if (s.n == 0 || s.n > LOAD_MOST_NAME)
        return load_refuse(r, s.n ? "endpoint %zu has more than %d bytes" : "endpoint %zu is empty",
                           r->n_endpoint, LOAD_MOST_NAME);
    if (memchr(s.p, 0, s.n))
        return load_refuse(r, "endpoint %zu has a NUL in it", r->n_endpoint);
    MEM_GROW(r->endpoint, r->n_endpoint, r->endpoint_cap);
    r->endpoint[r->n_endpoint++] = names_id(r->endpoints, s);
    return true;
}

static bool read_list(struct load_reader *r, bool (*one)(struct load_reader *), const char *what)
{
    if (!json_begin(&r->json, '['))
        return r->json.bad ? fault(r) : load_refuse(r, "\"%s\" is no list", what);
    while (json_element(&r->json))
        if (!one(r))
            return false;
    return !r->json.bad || fault(r);
}

static bool read_member(struct load_reader *r, struct str key, bool seen[2])
{
    bool time = str_is(key, "timestamp"), end = str_is(key, "endpoint");
    if (!time && !end) {
        json_skip(&r->json);
        return !r->json.bad || fault(r);
    }
    if (seen[end])
        return load_refuse(r, "\"%s\" stands twice", end ? "endpoint" : "timestamp");
    seen[end] = true;
    return time ? read_list(r, read_time, "timestamp") : read_list(r, read_endpoint, "endpoint");
}

static bool read_unit(struct load_reader *r)
{
    bool seen[2] = { false, false };
    struct str key;
    if (!json_begin(&r->json, '{'))
        return r->json.bad ? fault(r) : load_refuse(r, "is no object");
    while (json_key(&r->json, &key))
        if (!read_member(r, key, seen))
            return false;
    if (r->json.bad)
        return fault(r);
    if (!seen[0] || !seen[1])
        return load_refuse(r, "has no \"%s\"", seen[0] ? "endpoint" : "timestamp");
    return r->n_at == r->n_endpoint ||
           load_refuse(r, "has %zu timestamps and %zu endpoints", r->n_at, r->n_endpoint);
}

bool load_json_next(struct load_reader *r)
{
    if (!r->begun && !json_begin(&r->json, '['))
        return r->json.bad ? fault(r) : load_refuse(r, "the file is no list of units");
    r->begun = true;
    if (json_element(&r->json))
        return read_unit(r);
    if (r->json.bad)
        return fault(r);
    r->ended = true;
    if (json_peek(&r->json) != JSON_END)
        return load_refuse(r, "more follows the end of the list");
    return false;
}
