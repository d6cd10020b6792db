/* compact_words.h: the alphabet of the compact stream.
 *
 * Every word has exactly one class, told from its spelling alone:
 *
 *     0 .. 99        a number below 100
 *     #2 .. #10      magnitude: so many numbers 0..99 follow, base 100, the first not 0
 *     -              the number that follows is negative (gaps only; never "- 0")
 *     ?              a header field left open
 *     n/a            in place of the latency: this graph has no times
 *     http rpc db mc mq other
 *     /1 .. /31      level of a call; "/" and a number: a deeper one
 *     @NAME ~KIND !STATUS &  = N  <NAME  ^ N  * N     rarely needed facts, see compact.h
 *     anything else  a name
 *
 * 1234 is "#2 12 34": the magnitude comes first, so that a model settles the scale before the
 * digits, and the digit words are the same hundred that small numbers use.
 *
 * In names the bytes up to blank, DEL and '%' are written %XX; so is the first byte of a name
 * that would otherwise look like another class, and the empty name is "%". Other bytes stay.
 */
#ifndef TEXT_COMPACT_WORDS_H
#define TEXT_COMPACT_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum compact_class {
    WORD_FOREIGN,      /* not a word of this language */
    WORD_NUMBER,       /* value 0..99 */
    WORD_MAGNITUDE,    /* value 2..10 */
    WORD_MINUS,
    WORD_OPEN,
    WORD_UNTIMED,
    WORD_TYPE,         /* value: enum call_type */
    WORD_LEVEL,        /* value 1..31; 0: "/", a number follows */
    WORD_NAME,
    WORD_INTERFACE,    /* @NAME */
    WORD_KIND,         /* value: enum call_kind */
    WORD_STATUS,       /* value: enum call_status */
    WORD_ASYNC,        /* & */
    WORD_ID,           /* = N */
    WORD_SOURCE,       /* <NAME: caller of the root */
    WORD_START,        /* ^ N: start of the root */
    WORD_TICK,         /* * N: microseconds per tick */
    COMPACT_CLASSES
};

enum { COMPACT_LEVELS = 31, COMPACT_MAGNITUDES = 10 };

struct compact_word {
    uint8_t class;     /* enum compact_class */
    uint8_t value;
    uint8_t types;     /* WORD_NAME: bit 1 << call type for each that it may be called by */
    bool service;      /* WORD_NAME: it may stand in the service slot */
};

/* Class and value of a word without its blank; types and service are left 0: they are data's. */
struct compact_word compact_word_classify(struct str word);

/* The words that a vocabulary needs besides names, so that every number, type and level can be
 * written: spelling of word i, or NULL past the last. Marks of rare facts are not among them. */
const char *compact_word_fixed(size_t i);

/* Append without a blank: a name as a word of its own (after a mark such as @, escape_put will do),
 * a number as one word or several. A name word reads back with escape_read. */
void compact_put_name(struct str name, struct buf *out);
void compact_put_number(uint64_t x, struct buf *out);

#endif
