/* compact_words.c: spelling and class of words; see the header for the alphabet. */
#include "text/compact_words.h"

#include <string.h>

#include "text/escape.h"
#include "trace/callgraph.h"

static const char *const kind_names[CALL_KINDS] = {
    "internal", "server", "client", "producer", "consumer",
};
static const char *const status_names[CALL_STATUSES] = { "unset", "ok", "error" };

static const char *const fixed[] = {
    "?", "n/a", "-", "http", "rpc", "db", "mc", "mq", "other", "/", "/1", "/2", "/3", "/4", "/5",
    "/6", "/7", "/8", "/9", "/10", "/11", "/12", "/13", "/14", "/15", "/16", "/17", "/18", "/19",
    "/20", "/21", "/22", "/23", "/24", "/25", "/26", "/27", "/28", "/29", "/30", "/31", "#2", "#3",
    "#4", "#5", "#6", "#7", "#8", "#9", "#10", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
    "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25",
    "26", "27", "28", "29", "30", "31", "32", "33", "34", "35", "36", "37", "38", "39", "40", "41",
    "42", "43", "44", "45", "46", "47", "48", "49", "50", "51", "52", "53", "54", "55", "56", "57",
    "58", "59", "60", "61", "62", "63", "64", "65", "66", "67", "68", "69", "70", "71", "72", "73",
    "74", "75", "76", "77", "78", "79", "80", "81", "82", "83", "84", "85", "86", "87", "88", "89",
    "90", "91", "92", "93", "94", "95", "96", "97", "98", "99",
};

const char *compact_word_fixed(size_t i)
{
    return i < sizeof fixed / sizeof *fixed ? fixed[i] : NULL;
}

/* A decimal in [lo, hi] without leading zeros; the only spelling of a value. */
static bool small_number(struct str s, uint64_t lo, uint64_t hi, uint8_t *x)
{
    uint64_t v;
    if (s.n == 0 || s.n > 2 || (s.n > 1 && s.p[0] == '0') || !str_u64(s, &v) || v < lo || v > hi)
        return false;
    *x = (uint8_t)v;
    return true;
}

static bool listed(struct str s, const char *const *names, int n, uint8_t *x)
{
    for (int i = 0; i < n; i++)
        if (str_is(s, names[i])) {
            *x = (uint8_t)i;
            return true;
        }
    return false;
}

static bool type_word(struct str s, uint8_t *x)
{
    for (int i = 0; i < CALL_TYPES; i++)
        if (str_is(s, call_type_name((enum call_type)i))) {
            *x = (uint8_t)i;
            return true;
        }
    return false;
}

struct compact_word compact_word_classify(struct str s)
{
    struct compact_word w = { .class = WORD_FOREIGN };
    if (s.n == 0 || memchr(s.p, ' ', s.n) || memchr(s.p, '\n', s.n))
        return w;
    struct str rest = { s.p + 1, s.n - 1 };
    bool good = true, alone = s.n == 1;
    switch (s.p[0]) {
    case '?': w.class = WORD_OPEN; good = alone; break;
    case '-': w.class = WORD_MINUS; good = alone; break;
    case '&': w.class = WORD_ASYNC; good = alone; break;
    case '=': w.class = WORD_ID; good = alone; break;
    case '^': w.class = WORD_START; good = alone; break;
    case '*': w.class = WORD_TICK; good = alone; break;
    case '@': w.class = WORD_INTERFACE; break;
    case '<': w.class = WORD_SOURCE; break;
    case '#':
        w.class = WORD_MAGNITUDE;
        good = small_number(rest, 2, COMPACT_MAGNITUDES, &w.value);
        break;
    case '/':
        w.class = WORD_LEVEL;
        good = alone || small_number(rest, 1, COMPACT_LEVELS, &w.value);
        break;
    case '~': w.class = WORD_KIND; good = listed(rest, kind_names, CALL_KINDS, &w.value); break;
    case '!':
        w.class = WORD_STATUS;
        good = listed(rest, status_names, CALL_STATUSES, &w.value);
        break;
    default:
        if (s.p[0] >= '0' && s.p[0] <= '9') {
            w.class = WORD_NUMBER;
            good = small_number(s, 0, 99, &w.value);
        } else if (type_word(s, &w.value))
            w.class = WORD_TYPE;
        else
            w.class = str_is(s, "n/a") ? WORD_UNTIMED : WORD_NAME;
    }
    if (!good)
        w = (struct compact_word){ .class = WORD_FOREIGN };
    return w;
}

void compact_put_name(struct str name, struct buf *out)
{
    /* The first byte is escaped where the word would otherwise belong to another class. */
    bool reserved = name.n && compact_word_classify((struct str){ name.p, 1 }).class != WORD_NAME;
    uint8_t type;
    if (!reserved && !type_word(name, &type) && !str_is(name, "n/a")) {
        escape_put(name, "", out);
        return;
    }
    const char first[2] = { name.p[0], '\0' };
    escape_put((struct str){ name.p, 1 }, first, out);
    if (name.n > 1)
        escape_put((struct str){ name.p + 1, name.n - 1 }, "", out);
}

void compact_put_number(uint64_t x, struct buf *out)
{
    uint8_t digit[COMPACT_MAGNITUDES];
    int n = 0;
    do
        digit[n++] = (uint8_t)(x % 100);
    while (x /= 100);
    if (n > 1)
        buf_printf(out, "#%d ", n);
    while (n-- > 0) {
        buf_u64(out, digit[n]);
        if (n)
            buf_char(out, ' ');
    }
}
