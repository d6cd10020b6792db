/* paper_marks.c: floats and headings of the paper in libcmark's tree. See paper_priv.h. */
#include <cmark.h>
#include <stdlib.h>
#include <string.h>

#include "report/paper_priv.h"

/* The index after a mark of this kind at the start of a node's words; *rest is what follows. */
static bool marked(cmark_node *node, char kind, size_t n, size_t *index, const char **rest)
{
    cmark_node *c = cmark_node_first_child(node);
    if (!c || cmark_node_get_type(c) != CMARK_NODE_TEXT)
        return false;
    const char *s = cmark_node_get_literal(c);
    size_t mark = strlen(PAPER_MARK);
    if (!s || strncmp(s, PAPER_MARK, mark) != 0 || s[mark] != kind)
        return false;
    char *end;
    *index = (size_t)strtoull(s + mark + 1, &end, 10);
    *rest = end;
    return end > s + mark + 1 && *index < n;
}

const struct paper_float *paper_float_of(const struct paper *p, cmark_node *paragraph)
{
    size_t i;
    const char *rest;
    bool found = marked(paragraph, 'F', p->n_floats, &i, &rest) && !*rest;
    return found ? &p->floats[i] : NULL;
}

const struct paper_heading *paper_heading_of(const struct paper *p, cmark_node *heading)
{
    size_t i;
    const char *rest;
    if (!marked(heading, 'H', p->n_headings, &i, &rest))
        return NULL;
    char *words = mem_strdup(rest + (*rest == ' '));
    cmark_node_set_literal(cmark_node_first_child(heading), words);
    free(words);
    return &p->headings[i];
}
