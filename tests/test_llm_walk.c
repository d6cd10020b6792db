/* The layered writers under the grammar: in tokens, what samples say is allowed token by token, and
 * whatever tokens are chosen the graph is right; models that learnt nothing write valid graphs of
 * the size asked for; threads, batch and the length of the context move no graph out of its
 * header. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/progress.h"
#include "gen/layer_tokens.h"
#include "gen/llm.h"
#include "gen/samples_priv.h"
#include "tests/fixtures.h"
#include "tests/graphs.h"
#include "tests/layer_walk.h"
#include "text/instruction.h"
#include "text/oracle_graph.h"
#include "text/prompt.h"

static bool sanitized(void)
{
    return getenv("SANITIZED");
}

static struct graphset *training_set(void)
{
    struct graphset *s = graphset_new();
    gsl_rng *r = rng_stream(11, "test/llm-walk", 0);
    fixture_chain_and_leaf(s);
    fixture_single(s);
    for (size_t i = 0; i < 60; i++)
        random_graph(s, r, 1 + rng_below(r, 25), 1 + rng_below(r, 6), false);
    for (size_t i = 0; i < 6; i++)
        random_graph(s, r, 20 + rng_below(r, 80), 3, false);
    for (size_t i = 0; i < s->n; i++) {
        s->graphs[i].timed = true;
        s->graphs[i].trace_id = NAMES_NONE;
        for (size_t k = 0; k < s->graphs[i].n; k++) {
            struct call *c = &s->graphs[i].calls[k];
            c->interface = NAMES_NONE;
            c->start %= 100000;      /* as in traces: bounded; some now start too early */
            c->rt %= 100000;
        }
    }
    gsl_rng_free(r);
    return s;
}

static struct callees callees_of(const struct graphset *s)
{
    struct callees c;
    struct buf b = { 0 };
    callees_write(s, &b);
    assert_true(callees_read(buf_view(&b), &c));
    buf_free(&b);
    return c;
}

/* ---- tokens without a model ---- */

static struct tokenizer *words_of(const struct text_samples *t, unsigned digits, size_t min_count)
{
    struct str *text = mem_array(t->n, sizeof *text);
    for (size_t k = 0; k < t->n; k++)
        text[k] = (struct str){ t->text.p + t->at[k].prompt, t->at[k].end - t->at[k].prompt };
    struct tokenizer_options o = { .rule = TOKENIZER_TEXT, .digits = digits,
                                   .min_count = min_count, .phrases = samples_phrases,
                                   .n_phrases = samples_n_phrases };
    struct tokenizer *tok = tokenizer_train(text, t->n, &o);
    free(text);
    return tok;
}

static const struct text_format *const format[] = { &text_tabular, &text_recursive,
                                                    &text_instruction };

/* Follow the tokens of one sample's output. False: it is none that the oracle accepts. */
static bool follow(const struct layer_tokens *lt, const struct tokenizer *tok, enum text_task task,
                   struct str prompt, struct str output, struct layer_walk *w)
{
    struct tokens want = { 0 }, got = { 0 };
    struct layer_ask ask;
    if (!oracle_judge(&oracle_strict, task, prompt, output).valid)
        return false;
    assert_true(layer_ask_of(walk_header_line(task, prompt), &ask));
    ask.begin = task == TASK_TABULAR ? BEGIN_AT_ROWS : BEGIN_AT_LAYER;
    tokenizer_encode(tok, output, &want);
    assert_true(layer_walk_start(lt, w, &ask, &got));
    while (w->allowed) {
        assert_true(w->allowed >= 2);
        assert_true(got.n < want.n);
        if (!w->mask[want.id[got.n]]) {
            struct str s = tokenizer_bytes(tok, want.id[got.n]);
            fail_msg("%s: token \"%.*s\" is not allowed after\n%s", text_task_names[task],
                     (int)s.n, s.p, w->state.text.p);
        }
        layer_walk_take(lt, w, want.id[got.n], &got);
    }
    assert_int_equal(got.n, want.n);
    assert_memory_equal(got.id, want.id, got.n * sizeof *got.id);
    tokens_free(&want);
    tokens_free(&got);
    return true;
}

