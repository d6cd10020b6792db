/* generator.h: something that learns from call graphs and writes new ones.
 *
 *     training graphs --fit--> fitted --draw(prompt)--> a graph, or a named failure
 *
 * A baseline is one file with one const struct, listed once in generator.c. The trained
 * models (llm_compact.h, llm_layers.h) answer the same prompts and fill the same report, but
 * decode many graphs side by side, so they have runners of their own.
 *
 * A graph that fails is counted by cause and its header drawn again, never dropped: losing the
 * 3 % of graphs that fail in one corner of the header space moved a KL from .26 to .60. Only
 * when a header failed `attempts` times is it given up, which the report says and the command
 * turns into a non-zero exit.
 */
#ifndef GEN_GENERATOR_H
#define GEN_GENERATOR_H

#include <gsl/gsl_rng.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "gen/prompt.h"
#include "trace/callgraph.h"

/* What became of one attempt. */
enum draw_outcome {
    DRAW_GOOD,
    DRAW_INVALID,      /* callgraph_check refuses the graph */
    DRAW_TOO_LARGE,    /* over DRAW_MAX_CALLS calls, or over the model's context */
    DRAW_UNREADABLE,   /* the text is no graph or no layer */
    DRAW_ORACLE,       /* a layer that the strict oracle refuses */
    DRAW_HEADER,       /* a good graph, but not the one asked for */
    DRAW_OUTCOMES
};
extern const char *const draw_outcome_names[DRAW_OUTCOMES];

enum { DRAW_MAX_CALLS = 65536 };

struct generator {
    const char *name;      /* as in --baseline */
    const char *prose;     /* one sentence for tables and help */
    const char *source;    /* where the idea comes from */
    /* Learn. train must outlive what is returned and hold at least one graph. */
    void *(*fit)(const struct graphset *train);
    /* Append one graph to out (which has its own names), or append nothing and say why.
     * Only reads `fitted`: many threads draw at once. All randomness is rng's. */
    enum draw_outcome (*draw)(const void *fitted, const struct prompt *p, gsl_rng *rng,
                              struct graphset *out);
    void (*free)(void *fitted);
};

extern const struct generator generator_probabilistic, generator_probabilistic_weak,
    generator_bootstrap;
extern const struct generator *const generators[];   /* ends with NULL */
const struct generator *generator_find(const char *name);   /* NULL if there is none */

/* A token is masked if the mask took more than this of its probability. Every softmax leaves each
 * word something, so that the mask takes a little almost everywhere. */
#define DRAW_MASKED 0.01

/* What the mask took while a graph was written, in the attempt that succeeded. */
struct draw_mark {
    uint64_t choices, masked;     /* tokens drawn; those that were masked */
    double removed;               /* probability it took from them, summed */
    double log_weight;            /* sum of the logs of what it left: log of the importance weight;
                                   * NaN where there is none (llm_compact.c: hurried;
                                   * llm.h: not weighed) */
};

/* One entry a graph written, in the order of the output. */
struct draw_ledger {
    struct draw_entry {
        size_t index;             /* of its prompt: prompt_at */
        struct draw_mark mark;
    } *at;                        /* (n), free() it */
    size_t n, cap;
};

/* A request for n graphs. Graph i draws its prompt (prompt_at, as the first of its draws) and
 * everything else from rng_stream(seed, "generate", i), so neither threads nor batch size move a
 * byte. */
struct draw_job {
    const struct prompt_pool *prompts;
    size_t n;
    uint64_t seed;
    size_t threads;        /* 0: all cores */
    size_t attempts;       /* per header; 0: DRAW_ATTEMPTS */
    struct draw_ledger *ledger;   /* zeroed; gains an entry per graph written; NULL: none is kept */
};
enum { DRAW_ATTEMPTS = 1000 };
#define DRAW_STREAM "generate"

struct draw_report {
    size_t graphs;                   /* written; graphs + given_up = n */
    size_t given_up;                 /* headers that failed `attempts` times */
    size_t outcome[DRAW_OUTCOMES];   /* attempts by outcome; [DRAW_GOOD] equals graphs */
    size_t renamed;                  /* graphs of a service no model token stands for */
    size_t layers, layers_refused;   /* texts of layers written; refused by the oracle */
    uint64_t calls;                  /* of the graphs written */
    size_t finished, valid, correct; /* layered, free: graphs by the oracle's verdict
                                      * (oracle_graph.h), those that cannot be kept as a graph
                                      * included */
    uint64_t tokens;                 /* fed to the model, of failed attempts too; 0 for baselines */
    uint64_t choices;                /* tokens drawn from the model */
    uint64_t masked;                 /* of them, those that were masked (DRAW_MASKED) */
    uint64_t masked_ppm;             /* summed probability the mask took from them, in 1e-6 */
    double seconds;                  /* wall clock; the one field that is not reproducible */
};

/* Append job->n graphs to out, in order of their index. */
void generator_run(const struct generator *g, const void *fitted, const struct draw_job *job,
                   struct graphset *out, struct draw_report *rep);

void draw_report_add(struct draw_report *sum, const struct draw_report *part);   /* but seconds */
size_t draw_report_redraws(const struct draw_report *r);   /* attempts that failed */
double draw_report_masked(const struct draw_report *r);    /* the mask's share of a choice, mean */
void draw_report_words(const struct draw_report *r, FILE *f);
void draw_report_json(const struct draw_report *r, FILE *f);   /* one object, one line */

/* A finished graph as this room's sources leave it: kinds follow types (mq: producer), ids count
 * from 1 in order of start is the caller's matter. Copies calls[0..n), whose parent and src are
 * set here from levels and destinations, into out if callgraph_check agrees. `names` is the table
 * of all names in calls, service included. */
enum draw_outcome draw_finish(struct call *calls, size_t n, uint32_t service, bool timed,
                              const struct names *names, struct graphset *out);

#endif
