/* pretoken_gpt2.c: GPT-2's split pattern as a walk.
 *
 *     's|'t|'re|'ve|'m|'ll|'d | ?letters | ?numbers | ?others | \s+(?!\S) | \s+
 *
 * A run of one class, of letters, numbers or others, takes a blank (U+0020) that stands before it.
 * Of a run of whitespace that something follows, the last character is left over: as that blank,
 * or else by itself.
 *
 * JavaScript's \s has U+FEFF and lacks U+0085; we follow the original, whose \s is White_Space.
 */
#include <glib.h>
#include <string.h>

#include "llm/pretoken.h"
#include "llm/tokenizer_priv.h"

const char pretoken_gpt2_regex[] =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

enum class { LETTER, NUMBER, SPACE, OTHER };

size_t utf8_first(struct str s, uint32_t *u)
{
    *u = (unsigned char)s.p[0];
    if (*u < 0x80)
        return 1;
    gunichar c = g_utf8_get_char_validated(s.p, s.n < 4 ? (gssize)s.n : 4);
    if (c > 0x10FFFF) {   /* GLib's marks of what is malformed or cut short */
        *u = UINT32_MAX;
        return 1;
    }
    *u = c;
    return c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

static bool is_space(uint32_t u)
{
    return (u >= 0x09 && u <= 0x0D) || u == 0x20 || u == 0x85 || u == 0xA0 || u == 0x1680 ||
           (u >= 0x2000 && u <= 0x200A) || u == 0x2028 || u == 0x2029 || u == 0x202F ||
           u == 0x205F || u == 0x3000;
}

static enum class class_of(uint32_t u)
{
    if (is_space(u))
        return SPACE;
    if (u == UINT32_MAX)
        return OTHER;
    switch (g_unichar_type(u)) {
    case G_UNICODE_LOWERCASE_LETTER:
    case G_UNICODE_MODIFIER_LETTER:
    case G_UNICODE_OTHER_LETTER:
    case G_UNICODE_TITLECASE_LETTER:
    case G_UNICODE_UPPERCASE_LETTER:
        return LETTER;
    case G_UNICODE_DECIMAL_NUMBER:
    case G_UNICODE_LETTER_NUMBER:
    case G_UNICODE_OTHER_NUMBER:
        return NUMBER;
    default:
        return OTHER;
    }
}

/* The class of the character at text[i], and its length. */
static enum class class_at(struct str text, size_t i, size_t *n)
{
    uint32_t u;
    *n = utf8_first((struct str){ text.p + i, text.n - i }, &u);
    return class_of(u);
}

static size_t contraction(struct str s)
{
    static const char *const end[] = { "'s", "'t", "'re", "'ve", "'m", "'ll", "'d" };
    for (size_t i = 0; i < sizeof end / sizeof *end; i++)
        if (str_starts(s, end[i]))
            return strlen(end[i]);
    return 0;
}

/* Of the whitespace that text begins with: all, if it is all there is or a single one. */
static size_t whitespace(struct str text)
{
    size_t end = 0, last = 0, n;
    while (end < text.n && class_at(text, end, &n) == SPACE) {
        last = end;
        end += n;
    }
    return end == text.n || last == 0 ? end : last;
}

size_t pretoken_gpt2_length(struct str text)
{
    size_t n = contraction(text), i = 0;
    if (n)
        return n;
    enum class c = class_at(text, 0, &n);
    if (text.p[0] == ' ' && text.n > 1 && class_at(text, 1, &n) != SPACE)
        c = class_at(text, i = 1, &n);
    if (c == SPACE)
        return whitespace(text);
    for (i += n; i < text.n && class_at(text, i, &n) == c; i += n)
        ;
    return i;
}
