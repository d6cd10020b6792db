/* tracellm_accuracy: does the model do what held-out headers ask? (TraceLLM, figure 3.)
 *
 * Method   The model of split 0, which has not seen the held-out graphs, is asked for their
 *          headers, cell by cell of (depth, calls): unconstrained, one attempt each, as the
 *          original is. A graph is correct when it is valid and has the calls and the depth asked
 *          for. Constrained decoding is beside it.
 * Reads    split0/checkpoint, split0-test.csv   (tracellm_generalisation)
 * Writes   tracellm_accuracy.csv   mode,depth,calls,graphs,asked,valid,correct   (shares 0 to 1)
 *          tracellm_accuracy_sum.csv   mode,asked,valid,correct,lo,hi   (Wilson 95 %)
 * Scale    small: 40 draws a cell;  full: 400
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/driver.h"
#include "gen/llm.h"

/* Calls are binned where held-out graphs are few. */
static const struct bin {
    size_t lo, hi;
    const char *name;
} bins[] = {
    { 1, 1, "1" }, { 2, 2, "2" }, { 3, 3, "3" }, { 4, 5, "4-5" }, { 6, 7, "6-7" },
    { 8, 10, "8-10" }, { 11, 15, "11-15" }, { 16, 30, "16-30" }, { 31, 1000000, "31-" },
};
enum { BINS = sizeof bins / sizeof *bins, DEPTHS = 5 };

struct sum {
    size_t asked, valid, correct;
};

static struct graphset *cell(const struct graphset *s, size_t depth, const struct bin *b)
{
    size_t *index = mem_array(s->n, sizeof *index), n = 0;
    for (size_t i = 0; i < s->n; i++) {
        size_t at = callgraph_depth(&s->graphs[i]);
        if ((at < DEPTHS ? at : DEPTHS) == depth && s->graphs[i].n >= b->lo &&
            s->graphs[i].n <= b->hi)
            index[n++] = i;
    }
    struct graphset *t = graphset_select(s, index, n);
    free(index);
    return t;
}

static struct sum ask(const struct driver *d, const struct llm *m, const struct graphset *like,
                      bool unconstrained, size_t n, uint64_t stream)
{
    struct prompt_pool pool = prompt_pool_new(like, prompt_full);
    struct draw_job job = { .prompts = &pool, .n = n, .seed = d->seed * 1000 + stream,
                            .threads = d->threads, .attempts = 1 };
    struct llm_options o = { .sample = { .temperature = 1 }, .unconstrained = unconstrained };
    struct graphset *out = graphset_new();
    struct draw_report r = { 0 };
    struct err err = { 0 };
    driver_need(d, llm_run(m, &o, &job, out, &r, &err), &err);
    graphset_free(out);
    prompt_pool_free(&pool);
    return (struct sum){ n, r.outcome[DRAW_GOOD] + r.outcome[DRAW_HEADER], r.outcome[DRAW_GOOD] };
}

/* Wilson's interval for k of n. */
static void wilson(size_t k, size_t n, double *lo, double *hi)
{
    double z = 1.959964, p = (double)k / (double)n, q = z * z / (double)n;
    double mid = (p + q / 2) / (1 + q),
           half = z / (1 + q) * sqrt(p * (1 - p) / (double)n + q / (4 * (double)n));
    *lo = mid - half;
    *hi = mid + half;
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "tracellm_accuracy");
    size_t draws = d.full ? 400 : 40;
    struct graphset *test = driver_graphs(&d, "split0-test.csv");
    char *dir = driver_path(&d, "split0");
    struct llm m;
    struct err err = { 0 };
    driver_need(&d, llm_load(dir, &m, &err), &err);
    struct outfile o = driver_csv(&d, "tracellm_accuracy.csv",
                                  "mode,depth,calls,graphs,asked,valid,correct");
    struct outfile s =
        driver_csv(&d, "tracellm_accuracy_sum.csv", "mode,asked,valid,correct,lo,hi");
    for (int free_mode = 1; free_mode >= 0; free_mode--) {
        const char *mode = free_mode ? "unconstrained" : "constrained";
        struct sum all = { 0 };
        for (size_t depth = 1; depth <= DEPTHS; depth++)
            for (size_t b = 0; b < BINS; b++) {
                struct graphset *like = cell(test, depth, &bins[b]);
                if (like->n) {
                    struct sum x = ask(&d, &m, like, free_mode, draws, depth * 100 + b);
                    fprintf(o.f, "%s,%zu%s,%s,%zu,%zu,%.4f,%.4f\n", mode, depth,
                            depth == DEPTHS ? "+" : "", bins[b].name, like->n, x.asked,
                            (double)x.valid / (double)x.asked, (double)x.correct / (double)x.asked);
                    all.asked += x.asked, all.valid += x.valid, all.correct += x.correct;
                }
                graphset_free(like);
            }
        double lo, hi;
        wilson(all.correct, all.asked, &lo, &hi);
        fprintf(s.f, "%s,%zu,%.4f,%.4f,%.4f,%.4f\n", mode, all.asked,
                (double)all.valid / (double)all.asked, (double)all.correct / (double)all.asked, lo,
                hi);
    }
    driver_close(&o);
    driver_close(&s);
    llm_free(&m);
    graphset_free(test);
    free(dir);
    return driver_end(&d);
}
