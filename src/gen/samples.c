/* samples.c: which form samples take. */
#include "gen/samples_priv.h"

bool samples_init(struct samples *s, const struct graphset *graphs,
                  const struct train_graphs_options *o, const struct tokenizer *tokenizer,
                  struct err *err)
{
    *s = (struct samples){ .graphs = graphs, .o = o, .tokenizer = tokenizer };
    if (graphs->n == 0)
        return err_set(err, EXIT_DATA, "no graphs to learn from");
    const struct text_format *format = text_format_find(o->to);
    if (!format)
        return err_set(err, EXIT_USAGE, "no text format \"%s\"", o->to);
    if (format == &text_compact)
        samples_compact(s);
    else
        samples_layers(s, format);
    return true;
}

void samples_free(struct samples *s)
{
    tokenizer_free(s->made);
    if (s->own_free)
        s->own_free(s->own);
}
