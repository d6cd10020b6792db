/* tally.c: see the header. */
#include "load/tally.h"

#include <stdlib.h>

#include "base/mem.h"

struct tally tally_new(void)
{
    return (struct tally){
        .latency = histogram_new(), .from_sent = histogram_new(), .lateness = histogram_new(),
        .obtained = histogram_new(), .expected = histogram_new(),
    };
}

void tally_free(struct tally *t)
{
    histogram_free(&t->latency);
    histogram_free(&t->from_sent);
    histogram_free(&t->lateness);
    histogram_free(&t->obtained);
    histogram_free(&t->expected);
    for (size_t i = 0; i < t->n_functions; i++)
        histogram_free(&t->function[i].latency);
    free(t->function);
}

static struct tally_function *function_at(struct tally *t, uint32_t id)
{
    while (t->n_functions <= id) {
        MEM_GROW(t->function, t->n_functions, t->function_cap);
        t->function[t->n_functions++] = (struct tally_function){ .latency = histogram_coarse() };
    }
    return &t->function[id];
}

static void add_graph(struct tally *t, const struct invocation *i)
{
    int64_t took = i->done - i->sent, gap = took - i->expected;
    histogram_add(&t->obtained, took);
    histogram_add(&t->expected, i->expected);
    t->gap_sum += (double)(gap < 0 ? -gap : gap);
}

static void add_measured(struct tally *t, const struct invocation *i)
{
    struct tally_function *f = function_at(t, i->function);
    f->calls++;
    if (i->sent)
        histogram_add(&t->lateness, i->sent - i->planned);
    if (i->status != GRPC_OK) {
        f->failed++;
        return;
    }
    histogram_add(&f->latency, i->done - i->planned);
    histogram_add(&t->latency, i->done - i->planned);
    histogram_add(&t->from_sent, i->done - (i->sent ? i->sent : i->issued));
    if (i->expected >= 0 && i->sent)
        add_graph(t, i);
}

void tally_add(struct tally *t, const struct invocation *i)
{
    t->done++;
    t->warmup += !i->measured;
    t->failed += i->status != GRPC_OK;
    t->never_sent += !i->sent;
    t->status[i->status]++;
    t->ending[i->ending]++;
    if (i->sent && !t->first_sent)
        t->first_sent = i->sent;
    if (i->done > t->last_done)
        t->last_done = i->done;
    if (i->measured)
        add_measured(t, i);
}
