/* slots.c: the loop around the decoder.
 *
 * A round asks every busy slot for tokens, feeds all but the last of each without logits (a prompt
 * goes in at once), then feeds the last ones and keeps their logits for the next round.
 */
#include "gen/slots.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"

struct slots {
    struct decoder *d;
    const struct slots_client *client;
    size_t slots, vocab;
    bool *busy, *fresh;                        /* (slots); fresh: no logits yet */
    float *logits;                             /* (slots, vocab) of the last step's rows */
    size_t *row;                               /* (slots) where a slot's logits are */
    struct tokens feed;                        /* of one turn */
    struct rows {
        uint32_t *slot, *token;
        size_t n, cap_slot, cap_token;
    } before, last;                            /* this round's rows */
    size_t fed;
};

static void rows_add(struct rows *r, size_t slot, uint32_t token)
{
    MEM_GROW(r->slot, r->n, r->cap_slot);
    MEM_GROW(r->token, r->n, r->cap_token);
    r->slot[r->n] = (uint32_t)slot;
    r->token[r->n++] = token;
}

/* One turn of a slot. False: it is idle now. */
static bool take_turn(struct slots *b, size_t s)
{
    for (;;) {
        if (!b->busy[s]) {
            if (!b->client->begin(b->client->ctx, s))
                return false;
            b->busy[s] = b->fresh[s] = true;
        }
        b->feed.n = 0;
        const float *logits = b->fresh[s] ? NULL : b->logits + b->row[s] * b->vocab;
        enum slots_turn turn = b->client->turn(b->client->ctx, s, logits, &b->feed);
        if (turn != SLOTS_DONE) {
            REQUIRE(b->feed.n > 0 && (turn == SLOTS_RESTART || !b->fresh[s]));
            if (turn == SLOTS_RESTART)
                decoder_reset(b->d, s);
            return true;
        }
        b->busy[s] = false;
    }
}

static void queue(struct slots *b, size_t s)
{
    for (size_t i = 0; i + 1 < b->feed.n; i++)
        rows_add(&b->before, s, b->feed.id[i]);
    b->row[s] = b->last.n;
    b->fresh[s] = false;
    rows_add(&b->last, s, b->feed.id[b->feed.n - 1]);
    b->fed += b->feed.n;
}

static bool round_of(struct slots *b)
{
    b->before.n = b->last.n = 0;
    for (size_t s = 0; s < b->slots; s++)
        if (take_turn(b, s))
            queue(b, s);
    if (b->before.n)
        decoder_step(b->d, b->before.n, b->before.slot, b->before.token, NULL);
    if (b->last.n)
        decoder_step(b->d, b->last.n, b->last.slot, b->last.token, b->logits);
    return b->last.n > 0;
}

size_t slots_run(struct decoder *d, size_t slots, size_t vocab, const struct slots_client *c)
{
    struct slots b = { .d = d, .client = c, .slots = slots, .vocab = vocab };
    b.busy = mem_array(slots, sizeof *b.busy);
    b.fresh = mem_array(slots, sizeof *b.fresh);
    b.row = mem_array(slots, sizeof *b.row);
    b.logits = mem_array(slots * vocab, sizeof *b.logits);
    while (round_of(&b))
        continue;
    free(b.busy);
    free(b.fresh);
    free(b.row);
    free(b.logits);
    free(b.before.slot);
    free(b.before.token);
    free(b.last.slot);
    free(b.last.token);
    tokens_free(&b.feed);
    return b.fed;
}
