/* invocations_priv.h: what an invocation trace is made of, and how one is made. Within trace/ only.
 *
 *     azure_v1.c azure_v2.c azure_llm.c   rows of a schema     ] invocations_text.c runs them over
 *                                                                pieces of text, in order
 *     pickle_read.c invocations_cache.c   functions at once
 *         all of them fill a builder (invocations_build.c), which makes the trace
 */
#ifndef TRACE_INVOCATIONS_PRIV_H
#define TRACE_INVOCATIONS_PRIV_H

#include "base/mem.h"
#include "base/names.h"
#include "base/str.h"
#include "trace/invocations.h"
#include "trace/minutes_priv.h"

struct day_code {              /* see minutes_priv.h */
    const uint8_t *code;
    uint32_t bytes;
    uint32_t day;
};

struct series {                /* ascending once the trace is finished */
    double *t;                 /* (n) */
    struct invocation_tokens *tokens;   /* (n), or NULL */
    size_t n, cap, tokens_cap;
};

struct invocations_store {
    struct names *names;
    uint8_t **slab;            /* what the codes point into */
    size_t n_slabs, slab_cap, slab_bytes;
    struct day_code *day;      /* function f's are day[first[f]] .. day[first[f + 1] - 1] */
    size_t *first;             /* (n + 1); counts alone */
    struct series *series;     /* (n); times alone */
};

/* ---- building ---- */

struct builder;
struct builder *builder_new(enum invocations_kind kind);
void builder_free(struct builder *b);

/* The function of this key, a new one if need be. */
size_t builder_function(struct builder *b, struct str owner, struct str app, struct str function);
size_t builder_functions(const struct builder *b);

/* Take a malloc'd block that day codes will point into. */
void builder_take_slab(struct builder *b, uint8_t *slab, size_t bytes);

enum builder_said { BUILDER_NEW, BUILDER_REPEATED, BUILDER_OVERFLOW };

/* Function f's counts of one day; none when bytes is 0. All rows of a day must come before those of
 * another. BUILDER_REPEATED: f had a row that day, the sums are kept. BUILDER_OVERFLOW: some sum
 * would exceed UINT32_MAX; nothing was changed. */
enum builder_said builder_day(struct builder *b, size_t f, uint32_t day, const uint8_t *code,
                              size_t bytes);

/* tokens is NULL always or never. */
void builder_time(struct builder *b, size_t f, double t, const struct invocation_tokens *tokens);

/* Take a new function's malloc'd times, and their tokens or NULL. */
void builder_take_times(struct builder *b, size_t f, double *t, struct invocation_tokens *tokens,
                        size_t n);

/* Move all times by this much. */
void builder_shift(struct builder *b, double seconds);

/* Make n_days and the trace; sorts times. The builder is gone afterwards. days 0: of the data.
 * Times after the days are left out; *late says how many (late may be NULL). */
struct invocations *builder_finish(struct builder *b, uint32_t days, double origin_unix_s,
                                   size_t threads, uint64_t *late);

/* Ascending and stable; tokens (or NULL) move along. NaNs come last. */
void series_sort(double *t, struct invocation_tokens *tokens, size_t n);

/* ---- schemas ---- */

#define NO_COLUMN SIZE_MAX

struct columns {               /* of one stream; indices into its fields */
    size_t n;                  /* fields of the header */
    size_t owner, app, function;          /* NO_COLUMN: it has none */
    size_t time, duration;                /* end_timestamp or TIMESTAMP */
    size_t context, generated;
    uint16_t *minute;          /* (n) minute 0..1439 of a column, DAY_MINUTES: none; or NULL */
    size_t first_minute;       /* if minutes ascend from here to the last column, else NO_COLUMN */
    char *name;                /* the function's, where the stream is one function */
    uint32_t day;
};

struct row_key {               /* into the piece, or into the rows' own text */
    struct str owner, app, function;
    uint64_t hash;
    size_t known;              /* function of the trace + 1, once it has been looked up; 0 before */
};