static void samples_are_allowed_token_by_token(void **state)
{
    const struct graphset *s = *state;
    gsl_rng *r = rng_stream(12, "test/llm-walk", 0);
    struct callees c = callees_of(s);
    for (unsigned k = 0; k < 18; k++) {
        enum text_task task = (enum text_task)(k % 3);
        struct text_samples t = { 0 };
        bool fixed = k / 3 % 2;
        for (size_t i = 0; i < s->n; i++)
            format[task]->samples(&s->graphs[i], s->names, 1000, NULL, fixed ? NULL : r, &t);
        struct tokenizer *tok = words_of(&t, 1 + k / 6, k / 6 ? 1 : 3);
        struct layer_limits limits = layer_limits_standard;
        limits.task = task;
        limits.fixed = fixed;
        struct layer_grammar g;
        assert_true(layer_grammar_init(&g, c.at, c.n, &limits, NULL));
        struct layer_tokens *lt = layer_tokens_new(&g, tok, tokenizer_size(tok) + 3);
        struct layer_walk w = { 0 };
        size_t followed = 0;
        for (size_t i = 0; i < t.n; i++)
            followed += follow(lt, tok, task,
                (struct str){ t.text.p + t.at[i].prompt, t.at[i].output - t.at[i].prompt },
                (struct str){ t.text.p + t.at[i].output, t.at[i].end - t.at[i].output }, &w);
        assert_true(followed > 15);
        layer_walk_free(&w);
        layer_tokens_free(lt);
        tokenizer_free(tok);
        text_samples_free(&t);
    }
    callees_free(&c);
    gsl_rng_free(r);
}

/* The first, the last, either of them, or any allowed token. */
static uint32_t choose_token(const struct layer_walk *w, unsigned policy, gsl_rng *r)
{
    size_t at = policy == 0 ? 0 : policy == 1 ? w->allowed - 1
              : policy == 2 ? rng_below(r, 2) * (w->allowed - 1) : rng_below(r, w->allowed);
    uint32_t id = 0;
    for (; !w->mask[id] || at--; id++)
        continue;
    return id;
}

/* Write one graph; returns the tokens it took. */
static size_t write_tokens(const struct layer_tokens *lt, const struct tokenizer *tok,
                           enum text_task task, const struct text_ask *a, unsigned policy,
                           gsl_rng *r, struct layer_walk *w)
{
    struct arena *arena = arena_new();
    struct buf prompt = { 0 };
    enum { MOST = 256 };
    struct graph_layer *layers = mem_array(MOST, sizeof *layers);
    struct layer_ask *asks = mem_array(MOST, sizeof *asks);
    struct tokens got = { 0 };
    size_t n = 1, tokens = 0;
    text_prompt_root(task, a, r, &prompt);
    layers[0] = (struct graph_layer){ .prompt = buf_view(&prompt), .parent = SIZE_MAX };
    assert_true(layer_ask_root(task, layers[0].prompt, &asks[0]));
    for (size_t i = 0; i < n; i++) {
        got.n = 0;
        assert_true(layer_walk_start(lt, w, &asks[i], &got));
        while (w->allowed)
            layer_walk_take(lt, w, choose_token(w, policy, r), &got);
        struct buf text = { 0 };
        tokenizer_decode(tok, got.id, got.n, &text);
        assert_true(str_eq(buf_view(&text), buf_view(&w->state.text)));
        layers[i].output = (struct str){ arena_strndup(arena, text.p, text.n), text.n };
        buf_free(&text);
        tokens += got.n;
        struct layer_text t;
        struct str whole = layer_text_join(layers[i].prompt, layers[i].output, arena);
        assert_true(layer_text_parse(task, whole, arena, &t));
        for (size_t k = 0; k < t.n_subs; k++) {
            struct buf below = { 0 };
            assert_true(n < MOST);
            text_prompt_below(task, layers[i].prompt, &t.subs[k], r, &below);
            asks[n] = layer_ask_below(&asks[i], &t, k);
            layers[n++] = (struct graph_layer){
                .prompt = { arena_strndup(arena, below.p, below.n), below.n }, .parent = i,
                .sub = k };
            buf_free(&below);
        }
    }
    assert_true(oracle_graph(&oracle_strict, task, layers, n, NULL, NULL).correct);
    tokens_free(&got);
    buf_free(&prompt);
    arena_free(arena);
    free(layers);
    free(asks);
    return tokens;
}

