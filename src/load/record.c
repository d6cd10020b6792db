/* record.c: the sender's thread puts finished calls into a ring; here they are counted, formatted
 * and written in blocks. Numbers are formatted by hand: printf would take longer than a call. */
#include "load/record.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/progress.h"
#include "load/moment.h"
#include "load/ring.h"

enum { CAPACITY = 1 << 15, BLOCK = 1 << 16, SPAN_BLOCK = 200 };
#define HEADER "id,unit,index,function,endpoint,phase,planned_us,issued_us,sent_us,first_byte_us," \
    "done_us,grpc_status,status,ending,http_status,connection,reply_bytes,trace_us\n"

struct record {
    struct record_options o;
    struct ring *ring;
    pthread_t thread;
    atomic_bool ended;
    atomic_uint_fast64_t issued;
    struct outfile csv, latencies;
    bool has_csv, has_latencies;
    struct buf rows, lines, spans;
    size_t n_spans;
    uint64_t unposted, sent;
    int64_t wall_minus_moment;
    struct tally tally;
    struct progress live;
};

static void add_us(struct buf *b, int64_t ns)
{
    char digits[4] = { '.', (char)('0' + ns % 1000 / 100), (char)('0' + ns % 100 / 10),
                       (char)('0' + ns % 10) };
    buf_u64(b, (uint64_t)ns / 1000);
    buf_add(b, digits, sizeof digits);
}

/* A moment as us from the start. Nothing happens before it, but a clock read a little early. */
static void add_moment(struct buf *b, int64_t at, int64_t start)
{
    buf_char(b, ',');
    if (at)
        add_us(b, at > start ? at - start : 0);
}

static void add_number(struct buf *b, uint64_t x)
{
    buf_char(b, ',');
    buf_u64(b, x);
}

/* Quoted where a name asks for it (RFC 4180). */
static void add_name(struct buf *b, const char *s)
{
    buf_char(b, ',');
    buf_csv(b, str_of(s));
}

static void add_row(struct record *r, const struct invocation *i)
{
    struct buf *b = &r->rows;
    int64_t start = r->o.start;
    buf_u64(b, i->id);
    add_number(b, i->unit);
    add_number(b, i->index);
    add_name(b, client_function_name(r->o.client, i->function));
    add_name(b, client_endpoint_name(r->o.client, i->endpoint));
    buf_str(b, i->measured ? ",measured" : ",warmup");
    add_moment(b, i->planned, start);
    add_moment(b, i->issued, start);
    add_moment(b, i->sent, start);
    add_moment(b, i->first, start);
    add_moment(b, i->done, start);
    add_number(b, i->status);
    add_name(b, grpc_status_name(i->status));
    add_name(b, ending_name(i->ending));
    buf_char(b, ',');
    if (i->http)
        buf_u64(b, i->http);
    buf_char(b, ',');
    if (i->connection)
        buf_u64(b, i->connection);
    add_number(b, i->reply_bytes);
    buf_char(b, ',');
    if (i->expected >= 0)
        add_us(b, i->expected);
    buf_char(b, '\n');
}

static void write_block(struct buf *b, struct outfile *o, size_t least)
{
    if (b->n <= least)
        return;
    fwrite(b->p, 1, b->n, o->f);    /* an error stays in o->f: the commit tells it */
    buf_clear(b);
}

static void post_spans(struct record *r)
{
    if (!r->n_spans)
        return;
    buf_char(&r->spans, ']');
    if (!zipkin_post(r->o.zipkin, buf_view(&r->spans)))
        r->unposted += r->n_spans;
    buf_clear(&r->spans);
    r->n_spans = 0;
}

/* A collector that is too slow costs spans, not the sender's time. */
static void add_span(struct record *r, const struct invocation *i)
{
    if (ring_count(r->ring) > CAPACITY / 2) {
        r->unposted++;
        return;
    }
    buf_char(&r->spans, r->n_spans++ ? ',' : '[');
    zipkin_span(&r->spans, i, client_endpoint_name(r->o.client, i->endpoint),
                client_function_name(r->o.client, i->function), r->wall_minus_moment);
    if (r->n_spans == SPAN_BLOCK)
        post_spans(r);
}

