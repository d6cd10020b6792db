/* slots.h: many sequences decoded side by side, each at its own pace.
 *
 *     slot 0   |prompt|tok tok tok tok|prompt|tok ...         a finished task makes room for the
 *     slot 1   |prompt|tok tok|prompt|tok tok tok ...         next one at once
 *     step              1   2    3     4
 *
 * A client owns what happens in each slot: it is handed the logits after the last token it fed and
 * answers with the tokens to feed next. Since a decoder's logits depend on the slot's own sequence
 * alone, so does everything a client draws from them.
 */
#ifndef GEN_SLOTS_H
#define GEN_SLOTS_H

#include <stdbool.h>

#include "llm/decode.h"
#include "llm/tokenizer.h"

enum slots_turn {
    SLOTS_FEED,    /* feed these tokens (at least one) and call again with the logits after them */
    SLOTS_RESTART, /* the same, in an empty sequence */
    SLOTS_DONE     /* nothing more to do in this task */
};

struct slots_client {
    void *ctx;
    bool (*begin)(void *ctx, size_t slot); /* start the next task in slot; false: no more tasks */
    /* logits (vocab) are NULL at a task's first turn, which must answer SLOTS_RESTART (or DONE). */
    enum slots_turn (*turn)(void *ctx, size_t slot, const float *logits, struct tokens *feed);
};

/* Run tasks until begin says no. Returns the tokens fed. */
size_t slots_run(struct decoder *d, size_t slots, size_t vocab, const struct slots_client *c);

#endif
