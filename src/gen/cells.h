/* cells.h: headers by the depth and the calls that they ask for, as TraceLLM's accuracy map has it.
 *
 *     depth 1   x                          one call
 *           2     x x x x x ... x          2 to 30 calls: a cell where depth <= calls
 *           3       x x x x ... x
 *           ...                            6: 136 cells in all
 *
 * A cell keeps a random choice of the headers that were found for it. One for which none were found
 * is `made`: it is asked with services of the nearest cell that has some, as the paper did
 * without saying so.
 */
#ifndef GEN_CELLS_H
#define GEN_CELLS_H

#include <stdio.h>

#include <gsl/gsl_rng.h>

#include "gen/llm.h"
#include "gen/prompt.h"
#include "text/prompt_file.h"

enum { CELL_DEPTHS = 6, CELL_CALLS = 30, CELL_HEADERS = 200, CELL_FEW = 50 };

struct cell {
    struct prompt at[CELL_HEADERS];      /* (n) a random choice of the `seen` */
    size_t n, seen;
    bool made;
};

struct cells {
    struct cell cell[CELL_DEPTHS + 1][CELL_CALLS + 1];   /* by depth, calls */
    struct names *names;                 /* of services */
    struct text_prompts files;           /* of a folder of prompt files */
    struct arena *arena;
    gsl_rng *rng;                        /* of the choice */
};

struct cells *cells_new(uint64_t seed);
void cells_free(struct cells *c);

/* Is there such a cell? */
bool cells_has(int64_t depth, int64_t calls);

/* Add a header; where there is no such cell nothing happens. Each header of a cell is as likely to
 * be among those kept. The prompt's texts stay the caller's; the service is copied. */
void cells_add_prompt(struct cells *c, struct prompt p, int64_t calls, int64_t depth);
void cells_add(struct cells *c, const char *service, int64_t calls, int64_t depth);

/* Make the headers of all cells that have none. There must be one that has some. */
void cells_make(struct cells *c);

/* Distinct structures by depth: trained[1 .. CELL_DEPTHS]. A depth of less than CELL_FEW is too
 * rare in the data to ask for it. */
void cells_trained(const struct graphset *graphs, size_t trained[CELL_DEPTHS + 1]);

/* What was asked for, and how much of it was valid, and valid with its calls and depth. */
struct cell_sum {
    size_t asked, valid, correct;
};
void cell_sum_add(struct cell_sum *a, struct cell_sum b);
double cell_sum_share(const struct cell_sum *s);      /* of what is correct; NaN: none asked */

/* Write the share and the ends of its 95 % interval (Wilson's) as three fields, then `end`. */
void cell_sum_put(FILE *f, const struct cell_sum *s, const char *end);

struct cell_ask {
    const struct llm *m;
    struct llm_options options;
    size_t n, threads;                   /* graphs, one attempt each */
    uint64_t seed;
};

/* Ask for n graphs of a cell; `stream` tells draws of one seed apart. out gains the good ones. */
bool cell_ask(const struct cell_ask *a, const struct cell *c, uint64_t stream,
              struct graphset *out, struct cell_sum *s, struct err *err);

#endif
