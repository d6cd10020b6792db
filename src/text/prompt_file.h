/* prompt_file.h: the prompts of TraceLLM's heat-map files (spec 5).
 *
 *     tabular       id:S_000000001/num_edges:3/depth:2/latency:7
 *     recursive     id:S_000000001/num_edges:3/remaining_depth:1/start_node:USER/...
 *     instruction   You are a trace generator that creates traces based on given requirements.
 *                   Requirements:
 *                   id:S_000000001/...
 *                   Conditions:
 *                   Include an edge from USER to MS_00001 with http type
 *                   ...
 *
 * The three may stand in one file. "[GENERATE GRAPH]" or "### Question:" may precede a prompt,
 * blank lines may part them, and an answer's opening ("### Answer:", "<layer>", "<edges>") is
 * passed over. A prompt that cannot be asked is dropped, counted and named: a header that does not
 * parse, that of a layer below another, a number below what it counts, more levels than calls, an
 * edge to include that cannot be read.
 *
 * Difference from the original: its reader loses the last prompt of every file; ours does so under
 * compat alone. Its cell of the heat map is the file's name, "<edges>_<depth>.txt".
 */
#ifndef TEXT_PROMPT_FILE_H
#define TEXT_PROMPT_FILE_H

#include "text/prompt.h"

struct text_prompt {
    enum text_task task;           /* its dialect */
    struct text_ask ask;           /* names as they are spelled, unescaped */
    struct str text;               /* for text_prompt_given */
    size_t line;                   /* where it begins, from 1 */
};

struct text_prompts {
    struct arena *arena;           /* owns all views */
    struct text_prompt *at;        /* (n) in the file's order */
    size_t n, cap;
    size_t bad;                    /* dropped */
    struct buf bad_words;          /* the first TEXT_PROMPTS_NAMED of them, "file:line: reason" */
};
enum { TEXT_PROMPTS_NAMED = 10 };

/* Append the prompts of one file, which may be compressed, to *p (zeroed at first). False: it
 * cannot be read (EXIT_NOINPUT), or holds no prompt that can be asked (EXIT_DATA). */
bool text_prompts_read(const char *path, bool compat, struct text_prompts *p, struct err *err);
void text_prompts_free(struct text_prompts *p);

/* The cell of a file's name, such as "12_4.txt": 12 calls, 4 levels. */
bool text_prompts_cell(const char *path, int64_t *edges, int64_t *depth);

#endif