static void any_tokens_end_in_the_graph_asked_for(void **state)
{
    const struct graphset *s = *state;
    gsl_rng *r = rng_stream(13, "test/llm-walk", 0);
    struct callees c = callees_of(s);
    for (unsigned k = 0; k < 9; k++) {
        enum text_task task = (enum text_task)(k % 3);
        struct text_samples t = { 0 };
        for (size_t i = 0; i < 20; i++)
            format[task]->samples(&s->graphs[i], s->names, 1000, NULL, r, &t);
        struct tokenizer *tok = words_of(&t, 1 + k / 3, 1);
        struct layer_limits limits = layer_limits_standard;
        limits.task = task;
        struct layer_grammar g;
        assert_true(layer_grammar_init(&g, c.at, c.n, &limits, NULL));
        struct layer_tokens *lt = layer_tokens_new(&g, tok, tokenizer_size(tok));
        struct layer_walk w = { 0 };
        unsigned policy = 0;
        for (int64_t edges = 1; edges <= 30; edges += sanitized() ? 5 : 1)
            for (int64_t depth = edges > 1 ? 2 : 1; depth <= 6 && depth <= edges; depth++) {
                struct text_ask a = { STR("S_000000001"), edges, depth, policy % 3 ? 40 : -1,
                                      .include_type = CALL_OTHER };
                size_t n = write_tokens(lt, tok, task, &a, policy++ % 4, r, &w);
                assert_true(n <= layer_tokens_most(lt, edges, 11));
            }
        layer_walk_free(&w);
        layer_tokens_free(lt);
        tokenizer_free(tok);
        text_samples_free(&t);
    }
    callees_free(&c);
    gsl_rng_free(r);
}

/* ---- models ---- */

/* A model of random weights over the vocabulary of the set. */
static struct llm untrained(const struct graphset *train, const char *to, bool fixed,
                            size_t max_len)
{
    struct train_graphs_options o = train_graphs_standard_for(to);
    struct samples s;
    o.fixed_order = fixed;
    assert_true(samples_init(&s, train, &o, NULL, NULL));
    struct llama_config c = { 0 };
    assert_true(llama_preset("tiny", &c));
    c.vocab = tokenizer_size(s.tokenizer);
    c.max_len = max_len;
    c.bos = tokenizer_bos(s.tokenizer);
    c.eos = tokenizer_eos(s.tokenizer);
    c.pad = tokenizer_pad(s.tokenizer);
    struct llm m = { .model = model_new(&c), .tick_us = 1000, .timed = true, .fixed_order = fixed,
                     .callees = callees_of(train) };
    model_init(m.model, 1);
    snprintf(m.to, sizeof m.to, "%s", to);
    m.tokenizer = s.made;
    s.made = NULL;
    samples_free(&s);
    return m;
}

static struct graphset *write_graphs(const struct llm *m, const struct prompt_pool *pool, size_t n,
                                     struct llm_options o, size_t threads, struct draw_report *rep)
{
    struct graphset *out = graphset_new();
    struct draw_job job = { .prompts = pool, .n = n, .seed = 3, .threads = threads,
                            .attempts = 1 };
    assert_true(llm_run(m, &o, &job, out, rep, NULL));
    return out;
}

static void assert_same(const struct graphset *a, const struct graphset *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++)
        assert_true(callgraph_same(&a->graphs[i], a->names, &b->graphs[i], b->names));
}

/* USER's call, and one further down: at the first attempt, from a model that knows nothing. */
static void a_call_to_include_is_written(void **state)
{
    const struct graphset *train = *state;
    struct callees c = callees_of(train);
    const struct layer_name *inner = c.at;
    while (!(inner->types & 1 << CALL_RPC))
        inner++;
    char *name = mem_strndup(inner->text.p, inner->text.n);
    const struct prompt list[] = {
        { .service = "S_000000001", .edges = 9, .depth = 4, .latency = PROMPT_OPEN,
          .include_src = name, .include_dst = name, .include_type = CALL_RPC },
        { .service = "S_000000001", .edges = PROMPT_OPEN, .depth = PROMPT_OPEN,
          .latency = PROMPT_OPEN, .least_latency = 5, .include_src = "USER", .include_dst = name,
          .include_type = CALL_RPC },
    };
    size_t n = sanitized() ? 4 : 20;
    for (unsigned k = 0; k < 3; k++) {
        struct llm m = untrained(train, text_task_names[k], false, 512);
        struct llm_options o = { .sample = { .temperature = 1 } };
        struct prompt_pool pool = prompt_pool_list(list, 2, 1000);
        struct draw_report rep;
        assert_true(llm_can(&m, &o, &list[0], NULL) && llm_can(&m, &o, &list[1], NULL));
        struct graphset *s = write_graphs(&m, &pool, n, o, 2, &rep);
        assert_int_equal(rep.outcome[DRAW_GOOD], n);
        for (size_t i = 0; i < s->n; i++)
            assert_true(prompt_kept(&list[i % 2], &s->graphs[i], s->names));
        graphset_free(s);
        llm_free(&m);
    }
    free(name);
    callees_free(&c);
}

