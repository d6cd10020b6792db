/* row.c: the fields of a row to numbers. Hot: the plain forms (digits, "12.0") have their own
 * short paths; everything else falls to the strict readers of base/str.h. */
#include "trace/mend_priv.h"

#include <string.h>

const char *const field_names[FIELDS] = {
    "timestamp", "traceid", "service", "rpc_id", "rpctype", "um", "dm", "rt",
    "interface", "kind", "status", "async",
};

static enum field field_of(struct str name)
{
    for (int i = 0; i < FIELDS; i++)
        if (str_is(name, field_names[i]))
            return (enum field)i;
    return str_is(name, "rpcid") ? FIELD_RPCID : FIELDS;
}

bool layout_read(struct layout *l, const struct str *header, size_t n, bool service,
                 const char **missing)
{
    l->columns = n;
    for (int i = 0; i < FIELDS; i++)
        l->col[i] = NO_COLUMN;
    for (size_t k = 0; k < n && k < NO_COLUMN; k++) {
        enum field i = field_of(str_trim(header[k]));
        if (i != FIELDS && l->col[i] == NO_COLUMN)
            l->col[i] = (uint16_t)k;
    }
    for (int i = 0; i < FIELDS_NEEDED; i++)
        if (l->col[i] == NO_COLUMN && (service || i != FIELD_SERVICE)) {
            *missing = field_names[i];
            return false;
        }
    l->extra = l->col[FIELD_KIND] != NO_COLUMN || l->col[FIELD_STATUS] != NO_COLUMN ||
               l->col[FIELD_ASYNC] != NO_COLUMN;
    return true;
}

size_t row_key_component(const uint8_t *key, uint32_t *value)
{
    if (key[0] < 240) {
        *value = key[0];
        return 1;
    }
    size_t k = key[0] - 239u;
    uint32_t v = 0;
    for (size_t i = 1; i <= k; i++)
        v = v << 8 | key[i];
    *value = v;
    return k + 1;
}

static size_t put_component(uint8_t *key, uint32_t v)
{
    if (v < 240) {
        key[0] = (uint8_t)v;
        return 1;
    }
    size_t k = v < 1u << 8 ? 1 : v < 1u << 16 ? 2 : v < 1u << 24 ? 3 : 4;
    key[0] = (uint8_t)(239 + k);
    for (size_t i = 0; i < k; i++)
        key[1 + i] = (uint8_t)(v >> 8 * (k - 1 - i));
    return k + 1;
}

void row_key_text(const uint8_t *key, size_t n, struct buf *b)
{
    for (size_t i = 0; i < n;) {
        uint32_t v;
        if (i)
            buf_char(b, '.');
        i += row_key_component(key + i, &v);
        buf_u64(b, v);
    }
}

/* Digits without leading zeros, below 2^32, parted by single dots. */
static bool parse_rpcid(struct str s, uint8_t key[KEY_MAX], struct row *r)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        uint64_t v = 0;
        size_t first = i;
        for (unsigned d;
             i < s.n && (d = (unsigned char)s.p[i] - (unsigned)'0') <= 9 && i - first < 11; i++)
            v = v * 10 + d;
        if (i == first || v > UINT32_MAX || (s.p[first] == '0' && i - first > 1) || n + 5 > KEY_MAX)
            return false;
        n += put_component(key + n, (uint32_t)v);
        if (i == s.n)
            break;
        if (s.p[i++] != '.' || i == s.n)
            return false;
    }
    r->key = key;
    r->key_n = (uint16_t)n;
    return n > 0;
}

/* Up to five letters as one number, so that a type is one comparison. */
#define LETTERS(a, b, c, d, e) ((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 | \
                                (uint64_t)(d) << 24 | (uint64_t)(e) << 32)

static bool parse_type(struct str s, uint8_t *type)
{
    uint64_t w = 0;
    if (s.n > 5)
        return false;
    for (size_t i = 0; i < s.n; i++)
        w |= (uint64_t)(unsigned char)s.p[i] << 8 * i;
    switch (w) {
    case LETTERS('h', 't', 't', 'p', 0): *type = CALL_HTTP; return true;
    case LETTERS('r', 'p', 'c', 0, 0): *type = CALL_RPC; return true;
    case LETTERS('d', 'b', 0, 0, 0): *type = CALL_DB; return true;
    case LETTERS('m', 'c', 0, 0, 0): *type = CALL_MC; return true;
    case LETTERS('m', 'q', 0, 0, 0): *type = CALL_MQ; return true;
    case LETTERS('o', 't', 'h', 'e', 'r'): *type = CALL_OTHER; return true;
    default: return false;
    }
}

/* Alibaba's further types: userDefined is a protocol of theirs, UNKNOWN is none. */
static bool parse_rare_type(struct str s, uint8_t *type)
{
    *type = str_is(s, "userDefined") ? CALL_OTHER : TYPE_UNKNOWN;
    return *type == CALL_OTHER || str_is(s, "UNKNOWN") || str_is(s, "UNAVAILABLE") || s.n == 0;
}

