/* prompts.h: what a command line asks a generator for: --like, --prompts or --ask. */
#ifndef CLI_PROMPTS_H
#define CLI_PROMPTS_H

#include "cli/command.h"
#include "gen/prompt.h"
#include "text/prompt_file.h"

struct asked {
    struct graphset *like;       /* of --like */
    struct text_prompts file;    /* of --prompts */
    struct arena *arena;         /* names of the list */
    struct prompt *list;         /* of --prompts, --ask; (n) */
    size_t n;
    uint32_t tick_us;            /* of the list's latencies */
    size_t no_p90;               /* ask for a high latency that is not known, so not held to it */
    struct prompt_fields fields; /* of --like and --prompts: those that are asked for */
};

/* Options --like --prompts --ask --resample --compat --header --no-latency --no-edges --no-depth.
 * False (EXIT_USAGE): they contradict each other. */
bool asked_usage(const struct args *a, struct err *err);

/* Read what is named. Latencies of --prompts and --ask become ticks; `high` is latencies.h's text.
 * What was dropped is said on stderr. */
bool asked_read(const struct args *a, uint32_t tick_us, struct str high, struct asked *q,
                struct err *err);
void asked_free(struct asked *q);

/* The prompts as a pool, which borrows q. Without any of the three: those of `otherwise`. */
struct prompt_pool asked_pool(const struct args *a, const struct asked *q,
                              const struct graphset *otherwise);

#define OPTIONS_ASKED \
    { "like", OPT_TEXT, "PROMPTS.csv", NULL, \
      "graphs whose headers are asked for, in order, again from the start", 0, 0 }, \
    { "prompts", OPT_TEXT, "FILE.txt", NULL, \
      "or a prompt file of TraceLLM: tabular, recursive or instruction", 0, 0 }, \
    { "ask", OPT_TEXT, "WORDS", NULL, \
      "or the same for all: any of service=S edges=N depth=N latency=MS include=A>TYPE>B " \
      "high-latency", 0, 0 }, \
    { "resample", OPT_FLAG, NULL, NULL, "draw from --like at random, as measurements do", 0, 0 }, \
    { "compat", OPT_CHOICE, "tracellm", NULL, \
      "lose the last prompt of --prompts, as that program does", 0, 0 }, \
    { "header", OPT_CHOICE, "full|service|none", "full", \
      "header fields asked for, of --like and --prompts", 0, 0 }, \
    { "no-latency", OPT_FLAG, NULL, NULL, "leave the latency open", 0, 0 }, \
    { "no-edges", OPT_FLAG, NULL, NULL, "leave the number of calls open", 0, 0 }, \
    { "no-depth", OPT_FLAG, NULL, NULL, "leave the depth open", 0, 0 }

#endif
