/* json.c: see the header. Commas and colons are checked where they are passed: `first` of a level
 * says whether a comma has to stand before what comes next. */
#include "trace/json.h"

#include <stdlib.h>
#include <string.h>

void json_open(struct json *j, struct input *in)
{
    if (!j->window)
        j->window = mem_resize(NULL, JSON_WINDOW, 1);
    j->in = in;
    j->at = j->end = 0;
    j->ended = false;
    j->line = 1;
    j->depth = 0;
    j->bad = NULL;
    j->broken = (struct err){ 0 };
}

void json_free(struct json *j)
{
    free(j->window);
    buf_free(&j->text);
}

static void skip_bom(struct json *j)
{
    if (j->end >= 3 && memcmp(j->window, "\xEF\xBB\xBF", 3) == 0)
        j->at = 3;
}

void json_open_after(struct json *j, struct input *in, const void *p, size_t n)
{
    REQUIRE(n <= JSON_WINDOW);
    json_open(j, in);
    if (n)
        memcpy(j->window, p, n);
    j->end = n;
    j->bytes += n;
    skip_bom(j);
}

/* Read on; false at the end of the stream. */
static bool refill(struct json *j)
{
    if (j->ended)
        return false;
    bool start = j->end == 0;
    j->at = 0;
    if (!input_read(j->in, j->window, JSON_WINDOW, &j->end, &j->broken) || j->end == 0) {
        j->ended = true;
        j->end = 0;
        return false;
    }
    j->bytes += j->end;
    if (start)
        skip_bom(j);
    return j->at < j->end || refill(j);
}

static inline int look(struct json *j)
{
    return j->at < j->end || refill(j) ? (unsigned char)j->window[j->at] : -1;
}

static bool fail(struct json *j, const char *why)
{
    if (!j->bad)
        j->bad = why;
    return false;
}

static int skip_blanks(struct json *j)
{
    for (int c; (c = look(j)) >= 0; j->at++) {
        if (c == '\n')
            j->line++;
        else if (c != ' ' && c != '\t' && c != '\r')
            return c;
    }
    return -1;
}

/* Pass the comma before the next member of this level. */
static int next_member(struct json *j)
{
    int c = skip_blanks(j);
    if (j->depth == 0 || c == j->close[j->depth - 1])
        return c;
    if (j->first[j->depth - 1]) {
        j->first[j->depth - 1] = false;
        return c;
    }
    if (c != ',') {
        fail(j, c < 0 ? "breaks off" : "no comma");
        return -1;
    }
    j->at++;
    c = skip_blanks(j);
    if (c == j->close[j->depth - 1])
        fail(j, "comma before the end");
    return c;
}

/* The type of a value that begins with c. */
static enum json_type type_of(struct json *j, int c)
{
    switch (c) {
    case '{': return JSON_OBJECT;
    case '[': return JSON_ARRAY;
    case '"': return JSON_STRING;
    case 't': case 'f': case 'n': return JSON_WORD;
    case -1:
        if (j->depth == 0 && !j->broken.status)
            return JSON_END;
        fail(j, "breaks off");
        return JSON_BAD;
    default:
        if (c == '-' || (c >= '0' && c <= '9'))
            return JSON_NUMBER;
        fail(j, "not a value");
        return JSON_BAD;
    }
}

enum json_type json_peek(struct json *j)
{
    return j->bad ? JSON_BAD : type_of(j, skip_blanks(j));
}

bool json_begin(struct json *j, char open)
{
    if (j->bad)
        return false;
    int c = skip_blanks(j);
    if (c != open) {
        json_skip(j);
        return false;
    }
    if (j->depth == JSON_DEPTH)
        return fail(j, "too deep");
    j->at++;
    j->close[j->depth] = open == '{' ? '}' : ']';
    j->first[j->depth++] = true;
    return true;
}

/* At the close of the level it is left: false. */
static bool member_or_end(struct json *j)
{
    if (j->bad)
        return false;
    int c = next_member(j);
    if (j->bad)
        return false;
    if (c < 0)
        return fail(j, "breaks off");
    if (c == j->close[j->depth - 1]) {
        j->at++;
        j->depth--;
        return false;
    }
    return true;
}

bool json_element(struct json *j)
{
    return member_or_end(j);
}

static bool hex4(struct json *j, uint32_t *v)
{
    *v = 0;
    for (int i = 0; i < 4; i++) {
        int c = look(j);
        int d = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
              : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (d < 0)
            return fail(j, "bad \\u");
        *v = *v << 4 | (uint32_t)d;
        j->at++;
    }
    return true;
}

/* After \u: a surrogate needs its other half. */
static bool unicode(struct json *j)
{
    uint32_t c, low;
    if (!hex4(j, &c))
        return false;
    if (c >= 0xDC00 && c < 0xE000)
        return fail(j, "half a surrogate");
    if (c >= 0xD800 && c < 0xDC00) {
        if (look(j) != '\\')
            return fail(j, "half a surrogate");
        j->at++;
        if (look(j) != 'u')
            return fail(j, "half a surrogate");
        j->at++;
        if (!hex4(j, &low))
            return false;
        if (low < 0xDC00 || low >= 0xE000)
            return fail(j, "half a surrogate");
        c = 0x10000 + ((c - 0xD800) << 10 | (low - 0xDC00));
    }
    buf_utf8(&j->text, c);
    return true;
}

