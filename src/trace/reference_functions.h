/* reference_functions.h: a serverless trace whose law is known, in the three tables of Azure 2019.
 *
 * The law, after Shahrad et al., USENIX ATC 2020 (figures of that paper unless marked):
 *   calls      a function's mean calls a minute are lognormal (mean -3.58, sd 4.08 of the natural
 *              logarithm: 45 % at most one an hour, 81 % at most one a minute), cut at 1,000; a
 *              third are timers with a period of whole minutes, the others Poisson with a daily
 *              wave of 40 % (ours). Functions that are never called in the day are drawn again, as
 *              a sample has them
 *   duration   a function's average is lognormal (mean -0.38, sd 2.36 of ln seconds), its calls
 *              lognormal around it with an sd of .1 to .8 (ours), in whole ms as the table has them
 *   memory     Burr XII, c 11.652, k .221, scale 107.083 MB; calls within 5 to 15 % (ours)
 * Function i depends on (seed, i) alone.
 */
#ifndef TRACE_REFERENCE_FUNCTIONS_H
#define TRACE_REFERENCE_FUNCTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "trace/functions.h"

enum { REFERENCE_FUNCTIONS = 250, REFERENCE_MINUTES = 1440 };

/* functions_free it. */
struct functions reference_functions(size_t n, size_t minutes, uint64_t seed);

#endif
