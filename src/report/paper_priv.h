/* paper_priv.h: what the files paper*.c share: the paper after its directives were replaced. */
#ifndef REPORT_PAPER_PRIV_H
#define REPORT_PAPER_PRIV_H

#include "base/mem.h"
#include "report/figure.h"
#include "report/grid.h"
#include "report/paper.h"
#include "report/table.h"

struct paper_float {
    bool is_table;
    const char *name;
    size_t number, line;
    struct figure figure;           /* one of the two */
    struct grid grid;
};

struct paper_heading { const char *words, *slug; int level; char number[32]; };
struct paper_note { const char *name, *text; size_t line; };

struct paper {
    struct arena *mem;
    const char *name;               /* of the source, for errors */
    const struct paper_options *o;
    const char *title;
    struct paper_float *floats;
    size_t n_floats, float_cap;
    struct paper_heading *headings; /* from level 2 on, in order */
    size_t n_headings, heading_cap;
    const char **keys;              /* of the references, in order */
    size_t n_keys, key_cap;
    struct paper_note *notes;
    size_t n_notes, note_cap;
    struct table *tables;           /* CSV files that directives read */
    size_t n_tables, table_cap;
    struct buf markdown;            /* directives replaced; floats are PAPER_MARK lines */
};

/* In the markdown a float is a paragraph "MARK F index", and a heading's words begin with
 * "MARK H index "; MARK is a private-use character. paper_marks.c finds them in libcmark's tree. */
#define PAPER_MARK "\xEE\x80\x80"
struct cmark_node;
const struct paper_float *paper_float_of(const struct paper *p, struct cmark_node *paragraph);
/* Takes the mark off the heading's words, so that they can be rendered; NULL: not numbered. */
const struct paper_heading *paper_heading_of(const struct paper *p, struct cmark_node *heading);

bool paper_read(struct paper *p, const char *source, const struct paper_options *o,
                struct err *err);
bool paper_parse(struct paper *p, const char *name, struct str text, const struct paper_options *o,
                 struct err *err);
void paper_free(struct paper *p);

/* Replace one directive (the words between the braces); appends to out. paper_value.c */
bool paper_directive(struct paper *p, struct str words, size_t line, struct buf *out,
                     struct err *err);

const char *paper_slug(struct arena *mem, const char *words); /* "Related work" -> "related-work" */
bool paper_html(struct paper *p, struct buf *out, struct err *err);
bool paper_pdf(struct paper *p, struct buf *out, struct err *err);

/* "Figure 3" of a float. */
void paper_float_label(const struct paper_float *f, char out[32]);

/* Where a code span that opens at s[i] ends, or i when none does. */
size_t paper_skip_code(struct str s, size_t i);
bool paper_is_fence(struct str line);

#endif