struct day_row { uint32_t key, line, bytes; size_t at; };   /* code[at..at + bytes) */
struct time_row {              /* day: Unix day, or 0 where times are from the origin already */
    double s;
    uint32_t key;
    int32_t day;
    struct invocation_tokens tokens;
};

struct note {                  /* rows of a piece that a cause spoilt, and the first of them */
    uint64_t rows;
    uint32_t line;             /* within the piece, from 0 */
    uint32_t n;
    char value[96];
};

struct rows {                  /* what a piece holds */
    struct row_key *key;
    struct day_row *day;
    struct time_row *time;
    uint8_t *code;
    size_t n_keys, key_cap, n_days, day_cap, n_times, time_cap, code_n, code_cap;
    uint64_t rows_read;
    struct note note[INV_CAUSES];
    struct arena *text;        /* what was quoted */
};

struct row_worker;             /* a thread's own: see row_fields.c */

struct invocations_format {
    const char *name, *alias;
    enum invocations_kind kind;
    bool tokens, dated;        /* rows have tokens; times have a date */
    const char *pickle;        /* the original's, in the raw folder; or NULL */
    /* The raw files of a folder, at least one; paths are malloc'd. Empty: there are none. */
    bool (*files)(const char *folder, const struct invocations_options *o, char ***paths,
                  size_t *n, struct err *err);
    /* Where the columns are. False: *missing says what is not there. */
    bool (*header)(const struct str *field, size_t n, bool compat, struct columns *c,
                   const char **missing);
    /* One line, not empty, without its end; 16 readable bytes follow. */
    void (*row)(const struct columns *c, bool compat, struct str line, uint32_t number,
                struct row_worker *w, struct rows *out);
};
extern const struct invocations_format azure_v1, azure_v2, azure_llm;

/* row_fields.c */
struct row_worker *row_worker_new(void);
void row_worker_free(struct row_worker *w);

/* A new piece begins: forget keys. quotes: there is a quote in it. */
void row_worker_piece(struct row_worker *w, bool quotes);
void row_forget(struct row_worker *w, struct rows *r);      /* the last key, if it was new */

/* The fields of a line; *n of them, valid until the next call. False: a quote stays open. */
bool row_fields(struct row_worker *w, struct str line, const struct str **field, size_t *n,
                bool *quoted);

/* Those of a row of c's columns (compat: at least as many); NULL: what is wrong is noted. */
const struct str *row_split(const struct columns *c, bool compat, struct str line, uint32_t number,
                            struct row_worker *w, struct rows *r, bool *quoted);

/* The index among the piece's keys; names are copied when `quoted`. */
uint32_t row_key_of(struct row_worker *w, struct rows *r, struct row_key k, bool quoted);
bool row_key_good(const struct row_key *k);
void row_note(struct rows *r, enum invocations_cause c, uint32_t line, struct str value);
size_t column_of(const struct str *field, size_t n, const char *name);

/* Find NAME, NAME.gz, ... in a folder: malloc'd, or NULL. */
char *folder_file(const char *folder, const char *name);

/* invocations_text.c: run a format's rows over the streams of files, in order, on many threads. */
struct invocations *invocations_read_text(const struct invocations_format *f, char *const *paths,
                                          size_t n, const struct invocations_options *o,
                                          struct invocations_report *rep, struct err *err);

/* ---- packed forms ---- */

/* Fill the builder from a stream at its first byte. Counts after `days` (unless 0) are skipped. */
struct feed;
bool pickle_read(struct feed *f, struct builder *b, enum invocations_kind kind, uint32_t days,
                 struct err *err);

/* A whole cache, checked; NULL on failure. */
struct invocations *cache_read(struct feed *f, enum invocations_kind kind,
                               const struct invocations_options *o, struct err *err);
enum { CACHE_MAGIC = 8 };
extern const char cache_magic[CACHE_MAGIC];

/* ---- the account ---- */

void invocations_report_drop(struct invocations_tally *t, uint64_t rows, const char *file,
                             uint64_t line, struct str value);

/* What to say when nothing could be used. */
bool invocations_report_fail(const struct invocations_report *r, const char *path,
                             struct err *err);

#endif
