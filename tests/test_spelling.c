/* test_spelling.c: tokens a call, as training cuts the texts of the reference workload. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/importers.h"
#include "gen/samples_priv.h"
#include "trace/import.h"
#include "trace/reference.h"

struct once {
    struct graphset *set;
    struct names *seen;
};

/* Exact repeats are dropped, as TraceLLM drops them. */
static bool add_once(void *ctx, const struct callgraph *g, const struct names *names, double weight,
                     struct err *err)
{
    struct once *o = ctx;
    char key[17];
    snprintf(key, sizeof key, "%016llx", (unsigned long long)callgraph_hash_full(g, names));
    uint32_t before = names_count(o->seen);
    names_id_of(o->seen, key);
    return names_count(o->seen) == before || import_collect(o->set, g, names, weight, err);
}

/* The graphs of the reference workload, without interfaces, as training takes them. */
static struct graphset *workload(uint64_t seed)
{
    char path[] = "/tmp/test_spelling.XXXXXX", *file = path;
    struct once o = { graphset_new(), names_new() };
    struct import_report rep = { 0 };
    struct err err = { 0 };
    int fd = mkstemp(path);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    assert_non_null(f);
    assert_true(reference_callgraphs(&(struct reference_options){ .seed = seed }, f, NULL, &err));
    fclose(f);
    assert_true(import_alibaba_2022_stream(&file, 1, NULL, add_once, &o, &rep, &err));
    unlink(path);
    for (size_t i = 0; i < o.set->n; i++)
        for (size_t k = 0; k < o.set->graphs[i].n; k++)
            o.set->graphs[i].calls[k].interface = NAMES_NONE;
    names_free(o.seen);
    return o.set;
}

static struct buf written(const struct graphset *s, const struct text_format *f, size_t *calls)
{
    struct buf b = { 0 };
    struct text_options o = { 0 };
    *calls = 0;
    for (size_t i = 0; i < s->n; i++) {
        f->encode(&s->graphs[i], s->names, s->tick_us, &o, NULL, &b);
        *calls += s->graphs[i].n;
    }
    return b;
}

/* On the graphs of the small run it is 5.4 and 28.3. */
static void few_tokens_a_call(void **state)
{
    (void)state;
    static const struct { const struct text_format *f; double most; } row[] = {
        { &text_compact, 8 }, { &text_recursive, 30 },
    };
    for (uint64_t seed = 1; seed <= 2; seed++) {
        struct graphset *s = workload(seed);
        for (size_t i = 0; i < 2; i++) {
            size_t calls;
            struct buf text = written(s, row[i].f, &calls);
            struct str all = buf_view(&text);
            struct tokenizer_options o = samples_spelling(row[i].f->name, true);
            struct tokenizer *t = tokenizer_train(&all, 1, &o);
            struct tokens ids = { 0 };
            tokenizer_encode(t, all, &ids);
            double each = (double)ids.n / (double)calls;
            if (each > row[i].most || getenv("V"))
                print_error("%s, seed %u: %g tokens a call\n", row[i].f->name, (unsigned)seed,
                            each);
            assert_true(calls > 3000 && each <= row[i].most);
            tokens_free(&ids);
            tokenizer_free(t);
            buf_free(&text);
        }
        graphset_free(s);
    }
}

/* A layer in the fixed order: no phrase takes part of a name or of a number. */
static void phrases_stop_at_values(void **state)
{
    (void)state;
    static const char text[] =
        "id:S_1/num_edges:12/start_node:MS_2/caller:None/latency:7/num_current_edges:2\n"
        "<layer>\n<edges>\n"
        "(edge_id is 1,type is rpc,destination is MS_3,communication starts at 5 milliseconds,"
        "communication finishes at 7 milliseconds)\n"
        "(edge_id is 2,type is mc,destination is MS_4,communication starts at 7 milliseconds,"
        "communication finishes at 7 milliseconds)\n"
        "</edges>\n<subgraph of edge_id 1>id:S_1/num_edges:10</subgraph>\n</layer>\n";
    static const char *const want[] = {
        "id:", "S_1", "/num_edges:", "12", "/start_node:", "MS_2", "/caller:", "None", "/latency:",
        "7", "/num_current_edges:", "2", "\n", "<layer>\n<edges>\n", "(edge_id is ", "1",
        ",type is ", "rpc", ",destination is ", "MS_3", ",communication starts at ", "5",
        " milliseconds,communication finishes at ", "7", " milliseconds)\n(edge_id is ", "2",
        ",type is ", "mc", ",destination is ", "MS_4", ",communication starts at ", "7",
        " milliseconds,communication finishes at ", "7",
        " milliseconds)\n</edges>\n<subgraph of edge_id ", "1", ">id:", "S_1", "/num_edges:", "10",
        "</subgraph>\n</layer>\n"
    };
    struct str s = STR(text);
    struct tokenizer_options o = samples_spelling("recursive", true);
    struct tokenizer *t = tokenizer_train(&s, 1, &o);
    struct tokens ids = { 0 };
    tokenizer_encode(t, s, &ids);
    assert_int_equal(ids.n, sizeof want / sizeof *want);
    for (size_t i = 0; i < ids.n; i++)
        assert_true(str_is(tokenizer_bytes(t, ids.id[i]), want[i]));
    tokens_free(&ids);
    tokenizer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_tokens_a_call),
        cmocka_unit_test(phrases_stop_at_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
