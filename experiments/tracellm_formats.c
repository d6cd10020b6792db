/* tracellm_formats: one set of graphs in four languages. What does a call cost in tokens?
 *
 * Claim    Whole-graph, values only, needs about a quarter of the tokens of the paper's formats.
 * Method   All graphs are encoded in each format, with the draws of the original. The tokenizer is
 *          that of training: the compact stream's has whole words; the others' has phrases, names
 *          whole and numbers in pairs of digits. Then the text is read
 *          back, and a graph counts as the same when service, structure, ids and times are.
 * Reads    real.csv
 * Writes   tracellm_formats.csv   format,samples,characters_per_call,tokens_per_call,vocabulary,
 *                                 round_trip
 *          tracellm_example.csv   format,text   (one small graph in each)
 *          tracellm_tokens.csv    format,order,tokenizer,tokens_per_call,vocabulary
 *                                 (names whole, digit by digit, and byte pairs learnt up to the
 *                                 vocabulary that whole names need; order as drawn, and fixed)
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "cli/driver.h"
#include "cli/importers.h"
#include "gen/samples_priv.h"
#include "llm/tokenizer.h"
#include "text/compact.h"
#include "text/format.h"

/* What names and numbers may be: as training has them, digit by digit, or what the most frequent
 * pairs make of them. */
enum spelling { WHOLE, DIGITS, PAIRS, SPELLINGS };
static const char *const spelling_name[] = { "whole names", "digits", "byte pairs" };

static struct tokenizer *learn(const struct text_format *f, enum spelling how, bool fixed,
                               struct str text, size_t vocabulary)
{
    static const struct str prefix[] = { STR("MS_"), STR(" MS_"), STR("S_"), STR(" S_") };
    enum { PREFIXES = sizeof prefix / sizeof *prefix };
    struct tokenizer_options o = samples_spelling(f->name, fixed);
    struct str *phrases = mem_array(o.n_phrases + PREFIXES, sizeof *phrases);
    for (size_t i = 0; i < o.n_phrases + PREFIXES; i++)
        phrases[i] = i < o.n_phrases ? o.phrases[i] : prefix[i - o.n_phrases];
    if (how == DIGITS)
        o = (struct tokenizer_options){ .rule = TOKENIZER_TEXT, .digits = 1, .phrases = phrases,
                                        .n_phrases = o.n_phrases + PREFIXES };
    o.merges = how == PAIRS;
    o.max_vocab = how == PAIRS ? vocabulary : 0;
    struct tokenizer *t = tokenizer_train(&text, 1, &o);
    free(phrases);
    return t;
}

/* Tokens of text; *vocabulary is that of whole names going in, and what was learnt going out. */
static size_t count_tokens(const struct text_format *f, enum spelling how, bool fixed,
                           struct str text, size_t *vocabulary)
{
    struct tokenizer *t = learn(f, how, fixed, text, *vocabulary);
    struct tokens ids = { 0 };
    tokenizer_encode(t, text, &ids);
    size_t n = ids.n;
    *vocabulary = tokenizer_size(t);
    tokens_free(&ids);
    tokenizer_free(t);
    return n;
}

struct encoded {
    struct buf text;
    size_t samples, calls, tokens, vocabulary;
};

/* Order "seeded" has the draws of the original, "fixed" none. */
static void render(const struct driver *d, const struct graphset *s, const struct text_format *f,
                   bool seeded, struct encoded *e)
{
    struct text_options o = { 0 };
    struct text_samples samples = { 0 };
    for (size_t i = 0; i < s->n; i++) {
        gsl_rng *rng = rng_stream(d->seed, "tracellm_formats", i);
        f->encode(&s->graphs[i], s->names, s->tick_us, &o, seeded ? rng : NULL, &e->text);
        f->samples(&s->graphs[i], s->names, s->tick_us, &o, seeded ? rng : NULL, &samples);
        gsl_rng_free(rng);
        e->calls += s->graphs[i].n;
    }
    e->samples = samples.n;
    text_samples_free(&samples);
}

static void encode(const struct driver *d, const struct graphset *s, const struct text_format *f,
                   struct encoded *e)
{
    render(d, s, f, true, e);
    e->tokens = count_tokens(f, WHOLE, false, buf_view(&e->text), &e->vocabulary);
}