static void what_learnt_nothing_writes_valid_graphs(void **state)
{
    const struct graphset *train = *state;
    size_t n = sanitized() ? 6 : 40;
    for (unsigned k = 0; k < 6; k++) {
        struct llm m = untrained(train, text_task_names[k % 3], k / 3, k < 3 ? 1024 : 192);
        struct prompt_pool pool = prompt_pool_new(train, prompt_full);
        struct draw_report rep, again;
        struct llm_options o = { .sample = { .temperature = k % 2 ? 1 : 0.3 }, .batch = 1 };
        struct graphset *a = write_graphs(&m, &pool, n, o, 1, &rep);
        assert_int_equal(a->n, n);
        assert_int_equal(rep.graphs, n);
        assert_int_equal(draw_report_redraws(&rep), 0);
        assert_true(rep.choices > 0 && rep.masked_ppm > 0 && rep.tokens > rep.choices);
        for (size_t i = 0; i < a->n; i++)
            assert_int_equal(callgraph_check(&a->graphs[i], NULL), GRAPH_GOOD);
        o.batch = 7;
        struct graphset *b = write_graphs(&m, &pool, n, o, 3, &again);
        assert_same(a, b);
        assert_int_equal(rep.choices, again.choices);
        assert_int_equal(rep.masked_ppm, again.masked_ppm);
        o.weigh = true;
        struct graphset *c = write_graphs(&m, &pool, n, o, 2, &again);
        if (k < 3)      /* the same views of what was written: the context holds all of it */
            assert_same(a, c);
        assert_int_equal(c->n, n);
        assert_true(again.choices > rep.choices);
        graphset_free(a);
        graphset_free(b);
        graphset_free(c);
        prompt_pool_free(&pool);
        llm_free(&m);
    }
}

static void without_a_list_of_names_any_word_is_one(void **state)
{
    const struct graphset *train = *state;
    struct llm m = untrained(train, "recursive", false, 1024);
    struct prompt_pool pool = prompt_pool_new(train, prompt_service);
    struct draw_report rep;
    callees_free(&m.callees);
    struct graphset *a = write_graphs(&m, &pool, 2, (struct llm_options){ .sample = { 1, 5, 0 } },
                                      1, &rep);
    assert_int_equal(a->n, 2);
    graphset_free(a);
    prompt_pool_free(&pool);
    llm_free(&m);
}

static void lists_of_names_are_read_strictly(void **state)
{
    (void)state;
    static const char *const bad[] = { "", "MS_1", "MS_1:0", "MS_1:00", "MS_1:40", "MS_1:0G", ":01",
                                       "A:01 ", "A:01 A:02", "A:B:01", "A:01  B:01", "UNKNOWN:01" };
    struct callees c;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(callees_read(str_of(bad[i]), &c));
    assert_true(callees_read(STR("MS_2:1f a%20b:01"), &c));
    assert_int_equal(c.n, 2);
    assert_true(str_is(c.at[0].text, "MS_2"));
    assert_int_equal(c.at[0].types, 0x1f);
    assert_true(str_is(c.at[1].text, "a%20b"));
    callees_free(&c);
}

int main(void)
{
    struct graphset *train = training_set();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_names_are_read_strictly),
        cmocka_unit_test_prestate(samples_are_allowed_token_by_token, train),
        cmocka_unit_test_prestate(any_tokens_end_in_the_graph_asked_for, train),
        cmocka_unit_test_prestate(a_call_to_include_is_written, train),
        cmocka_unit_test_prestate(what_learnt_nothing_writes_valid_graphs, train),
        cmocka_unit_test_prestate(without_a_list_of_names_any_word_is_one, train),
    };
    progress_silence();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    graphset_free(train);
    return failed;
}
