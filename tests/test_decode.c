/* test_decode.c: the decoder says what training's forward pass says, in bits that depend on the
 * sequence alone; and the next token is drawn from the distribution that was asked for. */
#include "tests/near.h"

#include <gsl/gsl_cdf.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/threads.h"
#include "llm/backprop.h"
#include "llm/decode.h"
#include "llm/sample.h"
#include "ml/halves.h"
#include "ml/linalg.h"
#include "ml/path.h"

enum { V = 70, LEN = 40, SEQUENCES = 33 };

/* Of all decoders below, unless they say otherwise: how they hold their weights, their keys and
 * values; and whether the weights are bf16 numbers. */
static struct decoder_as held = { DECODER_EXACT, DECODER_CACHE_F32 };
static bool bf16;

static void each_way(void (*check)(void))
{
    check();
    bf16 = true;
    check();
    bf16 = false;
    held.weights = DECODER_INT8;
    check();
    held.weights = DECODER_EXACT;
    held.cache = DECODER_CACHE_F16;
    check();
    held.cache = DECODER_CACHE_F32;
}

static struct model *model_of(size_t kv, bool tied)
{
    struct llama_config c = { .vocab = V, .d_model = 48, .n_layers = 3, .n_heads = 4,
                              .n_kv_heads = kv, .d_ff = 70, .max_len = LEN, .rope_theta = 1e4,
                              .norm_eps = 1e-6, .tied = tied };
    struct model *m = model_new(&c);
    model_init(m, 3);
    for (size_t i = 0; i < m->n_weights; i++)
        m->weights[i] *= 4;          /* far from the quiet start, so that logits spread */
    for (size_t i = 0; bf16 && i < m->n_weights; i++) {
        uint16_t half;
        bf16_narrow(1, m->weights + i, &half);
        bf16_widen(1, &half, m->weights + i);
    }
    return m;
}

/* Token t of sequence s. */
static uint32_t token_at(size_t s, size_t t)
{
    return (uint32_t)((7 * s * s + 13 * t * t + 5 * t + s) % V);
}

/* Sequence s fed alone, one token at a time: (LEN, V). */
static void alone(const struct model *m, size_t s, float *logits)
{
    struct decoder *d = decoder_new_as(held, m, 1, LEN);
    for (size_t t = 0; t < LEN; t++) {
        uint32_t slot = 0, token = token_at(s, t);
        decoder_step(d, 1, &slot, &token, logits + t * V);
    }
    assert_int_equal(decoder_length(d, 0), LEN);
    decoder_free(d);
}

static void agrees_with_training(void **state)
{
    (void)state;
    for (size_t kv = 1; kv <= 4; kv *= 2) {
        struct model *m = model_of(kv, kv == 2);
        struct backprop *p = backprop_new(m);
        struct batch b = { 0 };
        uint32_t token[LEN + 1];
        float got[LEN * V], want[LEN * V];
        double top = 0;
        for (size_t t = 0; t <= LEN; t++)
            token[t] = token_at(5, t);
        batch_add(&b, token, LEN + 1, 0);
        backprop_logits(p, &b, want);
        alone(m, 5, got);
        for (size_t i = 0; i < LEN * V; i++)
            top = fmax(top, fabs((double)want[i]));
        assert_true(top > 1);
        for (size_t i = 0; i < LEN * V; i++)
            assert_near((double)got[i], (double)want[i], 1e-5 * top);
        batch_free(&b);
        backprop_free(p);
        model_free(m);
    }
}

/* n sequences side by side, one token each a step; the last slot first. */
static void many_at_once(const struct model *m, size_t n, float *const *want)
{
    struct decoder *d = decoder_new_as(held, m, n, LEN);
    float *logits = mem_array(n * V, sizeof *logits);
    for (size_t t = 0; t < LEN; t++) {
        uint32_t slot[SEQUENCES], token[SEQUENCES];
        for (size_t i = 0; i < n; i++) {
            slot[i] = (uint32_t)(n - 1 - i);
            token[i] = token_at(slot[i], t);
        }
        decoder_step(d, n, slot, token, logits);
        for (size_t i = 0; i < n; i++)
            assert_memory_equal(logits + i * V, want[slot[i]] + t * V, V * sizeof *logits);
    }
    free(logits);
    decoder_free(d);
}

