/* layer_tokens.h: the layer grammar in the tokens of a vocabulary.
 *
 *     text     communication starts at |  1234         |  milliseconds,
 *     tokens   [communication starts at ] [12] [34]      [ milliseconds] [,]
 *              forced                    chosen          forced; its first token ends the number
 *
 * What is forced is tokenised as the tokenizer would, all of a run at once. A chosen word, name or
 * number is tokenised by itself: pieces of the grammar meet where pre-tokens do (TOKENIZER_TEXT);
 * with other tokenizers the text is as right, its tokens may be less usual. Numbers are made of
 * groups of so many digits as the tokenizer takes together (1 to 3), whole tokens or bytes.
 *
 * A token that alone is allowed is no choice: it is taken at once.
 */
#ifndef GEN_LAYER_TOKENS_H
#define GEN_LAYER_TOKENS_H

#include "llm/tokenizer.h"
#include "text/layer_grammar.h"

struct layer_tokens;      /* shared by all threads */

/* Borrows both. vocab: of the model, not below the tokenizer's size. */
struct layer_tokens *layer_tokens_new(const struct layer_grammar *g, const struct tokenizer *t,
                                      size_t vocab);
void layer_tokens_free(struct layer_tokens *t);   /* NULL is fine */

/* Most tokens that one text, and all texts of a graph, can take: every token has a byte. */
size_t layer_tokens_most(const struct layer_tokens *t, int64_t edges, size_t service);

struct layer_walk {
    struct layer_state state;
    unsigned char *mask;      /* (vocab) of the choice that stands; owned */
    size_t allowed;           /* tokens in it, at least 2; 0 at the end of the text */

    size_t told;              /* bytes of the text that were given as tokens */
    struct tokens piece;      /* of the word, name or group of digits in hand */
    int64_t value;            /* of the groups before it */
    size_t groups;
    bool ends;                /* the piece may end here: as `what`, when this token comes */
    int64_t what;
    uint32_t end_token;
    struct tokens run;        /* scratch */
};

void layer_walk_free(struct layer_walk *w);

/* Begin a text: appends the tokens that are forced. False: the header cannot be met. Zero the walk
 * before its first use. */
bool layer_walk_start(const struct layer_tokens *t, struct layer_walk *w,
                      const struct layer_ask *ask, struct tokens *out);

/* Take a token of the mask; it is appended, and what is forced after it. */
void layer_walk_take(const struct layer_tokens *t, struct layer_walk *w, uint32_t token,
                     struct tokens *out);

#endif
