/* tracellm_formats: one set of graphs in four languages. What does a call cost in tokens?
 *
 * Claim    Whole-graph, values only, needs about a quarter of the tokens of the paper's formats.
 * Method   All graphs are encoded in each format, with the draws of the original. The tokenizer is
 *          the best that each text allows: the compact stream's has whole words; the others' has
 *          the fixed phrases, names whole and numbers of up to three digits. Then the text is read
 *          back, and a graph counts as the same when service, structure, ids and times are.
 * Reads    real.csv
 * Writes   tracellm_formats.csv   format,samples,characters_per_call,tokens_per_call,vocabulary,
 *                                 round_trip
 *          tracellm_example.csv   format,text   (one small graph in each)
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "cli/driver.h"
#include "cli/importers.h"
#include "llm/tokenizer.h"
#include "text/compact.h"
#include "text/format.h"

#define PHRASE(s) { s, sizeof s - 1 }
static const struct str phrases[] = {
    PHRASE("communication starts at "), PHRASE("communication finishes at "),
    PHRASE(" milliseconds"),
    PHRASE("destination is "), PHRASE("source is "), PHRASE("edge_id is "), PHRASE("type is "),
    PHRASE("[GENERATE GRAPH]"), PHRASE("<layer>\n"), PHRASE("</layer>\n"), PHRASE("<edges>\n"),
    PHRASE("</edges>\n"), PHRASE("<subgraph of edge_id "), PHRASE("</subgraph>\n"),
    PHRASE("<split>\n"), PHRASE("</split>\n"), PHRASE("start_communication_at:"),
    PHRASE("num_current_edges:"), PHRASE("remaining_depth:"), PHRASE("num_subgraphs:"),
    PHRASE("start_edge_id:"), PHRASE("start_node:"), PHRASE("num_edges:"), PHRASE("latency:"),
    PHRASE("caller:"), PHRASE("depth:"), PHRASE("id:"), PHRASE("### Question: "),
    PHRASE("### Answer: "), PHRASE("Requirements:\n"), PHRASE("Conditions:\n"),
    PHRASE("num generated edges = the last edge id - the first edge id + 1 = "),
    PHRASE(" edges generated out of num_edges:"), PHRASE("num_remaining_edges = num_edges:"),
    PHRASE(" - generated:"), PHRASE("finish generation"), PHRASE("generate subgraphs of edge:"),
    PHRASE("Subgraph constraints:\n"), PHRASE("num_edges <= num_remaining_edges:"),
    PHRASE("remaining_depth should be the requirement's remaining_depth:"),
    PHRASE("copy start_node from edge "), PHRASE(" destination: "),
    PHRASE("now, num_remaining_edges is "),
};

struct encoded {
    struct buf text;
    size_t samples, calls, tokens, vocabulary;
};

static void encode(const struct driver *d, const struct graphset *s, const struct text_format *f,
                   struct encoded *e)
{
    struct text_options o = { 0 };
    struct text_samples samples = { 0 };
    for (size_t i = 0; i < s->n; i++) {
        gsl_rng *rng = rng_stream(d->seed, "tracellm_formats", i);
        f->encode(&s->graphs[i], s->names, s->tick_us, &o, rng, &e->text);
        f->samples(&s->graphs[i], s->names, s->tick_us, &o, rng, &samples);
        gsl_rng_free(rng);
        e->calls += s->graphs[i].n;
    }
    e->samples = samples.n;
    bool words = strcmp(f->name, "compact") == 0;
    struct tokenizer_options to = { .rule = words ? TOKENIZER_WORDS : TOKENIZER_TEXT, .digits = 3,
                                    .phrases = words ? NULL : phrases,
                                    .n_phrases = words ? 0 : sizeof phrases / sizeof *phrases };
    struct str all = buf_view(&e->text);
    struct tokenizer *t = tokenizer_train(&all, 1, &to);
    struct tokens ids = { 0 };
    tokenizer_encode(t, all, &ids);
    e->tokens = ids.n;
    e->vocabulary = tokenizer_size(t);
    tokens_free(&ids);
    tokenizer_free(t);
    text_samples_free(&samples);
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
    for (size_t i = 0; text_formats[i]; i++) {
        struct encoded e = { 0 };
        encode(&d, real, text_formats[i], &e);
        struct graphset *back = decode(&d, text_formats[i], &e);
        fprintf(o.f, "%s,%zu,%.3f,%.3f,%zu,%.6f\n", text_formats[i]->name, e.samples,
                (double)e.text.n / (double)e.calls, (double)e.tokens / (double)e.calls,
                e.vocabulary, same(real, back));
        write_example(real, text_formats[i], x.f);
        graphset_free(back);
        buf_free(&e.text);
    }
    driver_close(&o);
    driver_close(&x);
    graphset_free(real);
    return driver_end(&d);
}