static bool escape(struct json *j)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    int c = look(j);
    if (c < 0)
        return fail(j, "breaks off");
    j->at++;
    if (c == 'u')
        return unicode(j);
    const char *k = c ? strchr(from, c) : NULL;
    if (!k)
        return fail(j, "bad escape");
    buf_char(&j->text, to[k - from]);
    return true;
}

/* The string at the window's quote, into text. */
static bool read_string(struct json *j)
{
    buf_clear(&j->text);
    j->at++;
    for (;;) {
        if (look(j) < 0)
            return fail(j, "breaks off");
        size_t from = j->at;
        unsigned char c = 0;
        while (j->at < j->end && (c = (unsigned char)j->window[j->at]) != '"' && c != '\\' &&
               c >= 0x20)
            j->at++;
        buf_add(&j->text, j->window + from, j->at - from);
        if (j->text.n > JSON_STRING_MAX)
            return fail(j, "string too long");
        if (j->at == j->end)
            continue;
        if (c < 0x20)
            return fail(j, "control byte in a string");
        j->at++;
        if (c == '"')
            break;
        if (!escape(j))
            return false;
    }
    j->word = buf_view(&j->text);
    return j->word.n == 0 || memchr(j->word.p, 0, j->word.n) || str_utf8(j->word) ||
           fail(j, "invalid UTF-8");
}

/* A number or word: letters, digits, signs and dots. */
static bool read_plain(struct json *j)
{
    enum { PLAIN_MAX = 400 };
    buf_clear(&j->text);
    for (int c; (c = look(j)) >= 0 && j->text.n <= PLAIN_MAX &&
                ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '+' ||
                 c == '.' || c == 'E');
         j->at++)
        buf_char(&j->text, (char)c);
    j->word = buf_view(&j->text);
    return true;
}

static bool digits(struct str s, size_t *i)
{
    size_t from = *i;
    while (*i < s.n && s.p[*i] >= '0' && s.p[*i] <= '9')
        ++*i;
    return *i > from;
}

static bool is_number(struct str s)
{
    size_t i = s.n && s.p[0] == '-', from = i;
    if (!digits(s, &i) || (s.p[from] == '0' && i - from > 1))
        return false;
    if (i < s.n && s.p[i] == '.' && (i++, !digits(s, &i)))
        return false;
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        i++;
        i += i < s.n && (s.p[i] == '+' || s.p[i] == '-');
        if (!digits(s, &i))
            return false;
    }
    return i == s.n;
}

static bool read_scalar(struct json *j, enum json_type t)
{
    if (t == JSON_STRING)
        return read_string(j);
    read_plain(j);
    if (t == JSON_NUMBER)
        return is_number(j->word) || fail(j, "not a number");
    return str_is(j->word, "true") || str_is(j->word, "false") || str_is(j->word, "null") ||
           fail(j, "not a value");
}

bool json_key(struct json *j, struct str *key)
{
    if (!member_or_end(j))
        return false;
    if (look(j) != '"')
        return fail(j, "not a key");
    if (!read_string(j))
        return false;
    *key = j->word;
    if (skip_blanks(j) != ':')
        return fail(j, "no colon");
    j->at++;
    return true;
}

bool json_text(struct json *j, struct str *s)
{
    enum json_type t = json_peek(j);
    if (t == JSON_STRING || t == JSON_NUMBER || t == JSON_WORD) {
        if (!read_scalar(j, t))
            return false;
        *s = j->word;
        return true;
    }
    json_skip(j);
    return false;
}

bool json_only_text(struct json *j, struct str *s)
{
    if (json_peek(j) == JSON_STRING)
        return json_text(j, s);
    json_skip(j);
    return false;
}

void json_skip(struct json *j)
{
    int depth = j->depth;
    struct str key;
    do {
        if (j->depth > depth) {
            bool more = j->close[j->depth - 1] == '}' ? json_key(j, &key) : json_element(j);
            if (!more)
                continue;
        }
        enum json_type t = json_peek(j);
        if (t == JSON_OBJECT || t == JSON_ARRAY)
            json_begin(j, t == JSON_OBJECT ? '{' : '[');
        else if (t == JSON_STRING || t == JSON_NUMBER || t == JSON_WORD)
            read_scalar(j, t);
        else
            fail(j, "breaks off");
    } while (!j->bad && j->depth > depth);
}

bool json_resume(struct json *j)
{
    j->bad = NULL;
    j->depth = 0;
    for (int c, last = 0; (c = look(j)) >= 0; last = c, j->at++) {
        if (last == '\n' && c == '{')
            return true;
        j->line += c == '\n';
    }
    return false;
}
