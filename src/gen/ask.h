/* ask.h: prompts out of words.
 *
 *     service=S_1 edges=12 depth=4 latency=80 include=MS_1>rpc>MS_2 high-latency
 *
 * Any subset, in any order, each at most once; what is not named is open. latency is in ms. include
 * names a call that must occur, USER as caller standing for the root call. high-latency asks for a
 * latency at or above the p90 of the service's training graphs, or of all of them where the
 * service is open; with latency= that latency, which then must not be below.
 */
#ifndef GEN_ASK_H
#define GEN_ASK_H

#include <stdbool.h>

#include "base/err.h"
#include "gen/prompt.h"
#include "text/prompt_file.h"

/* Names go to the arena. False (EXIT_USAGE) where the words make no sense, or where no graph at all
 * can be what they ask for. */
bool ask_parse(const char *words, uint32_t tick_us, struct arena *a, struct prompt *p,
               struct err *err);

/* The same from a prompt file. The text is that of the file's prompts. */
struct prompt ask_from_file(const struct text_prompt *t, uint32_t tick_us, struct arena *a);

/* Set the bound that high_latency stands for, from latencies.h's text. False (EXIT_DATA), and no
 * bound: it does not know the service, or the prompt's own latency is below. A latency of its own
 * does without the service's. Does nothing without high_latency. */
bool ask_set_high(struct prompt *p, struct str latencies, struct err *err);

#endif
