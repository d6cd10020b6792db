/* moment.h: the clock of a run.
 *
 * A moment is nanoseconds (int64_t). Schedules and latencies are told on CLOCK_MONOTONIC, which no
 * administrator can set; wall moments (CLOCK_REALTIME, since 1970) name a common start and date
 * spans.
 */
#ifndef LOAD_MOMENT_H
#define LOAD_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define MOMENT_US 1000LL
#define MOMENT_MS 1000000LL
#define MOMENT_S 1000000000LL

int64_t moment_now(void);
int64_t moment_wall(void);

/* Read a wall moment: seconds since 1970 ("1764000000.5"), "now", "+SECONDS" from now, or
 * RFC 3339 with Z or an offset ("2026-11-24T21:00:00Z", "2026-11-24T21:00:00.25+01:00"). */
bool moment_parse(struct str s, int64_t *wall, struct err *err);

enum { MOMENT_TEXT = 32 };
/* RFC 3339, UTC, nine digits: what the original puts into InvokedOn. */
void moment_write(int64_t wall, char text[MOMENT_TEXT]);

#endif
