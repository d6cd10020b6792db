/* hyphen.c: see the header. */
#include "report/hyphen.h"

#include <ctype.h>
#include <string.h>

static bool vowel(char c)
{
    return c && strchr("aeiouyAEIOUY", c);
}

static bool plain(const char *w, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isalpha((unsigned char)w[i]) || (i && isupper((unsigned char)w[i])))
            return false;
    return n >= 6;
}

static bool begins(const char *w, size_t n, const char *prefix)
{
    size_t k = strlen(prefix);
    if (k >= n)
        return false;
    for (size_t i = 0; i < k; i++)
        if (tolower((unsigned char)w[i]) != prefix[i])
            return false;
    return true;
}

static bool ends(const char *w, size_t n, const char *suffix)
{
    size_t k = strlen(suffix);
    return k < n && memcmp(w + n - k, suffix, k) == 0;
}

/* Two letters that make one sound, or belong together at the start of a syllable. */
static bool together(char a, char b)
{
    static const char pairs[] = "bl br ch ck cl cr dr fl fr gh gl gr ng ph pl pr qu sc sh sk sl sm "
                                "sn sp st sw th tr tw wh wr";
    for (const char *p = pairs; *p; p += p[2] ? 3 : 2)
        if (p[0] == a && p[1] == b)
            return true;
    return false;
}

size_t hyphen_points(const char *w, size_t n, bool *at)
{
    static const char *const prefixes[] = { "inter", "trans",   "under", "over", "micro",
                                            "multi", "counter", "super", "non",  "pre",
                                            "dis",   "mis",     "out" };
    static const char *const suffixes[] = { "tion", "tions",  "sion", "sions", "ment", "ments",
                                            "ness", "less",   "ful",  "fully", "ture", "tures",
                                            "tive", "tively", "ship", "ward",  "wise", "ity" };
    for (size_t i = 0; i < n; i++)
        at[i] = false;
    if (!plain(w, n))
        return 0;
    size_t count = 0;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t k = strlen(prefixes[i]);
        if (begins(w, n, prefixes[i]) && n - k >= 3)
            at[k] = true;
    }
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        size_t k = n - strlen(suffixes[i]);
        if (ends(w, n, suffixes[i]) && k >= 2)
            at[k] = true;
    }
    for (size_t i = 2; i + 2 < n; i++)          /* V C | C V */
        if (vowel(w[i - 2]) && !vowel(w[i - 1]) && !vowel(w[i]) && vowel(w[i + 1]) &&
            !together(w[i - 1], w[i]) &&
            !(i + 2 >= n - 1 &&
              (ends(w, n, "ed") || ends(w, n, "er") || ends(w, n, "es") || ends(w, n, "le"))))
            at[i] = true;
    for (size_t i = 2; i + 2 < n; i++)
        if (at[i] && i &&
            (at[i - 1] || at[i + 1])) /* never two breaks side by side: keep the first */
            at[i + 1] = false;
    for (size_t i = 0; i < n; i++) {
        if (i < 2 || n - i < 3)
            at[i] = false;
        count += at[i];
    }
    return count;
}
