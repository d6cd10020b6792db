/* progress.h: how far, how fast, how long still. On stderr alone.
 *
 * On a terminal a bar is redrawn at most ten times a second; elsewhere a line is
 * written every 10 s. TERM=dumb counts as no terminal; NO_COLOR is respected because
 * no colour is used. --quiet calls progress_silence().
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *label, *unit;   /* "train", "tokens" */
    double total, done;         /* total 0: unknown */
    double started_s, shown_s;
    bool terminal, shown;
    char note[160];             /* printed at the end of the line, such as "loss 2.31" */
};

struct progress progress_begin(const char *label, const char *unit, double total);
void progress_set(struct progress *p, double done);
void progress_end(struct progress *p);   /* clears the bar; prints nothing if nothing was shown */
void progress_silence(void);

#endif
