/* recognise.c: a few words that no other source has. */
#define _GNU_SOURCE   /* memmem: find bytes in bytes */
#include "trace/recognise.h"

#include <string.h>

#include "base/str.h"
#include "trace/input.h"

enum { LOOK = 1 << 16 };

static struct str head_of(const char *path, char *room)
{
    struct err err = { 0 };
    char *paths[] = { (char *)path };
    size_t n = 0, got = 1;
    struct input *in = input_open(paths, 1, &err);
    if (in && input_next(in, &err))
        while (n < LOOK && got > 0 && input_read(in, room + n, LOOK - n, &got, &err))
            n += got;
    if (in)
        input_close(in);
    struct str s = { room, n };
    if (str_starts(s, "\xEF\xBB\xBF"))
        s = (struct str){ s.p + 3, s.n - 3 };
    return str_trim(s);
}

static bool has(struct str s, const char *word)
{
    return memmem(s.p, s.n, word, strlen(word)) != NULL;
}

static const char *tracellm(struct str s)
{
    if (str_starts(s, "### Question:"))
        return has(s, "Requirements:") ? "tracellm-instruction" : NULL;
    if (!str_starts(s, "[GENERATE GRAPH]"))
        return NULL;
    struct str rest = s, line;
    str_next(&rest, '\n', &line);
    str_next(&rest, '\n', &line);
    line = str_trim(line);
    return str_is(line, "<edges>") ? "tracellm-tabular"
         : str_is(line, "<layer>") ? "tracellm-recursive" : NULL;
}

const char *recognise(const char *path)
{
    char room[LOOK];
    struct str s = head_of(path, room), rest = s, line = { "", 0 };
    if (tracellm(s))
        return tracellm(s);
    str_next(&rest, '\n', &line);
    if (str_starts(s, "{"))
        return has(s, "\"nodes\"") && has(s, "\"edges\"") && has(s, "\"num\"") &&
               has(s, "\"rpctype\"") ? "dgg" : NULL;
    return has(line, "traceid") && has(line, "service") && has(line, "rpc") && has(line, "um") &&
           has(line, "dm") && has(line, "rt") ? "alibaba-2022" : NULL;
}
