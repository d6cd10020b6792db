/* What small models of layers learn from: texts of a fixed order of which something is left out,
 * the names of services in pairs of digits, a long embedding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "gen/samples_priv.h"
#include "gen/subject.h"
#include "text/layer_text.h"
#include "tests/fixtures.h"

static struct graphset *chain(void)
{
    struct graphset *s = graphset_new();
    fixture_chain_and_leaf(s);
    fixture_single(s);
    for (size_t i = 0; i < s->n; i++)
        s->graphs[i].timed = true;
    return s;
}

static struct text_samples samples_of(const struct text_format *f, const struct graphset *s,
                                      gsl_rng *rng)
{
    struct text_options o = { .in_order = true };
    struct text_samples t = { 0 };
    f->samples(&s->graphs[0], s->names, s->tick_us, &o, rng, &t);
    return t;
}

static struct str answer(const struct text_samples *t, size_t k)
{
    return (struct str){ t->text.p + t->at[k].output, t->at[k].end - t->at[k].output };
}

static struct str question(const struct text_samples *t, size_t k)
{
    return (struct str){ t->text.p + t->at[k].prompt, t->at[k].output - t->at[k].prompt };
}

/* Are the keys of this header in the order of the spec, each at most once? */
static bool ascending(struct str line)
{
    static const char *const keys[] = { "id:", "num_edges:", "start_node:", "start_edge_id:",
                                        "start_communication_at:", "/latency:", "num_subgraphs:",
                                        "remaining_depth:", "num_current_edges:" };
    size_t from = 0;
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        size_t at = layer_text_find(line, 0, keys[k]);
        if (at == SIZE_MAX)
            continue;
        if (at < from)
            return false;
        from = at;
    }
    return true;
}

/* The paper's coins fall, half of the latencies are left out; answers are those of the fixed
 * order but for the arithmetic that a key left out would say. */
static void only_what_is_left_out_is_drawn(void **state)
{
    (void)state;
    struct graphset *s = chain();
    struct text_samples fixed = samples_of(&text_recursive, s, NULL);
    size_t without = 0, whole = 0;
    for (uint64_t i = 0; i < 400; i++) {
        gsl_rng *rng = rng_stream(1, "test", i);
        struct text_samples t = samples_of(&text_recursive, s, rng);
        assert_int_equal(t.n, fixed.n);
        for (size_t k = 0; k < t.n; k++) {
            assert_true(str_eq(answer(&t, k), answer(&fixed, k)));
            assert_true(k == 0 || str_eq(question(&t, k), question(&fixed, k)));
        }
        assert_true(ascending(question(&t, 0)));
        without += layer_text_find(question(&t, 0), 0, "latency:") == SIZE_MAX;
        whole += str_eq(question(&t, 0), question(&fixed, 0));
        text_samples_free(&t);
        gsl_rng_free(rng);
    }
    assert_in_range(without, 150, 250);
    assert_in_range(whole, 40, 160);           /* half of .9^7 */
    text_samples_free(&fixed);
    graphset_free(s);
}

/* Conditions stand in one order too, and every one is left out now and then. */
static void conditions_are_left_out_in_order(void **state)
{
    (void)state;
    static const char *const lines[] = { "the first edge_id", "the first start_communication_at",
                                         "edges following num_current_edges",
                                         "communication start time should NOT",
                                         "communication should finish before",
                                         "for all edges, communication start time <=",
                                         "copy caller from" };
    enum { LINES = sizeof lines / sizeof *lines };
    struct graphset *s = chain();
    size_t missing[LINES] = { 0 };
    for (uint64_t i = 0; i < 200; i++) {
        gsl_rng *rng = rng_stream(2, "test", i);
        struct text_samples t = samples_of(&text_instruction, s, rng);
        size_t from = 0;
        for (size_t k = 0; k < LINES; k++) {
            size_t at = layer_text_find(question(&t, 1), 0, lines[k]);
            missing[k] += at == SIZE_MAX;
            assert_true(at == SIZE_MAX || at > from);
            from = at == SIZE_MAX ? from : at;
        }
        text_samples_free(&t);
        gsl_rng_free(rng);
    }
    for (size_t k = 0; k < LINES; k++)
        assert_in_range(missing[k], 5, 45);
    graphset_free(s);
}

static void table_keeps_its_order(void **state)
{
    (void)state;
    struct graphset *s = chain();
    struct text_samples fixed = samples_of(&text_tabular, s, NULL);
    size_t shorter = 0;
    for (uint64_t i = 0; i < 100; i++) {
        gsl_rng *rng = rng_stream(3, "test", i);
        struct text_samples t = samples_of(&text_tabular, s, rng);
        assert_true(str_eq(answer(&t, 0), answer(&fixed, 0)));
        shorter += question(&t, 0).n < question(&fixed, 0).n;
        text_samples_free(&t);
        gsl_rng_free(rng);
    }
    assert_in_range(shorter, 10, 50);          /* 1 - .9^3 */
    text_samples_free(&fixed);
    graphset_free(s);
}

/* S_000000001 is "S_", "00" and so on, MS_00001 is whole. */
static void digits_of_services_are_cut_as_numbers(void **state)
{
    (void)state;
    static const char text[] = "id:S_000000001/num_edges:4/start_node:MS_00001/caller:USER";
    static const char *const want[] = { "id:", "S_", "00", "00", "00", "00", "1", "/num_edges:",
                                        "4", "/start_node:", "MS_00001", "/caller:", "USER" };
    struct graphset *set = chain();
    struct train_graphs_options o = train_graphs_standard_for("recursive");
    struct samples s;
    struct err err = { 0 };
    struct tokens ids = { 0 };
    struct buf b = { 0 };
    o.fixed_order = o.spell_services = true;
    assert_true(samples_init(&s, set, &o, NULL, &err));
    tokenizer_encode(s.tokenizer, STR(text), &ids);
    assert_int_equal(ids.n, sizeof want / sizeof *want);
    for (size_t i = 0; i < ids.n; i++)
        assert_true(str_is(tokenizer_bytes(s.tokenizer, ids.id[i]), want[i]));
    tokenizer_decode(s.tokenizer, ids.id, ids.n, &b);
    assert_string_equal(b.p, text);
    tokens_free(&ids);
    buf_free(&b);
    samples_free(&s);
    graphset_free(set);
}

/* The embedding alone begins longer. */
static void embedding_begins_longer(void **state)
{
    (void)state;
    struct graphset *set = chain();
    struct train_graphs_options o = train_graphs_standard_for("recursive");
    struct samples s;
    struct subject x[2];
    struct err err = { 0 };
    o.preset = "tiny";
    assert_true(samples_init(&s, set, &o, NULL, &err));
    for (int k = 0; k < 2; k++) {
        o.embed_scale = k ? 5 : 0;
        assert_true(subject_open(&x[k], &o, &err));
        assert_true(subject_begin(&x[k], &o, s.tokenizer, s.longest, &err));
    }
    const struct model *a = x[0].model, *b = x[1].model;
    size_t n = a->config.vocab * a->config.d_model;
    for (size_t i = 0; i < a->n_weights; i++) {
        bool embed = i >= a->embed && i < a->embed + n;
        assert_true(b->weights[i] == (embed ? 5 : 1) * a->weights[i]);
    }
    subject_free(&x[0]);
    subject_free(&x[1]);
    samples_free(&s);
    graphset_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_left_out_is_drawn),
        cmocka_unit_test(conditions_are_left_out_in_order),
        cmocka_unit_test(table_keeps_its_order),
        cmocka_unit_test(digits_of_services_are_cut_as_numbers),
        cmocka_unit_test(embedding_begins_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
