/* plan_write.c: the plan as files. A unit's text is made on any thread and written in order; with
 * shards, a unit has one text for the whole and one for each. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "load/plan.h"

struct files {
    const struct load_writer *writer;
    size_t outputs;              /* 1 + shards */
    struct outfile *out;         /* (outputs) */
    struct buf *text;            /* (slots, outputs) */
    uint64_t *calls;             /* (outputs) */
    size_t *held;                /* (slots, outputs) calls in the text */
};

static void make(void *ctx, size_t slot, size_t unit, const struct load_call *calls, size_t n)
{
    struct files *x = ctx;
    struct buf *text = x->text + slot * x->outputs;
    size_t *held = x->held + slot * x->outputs, shards = x->outputs - 1;
    buf_clear(&text[0]);
    load_write_unit(x->writer, unit, calls, n, &text[0]);
    held[0] = n;
    if (!shards)
        return;
    struct load_call *part = mem_array(n / shards + 1, sizeof *part);
    for (size_t s = 0; s < shards; s++) {
        size_t k = 0;
        for (size_t i = (s + shards - unit % shards) % shards; i < n; i += shards)
            part[k++] = calls[i];
        buf_clear(&text[1 + s]);
        load_write_unit(x->writer, unit, part, k, &text[1 + s]);
        held[1 + s] = k;
    }
    free(part);
}

static bool take(void *ctx, size_t slot, size_t unit)
{
    struct files *x = ctx;
    (void)unit;
    bool good = true;
    for (size_t s = 0; s < x->outputs; s++) {
        const struct buf *b = &x->text[slot * x->outputs + s];
        good = (!b->n || fwrite(b->p, 1, b->n, x->out[s].f) == b->n) && good;
        x->calls[s] += x->held[slot * x->outputs + s];
    }
    return good;
}

static bool open_all(struct files *x, const char *path, struct err *err)
{
    struct buf head = { 0 };
    bool good = true;
    load_write_begin(x->writer, &head);
    for (size_t s = 0; s < x->outputs && good; s++) {
        char *name = s ? load_shard_path(path, s - 1) : mem_strdup(path);
        good = outfile_open(&x->out[s], name, err);
        if (good) {
            x->out[s].hasty = true;
            setvbuf(x->out[s].f, NULL, _IONBF, 0);    /* texts are large: no second copy */
            fwrite(head.p, 1, head.n, x->out[s].f);
        }
        free(name);
    }
    buf_free(&head);
    return good;
}

static bool close_all(struct files *x, size_t units, struct err *err)
{
    struct buf tail = { 0 };
    bool good = true;
    for (size_t s = 0; s < x->outputs && good; s++) {
        buf_clear(&tail);
        load_write_end(x->writer, units, x->calls[s], &tail);
        if (tail.n)    /* CSV has no end */
            fwrite(tail.p, 1, tail.n, x->out[s].f);
        good = fflush(x->out[s].f) == 0;
    }
    for (size_t s = 0; s < x->outputs && good; s++)
        good = outfile_commit(&x->out[s], err);
    buf_free(&tail);
    return good;
}

bool plan_write(const struct plan_job *job, enum load_format format,
                const struct load_target *targets, size_t n_targets, size_t shards,
                const char *path, struct plan_count *count, struct err *err)
{
    struct load_writer *writer = load_writer_new(format, targets, n_targets);
    size_t slots = plan_slots(job);
    struct files x = { .writer = writer, .outputs = 1 + shards };
    x.out = mem_array(x.outputs, sizeof *x.out);
    x.text = mem_array(slots * x.outputs, sizeof *x.text);
    x.held = mem_array(slots * x.outputs, sizeof *x.held);
    x.calls = mem_array(x.outputs, sizeof *x.calls);
    struct plan_sink sink = { make, take, &x };
    *err = (struct err){ 0 };
    bool good = open_all(&x, path, err) && plan_run(job, &sink, count) &&
                close_all(&x, job->units, err);
    if (!good && !err->status)
        err_set(err, EXIT_IO, "%s: cannot be written", path);
    for (size_t s = 0; s < x.outputs; s++)
        if (x.out[s].path)
            outfile_abandon(&x.out[s]);
    for (size_t i = 0; i < slots * x.outputs; i++)
        buf_free(&x.text[i]);
    free(x.out);
    free(x.text);
    free(x.held);
    free(x.calls);
    load_writer_free(writer);
    return good;
}
