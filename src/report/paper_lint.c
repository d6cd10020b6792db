/* paper_lint.c: is any number typed? See paper.h for the rule. */
#include <ctype.h>
#include <string.h>

#include "report/paper_priv.h"

static bool wordy(char c)
{
    return isalnum((unsigned char)c) || strchr("._-%+,", c) || (unsigned char)c >= 0x80;
}

static bool is_year(struct str w)
{
    while (w.n && !isdigit((unsigned char)w.p[w.n - 1]))
        w.n--;
    uint64_t y;
    return w.n == 4 && str_u64(w, &y) && y >= 1900 && y <= 2099;
}

/* The end of what may hold digits and begins at i, or i. */
static size_t exempt(struct str s, size_t i)
{
    struct str at = { s.p + i, s.n - i };
    const char *end = NULL;
    if (at.p[0] == '`')
        return paper_skip_code(s, i);
    if (str_starts(at, "{{"))
        for (size_t k = 2; k + 1 < at.n && !end; k++)
            end = at.p[k] == '}' && at.p[k + 1] == '}' ? at.p + k + 1 : NULL;
    else if (str_starts(at, "](") )
        end = memchr(at.p, ')', at.n);
    else if (str_starts(at, "[@") || str_starts(at, "[^"))
        end = memchr(at.p, ']', at.n);
    else if (at.p[0] == '<')
        end = memchr(at.p, '>', at.n);
    return end ? i + (size_t)(end - at.p) + 1 : i;
}

static bool line_is_clean(struct str s, struct str *word)
{
    size_t i = 0;
    while (i < s.n && s.p[i] == ' ')
        i++;
    size_t k = i;
    while (k < s.n && isdigit((unsigned char)s.p[k]))
        k++;
    if (k > i && k + 1 < s.n && s.p[k] == '.' && s.p[k + 1] == ' ')
        i = k + 1;                                  /* the number of a list item */
    while (i < s.n) {
        size_t end = exempt(s, i);
        if (end > i) {
            i = end;
            continue;
        }
        if (!isalnum((unsigned char)s.p[i])) {
            i++;
            continue;
        }
        end = i;
        while (end < s.n && wordy(s.p[end]))
            end++;
        *word = (struct str){ s.p + i, end - i };
        if (isdigit((unsigned char)s.p[i]) && !is_year(*word))
            return false;
        i = end;
    }
    return true;
}

bool paper_lint(const char *name, struct str text, struct err *err)
{
    struct str line, word;
    bool fenced = false, references = false;
    for (size_t n = 1; str_next(&text, '\n', &line); n++) {
        bool fence = paper_is_fence(line);
        fenced = fenced != fence;
        if (!fenced && str_starts(line, "#"))
            references = str_is(str_trim(line), "## References");
        if (fence || fenced || references)
            continue;
        if (!line_is_clean(line, &word))
            return err_set(err, EXIT_CHECK,
                           "%s:%zu: \"%.*s\" is typed; numbers come from {{value ...}}", name, n,
                           (int)(word.n < 40 ? word.n : 40), word.p);
    }
    return true;
}
