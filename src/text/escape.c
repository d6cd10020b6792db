/* escape.c: see the header. */
#include "text/escape.h"

#include <string.h>

static void put_byte(unsigned char c, struct buf *out)
{
    static const char digit[] = "0123456789ABCDEF";
    buf_char(out, '%');
    buf_char(out, digit[c >> 4]);
    buf_char(out, digit[c & 15]);
}

void escape_put(struct str name, const char *also, struct buf *out)
{
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        if (c <= ' ' || c == 0x7F || c == '%' || strchr(also, c))
            put_byte(c, out);
        else
            buf_char(out, name.p[i]);
    }
    if (name.n == 0)
        buf_char(out, '%');
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool escape_read(struct str s, struct buf *out)
{
    buf_clear(out);
    if (str_is(s, "%"))
        return true;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '%') {
            buf_char(out, s.p[i]);
            continue;
        }
        int hi = i + 2 < s.n ? hex(s.p[i + 1]) : -1, lo = hi < 0 ? -1 : hex(s.p[i + 2]);
        if (lo < 0 || hi * 16 + lo == 0)
            return false;
        buf_char(out, (char)(hi * 16 + lo));
        i += 2;
    }
    return true;
}
