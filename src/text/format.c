/* format.c: the one list, and samples under construction. */
#include "text/format.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const struct text_format *const text_formats[] = {
    &text_compact, &text_tabular, &text_recursive, &text_instruction, NULL
};

const struct text_format *text_format_find(const char *name)
{
    for (size_t i = 0; text_formats[i]; i++)
        if (strcmp(text_formats[i]->name, name) == 0)
            return text_formats[i];
    return NULL;
}

void text_samples_free(struct text_samples *s)
{
    buf_free(&s->text);
    free(s->at);
    *s = (struct text_samples){ 0 };
}

void text_samples_begin(struct text_samples *s)
{
    MEM_GROW(s->at, s->n, s->cap);
    s->at[s->n] = (struct text_sample){ .prompt = s->text.n };
}

void text_samples_output(struct text_samples *s)
{
    s->at[s->n].output = s->text.n;
}

void text_samples_end(struct text_samples *s)
{
    s->at[s->n++].end = s->text.n;
}
