/* reference_csv.c: the raw table of a world, written by many threads as by one.
 *
 *     draw 64 x 64 traces (threads) -> number their lines (one) -> write their text (threads)
 *
 * The truth names lines, and a line's number depends on all rows before it: hence the step between.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/progress.h"
#include "base/rng.h"
#include "base/threads.h"
#include "trace/reference_priv.h"

enum { BATCH = 64, BATCHES = 64 };

struct batch {
    struct ref_trace *trace;   /* (n) */
    uint32_t **defects;        /* (n) of one set of bits per call */
    size_t n;
    struct ref_rows rows;
    uint64_t first_line;
    struct buf csv, truth;
};

struct job {
    const struct reference *r;
    const struct reference_options *o;
    struct batch *batch;
    gsl_rng **rng;             /* one per worker */
    bool want_truth;
};

static void number_lines(struct batch *b)
{
    uint64_t line = 0;
    for (int late = 0; late < 2; late++)
        for (size_t i = 0; i < b->rows.n; i++)
            if (b->rows.at[i].late == late)
                b->rows.at[i].line = line++;
}

static void draw_batch(void *ctx, size_t item, size_t worker)
{
    struct job *j = ctx;
    struct batch *b = &j->batch[item];
    gsl_rng *g = j->rng[worker];
    b->rows.n = 0;
    for (size_t i = 0; i < b->n; i++) {
        struct ref_trace *t = &b->trace[i];
        size_t from = b->rows.n;
        ref_trace_draw(j->r, t->index, g, t);
        ref_rows_clean(j->r, t, (uint32_t)i, g, &b->rows);
        free(b->defects[i]);
        b->defects[i] = mem_array(t->n, sizeof(uint32_t));
        if (j->o->defects)
            ref_rows_corrupt(j->r, t, from, j->o->defect_rate, g, &b->rows, b->defects[i]);
    }
    number_lines(b);
}

static void write_pod(struct buf *b, const char *ms, int32_t pod)
{
    switch (pod) {
    case POD_UNKNOWN: buf_str(b, "UNKNOWN"); return;
    case POD_UNAVAILABLE: buf_str(b, "UNAVAILABLE"); return;
    case POD_USER: buf_str(b, "USER"); return;
    default:
        buf_str(b, ms);
        buf_str(b, "_POD_");
        buf_u64(b, (uint64_t)pod);
    }
}

static void write_row(struct buf *b, const struct ref_trace *t, const struct ref_row *w)
{
    buf_i64(b, w->timestamp);
    buf_str(b, ",T_");
    buf_u64(b, t->number);
    const char *const words[] = { w->service, w->rpc_id, w->type, w->um };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        buf_char(b, ',');
        buf_str(b, words[i]);
    }
    buf_char(b, ',');
    write_pod(b, w->um, w->um_pod);
    buf_char(b, ',');
    buf_str(b, w->interface);
    buf_char(b, ',');
    buf_str(b, w->dm);
    buf_char(b, ',');
    write_pod(b, w->dm, w->dm_pod);
    buf_char(b, ',');
    buf_i64(b, w->rt);
    buf_str(b, ".0\n");
}

/* One line of truth per clean call; rows[from..to) are the trace's. */
static void write_truth(const struct job *j, struct batch *b, size_t trace, size_t from, size_t to)
{
    const struct ref_trace *t = &b->trace[trace];
    struct callgraph g = { .n = t->n, .calls = t->calls };
    for (size_t i = 0; i < t->n; i++) {
        const struct call *c = &t->calls[i];
        buf_printf(&b->truth, "T_%" PRIu64 ",%s,", t->number,
                   names_get(j->r->names, t->service->name));
        callgraph_rpcid(&g, i, &b->truth);
        buf_printf(&b->truth, ",%s,%s,%s,%" PRId64 ",%" PRId64 ",", call_type_name(c->type),
                   names_get(j->r->names, c->src), names_get(j->r->names, c->dst), c->start, c->rt);
        const char *blank = "";
        for (size_t k = from; k < to; k++)
            if (b->rows.at[k].call == i) {
                buf_printf(&b->truth, "%s%" PRIu64, blank, b->first_line + b->rows.at[k].line);
                blank = " ";
            }
        buf_char(&b->truth, ',');
        blank = "";
        for (int d = 0; d < DEFECTS; d++)
            if (b->defects[trace][i] >> d & 1) {
                buf_printf(&b->truth, "%s%s", blank, reference_defect_names[d]);
                blank = " ";
            }
        buf_char(&b->truth, '\n');
    }
}

