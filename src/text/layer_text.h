/* layer_text.h: what one generated text says: its header, its edges, its sub-headers.
 *
 * Read as the original program reads (spec 4.2), which forgives much; what it forgave is noted, for
 * the strict oracle and the importers. All views point into the text, all lists lie in the arena.
 */
#ifndef TEXT_LAYER_TEXT_H
#define TEXT_LAYER_TEXT_H

#include "base/mem.h"
#include "text/header.h"

enum text_task { TASK_TABULAR, TASK_RECURSIVE, TASK_INSTRUCTION, TEXT_TASKS };
extern const char *const text_task_names[TEXT_TASKS];

enum edge_field {
    FIELD_ID,
    FIELD_TYPE,
    FIELD_SOURCE,
    FIELD_DESTINATION,
    FIELD_START,
    FIELD_FINISH,
    EDGE_FIELDS
};

struct text_edge {
    uint32_t fields;               /* bit per field on its line; others: the previous edge's */
    bool odd;                      /* a field twice, or words beside the fields */
    struct str id_text, type, src, dst;    /* names escaped (escape.h); src empty if never given */
    int64_t id;                    /* layers; a table's dotted ids are in id_text alone */
    int64_t start, finish;
};

struct text_sub {
    int64_t index;                 /* the N of "<subgraph of edge_id N>" */
    struct str line;               /* its header as written */
    struct header header;
};

struct layer_text {
    struct str header_line, text;
    struct header header;
    struct text_edge *edges;
    struct text_sub *subs;
    size_t n_edges, n_subs;

    bool has_edges;                /* there is "<edges>" */
    bool closed;                   /* and "</edges>" after it */
    bool split;                    /* there is "<split>" */
    size_t odd_lines;              /* lines between them that are no edge, blank ones aside */
    bool open_sub;                 /* a "<subgraph" after the last "</subgraph>" */
};

/* False where the original throws (its code 14); *t is then filled as far as it went. */
bool layer_text_parse(enum text_task task, struct str text, struct arena *arena,
                      struct layer_text *t);

/* The text that is judged: prompt and output, or the output alone where it repeats its prompt. A
 * prompt that is a bare header without its line end gets one. */
struct str layer_text_join(struct str prompt, struct str output, struct arena *arena);

/* Byte offset of needle in s from `from` on, or SIZE_MAX; the last one for layer_text_last. */
size_t layer_text_find(struct str s, size_t from, const char *needle);
size_t layer_text_last(struct str s, const char *needle);

/* Cut the next line, without its "\n", off *rest; false at the end. */
bool layer_text_line(struct str *rest, struct str *line);

#endif
