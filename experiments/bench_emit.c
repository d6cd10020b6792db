/* bench_emit: how many traces a second leave for a collector, and how late.
 *
 * Claim    thousands of traces a second leave, every one is accepted; on two cores that do nothing
 *          else, within 10 ms of when they are due (p99).
 * Reads    nothing: traces of the reference workload
 * Writes   OUTDIR/bench_emit.csv   format,rate,traces,spans_per_s,mb_per_s,accepted,dropped,
 *                       late_p50_ms,late_p99_ms,answer_p99_ms
 *
 * The receiver is a process of its own on loopback that reads every post to its end, answers 200
 * and forgets it: what is measured is the sender. Rates double until one makes traces late by half
 * a second or is not wholly accepted.
 */
#define _GNU_SOURCE   /* accept4 */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/driver.h"
#include "load/collector.h"
#include "trace/reference.h"

enum { CONNECTIONS = 2048, SECONDS = 2, TRACES = 20000, FIRST_RATE = 500, LAST_RATE = 64000 };

/* ---- the receiver ---- */

struct connection {
    struct buf in;
    size_t want;                   /* bytes of the request; 0: its head has not come */
};

static size_t request_bytes(const struct buf *in)
{
    const char *end = in->n ? memmem(in->p, in->n, "\r\n\r\n", 4) : NULL;
    if (!end)
        return 0;
    size_t length = 0;
    for (const char *p = in->p; p < end; p = (const char *)memchr(p, '\n', end + 2 - p) + 1)
        if (strncasecmp(p, "Content-Length:", 15) == 0)
            length = strtoull(p + 15, NULL, 10);
    return (size_t)(end - in->p) + 4 + length;
}

/* False: the other side is done. */
static bool serve(struct connection *c, int fd)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    static char more[1 << 16];
    ssize_t k = recv(fd, more, sizeof more, 0);
    if (k <= 0)
        return k < 0 && errno == EAGAIN;
    buf_add(&c->in, more, (size_t)k);
    while ((c->want = request_bytes(&c->in)) && c->in.n >= c->want) {
        if (send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0)
            return false;
        memmove(c->in.p, c->in.p + c->want, c->in.n - c->want);
        c->in.n -= c->want;
    }
    return true;
}

static void receive(int listener)
{
    static struct connection c[CONNECTIONS];
    static struct pollfd p[CONNECTIONS] = { { .events = POLLIN } };
    p[0].fd = listener;
    for (size_t n = 1;;) {
        if (poll(p, n, -1) < 0)
            continue;
        if (p[0].revents && n < CONNECTIONS) {
            int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK), on = 1;
            if (fd >= 0)
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            if (fd >= 0)
                p[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
        }
        for (size_t i = 1; i < n; i++)
            if (p[i].revents && !serve(&c[i], p[i].fd)) {
                close(p[i].fd);
                buf_free(&c[i].in);
                p[i] = p[--n];
                c[i--] = c[n];
                c[n] = (struct connection){ 0 };
            }
    }
}

static pid_t receiver(int *port)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;
    REQUIRE(fd >= 0 && bind(fd, (struct sockaddr *)&at, n) == 0 && listen(fd, 1024) == 0 &&
            getsockname(fd, (struct sockaddr *)&at, &n) == 0);
    *port = ntohs(at.sin_port);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0)
        receive(fd);
    close(fd);
    return child;
}

/* ---- the sender ---- */

enum kept { LOST, LATE, ON_TIME };

static enum kept run(const struct driver *d, const struct graphset *s, const struct exporter *e,
                int port, double rate, FILE *csv)
{
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
    struct collector_options o = { .format = e, .url = url, .type = "application/octet-stream",
                                   .rate = rate, .duration_s = SECONDS, .seed = d->seed,
                                   .in_flight = 1000, .timeout_s = 10 };
    struct collector_report r;
    struct err err;
    driver_need(d, collector_run(s, &o, &r, &err), &err);
    double spans = (double)r.spans / r.seconds, mb = (double)r.bytes / r.seconds / 1e6;
    fprintf(csv, "%s,%.0f,%zu,%.6g,%.6g,%zu,%zu,%.6g,%.6g,%.6g\n", e->name, rate, r.traces, spans,
            mb, r.accepted, r.dropped, r.late_ms[0], r.late_ms[1], r.answer_ms[1]);
    printf("%-11s %6.0f traces/s  %6.0f spans/s  %5.1f MB/s  late p50 %.3f p99 %.3f ms  answered "
           "after p99 %.3f ms  %zu dropped\n", e->name, rate, spans, mb, r.late_ms[0],
           r.late_ms[1], r.answer_ms[1], r.dropped);
    fflush(stdout);
    return r.dropped || r.accepted < r.traces || r.late_ms[1] > 500 ? LOST
           : r.late_ms[1] > COLLECTOR_LATE_MS ? LATE : ON_TIME;
}

/* Short traces alone: one leaves when its last span has ended, and a run lasts so long. */
static struct graphset *short_traces(const struct driver *d)
{
    struct reference_options o = { .traces = TRACES, .seed = d->seed, .threads = d->threads };
    struct graphset *all = reference_graphs(&o);
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++)
        if (all->graphs[i].calls[0].rt * all->tick_us < 200000)
            all->graphs[n++] = all->graphs[i];
    all->n = n;
    return all;
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "bench_emit");
    static const struct exporter *const formats[] = { &exporter_otlp_proto, &exporter_otlp,
                                                      &exporter_zipkin };
    struct graphset *s = short_traces(&d);
    int port;
    pid_t child = receiver(&port);
    struct outfile csv = driver_csv(&d, "bench_emit.csv",
                                    "format,rate,traces,spans_per_s,mb_per_s,accepted,dropped,"
                                    "late_p50_ms,late_p99_ms,answer_p99_ms");
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        double most[] = { [LATE] = 0, [ON_TIME] = 0 };
        for (double rate = FIRST_RATE; rate <= LAST_RATE; rate *= 2) {
            enum kept k = run(&d, s, formats[i], port, rate, csv.f);
            if (k == LOST)
                break;
            most[k] = rate;
        }
        printf("%-11s sends %.0f traces/s, and up to %.0f on time\n", formats[i]->name,
               fmax(most[LATE], most[ON_TIME]), most[ON_TIME]);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    driver_close(&csv);
    graphset_free(s);
    return driver_end(&d);
}
