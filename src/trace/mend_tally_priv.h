/* mend_tally_priv.h: names, and how many say so. Within trace/ only. */
#ifndef TRACE_MEND_TALLY_PRIV_H
#define TRACE_MEND_TALLY_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/lexicon_priv.h"

enum { TALLY_MAX = 8 };

struct tally {
    uint32_t id[TALLY_MAX];    /* distinct, by first appearance */
    uint32_t count[TALLY_MAX];
    uint8_t n;
    bool more;                 /* further names came, which are not held */
};

/* Is it the id of a name, not one of the words for what is unknown? */
static inline bool is_name(uint32_t id)
{
    return id < WORD_BAD_UTF8;
}

/* One more says id; what is no name says nothing. */
void tally_count(struct tally *t, uint32_t id);

/* How many say id. */
uint32_t tally_of(const struct tally *t, uint32_t id);

/* The name that more say than any other; WORD_UNKNOWN if there is none. */
uint32_t tally_winner(const struct tally *t);

#endif
