/* alibaba_2022.c: the careful importer, from its public face to its two passes, and its account. */
#include <stdlib.h>
#include <string.h>

#include "base/threads.h"
#include "trace/ingest_priv.h"
#include "trace/spans.h"

enum { MEMORY = 250000000 };

void note_add(struct note *notes, enum import_cause c, uint64_t rows, uint64_t graphs,
              uint64_t line, struct str value)
{
    note_count(&notes[c], rows, graphs, line, value);
}

void note_count(struct note *n, uint64_t rows, uint64_t graphs, uint64_t line, struct str value)
{
    if (n->rows == 0 && n->graphs == 0) {
        n->line = line;
        n->value_n = value.n < sizeof n->value ? (uint32_t)value.n : sizeof n->value;
        if (n->value_n)
            memcpy(n->value, value.p, n->value_n);
    }
    n->rows += rows;
    n->graphs += graphs;
}

void note_report(struct ingest *in, struct note *notes, uint64_t base)
{
    for (int c = 0; c < IMPORT_CAUSES; c++) {
        struct note *n = &notes[c];
        if (n->rows == 0 && n->graphs == 0)
            continue;
        uint64_t local;
        const char *file = ingest_file(in, base + n->line, &local);
        import_report_drop(in->rep, (enum import_cause)c, n->rows, n->graphs, file, local,
                           (struct str){ n->value, n->value_n });
        n->rows = n->graphs = 0;
    }
}

void note_deeds(struct ingest *in, struct note *notes)
{
    for (int d = 0; d < IMPORT_DEEDS; d++) {
        struct note *n = &notes[d];
        if (n->rows == 0 && n->graphs == 0)
            continue;
        uint64_t local;
        const char *file = ingest_file(in, n->line, &local);
        import_report_deed(in->rep, (enum import_deed)d, n->rows, n->graphs, file, local,
                           (struct str){ n->value, n->value_n });
        n->rows = n->graphs = 0;
    }
}

const char *ingest_file(const struct ingest *in, uint64_t line, uint64_t *local)
{
    size_t lo = 0, hi = in->firsts;   /* the last stream that begins at or before the line */
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        if (in->first[mid] <= line)
            lo = mid;
        else
            hi = mid;
    }
    *local = line - in->first[lo] + 1;
    return chunks_source(in->chunks, (uint32_t)lo)->name;
}

/* A name of our own as the rows' names are. */
static uint32_t word_of(struct lexicon *lex, const char *word)
{
    char room[32] = "";        /* 16 bytes are read whatever the length */
    memcpy(room, word, strlen(word));
    return lexicon_id(lex, (struct str){ room, strlen(word) });
}

static struct mend_rules mend_rules(struct ingest *in)
{
    struct lexicon *lex = lexicon_new(in->names);
    struct mend_rules r = { .repair = in->options->repair, .names = in->names,
                            .user = word_of(lex, SPAN_USER),
                            .nobody = word_of(lex, SPAN_NO_SERVICE) };
    lexicon_free(lex);
    return r;
}

static bool run(char *const *paths, size_t n, const struct import_options *o, bool of_2021,
                struct names *names, callgraph_sink sink, void *ctx, struct import_report *rep,
                struct err *err)
{
    static const struct import_options standard;
    struct err ours = { 0 };
    *rep = (struct import_report){ 0 };
    struct ingest in = {
        .rep = rep, .options = o ? o : &standard, .line = 1, .err = err ? err : &ours
    };
    in.chunks = chunks_open(paths, n, !of_2021, in.err);
    if (!in.chunks)
        return false;
    in.threads = in.options->threads ? in.options->threads : threads_default();
    in.tick_us = in.options->tick_us ? in.options->tick_us : 1000;
    in.names = lexicon_shared_new();
    in.lenient = of_2021 || in.options->repair;
    rep->mended = in.options->repair != 0;
    if (in.lenient)
        in.mend = mend_rules(&in);
    in.traces = tracetable_new();
    in.memory = in.options->memory_bytes ? in.options->memory_bytes : MEMORY;
    in.store = rowstore_new(in.memory);
    in.emit = emit_new(names, in.names, in.options->dedup, sink, ctx, rep);
    bool good = ingest_parse(&in) && ingest_group(&in) &&
                (rep->graphs_used || import_report_fail(rep, in.err));
    emit_free(in.emit);
    rowstore_free(in.store);
    tracetable_free(in.traces);
    lexicon_shared_free(in.names);
    chunks_close(in.chunks);
    free(in.first);
    return good;
}

bool import_alibaba_2022_stream(char *const *paths, size_t n, const struct import_options *o,
                                callgraph_sink sink, void *ctx, struct import_report *rep,
                                struct err *err)
{
    return run(paths, n, o, false, NULL, sink, ctx, rep, err);
}

bool import_alibaba_2021_stream(char *const *paths, size_t n, const struct import_options *o,
                                callgraph_sink sink, void *ctx, struct import_report *rep,
                                struct err *err)
{
    return run(paths, n, o, true, NULL, sink, ctx, rep, err);
}

bool import_alibaba_2022(char *const *paths, size_t n, const struct import_options *o,
                         struct graphset *out, struct import_report *rep, struct err *err)
{
    out->tick_us = o && o->tick_us ? o->tick_us : 1000;
    return run(paths, n, o, false, out->names, import_collect, out, rep, err);
}
