/* slots.c: the loop around the decoder.
 *
 * A round asks every busy slot for tokens and feeds them in one step: first all but the last of
 * each, without logits (a prompt goes in at once), then the last ones, whose logits are kept for
 * the next round.
 *
 * A sequence that begins as another slot's does (an instruction, a header) is copied from it as far
 * as they agree instead of being computed again:
 *
 *     slot 0   a b c d e|...           all that it has fed is there to be copied
 *     slot 3   a b c x y       ->      copy a b c of slot 0, feed x y
 *
 * What another slot is only about to feed in this round can be copied after it has been: where that
 * saves WORTH tokens, the slot waits for a second wave of prompts. The bits of a cache depend on
 * its tokens alone, so it shows nowhere which slot they come from.
 */
#include "gen/slots.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"

enum { WORTH = 8 };
#define NONE SIZE_MAX

struct slots {
    struct decoder *d;
    const struct slots_client *client;
    size_t slots, vocab;
    bool *busy, *fresh;                        /* (slots); fresh: no logits yet */
    float *logits;                             /* (slots, vocab) of the last step's rows */
    size_t *row;                               /* (slots) where a slot's logits are */
    struct tokens feed;                        /* of one turn */
    struct tokens *line;                       /* (slots) its sequence, with what it feeds now */
    size_t *known;                             /* (slots) tokens of it that are in the cache */
    size_t *source;                            /* (slots) copied from after a first wave, or NONE */
    struct rows {
        uint32_t *slot, *token;
        size_t n, cap_slot, cap_token;
    } rows;                                    /* of one step */
    size_t fed;
};

static void rows_add(struct rows *r, size_t slot, uint32_t token)
{
    MEM_GROW(r->slot, r->n, r->cap_slot);
    MEM_GROW(r->token, r->n, r->cap_token);
    r->slot[r->n] = (uint32_t)slot;
    r->token[r->n++] = token;
}

static void note_feed(struct slots *b, size_t s, bool restart)
{
    if (restart) {
        decoder_reset(b->d, s);
        b->line[s].n = b->known[s] = 0;
    }
    for (size_t i = 0; i < b->feed.n; i++)
        tokens_add(&b->line[s], b->feed.id[i]);
    b->fed += b->feed.n;
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
            note_feed(b, s, turn == SLOTS_RESTART);
            return true;
        }
        b->busy[s] = false;
    }
}

/* Of the first n tokens of slot s, how many slot t begins with alike. */
static size_t alike(const struct slots *b, size_t s, size_t t, size_t n)
{
    const uint32_t *x = b->line[s].id, *y = b->line[t].id;
    size_t i = 0;
    while (i < n && x[i] == y[i])
        i++;
    return i;
}

/* Slot s begins a sequence: what of it, but for the last token, is in the cache already, or will be
 * after the first wave? */
static void find_source(struct slots *b, size_t s)
{
    size_t n = b->line[s].n - 1, most = 0, later = 0, from = s, wait = s;
    for (size_t t = 0; t < b->slots; t++) {
        size_t known = b->known[t], soon = t < s && b->source[t] == NONE ? b->line[t].n : 0;
        size_t k = t == s ? 0 : alike(b, s, t, known < n ? known : n);
        if (k > most) {
            most = k;
            from = t;
        }
        soon = soon ? soon - 1 : 0;
        k = t == s ? 0 : alike(b, s, t, soon < n ? soon : n);
        if (k > later) {
            later = k;
            wait = t;
        }
    }
    if (later >= most + WORTH)
        b->source[s] = wait;
    else if (most) {
        decoder_copy(b->d, s, from, most);
        b->known[s] = most;
    }
}

/* Feed the rows, of which the first `silent` give no logits. */
static void feed_rows(struct slots *b, size_t silent)
{
    if (b->rows.n)
        decoder_feed(b->d, b->rows.n, b->rows.slot, b->rows.token, silent, b->logits);
    b->rows.n = 0;
}

/* What stands before the last token of the slots that wait for nobody, or of those that do. */
static void add_wave(struct slots *b, bool waited)
{
    for (size_t s = 0; s < b->slots; s++) {
        if (!b->busy[s] || (b->source[s] != NONE) != waited)
            continue;
        if (waited) {
            size_t k = alike(b, s, b->source[s], b->line[s].n - 1);
            k = k < b->known[b->source[s]] ? k : b->known[b->source[s]];
            decoder_copy(b->d, s, b->source[s], k);
            b->known[s] = k;
        }
        for (; b->known[s] + 1 < b->line[s].n; b->known[s]++)
            rows_add(&b->rows, s, b->line[s].id[b->known[s]]);
    }
}

static bool anyone_waits(const struct slots *b)
{
    for (size_t s = 0; s < b->slots; s++)
        if (b->source[s] != NONE)
            return true;
    return false;
}

static bool round_of(struct slots *b)
{
    for (size_t s = 0; s < b->slots; s++) {
        b->source[s] = NONE;
        if (!take_turn(b, s))
            b->line[s].n = b->known[s] = 0;
    }
    for (size_t s = 0; s < b->slots; s++)
        if (b->busy[s] && b->known[s] == 0)
            find_source(b, s);
    add_wave(b, false);
    if (anyone_waits(b)) {
        feed_rows(b, b->rows.n);
        add_wave(b, true);
    }
    size_t silent = b->rows.n;
    for (size_t s = 0; s < b->slots; s++)
        if (b->busy[s]) {
            b->row[s] = b->rows.n - silent;
            b->fresh[s] = false;
            rows_add(&b->rows, s, b->line[s].id[b->known[s]++]);
        }
    bool any = b->rows.n > 0;
    feed_rows(b, silent);
    return any;
}

size_t slots_run(struct decoder *d, size_t slots, size_t vocab, const struct slots_client *c)
{
    struct slots b = { .d = d, .client = c, .slots = slots, .vocab = vocab };
    b.busy = mem_array(slots, sizeof *b.busy);
    b.fresh = mem_array(slots, sizeof *b.fresh);
    b.row = mem_array(slots, sizeof *b.row);
    b.line = mem_array(slots, sizeof *b.line);
    b.known = mem_array(slots, sizeof *b.known);
    b.source = mem_array(slots, sizeof *b.source);
    b.logits = mem_array(slots * vocab, sizeof *b.logits);
    while (round_of(&b))
        continue;
    free(b.busy);
    free(b.fresh);
    free(b.row);
    for (size_t s = 0; s < slots; s++)
        tokens_free(&b.line[s]);
    free(b.line);
    free(b.known);
    free(b.source);
    free(b.logits);
    free(b.rows.slot);
    free(b.rows.token);
    tokens_free(&b.feed);
    return b.fed;
}