/* Prompts of different lengths go in whole, then tokens follow while others are reset. */
static void prompts_at_once(const struct model *m, float *const *want)
{
    static const size_t prompt[] = { 1, 17, 5, 30 };
    struct decoder *d = decoder_new_as(held, m, 4, LEN);
    uint32_t slot[LEN * 4], token[LEN * 4];
    float *logits = mem_array(LEN * 4 * V, sizeof *logits);
    size_t n = 0;
    for (uint32_t s = 0; s < 4; s++)
        for (size_t t = 0; t < prompt[s]; t++, n++) {
            slot[n] = s;
            token[n] = token_at(s, t);
        }
    decoder_step(d, n, slot, token, logits);
    n = 0;
    for (size_t s = 0; s < 4; s++)
        for (size_t t = 0; t < prompt[s]; t++, n++)
            assert_memory_equal(logits + n * V, want[s] + t * V, V * sizeof *logits);
    decoder_reset(d, 1);                       /* and a new life in slot 1, as sequence 9 */
    for (size_t t = 0; t < 8; t++) {
        uint32_t two_slots[] = { 1, 3 }, two[] = { token_at(9, t), token_at(3, 30 + t) };
        decoder_step(d, 2, two_slots, two, t % 2 ? NULL : logits);
        if (t % 2)
            continue;
        assert_memory_equal(logits, want[9] + t * V, V * sizeof *logits);
        assert_memory_equal(logits + V, want[3] + (30 + t) * V, V * sizeof *logits);
    }
    free(logits);
    decoder_free(d);
}

/* Three sequences of which all but the latest token are silent, fed in two steps of many rows. */
static void silent_rows_leave_their_mark(const struct model *m, float *const *want)
{
    struct decoder *d = decoder_new_as(held, m, 3, LEN);
    uint32_t slot[LEN * 3], token[LEN * 3];
    float logits[3 * V];
    for (size_t from = 0, to = LEN - 5; from < LEN; from = to, to = LEN) {
        size_t n = 0;
        for (uint32_t s = 0; s < 3; s++)
            for (size_t t = from; t + 1 < to; t++, n++) {
                slot[n] = s;
                token[n] = token_at(s, t);
            }
        for (uint32_t s = 0; s < 3; s++, n++) {
            slot[n] = s;
            token[n] = token_at(s, to - 1);
        }
        decoder_feed(d, n, slot, token, n - 3, logits);
        for (size_t s = 0; s < 3; s++)
            assert_memory_equal(logits + s * V, want[s] + (to - 1) * V, V * sizeof *logits);
    }
    decoder_free(d);
}

static void batches_move_no_bit(void)
{
    static const size_t sizes[] = { 1, 2, 3, 8, 33 };
    struct model *m = model_of(2, true);
    float *want[SEQUENCES];
    for (size_t s = 0; s < SEQUENCES; s++) {
        want[s] = mem_array(LEN * V, sizeof *want[s]);
        alone(m, s, want[s]);
    }
    for (size_t i = 0; i < 5; i++)
        many_at_once(m, sizes[i], want);
    prompts_at_once(m, want);
    silent_rows_leave_their_mark(m, want);
    for (size_t s = 0; s < SEQUENCES; s++)
        free(want[s]);
    model_free(m);
}

static void bits_depend_on_the_sequence_alone(void **state)
{
    (void)state;
    each_way(batches_move_no_bit);
}

struct crew {
    struct decoder *twin[4];
    float *logits;                             /* (SEQUENCES, V): after the last token */
};