/* ms as us, rounded down; 15 digits of ms at most so that everything later is exact. */
static bool parse_ms(struct str s, int64_t *us)
{
    uint64_t v = 0;
    size_t i = 0;
    for (unsigned d; i < s.n && i < 15 && (d = (unsigned char)s.p[i] - (unsigned)'0') <= 9; i++)
        v = v * 10 + d;
    if (i > 0 && (i == s.n || (i + 2 == s.n && s.p[i] == '.' && s.p[i + 1] == '0'))) {
        *us = (int64_t)v * 1000;
        return true;
    }
    if (i > 0 && s.p[i] == '.') {
        unsigned d, rest = 0, places = 0;
        size_t k = i + 1;
        for (; k < s.n && (d = (unsigned char)s.p[k] - (unsigned)'0') <= 9; k++)
            if (places < 3) {
                rest = rest * 10 + d;
                places++;
            }
        if (k == s.n && places) {
            *us = (int64_t)v * 1000 + (places == 3 ? rest : places == 2 ? rest * 10 : rest * 100);
            return true;
        }
    }
    double x;
    if ((s.n && s.p[0] == '-') || !str_f64(s, &x) || !(x >= 0) || x >= 1e15)
        return false;
    *us = (int64_t)(x * 1000);
    return true;
}

/* A start and a duration in us to ticks: both ends are rounded down, so that nested calls
 * stay nested. */
static void to_ticks(struct row *r, uint32_t tick_us)
{
    int64_t end = (r->timestamp + r->rt) / tick_us;
    r->timestamp /= tick_us;
    r->rt = end - r->timestamp;
}

static bool word_of(struct str s, const char *const *words, int n, uint8_t *value)
{
    for (int i = 0; i < n; i++)
        if (str_is(s, words[i])) {
            *value = (uint8_t)i;
            return true;
        }
    return false;
}

/* Empty means the default: client (producer for mq), unset, 0. */
static bool parse_extra(const struct str f[FIELDS], struct row *r, enum field *bad)
{
    static const char *const kinds[] = { "internal", "server", "client", "producer", "consumer" };
    static const char *const statuses[] = { "unset", "ok", "error" };
    static const char *const bits[] = { "0", "1" };
    uint8_t async = 0;
    *bad = FIELD_KIND;
    if (f[FIELD_KIND].n && !word_of(f[FIELD_KIND], kinds, CALL_KINDS, &r->kind))
        return false;
    *bad = FIELD_STATUS;
    if (f[FIELD_STATUS].n && !word_of(f[FIELD_STATUS], statuses, CALL_STATUSES, &r->status))
        return false;
    *bad = FIELD_ASYNC;
    if (f[FIELD_ASYNC].n && !word_of(f[FIELD_ASYNC], bits, 2, &async))
        return false;
    r->async = async;
    return true;
}

enum import_cause row_parse(const struct str f[FIELDS], struct row_rules rules,
                            struct lexicon *lex, struct row *r, uint8_t key[KEY_MAX],
                            enum field *bad)
{
    *bad = FIELD_TRACEID;
    if (f[FIELD_TRACEID].n == 0)
        return CAUSE_TRACEID;
    *bad = FIELD_SERVICE;
    r->service = lexicon_id(lex, f[FIELD_SERVICE]);
    if (r->service >= WORD_BAD_UTF8 && !(rules.lenient && r->service == WORD_UNKNOWN))
        return r->service == WORD_UNKNOWN ? CAUSE_SERVICE : CAUSE_UTF8;
    *bad = FIELD_RPCID;
    if (!parse_rpcid(f[FIELD_RPCID], key, r))
        return CAUSE_RPCID;
    *bad = FIELD_TYPE;
    if (!parse_type(f[FIELD_TYPE], &r->type) &&
        !(rules.lenient && parse_rare_type(f[FIELD_TYPE], &r->type)))
        return CAUSE_TYPE;
    *bad = FIELD_UM;
    r->um = lexicon_id(lex, f[FIELD_UM]);
    if (r->um >= WORD_BAD_UTF8 && !(rules.lenient && r->um == WORD_UNKNOWN))
        return r->um == WORD_UNKNOWN ? CAUSE_UM : CAUSE_UTF8;
    *bad = FIELD_DM;
    r->dm = lexicon_id(lex, f[FIELD_DM]);
    if (r->dm >= WORD_BAD_UTF8 && !(rules.lenient && r->dm == WORD_UNKNOWN))
        return r->dm == WORD_UNKNOWN ? CAUSE_DM : CAUSE_UTF8;
    *bad = FIELD_TIMESTAMP;
    if (!parse_ms(f[FIELD_TIMESTAMP], &r->timestamp))
        return CAUSE_TIMESTAMP;
    *bad = FIELD_RT;
    struct str rt = f[FIELD_RT];
    bool callee = rules.lenient && rt.n > 1 && rt.p[0] == '-';
    if (!parse_ms(callee ? (struct str){ rt.p + 1, rt.n - 1 } : rt, &r->rt))
        return CAUSE_RT;
    to_ticks(r, rules.tick_us);
    *bad = FIELD_INTERFACE;
    r->interface = lexicon_id(lex, f[FIELD_INTERFACE]);
    if (r->interface == WORD_BAD_UTF8)
        return CAUSE_UTF8;
    if (r->interface == WORD_UNKNOWN)
        r->interface = NAMES_NONE;
    r->kind = callee ? KIND_SERVER : r->type == CALL_MQ ? KIND_PRODUCER : KIND_CLIENT;
    r->status = STATUS_UNSET;
    r->async = false;
    return rules.extra && !parse_extra(f, r, bad) ? CAUSE_EXTRA : IMPORT_CAUSES;
}
