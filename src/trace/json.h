/* json.h: JSON as it streams by, for files of any size.
 *
 * A pull reader: the caller walks the text by asking for what stands next and never holds more
 * than one string or number. Strict (RFC 8259): well-formed UTF-8, no trailing commas, no control
 * bytes in strings, at most JSON_DEPTH levels. After an error every question is answered "no more",
 * so that loops end; json_resume goes on where an object begins a line.
 *
 *     for (bool more = json_begin(j, '{'); more && json_key(j, &key);)
 *         if (str_is(key, "spanID")) json_text(j, &text); else json_skip(j);
 */
#ifndef TRACE_JSON_H
#define TRACE_JSON_H

#include "base/mem.h"
#include "base/str.h"
#include "trace/input.h"

enum { JSON_DEPTH = 512, JSON_STRING_MAX = 1 << 24, JSON_WINDOW = 1 << 18 };

enum json_type { JSON_END, JSON_OBJECT, JSON_ARRAY, JSON_STRING, JSON_NUMBER, JSON_WORD, JSON_BAD };

struct json {
    struct input *in;
    char *window;              /* window[at..end) is read and not yet used; JSON_WINDOW bytes */
    size_t at, end;
    bool ended;
    uint64_t line, bytes;      /* of window[at], from 1; read so far */
    char close[JSON_DEPTH];    /* what closes the levels that are open */
    bool first[JSON_DEPTH];    /* nothing stood in that level yet */
    int depth;
    struct buf text;           /* the last string or number */
    struct str word;           /* its view */
    const char *bad;           /* what is wrong, or NULL */
    struct err broken;         /* status not 0: the stream broke off */
};

/* Start on the stream that `in` is at. The struct is zeroed the first time; json_free at last. */
void json_open(struct json *j, struct input *in);
void json_free(struct json *j);
/* The same, its first n bytes (at most JSON_WINDOW) having been read already: p, copied. */
void json_open_after(struct json *j, struct input *in, const void *p, size_t n);

/* What stands next, blanks and commas between skipped. JSON_END: the level, or the stream, is at
 * its end; JSON_BAD: it is not JSON. */
enum json_type json_peek(struct json *j);

/* Enter an object '{' or array '['. False if something else stands there: it is skipped. */
bool json_begin(struct json *j, char open);

/* In an object: read the next key; false at its end, which is left. */
bool json_key(struct json *j, struct str *key);

/* In an array: is there a further element? False at its end, which is left. */
bool json_element(struct json *j);

/* The string or number or word (true, false, null) that stands next, as text; anything else is
 * skipped and false. The view is good until the next question. */
bool json_text(struct json *j, struct str *s);
bool json_only_text(struct json *j, struct str *s);   /* a string alone */
void json_skip(struct json *j);

/* After an error: begin anew at the next line whose first byte is '{', as files of one object a
 * line have them. False if there is none. */
bool json_resume(struct json *j);

#endif