static void crew_work(void *ctx, size_t item, size_t worker)
{
    struct crew *c = ctx;
    uint32_t slot[LEN] = { 0 }, token[LEN];
    float *all = mem_array(LEN * V, sizeof *all);
    for (size_t t = 0; t < LEN; t++)
        token[t] = token_at(item, t);
    decoder_reset(c->twin[worker], 0);
    decoder_step(c->twin[worker], LEN, slot, token, all);
    memcpy(c->logits + item * V, all + (LEN - 1) * V, V * sizeof *all);
    free(all);
}

static void any_number_of_twins(void)
{
    struct model *m = model_of(4, true);
    struct decoder *first = decoder_new_as(held, m, 1, LEN);
    float *want = mem_array(SEQUENCES * V, sizeof *want);
    for (size_t threads = 1; threads <= 4; threads *= 2) {
        struct crew c = { .logits = mem_array(SEQUENCES * V, sizeof *c.logits) };
        for (size_t i = 0; i < threads; i++)
            c.twin[i] = decoder_twin(first, 1);
        threads_for(threads, SEQUENCES, crew_work, &c);
        if (threads == 1)
            memcpy(want, c.logits, SEQUENCES * V * sizeof *want);
        assert_memory_equal(c.logits, want, SEQUENCES * V * sizeof *want);
        for (size_t i = 0; i < threads; i++)
            decoder_free(c.twin[i]);
        free(c.logits);
    }
    free(want);
    decoder_free(first);
    model_free(m);
}

static void twins_agree_on_any_number_of_threads(void **state)
{
    (void)state;
    each_way(any_number_of_twins);
}

/* Every member does some of each product and some of the heads; on every path. */
static void every_team_and_path(void)
{
    struct model *m = model_of(2, false);
    float *want[SEQUENCES];
    for (size_t s = 0; s < SEQUENCES; s++) {
        want[s] = mem_array(LEN * V, sizeof *want[s]);
        alone(m, s, want[s]);
    }
    for (int path = 0; path < PATHS; path++)
        for (size_t size = 2; path_use(path) && size <= 3; size++) {
            struct team *team = team_new(size);
            struct decoder *d = decoder_new_as(held, m, 2, LEN);
            uint32_t slot[LEN] = { 0 }, token[LEN];
            float *logits = mem_array(LEN * V, sizeof *logits);
            decoder_team(d, team);
            for (size_t t = 0; t < LEN; t++)
                token[t] = token_at(6, t);
            decoder_step(d, LEN, slot, token, logits);
            assert_memory_equal(logits, want[6], LEN * V * sizeof *logits);
            for (size_t t = 0; t < LEN; t++) {
                slot[0] = 1;
                token[0] = token_at(7, t);
                decoder_step(d, 1, slot, token, logits);
                assert_memory_equal(logits, want[7] + t * V, V * sizeof *logits);
            }
            free(logits);
            decoder_free(d);
            team_free(team);
        }
    path_use(-1);
    for (size_t s = 0; s < SEQUENCES; s++)
        free(want[s]);
    model_free(m);
}

static void teams_and_paths_move_no_bit(void **state)
{
    (void)state;
    each_way(every_team_and_path);
}

/* Logits of sequence 4 held otherwise, off those of the exact decoder; a share of their size. */
static double off_when(struct decoder_as as, const struct model *m)
{
    float want[LEN * V], got[LEN * V];
    double off = 0, spread = 0;
    alone(m, 4, want);
    held = as;
    alone(m, 4, got);
    held = (struct decoder_as){ DECODER_EXACT, DECODER_CACHE_F32 };
    for (size_t i = 0; i < LEN * V; i++) {
        double d = (double)got[i] - (double)want[i];
        off += d * d;
        spread += (double)want[i] * (double)want[i];
    }
    return sqrt(off / spread);
}

/* Weights in 255 steps a row, or keys and values in 11 bits, say nearly the same; not the same. */
static void rounded_is_near(void **state)
{
    (void)state;
    struct model *m = model_of(2, true);
    double int8 = off_when((struct decoder_as){ DECODER_INT8, DECODER_CACHE_F32 }, m);
    double f16 = off_when((struct decoder_as){ DECODER_EXACT, DECODER_CACHE_F16 }, m);
    assert_true(int8 > 0 && int8 < 0.1);
    assert_true(f16 > 0 && f16 < 0.002);
    model_free(m);
}

