/* spec.h: small text files that describe a figure or a table.
 *
 *     # a comment
 *     title = Sizes of call graphs
 *     caption = A long text
 *         goes on in lines that begin with a blank.
 *
 *     [panel]
 *     kind = cdf
 *
 * Lines are "key = value"; "[name]" opens a section, and what precedes the first is section 0,
 * whose name is "". Keys may repeat. Every key that nobody asked for is an error (spec_done), so
 * that a misspelt key cannot go unnoticed. Messages name file and line.
 */
#ifndef REPORT_SPEC_H
#define REPORT_SPEC_H

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

struct spec_entry {
    const char *key, *value;
    size_t section, line;
    bool used;
};

struct spec {
    struct arena *mem;
    const char *name;           /* what errors call it: the path */
    struct spec_entry *entry;
    size_t entries, entry_cap;
    const char **section;       /* names; [0] is "" */
    size_t *section_line;
    size_t sections, section_cap, line_cap;
};

bool spec_parse(struct spec *s, const char *name, struct str text, struct err *err);
bool spec_read(struct spec *s, const char *path, struct err *err);
void spec_free(struct spec *s);

/* The last value of key in a section, or standard. */
const char *spec_text(struct spec *s, size_t section, const char *key, const char *standard);

/* The k-th value of a repeated key, from 0; NULL after the last. */
const char *spec_nth(struct spec *s, size_t section, const char *key, size_t k);

/* false when the key is absent or empty: the message says which file, section and key. */
bool spec_need(struct spec *s, size_t section, const char *key, const char **value,
               struct err *err);
bool spec_real(struct spec *s, size_t section, const char *key, double standard, double *x,
               struct err *err);
bool spec_flag(struct spec *s, size_t section, const char *key, bool *x,
               struct err *err); /* yes, no; absent: *x stays */

/* The index of the value among choices (ends with NULL); absent: standard. */
bool spec_choice(struct spec *s, size_t section, const char *key, const char *const *choices,
                 size_t standard, size_t *index, struct err *err);

/* "a, b, c" into words of the spec's arena; absent: n = 0. */
size_t spec_list(struct spec *s, size_t section, const char *key, const char ***words);

/* "a: Text one, b: Text two": the text for word, or word itself. */
const char *spec_map(struct spec *s, size_t section, const char *key, const char *word);

bool spec_bad(const struct spec *s, size_t section, const char *key, struct err *err,
              const char *why);                  /* returns false with file:line: key: why */
bool spec_done(const struct spec *s, struct err *err); /* false at the first key never asked for */

#endif
