/* samples_priv.h: graphs as token samples of one text format, made again every epoch. */
#ifndef GEN_SAMPLES_PRIV_H
#define GEN_SAMPLES_PRIV_H

#include "gen/train_graphs.h"
#include "llm/tokenizer.h"
#include "llm/train.h"
#include "text/format.h"

struct samples {
    const struct graphset *graphs;          /* borrowed */
    const struct train_graphs_options *o;   /* borrowed */
    const struct tokenizer *tokenizer;      /* the one given, or: */
    struct tokenizer *made;                 /* one whose vocabulary is that of these samples */
    size_t longest; /* tokens of the longest sample, begin and end included */
    struct train_source source;             /* ctx is this struct: do not move it */
    void *own;                              /* what the format keeps */
    void (*own_free)(void *own);
};

/* tokenizer, borrowed, is a base's; NULL: one is made. */
bool samples_init(struct samples *s, const struct graphset *graphs,
                  const struct train_graphs_options *o, const struct tokenizer *tokenizer,
                  struct err *err);
void samples_free(struct samples *s);

/* The formats: make a tokenizer if there is none; set longest, source. */
void samples_compact(struct samples *s);
void samples_layers(struct samples *s, const struct text_format *format);

/* What stands between names and numbers in the layered formats: one token each. */
extern const struct str samples_phrases[];
extern const size_t samples_n_phrases;

/* How texts of a format are cut into tokens; the phrases are constants. */
struct tokenizer_options samples_spelling(const char *to, bool fixed_order);

#endif
