/* fuzz_layer_walk.c: any header and any choices: where the layer grammar says that a header can be
 * met, the text that comes out is one the strict oracle accepts. First byte: format and order; then
 * a header line; every byte after it makes a choice. */
#include <string.h>

#include "base/mem.h"
#include "text/layer_grammar.h"
#include "text/oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct layer_name names[] = {
    { STR("A"), 1 << CALL_HTTP | 1 << CALL_RPC }, { STR("AB"), 1 << CALL_RPC },
    { STR("C"), 1 << CALL_MC }, { STR("D"), 1 << CALL_DB | 1 << CALL_MQ | 1 << CALL_OTHER },
};

struct choices {
    const uint8_t *p;
    size_t n;
};

static size_t next(struct choices *c, size_t n)
{
    if (c->n == 0)
        return 0;
    c->n--;
    return *c->p++ % n;
}

static void choose(const struct layer_grammar *g, struct layer_state *s, struct choices *c)
{
    const struct layer_want *w = &s->want;
    size_t i = 0, skip;
    if (w->kind == WANT_WORD) {
        skip = next(c, (size_t)__builtin_popcountll(w->words));
        for (; !(w->words >> i & 1) || skip--;)
            i++;
        layer_take_word(g, s, (enum layer_word)i);
    } else if (w->kind == WANT_NUMBER) {
        i = next(c, w->numbers.n);
        int64_t lo = w->numbers.at[i].lo, hi = w->numbers.at[i].hi;
        uint64_t step = next(c, 256), width = (uint64_t)(hi - lo);
        layer_take_number(g, s, step > 240 ? hi : lo + (int64_t)(step < width ? step : width));
    } else if (w->kind == WANT_NAME) {
        for (skip = next(c, g->count[w->types]); !(names[i].types & w->types) || skip--;)
            i++;
        layer_take_name(g, s, (uint32_t)i);
    } else
        layer_take_name(g, s, w->source[next(c, w->n_sources)]);
}

/* The text around a header, as its sample has it. */
static void put_prompt(enum text_task task, struct str line, struct buf *prompt)
{
    if (task == TASK_INSTRUCTION)
        buf_str(prompt, "### Question: x\nRequirements:\n");
    buf_add(prompt, line.p, line.n);
    buf_str(prompt, task == TASK_TABULAR       ? "\n<edges>\n"
                    : task == TASK_INSTRUCTION ? "\nConditions:\n ### Answer: \n"
                                               : "\n");
}

static void walk(const struct layer_grammar *g, struct str line, struct choices c)
{
    enum text_task task = g->limits.task;
    struct layer_state s = { 0 };
    struct layer_ask ask;
    struct buf prompt = { 0 };
    if (layer_ask_of(line, &ask) && header_is_plain(line)) {
        ask.begin = task == TASK_TABULAR ? BEGIN_AT_ROWS : BEGIN_AT_LAYER;
        ask.whole = next(&c, 2);
        ask.last_id = next(&c, 4) ? -1 : (int64_t)next(&c, 256);
        ask.index = (int64_t)next(&c, 3) - 1;
        if (next(&c, 2))
            REQUIRE(layer_wish_find(g, next(&c, 4) ? "A" : "USER", CALL_RPC, "AB", &ask.wish,
                                    NULL));
        if (layer_start(g, &s, &ask)) {
            while (s.want.kind != WANT_END)
                choose(g, &s, &c);
            REQUIRE(s.text.n <= layer_text_most(g, ask.head.number[HEAD_NUM_EDGES], line.n));
            put_prompt(task, line, &prompt);
            REQUIRE(oracle_judge(&oracle_strict, task, buf_view(&prompt), buf_view(&s.text)).valid);
        }
    }
    buf_free(&prompt);
    buf_free(&s.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    if (!end)
        return 0;
    struct layer_grammar g;
    struct layer_limits limits = layer_limits_standard;
    limits.task = (enum text_task)(data[0] % 3);
    limits.fixed = data[0] >> 4 & 1;
    limits.no_scratchpad = data[0] >> 5 & 1;
    limits.max_edges = data[0] >> 6 & 1 ? 1000 : 60;
    limits.max_depth = data[0] >> 7 & 1 ? LAYER_DEPTH_MAX : 5;
    struct str line = { (const char *)data + 1, end > data ? (size_t)(end - data - 1) : 0 };
    for (size_t i = 0; i < line.n; i++)
        if ((unsigned char)line.p[i] <= ' ' || line.p[i] == '<' || line.p[i] == '(')
            return 0;      /* bytes that texts are made of and escaped names do not have */
    if (end == data)
        return 0;
    REQUIRE(layer_grammar_init(&g, names, sizeof names / sizeof *names, &limits, NULL));
    walk(&g, line, (struct choices){ end + 1, size - (size_t)(end + 1 - data) });
    return 0;
}