/* Keys and values that are wild in f16 stay numbers. */
static void a_wild_cache_stays_finite(void **state)
{
    (void)state;
    struct model *m = model_of(2, true);
    float logits[LEN * V];
    for (size_t l = 0; l < m->config.n_layers; l++) {
        float *qkv = m->weights + m->layer[l].qkv;
        for (size_t i = 0; i < (4 + 2 * 2) * 12 * 48; i++)
            qkv[i] *= 1e5f;
    }
    held.cache = DECODER_CACHE_F16;
    alone(m, 4, logits);
    held.cache = DECODER_CACHE_F32;
    for (size_t i = 0; i < LEN * V; i++)
        assert_true(isfinite(logits[i]));
    model_free(m);
}

/* Sequence s up to token n stands in slot 0; slot 1 goes on from there, and so does slot 0. */
static void copies_are_as_good_as_fed(void)
{
    static const size_t lengths[] = { 1, 31, 32, 33, LEN - 1 };
    struct model *m = model_of(2, true);
    float want[LEN * V], logits[LEN * V];
    alone(m, 4, want);
    for (size_t i = 0; i < 5; i++) {
        struct decoder *d = decoder_new_as(held, m, 2, LEN);
        uint32_t slot[LEN] = { 0 }, token[LEN];
        for (size_t t = 0; t < LEN; t++)
            token[t] = t < lengths[i] ? token_at(4, t) : token_at(5, t);
        decoder_step(d, LEN, slot, token, NULL);           /* the rest of slot 0 is another's */
        decoder_copy(d, 1, 0, lengths[i]);
        decoder_copy(d, 0, 0, lengths[i]);
        for (size_t t = lengths[i]; t < LEN; t++) {
            uint32_t both[] = { 1, 0 }, same[] = { token_at(4, t), token_at(4, t) };
            decoder_step(d, 2, both, same, logits);
            assert_memory_equal(logits, want + t * V, V * sizeof *logits);
            assert_memory_equal(logits + V, want + t * V, V * sizeof *logits);
        }
        assert_int_equal(decoder_length(d, 1), LEN);
        decoder_free(d);
    }
    model_free(m);
}

static void a_copy_is_as_good_as_fed(void **state)
{
    (void)state;
    each_way(copies_are_as_good_as_fed);
}

/* The decoder keeps its own weights. */
static void later_training_does_not_reach_a_decoder(void **state)
{
    (void)state;
    struct model *m = model_of(4, false);
    struct decoder *d = decoder_new_as(held, m, 2, LEN);
    uint32_t slot = 0, token = 3;
    float before[V], after[V];
    decoder_step(d, 1, &slot, &token, before);
    memset(m->weights, 0, m->n_weights * sizeof *m->weights);
    slot = 1;
    decoder_step(d, 1, &slot, &token, after);
    assert_memory_equal(before, after, sizeof before);
    decoder_free(d);
    model_free(m);
}

/*                         0   1   2    3   4     probabilities e^x / sum at temperature 1 */
static const float five[] = { 0, 2, 1.5f, 2, -4 };

/* Chi-square of n draws against p (5): the chance of one at least so large. */
static double fit(const double *p, const struct sample_options *o, const unsigned char *allowed)
{
    enum { N = 20000 };
    size_t seen[5] = { 0 }, classes = 0;
    double chi = 0;
    gsl_rng *rng = rng_stream(11, "test/sample", 0);
    for (size_t i = 0; i < N; i++) {
        struct sampled s = sample_draw(five, 5, allowed, o, rng);
        seen[s.token]++;
        assert_near(s.log_p, log(p[s.token]), 1e-5);
    }
    gsl_rng_free(rng);
    for (size_t i = 0; i < 5; i++) {
        if (p[i] == 0)
            assert_int_equal(seen[i], 0);
        else {
            double d = (double)seen[i] - N * p[i];
            chi += d * d / (N * p[i]);
            classes++;
        }
    }
    return classes > 1 ? gsl_cdf_chisq_Q(chi, (double)classes - 1) : 1;
}