static void write_call(struct record *r, const struct invocation *i)
{
    tally_add(&r->tally, i);
    r->sent += i->sent != 0;
    if (r->has_csv) {
        add_row(r, i);
        write_block(&r->rows, &r->csv, BLOCK);
    }
    if (r->has_latencies && i->measured) {
        buf_u64(&r->lines, (uint64_t)((i->done - i->issued) / MOMENT_US));
        buf_char(&r->lines, '\n');
        write_block(&r->lines, &r->latencies, BLOCK);
    }
    if (r->o.zipkin)
        add_span(r, i);
}

static double us(const struct histogram *h, double q)
{
    double x = histogram_quantile(h, q);
    return isnan(x) ? 0 : x / 1e3;
}

/* Three digits without an exponent, whatever the size. */
static const char *short_number(double x, char text[24])
{
    snprintf(text, 24, "%.*f", x < 9.995 ? 2 : x < 99.95 ? 1 : 0, x);
    return text;
}

static void show(struct record *r)
{
    const struct tally *t = &r->tally;
    char p50[24], p99[24], late[24];
    snprintf(r->live.note, sizeof r->live.note,
             "offered %llu sent %llu done %llu errors %llu p50 %s p99 %s ms late p99 %s us",
             (unsigned long long)atomic_load(&r->issued),
             (unsigned long long)r->sent, (unsigned long long)t->done,
             (unsigned long long)t->failed, short_number(us(&t->latency, 0.5) / 1e3, p50),
             short_number(us(&t->latency, 0.99) / 1e3, p99),
             short_number(us(&t->lateness, 0.99), late));
    progress_set(&r->live, (double)t->done);
}

static void *write_calls(void *record)
{
    struct record *r = record;
    struct invocation i;
    for (;;) {
        bool last = atomic_load(&r->ended);    /* before the look: what was put earlier is seen */
        while (ring_take(r->ring, &i))
            write_call(r, &i);
        if (last)
            return NULL;
        show(r);
        nanosleep(&(struct timespec){ 0, 20 * MOMENT_MS }, NULL);
    }
}

static bool open_files(struct record *r, struct err *err)
{
    r->has_csv = r->o.csv && outfile_open(&r->csv, r->o.csv, err);
    if (r->o.csv && !r->has_csv)
        return false;
    r->has_latencies = r->o.latencies && outfile_open(&r->latencies, r->o.latencies, err);
    if (r->has_csv)
        fputs(HEADER, r->csv.f);
    return !r->o.latencies || r->has_latencies;
}

struct record *record_start(const struct record_options *o, struct err *err)
{
    struct record *r = mem_alloc(sizeof *r);
    r->o = *o;
    if (!open_files(r, err)) {
        if (r->has_csv)
            outfile_abandon(&r->csv);
        free(r);
        return NULL;
    }
    r->ring = ring_new(CAPACITY, sizeof(struct invocation));
    r->tally = tally_new();
    r->wall_minus_moment = moment_wall() - moment_now();
    r->live = progress_begin("invoke", "calls", (double)o->planned);
    REQUIRE(pthread_create(&r->thread, NULL, write_calls, r) == 0);
    return r;
}

void record_take(void *record, const struct invocation *i)
{
    struct record *r = record;
    while (!ring_put(r->ring, i))
        nanosleep(&(struct timespec){ 0, 50000 }, NULL);
}

void record_offered(struct record *r, uint64_t issued)
{
    atomic_store_explicit(&r->issued, issued, memory_order_relaxed);
}

static bool close_file(bool there, struct outfile *o, struct buf *b, struct err *err)
{
    if (!there)
        return true;
    write_block(b, o, 0);
    return outfile_commit(o, err);
}

bool record_end(struct record *r, struct tally *t, uint64_t *unposted, struct err *err)
{
    atomic_store(&r->ended, true);
    pthread_join(r->thread, NULL);
    progress_end(&r->live);
    if (r->o.zipkin)
        post_spans(r);
    bool good = close_file(r->has_csv, &r->csv, &r->rows, err);
    good = close_file(r->has_latencies, &r->latencies, &r->lines, good ? err : NULL) && good;
    *t = r->tally;
    *unposted = r->unposted;
    ring_free(r->ring);
    buf_free(&r->rows);
    buf_free(&r->lines);
    buf_free(&r->spans);
    free(r);
    return good;
}
