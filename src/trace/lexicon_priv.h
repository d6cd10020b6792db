/* lexicon_priv.h: names as they are read, on several threads. Within trace/ only.
 *
 * One table is shared behind a lock; every thread has a lexicon in front of it, which answers
 * from its own memory after the first question. Ids depend on the order in which threads ask and
 * are therefore not shown to anybody: graphs get the ids of their own set as they leave.
 */
#ifndef TRACE_LEXICON_PRIV_H
#define TRACE_LEXICON_PRIV_H

#include <stdint.h>

#include "base/names.h"
#include "base/str.h"

struct lexicon_shared;
struct lexicon_shared *lexicon_shared_new(void);
void lexicon_shared_free(struct lexicon_shared *s);
struct str lexicon_shared_str(struct lexicon_shared *s, uint32_t id);   /* when no thread adds */
uint32_t lexicon_shared_count(const struct lexicon_shared *s);

enum { WORD_UNKNOWN = 0xFFFFFFFEu, WORD_BAD_UTF8 = 0xFFFFFFFDu };       /* instead of an id */

struct lexicon;
struct lexicon *lexicon_new(struct lexicon_shared *s);
void lexicon_free(struct lexicon *l);

/* The id of a name; WORD_UNKNOWN for "", UNKNOWN, UNAVAILABLE, (?) and NAN; WORD_BAD_UTF8 for
 * bytes that are no UTF-8. s.p[0..16) must be readable whatever s.n. */
uint32_t lexicon_id(struct lexicon *l, struct str s);

#endif