/* p of the tokens in `keep` (bits), at a temperature. */
static void distribution(double temperature, unsigned keep, double *p)
{
    double sum = 0;
    for (size_t i = 0; i < 5; i++)
        sum += p[i] = keep >> i & 1 ? exp((double)five[i] / temperature) : 0;
    for (size_t i = 0; i < 5; i++)
        p[i] /= sum;
}

static void draws_follow_their_distribution(void **state)
{
    (void)state;
    static const unsigned char mask[] = { 1, 0, 1, 0, 1 };
    static const struct {
        struct sample_options o;
        bool masked;
        unsigned keep;                 /* bits of what can be drawn */
    } row[] = {
        { { .temperature = 1 }, false, 0x1f },
        { { .temperature = 2.5 }, false, 0x1f },
        { { .temperature = 0.3 }, false, 0x1f },
        { { .temperature = 1, .top_k = 2 }, false, 0x0a },
        { { .temperature = 1, .top_k = 1 }, false, 0x02 },     /* of equals the lower id */
        { { .temperature = 1, .top_k = 99 }, false, 0x1f },
        { { .temperature = 1, .top_p = 0.5 }, false, 0x0a },   /* .36 < .5 <= .73 */
        { { .temperature = 1, .top_p = 0.9 }, false, 0x0e },
        { { .temperature = 1, .top_p = 1e-9 }, false, 0x02 },
        { { .temperature = 1, .top_p = 1 }, false, 0x1f },
        { { .temperature = 1, .top_k = 3, .top_p = 0.5 }, false, 0x0a },
        { { .temperature = 1 }, true, 0x15 },
        { { .temperature = 1, .top_k = 1 }, true, 0x04 },
        { { .temperature = 1, .top_p = 0.8 }, true, 0x04 },    /* a share of what is allowed */
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        double p[5];
        distribution(row[i].o.temperature, row[i].keep, p);
        double chance = fit(p, &row[i].o, row[i].masked ? mask : NULL);
        if (chance < 1e-4)
            print_error("row %zu: chance %g\n", i, chance);
        assert_true(chance >= 1e-4);
    }
}

static void temperature_zero_is_the_most_likely(void **state)
{
    (void)state;
    static const unsigned char mask[] = { 1, 0, 1, 0, 1 };
    struct sample_options o = { .temperature = 0 };
    struct sampled s = sample_draw(five, 5, NULL, &o, NULL);     /* draws nothing */
    assert_int_equal(s.token, 1);
    assert_near(s.log_p, 0, 0);
    assert_int_equal(sample_draw(five, 5, mask, &o, NULL).token, 2);
    gsl_rng *rng = rng_stream(1, "test/sample", 1);
    static const double tiny[] = { 1e-3, 1e-30, 1e-60, 1e-300 };
    for (size_t i = 0; i < 4; i++) {                             /* and the limit is reached */
        o.temperature = tiny[i];
        uint32_t got = sample_draw(five, 5, NULL, &o, rng).token;
        assert_true(got == 1 || got == 3);
        assert_int_equal(sample_draw(five, 5, mask, &o, rng).token, 2);
    }
    gsl_rng_free(rng);
}

/* What the mask left of the probability; even when that is less than a float can hold. */
static void the_mask_is_weighed(void **state)
{
    (void)state;
    static const unsigned char mask[] = { 1, 0, 1, 0, 1 };
    static const float far[] = { 0, 500, 1 };
    static const unsigned char others[] = { 1, 0, 1 };
    gsl_rng *rng = rng_stream(1, "test/sample", 2);
    double all = 1 + 2 * exp(2) + exp(1.5) + exp(-4), left = 1 + exp(1.5) + exp(-4);
    assert_near(sample_draw(five, 5, mask, &sample_standard, rng).kept, left / all, 1e-6);
    assert_near(sample_draw(five, 5, NULL, &sample_standard, rng).kept, 1, 0);
    size_t twos = 0;
    for (size_t i = 0; i < 4000; i++) {
        struct sampled s = sample_draw(far, 3, others, &sample_standard, rng);
        assert_true(s.kept < 1e-30 && s.token != 1);
        assert_near(s.log_p, s.token == 2 ? -log1p(exp(-1)) : -log1p(exp(1)), 1e-6);
        twos += s.token == 2;
    }
    double p = 1 / (1 + exp(-1));
    assert_near((double)twos / 4000, p, 4 * sqrt(p * (1 - p) / 4000));
    gsl_rng_free(rng);
}