static void write_batch(void *ctx, size_t item, size_t worker)
{
    (void)worker;
    struct job *j = ctx;
    struct batch *b = &j->batch[item];
    buf_clear(&b->csv);
    buf_clear(&b->truth);
    for (int late = 0; late < 2; late++)
        for (size_t i = 0; i < b->rows.n; i++)
            if (b->rows.at[i].late == late)
                write_row(&b->csv, &b->trace[b->rows.at[i].trace], &b->rows.at[i]);
    for (size_t trace = 0, from = 0, to; j->want_truth && trace < b->n; trace++, from = to) {
        for (to = from; to < b->rows.n && b->rows.at[to].trace == trace; to++)
            ;
        write_truth(j, b, trace, from, to);
    }
}

static void batches_alloc(struct job *j, size_t threads)
{
    j->batch = mem_array(BATCHES, sizeof *j->batch);
    for (size_t i = 0; i < BATCHES; i++) {
        j->batch[i].trace = mem_array(BATCH, sizeof *j->batch[i].trace);
        j->batch[i].defects = mem_array(BATCH, sizeof *j->batch[i].defects);
    }
    j->rng = mem_array(threads, sizeof *j->rng);
    for (size_t i = 0; i < threads; i++)
        j->rng[i] = rng_stream(j->o->seed, "reference/trace", 0);
}

static void batches_free(struct job *j, size_t threads)
{
    for (size_t i = 0; i < BATCHES; i++) {
        struct batch *b = &j->batch[i];
        for (size_t k = 0; k < BATCH; k++) {
            free(b->trace[k].calls);
            free(b->defects[k]);
        }
        free(b->trace);
        free(b->defects);
        free(b->rows.at);
        buf_free(&b->csv);
        buf_free(&b->truth);
    }
    for (size_t i = 0; i < threads; i++)
        gsl_rng_free(j->rng[i]);
    free(j->rng);
    free(j->batch);
}

bool reference_callgraphs(const struct reference_options *o, FILE *csv, FILE *truth,
                          struct err *err)
{
    struct reference *r = reference_new(o->seed, o->preset);
    struct job j = { .r = r, .o = o, .want_truth = truth != NULL };
    size_t threads = o->threads ? o->threads : threads_default();
    uint64_t n = o->traces ? o->traces : REFERENCE_TRACES, line = 2;   /* line 1 is the header */
    batches_alloc(&j, threads);
    gsl_rng *arrivals = rng_stream(o->seed, "reference/arrivals", 0);
    double clock_ms = 0;
    struct progress bar = progress_begin("reference", "traces", (double)n);
    fputs("timestamp,traceid,service,rpc_id,rpctype,um,uminstanceid,interface,dm,dminstanceid,rt\n",
          csv);
    if (truth)
        fputs("traceid,service,rpc_id,rpctype,um,dm,start,rt,lines,defects\n", truth);
    for (uint64_t done = 0; done < n && !ferror(csv);) {
        size_t used = 0;
        for (; used < BATCHES && done < n; used++) {
            struct batch *b = &j.batch[used];
            for (b->n = 0; b->n < BATCH && done < n; b->n++, done++) {
                b->trace[b->n].index = done;
                b->trace[b->n].arrival = ref_next_arrival(arrivals, &clock_ms);
            }
        }
        threads_for(threads, used, draw_batch, &j);
        for (size_t i = 0; i < used; i++) {
            j.batch[i].first_line = line;
            line += j.batch[i].rows.n;
        }
        threads_for(threads, used, write_batch, &j);
        for (size_t i = 0; i < used; i++) {
            fwrite(j.batch[i].csv.p, 1, j.batch[i].csv.n, csv);
            if (truth)
                fwrite(j.batch[i].truth.p, 1, j.batch[i].truth.n, truth);
        }
        progress_set(&bar, (double)done);
    }
    progress_end(&bar);
    gsl_rng_free(arrivals);
    batches_free(&j, threads);
    reference_free(r);
    if (ferror(csv) || (truth && ferror(truth)))
        return err_set(err, EXIT_IO, "reference: writing failed");
    return true;
}
