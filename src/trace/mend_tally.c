/* mend_tally.c: a vote. A tie elects nobody, and neither does a crowd that cannot be counted. */
#include "trace/mend_tally_priv.h"

void tally_count(struct tally *t, uint32_t id)
{
    if (!is_name(id))
        return;
    for (size_t i = 0; i < t->n; i++)
        if (t->id[i] == id) {
            t->count[i]++;
            return;
        }
    if (t->n == TALLY_MAX) {
        t->more = true;
        return;
    }
    t->id[t->n] = id;
    t->count[t->n++] = 1;
}

uint32_t tally_of(const struct tally *t, uint32_t id)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->id[i] == id)
            return t->count[i];
    return 0;
}

uint32_t tally_winner(const struct tally *t)
{
    size_t best = 0;
    bool tie = false;
    for (size_t i = 1; i < t->n; i++) {
        if (t->count[i] > t->count[best]) {
            best = i;
            tie = false;
        } else
            tie |= t->count[i] == t->count[best];
    }
    return t->n && !tie && !t->more ? t->id[best] : WORD_UNKNOWN;
}
