/* layer_ask.c: what is asked of a text, from its prompt and from the layer above. Parts of a split
 * layer are numbered one after the other: the ids of one end before those of the next begin. */
#include "text/instruction.h"
#include "text/layer_grammar_priv.h"

bool layer_ask_of(struct str header_line, struct layer_ask *ask)
{
    *ask = (struct layer_ask){ .index = -1, .last_id = -1 };
    return header_parse(header_line, &ask->head);
}

bool layer_ask_root(enum text_task task, struct str prompt, struct layer_ask *ask)
{
    struct str rest = prompt, line;
    bool found = task == TASK_INSTRUCTION ? instruction_header_line(prompt, &line)
                                          : layer_text_line(&rest, &line);
    if (!found || !layer_ask_of(line, ask))
        return false;
    ask->begin = task == TASK_INSTRUCTION ? BEGIN_AT_EDGES : BEGIN_AT_ROWS;
    ask->whole = true;
    if (ask->head.number[HEAD_START_AT] < 0)
        ask->head.number[HEAD_START_AT] = 0;
    return true;
}

struct layer_ask layer_ask_below(const struct layer_ask *above, const struct layer_text *t,
                                 size_t i)
{
    struct layer_ask ask = { .head = t->subs[i].header, .index = -1, .last_id = -1 };
    bool part = t->n_edges == 0;
    if (layer_wish_goes_to(above, t, i))
        ask.wish = above->wish;
    ask.whole = !part;
    if (!part)
        return ask;
    ask.index = t->subs[i].index;
    ask.last_id = i + 1 < t->n_subs ? t->subs[i + 1].header.number[HEAD_START_EDGE_ID] - 1
                                    : above->last_id;
    return ask;
}
