/* tokenizer_read_priv.h: what the two files share that read tokenizer.json. */
#ifndef LLM_TOKENIZER_READ_PRIV_H
#define LLM_TOKENIZER_READ_PRIV_H

#include <jansson.h>

#include "llm/tokenizer_priv.h"

struct parser {
    struct tokenizer *t;
    const char *file;
    struct err *err;
    struct buf bytes;        /* scratch */
};

/* "file: what: why" as the error; returns false. */
bool refuse(struct parser *p, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

struct quoted { char s[64]; };   /* a text for a message: in quotes, escaped, cut short */
void quote(const char *text, struct quoted *q);

/* After the rule is known: the tokens, by id; then, with tokenizer_index done, the merges. */
bool read_vocabulary(struct parser *p, const json_t *root);
bool read_merges(struct parser *p, const json_t *root);

#endif