static void write_spellings(const struct driver *d, const struct graphset *s,
                            const struct text_format *f, FILE *out)
{
    for (int seeded = f != &text_compact; seeded >= 0; seeded--) {
        struct encoded e = { 0 };
        size_t whole = 0;
        render(d, s, f, seeded, &e);
        for (enum spelling how = WHOLE; how < SPELLINGS; how++) {
            size_t vocabulary = whole;
            size_t n = count_tokens(f, how, !seeded, buf_view(&e.text), &vocabulary);
            if (how == WHOLE)
                whole = vocabulary;
            fprintf(out, "%s,%s,%s,%.3f,%zu\n", f->name, seeded ? "seeded" : "fixed",
                    spelling_name[how], (double)n / (double)e.calls, vocabulary);
        }
        buf_free(&e.text);
    }
}

/* The graphs that the text tells. */
static struct graphset *decode(const struct driver *d, const struct text_format *f,
                               const struct encoded *e)
{
    struct graphset *back = graphset_new();
    struct err err = { 0 };
    char name[64];
    snprintf(name, sizeof name, "format-%s.txt", f->name);
    char *path = driver_path(d, name);
    driver_need(d, file_write(path, e->text.p, e->text.n, &err), &err);
    if (strcmp(f->name, "compact") == 0) {
        struct str rest = buf_view(&e->text), line;
        while (str_next(&rest, '\n', &line))
            if (line.n)
                driver_need(d, compact_parse(line, back, &err), &err);
    }
    snprintf(name, sizeof name, "tracellm-%s", f->name);
    for (size_t i = 0; importers[i]; i++) {
        struct import_report rep = { 0 };
        if (strcmp(importers[i]->name, name) == 0)
            driver_need(d, importers[i]->stream(&path, 1, NULL, import_collect, back, &rep, &err),
                        &err);
    }
    free(path);
    return back;
}

static double same(const struct graphset *a, const struct graphset *b)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n && i < b->n; i++)
        n += callgraph_hash_full(&a->graphs[i], a->names) ==
             callgraph_hash_full(&b->graphs[i], b->names);
    return a->n == b->n ? (double)n / (double)a->n : 0;
}

/* The first graph of four calls stands for all in the README. */
static void write_example(const struct graphset *s, const struct text_format *f, FILE *out)
{
    struct buf b = { 0 };
    struct text_options o = { 0 };
    for (size_t i = 0; i < s->n && !b.n; i++)
        if (s->graphs[i].n == 4)
            f->encode(&s->graphs[i], s->names, s->tick_us, &o, NULL, &b);
    fprintf(out, "%s,\"%s\"\n", f->name, b.n ? b.p : "");
    buf_free(&b);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "tracellm_formats");
    struct graphset *real = driver_graphs(&d, "real.csv");
    for (size_t i = 0; i < real->n; i++)   /* interfaces: no model learns them */
        for (size_t k = 0; k < real->graphs[i].n; k++)
            real->graphs[i].calls[k].interface = NAMES_NONE;
    struct outfile o = driver_csv(&d, "tracellm_formats.csv",
        "format,samples,characters_per_call,tokens_per_call,vocabulary,round_trip");
    struct outfile x = driver_csv(&d, "tracellm_example.csv", "format,text");
    struct outfile k = driver_csv(&d, "tracellm_tokens.csv",
                                  "format,order,tokenizer,tokens_per_call,vocabulary");
    for (size_t i = 0; text_formats[i]; i++) {
        struct encoded e = { 0 };
        encode(&d, real, text_formats[i], &e);
        struct graphset *back = decode(&d, text_formats[i], &e);
        fprintf(o.f, "%s,%zu,%.3f,%.3f,%zu,%.6f\n", text_formats[i]->name, e.samples,
                (double)e.text.n / (double)e.calls, (double)e.tokens / (double)e.calls,
                e.vocabulary, same(real, back));
        write_example(real, text_formats[i], x.f);
        write_spellings(&d, real, text_formats[i], k.f);
        graphset_free(back);
        buf_free(&e.text);
    }
    driver_close(&o);
    driver_close(&x);
    driver_close(&k);
    graphset_free(real);
    return driver_end(&d);
}
