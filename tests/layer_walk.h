/* layer_walk.h: graphs written by the layer grammar, its choices made by a policy instead of a
 * model; and texts of encoders followed choice by choice. */
#ifndef TESTS_LAYER_WALK_H
#define TESTS_LAYER_WALK_H

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "text/instruction.h"
#include "text/layer_grammar.h"
#include "text/oracle_graph.h"
#include "text/prompt.h"

enum policy { AT_RANDOM, THE_FIRST, THE_LAST, AT_THE_ENDS, POLICIES };

/* Names of every kind; one that is escaped, one that begins like another, one never called. */
static const struct layer_name few[] = {
    { STR("MS_1"), 1 << CALL_HTTP | 1 << CALL_RPC },
    { STR("MS_12"), 1 << CALL_RPC },
    { STR("cache"), 1 << CALL_MC },
    { STR("a%20table"), 1 << CALL_DB | 1 << CALL_MQ },
    { STR("S_1"), 0 },
};

/* A grammar of them; its options go by k, so that all are met with one another. */
static inline struct layer_grammar few_grammar(enum text_task task, size_t k, int64_t max_edges)
{
    struct layer_grammar g;
    struct layer_limits limits = layer_limits_standard;
    limits.task = task;
    limits.fixed = k % 3 == 0;
    limits.no_scratchpad = k % 5 == 0;
    limits.max_edges = max_edges;
    limits.max_depth = k % 7 ? 64 : 6;
    limits.max_latency = k % 11 ? 86400000 : 0;
    limits.max_id = k % 4 ? 999999 : max_edges;
    REQUIRE(layer_grammar_init(&g, few, sizeof few / sizeof *few, &limits, NULL));
    return g;
}

/* The line of a prompt that has its header. */
static inline struct str walk_header_line(enum text_task task, struct str prompt)
{
    struct str line;
    REQUIRE(task == TASK_INSTRUCTION ? instruction_header_line(prompt, &line)
                                     : layer_text_line(&prompt, &line));
    return line;
}

/* One of n >= 1. */
static inline size_t pick(enum policy p, gsl_rng *r, size_t n)
{
    if (p == THE_FIRST || p == THE_LAST)
        return p == THE_FIRST ? 0 : n - 1;
    return p == AT_RANDOM ? rng_below(r, n) : rng_below(r, 2) * (n - 1);
}

static inline int64_t pick_number(const struct ranges *v, enum policy p, gsl_rng *r)
{
    int64_t lo = INT64_MAX, hi = -1;
    for (size_t i = 0; i < v->n; i++) {
        lo = v->at[i].lo < lo ? v->at[i].lo : lo;
        hi = v->at[i].hi > hi ? v->at[i].hi : hi;
    }
    if (p != AT_RANDOM)
        return pick(p, r, 2) ? hi : lo;
    size_t k = rng_below(r, v->n);
    uint64_t width = (uint64_t)(v->at[k].hi - v->at[k].lo) + 1;
    return v->at[k].lo + (int64_t)rng_below(r, width < 20 || rng_below(r, 4) == 0 ? width : 20);
}

/* Make the choice that stands. */
static inline void choose(const struct layer_grammar *g, struct layer_state *s, enum policy p,
                          gsl_rng *r)
{
    const struct layer_want *w = &s->want;
    size_t at, i = 0;
    switch (w->kind) {
    case WANT_WORD:
        at = pick(p, r, (size_t)__builtin_popcountll(w->words));
        for (; !(w->words >> i & 1) || at--; i++)
            continue;
        layer_take_word(g, s, (enum layer_word)i);
        return;
    case WANT_NUMBER:
        layer_take_number(g, s, pick_number(&w->numbers, p, r));
        return;
    case WANT_NAME:
        at = pick(p, r, g->count[w->types]);
        for (; !(g->names[i].types & w->types) || at--; i++)
            continue;
        layer_take_name(g, s, (uint32_t)i);
        return;
    default:
        layer_take_name(g, s, w->source[pick(p, r, w->n_sources)]);
    }
}

struct walk {
    struct arena *arena;
    struct graph_layer *layers;
    struct layer_ask *asks;
    size_t n, cap, cap_asks, bytes, longest;
};

static inline void walk_free(struct walk *w)
{
    arena_free(w->arena);
    free(w->layers);
    free(w->asks);
}

static inline void walk_ask(struct walk *w, const struct buf *prompt, size_t parent, size_t sub,
                            const struct layer_ask *ask)
{
    struct str text = { arena_strndup(w->arena, prompt->p, prompt->n), prompt->n };
    MEM_GROW(w->layers, w->n, w->cap);
    MEM_GROW(w->asks, w->n, w->cap_asks);
    w->layers[w->n] = (struct graph_layer){ .prompt = text, .parent = parent, .sub = sub };
    w->asks[w->n++] = *ask;
}

/* What is asked to occur, as the grammar's names. */
static inline struct layer_wish walk_wish(const struct layer_grammar *g, const struct text_ask *a)
{
    struct layer_wish wish = { .include = false };
    struct arena *arena = arena_new();
    if (a->include_src.n)
        REQUIRE(layer_wish_find(g, arena_strndup(arena, a->include_src.p, a->include_src.n),
                                a->include_type,
                                arena_strndup(arena, a->include_dst.p, a->include_dst.n), &wish,
                                NULL));
    arena_free(arena);
    return wish;
}

/* Write a whole graph. False: the header cannot be met. */
static inline bool walk_graph(const struct layer_grammar *g, const struct text_ask *a,
                              int64_t least_latency, enum policy p, gsl_rng *r, struct walk *w)
{
    enum text_task task = g->limits.task;
    struct layer_state s = { 0 };
    struct layer_ask root;
    struct buf prompt = { 0 };
    bool good = true;
    *w = (struct walk){ .arena = arena_new() };
    text_prompt_root(task, a, g->limits.fixed ? NULL : r, &prompt);
    walk_ask(w, &prompt, SIZE_MAX, 0, &(struct layer_ask){ .index = -1 });
    good = layer_ask_root(task, w->layers[0].prompt, &root);
    root.least_latency = least_latency;
    root.wish = walk_wish(g, a);
    w->asks[0] = root;
    for (size_t i = 0; good && i < w->n; i++) {
        good = layer_start(g, &s, &w->asks[i]);
        REQUIRE(good || i == 0);     /* what a layer announces can be met */
        while (good && s.want.kind != WANT_END)
            choose(g, &s, p, r);
        if (!good)
            break;
        struct graph_layer *l = &w->layers[i];
        struct layer_text t;
        l->output = (struct str){ arena_strndup(w->arena, s.text.p, s.text.n), s.text.n };
        w->bytes += s.text.n;
        w->longest = s.text.n > w->longest ? s.text.n : w->longest;
        struct str text = layer_text_join(l->prompt, l->output, w->arena);
        REQUIRE(layer_text_parse(task, text, w->arena, &t));
        for (size_t k = 0; k < t.n_subs; k++) {
            struct layer_ask ask = layer_ask_below(&w->asks[i], &t, k);
            buf_clear(&prompt);
            text_prompt_below(task, w->layers[i].prompt, &t.subs[k], g->limits.fixed ? NULL : r,
                              &prompt);
            walk_ask(w, &prompt, i, k, &ask);
        }
    }
    buf_free(&prompt);
    buf_free(&s.text);
    return good;
}

#endif