/* A list of tokens is a mask, to the bit. */
static void a_list_is_a_mask(void **state)
{
    (void)state;
    enum { WIDE = 61 };
    static const struct sample_options row[] = {
        { .temperature = 1 }, { .temperature = 0 }, { .temperature = 0.01 },
        { .temperature = 2, .top_k = 3 }, { .temperature = 1, .top_p = 0.6 },
    };
    gsl_rng *a = rng_stream(6, "test/sample", 4), *b = rng_stream(6, "test/sample", 4);
    for (size_t i = 0; i < 2000; i++) {
        float logits[WIDE];
        unsigned char mask[WIDE] = { 0 };
        uint32_t id[WIDE];
        size_t n = 0, sparse = 1 + i % 40;
        for (size_t v = 0; v < WIDE; v++)
            logits[v] = (float)((i + 1) * (v * v * 31 + 7 * v + i) % 97) * 0.4f;
        for (uint32_t v = (uint32_t)(i % 5); v < WIDE; v += (uint32_t)sparse) {
            mask[v] = 1;
            id[n++] = v;
        }
        const struct sample_options *o = &row[i % 5];
        struct sampled x = sample_draw(logits, WIDE, mask, o, a),
                       y = sample_draw_among(logits, WIDE, id, n, o, b);
        assert_true(mask[y.token] && x.token == y.token);
        assert_memory_equal(&x.log_p, &y.log_p, sizeof x.log_p);
        assert_memory_equal(&x.log_kept, &y.log_kept, sizeof x.log_kept);
        if (n == 1)
            assert_near(y.log_p, 0, 0);
    }
    sample_draw_among(five, 5, (const uint32_t[]){ 2 }, 1, &sample_standard, a);
    sample_skip(&sample_standard, b);
    sample_skip(&row[1], b);
    assert_true(rng_u64(a) == rng_u64(b));
    gsl_rng_free(a);
    gsl_rng_free(b);
}

/* One number a draw, whatever was cut: the stream goes on at the same place. */
static void a_draw_takes_one_number(void **state)
{
    (void)state;
    struct sample_options cut = { .temperature = 1, .top_k = 2, .top_p = 0.7 };
    gsl_rng *a = rng_stream(5, "test/sample", 3), *b = rng_stream(5, "test/sample", 3);
    sample_draw(five, 5, NULL, &cut, a);
    rng_unit(b);
    assert_true(rng_u64(a) == rng_u64(b));
    gsl_rng_free(a);
    gsl_rng_free(b);
}

int main(int argc, char **argv)
{
    linalg_start(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_training),
        cmocka_unit_test(bits_depend_on_the_sequence_alone),
        cmocka_unit_test(twins_agree_on_any_number_of_threads),
        cmocka_unit_test(teams_and_paths_move_no_bit),
        cmocka_unit_test(rounded_is_near),
        cmocka_unit_test(a_wild_cache_stays_finite),
        cmocka_unit_test(a_copy_is_as_good_as_fed),
        cmocka_unit_test(later_training_does_not_reach_a_decoder),
        cmocka_unit_test(draws_follow_their_distribution),
        cmocka_unit_test(temperature_zero_is_the_most_likely),
        cmocka_unit_test(the_mask_is_weighed),
        cmocka_unit_test(a_list_is_a_mask),
        cmocka_unit_test(a_draw_takes_one_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
