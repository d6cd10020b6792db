/* tokenizer_spell.c: how tokenizer.json spells the bytes of a token.
 *
 * In GPT-2's byte alphabet every byte is a visible character: 0x21-0x7E, 0xA1-0xAC and 0xAE-0xFF
 * are themselves, the other 68 follow from U+0100 up. Llama's spelling is UTF-8 with U+2581 for a
 * blank, and <0x0A> for a byte that is no character.
 */
#include <string.h>

#include "llm/tokenizer_priv.h"

static bool byte_is_itself(unsigned b)
{
    return (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
}

uint32_t byte_alphabet_code(unsigned char b)
{
    if (byte_is_itself(b))
        return b;
    uint32_t k = 0;
    for (unsigned i = 0; i < b; i++)
        k += !byte_is_itself(i);
    return 0x100 + k;
}

unsigned char byte_alphabet_nth(size_t i)
{
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned b = 0; b < 256; b++)
            if (byte_is_itself(b) == (pass == 0) && i-- == 0)
                return (unsigned char)b;
    REQUIRE(!"a byte has 256 values");
    return 0;
}

void spell_bytes(enum tokenizer_rule rule, struct str bytes, struct buf *out)
{
    buf_clear(out);
    for (size_t i = 0; i < bytes.n; i++)
        if (rule != TOKENIZER_LLAMA)
            buf_utf8(out, byte_alphabet_code((unsigned char)bytes.p[i]));
        else if (bytes.p[i] == ' ')
            buf_str(out, BLANK_MARK);
        else
            buf_char(out, bytes.p[i]);
}

/* The byte that code point u stands for, or 256. */
static unsigned alphabet_byte(uint32_t u)
{
    if (u < 0x100)
        return byte_is_itself(u) ? u : 256;
    unsigned b = 0;
    while (b < 256 && byte_alphabet_code((unsigned char)b) != u)
        b++;
    return b;
}

static bool unspell_alphabet(struct str s, struct buf *out)
{
    while (s.n) {
        uint32_t u;
        size_t n = utf8_first(s, &u);
        unsigned b = alphabet_byte(u);
        if (b == 256)
            return false;
        buf_char(out, (char)b);
        s = (struct str){ s.p + n, s.n - n };
    }
    return true;
}

bool unspell_bytes(enum tokenizer_rule rule, struct str text, struct buf *out)
{
    buf_clear(out);
    if (rule != TOKENIZER_LLAMA)
        return unspell_alphabet(text, out);
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == ' ')
            return false;
        else if (text.n - i >= 3 && memcmp(text.p + i, BLANK_MARK, 3) == 0) {
            buf_char(out, ' ');
            i += 2;
        } else
            buf_char(out, text.p[i]);
    return true;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool unspell_byte(struct str s, unsigned char *b)
{
    if (s.n != 6 || memcmp(s.p, "<0x", 3) != 0 || s.p[5] != '>')
        return false;
    int hi = hex_value(s.p[3]), lo = hex_value(s.p[4]);
    *b = (unsigned char)(hi * 16 + lo);
    return hi >= 0 && lo >= 0;
}
