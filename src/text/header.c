/* header.c: see the header. */
#include "text/header.h"

static const char *const spelling[HEAD_KEYS] = {
    "id", "num_edges", "start_node", "caller", "start_edge_id", "start_communication_at",
    "latency", "num_subgraphs", "remaining_depth", "num_current_edges",
};

static const struct {
    const char *name;
    enum header_key key;
} alias[] = {
    { "start_rpc_id", HEAD_START_EDGE_ID },
    { "num edges", HEAD_NUM_EDGES },
    { "max_depth", HEAD_DEPTH },
    { "max depth", HEAD_DEPTH },
    { "depth", HEAD_DEPTH },
    { "offset", HEAD_START_AT },
    { "start_arrived", HEAD_START_AT },
};

void header_put(const struct header *h, const enum header_key *order, size_t n, bool tabular,
                struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        enum header_key k = order[i];
        if (i)
            buf_char(out, '/');
        buf_str(out, tabular && k == HEAD_DEPTH ? "depth" : spelling[k]);
        buf_char(out, ':');
        if (header_key_is_text(k))
            buf_add(out, h->text[k].p, h->text[k].n);
        else
            buf_i64(out, h->number[k]);
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool header_int(struct str s, int64_t *x)
{
    s = str_trim(s);
    bool minus = s.n && s.p[0] == '-';
    size_t i = minus || (s.n && s.p[0] == '+');
    int64_t v = 0;
    bool digit = false, full = false;
    for (; i < s.n; i++) {
        if (s.p[i] == '_' && digit && i + 1 < s.n) {
            digit = false;
            continue;
        }
        if (!is_digit(s.p[i]))
            return false;
        digit = true;
        full = full || __builtin_mul_overflow(v, 10, &v) ||
               __builtin_add_overflow(v, s.p[i] - '0', &v);
    }
    *x = full ? (minus ? INT64_MIN + 1 : INT64_MAX) : minus ? -v : v;
    return digit;
}

static bool find_key(struct str name, enum header_key *k, bool *is_alias)
{
    *is_alias = false;
    for (int i = 0; i < HEAD_KEYS; i++)
        if (str_is(name, spelling[i])) {
            *k = (enum header_key)i;
            return true;
        }
    *is_alias = true;
    for (size_t i = 0; i < sizeof alias / sizeof *alias; i++)
        if (str_is(name, alias[i].name)) {
            *k = alias[i].key;
            return true;
        }
    return false;
}

/* Cut "name:value" off; false unless there is exactly one colon. */
static bool split_pair(struct str pair, struct str *name, struct str *value)
{
    size_t colon = 0, n = 0;
    for (size_t i = 0; i < pair.n; i++)
        if (pair.p[i] == ':') {
            colon = i;
            n++;
        }
    *name = (struct str){ pair.p, colon };
    *value = (struct str){ pair.p + colon + 1, pair.n - colon - 1 };
    return n == 1;
}

/* Cut up to the separator; *more says whether there was one: what follows it is a piece too, even
 * an empty one. */
static struct str cut(struct str *rest, char sep, bool *more)
{
    size_t i = 0;
    while (i < rest->n && rest->p[i] != sep)
        i++;
    struct str piece = { rest->p, i };
    *more = i < rest->n;
    size_t skip = *more ? i + 1 : i;
    rest->p += skip;
    rest->n -= skip;
    return piece;
}

static struct header empty(void)
{
    struct header h = { 0 };
    for (int k = 0; k < HEAD_KEYS; k++)
        h.number[k] = -1;
    return h;
}


bool header_parse(struct str line, struct header *h)
{
    bool more;
    *h = empty();
    do {
        struct str name, value;
        enum header_key k;
        bool by_alias;
        if (!split_pair(cut(&line, '/', &more), &name, &value))
            return false;
        if (!find_key(str_trim(name), &k, &by_alias))
            continue;
        h->keys |= 1u << k;
        h->text[k] = str_trim(value);
        if (!header_key_is_text(k) && !header_int(value, &h->number[k]))
            return false;
    } while (more);
    return true;
}

bool header_is_plain(struct str line)
{
    uint32_t keys = 0;
    bool more;
    do {
        struct str name, value;
        enum header_key k;
        bool by_alias, minus;
        uint64_t x;
        if (!split_pair(cut(&line, '/', &more), &name, &value) || !find_key(name, &k, &by_alias))
            return false;
        minus = !header_key_is_text(k) && !str_u64(value, &x);
        if ((by_alias && !str_is(name, "depth")) || keys >> k & 1 || minus || value.n == 0)
            return false;
        keys |= 1u << k;
    } while (more);
    return true;
}
