/* lateness.c: the server in a child, four senders, and what they were late by. The two loops that
 * are not ours send bytes made beforehand, so that their lateness is their sleep's and the system
 * call's alone. */
#define _GNU_SOURCE   /* sched_setaffinity, MAP_ANONYMOUS */
#include "cli/lateness.h"

#include <arpa/inet.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "load/histogram.h"
#include "load/invoke.h"
#include "load/message.h"
#include "load/moment.h"
#include "load/serve.h"

const char *const lateness_names[LATENESS_SENDERS] = { "ours", "bare", "original", "h2load" };

struct bench {
    int64_t *due;          /* (n) ns from the start */
    size_t n, next;
    double rate;
    struct serve_arrivals *arrivals;
    size_t arrivals_bytes;
    pid_t server;
    uint16_t port;
    int cpu[2];            /* sender's and server's; -1: any */
    int64_t start;
};

static void pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (cpu < 0)
        return;
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static void plan(struct bench *b, double rate, double seconds, uint64_t seed)
{
    gsl_rng *rng = rng_stream(seed, "lateness/plan", (uint64_t)rate);
    size_t cap = 0;
    for (double at = 0; (at += gsl_ran_exponential(rng, 1 / rate)) < seconds;) {
        MEM_GROW(b->due, b->n, cap);
        b->due[b->n++] = (int64_t)(at * 1e9);
    }
    gsl_rng_free(rng);
}

static void find_cpus(struct bench *b)
{
    cpu_set_t set;
    int found = 0;
    b->cpu[0] = b->cpu[1] = -1;
    if (sched_getaffinity(0, sizeof set, &set) != 0 || CPU_COUNT(&set) < 2)
        return;
    for (int k = 0; k < CPU_SETSIZE && found < 2; k++)
        if (CPU_ISSET(k, &set))
            b->cpu[found++] = k;
}

static bool start_server(struct bench *b, struct err *err)
{
    static const volatile sig_atomic_t never = 0;
    size_t cap = b->n + 16;
    b->arrivals_bytes = sizeof *b->arrivals + cap * sizeof(int64_t);
    const int flags = MAP_SHARED | MAP_ANONYMOUS, no_file = -1;
    /* cppcheck-suppress invalidFunctionArg */
    b->arrivals = mmap(NULL, b->arrivals_bytes, PROT_READ | PROT_WRITE, flags, no_file, 0);
    REQUIRE(b->arrivals != MAP_FAILED);
    b->arrivals->cap = cap;
    struct serve_options o = { .listen = "127.0.0.1:0", .cpu = b->cpu[1],
                               .arrivals = b->arrivals };
    struct server *s = server_new(&o, err);
    if (!s)
        return false;
    b->port = server_port(s);
    fflush(NULL);
    b->server = fork();
    REQUIRE(b->server >= 0);
    if (b->server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        server_run(s, &never);
        _exit(0);
    }
    server_free(s);    /* the child has its own */
    return true;
}

static void end_server(struct bench *b)
{
    if (b->server > 0) {
        kill(b->server, SIGKILL);
        waitpid(b->server, NULL, 0);
    }
    if (b->arrivals)
        munmap(b->arrivals, b->arrivals_bytes);
    free(b->due);
}

/* Until all that was sent is there, but not for ever. */
static void await_arrivals(const struct bench *b)
{
    const volatile struct serve_arrivals *a = b->arrivals;
    for (int k = 0; k < 500 && a->n < b->n; k++)
        nanosleep(&(struct timespec){ 0, 2 * MOMENT_MS }, NULL);
}

/* ---- ours ------------------------------------------------------------------------------------ */

static bool next(void *ctx, struct invocation *i, struct err *err)
{
    (void)err;
    struct bench *b = ctx;
    if (b->next == b->n)
        return false;
    *i = (struct invocation){ .id = b->next, .graph = INVOCATION_NONE, .expected = -1,
                              .measured = true, .planned = b->due[b->next] };
    b->next++;
    return true;
}

static double us(const struct histogram *h, double q)
{
    return histogram_quantile(h, q) / 1e3;
}

static void take_histogram(struct lateness *r, const struct histogram *h)
{
    r->p50_us = us(h, 0.5);
    r->p99_us = us(h, 0.99);
    r->p999_us = us(h, 0.999);
    r->max_us = us(h, 1);
}

static bool fire_ours(struct bench *b, uint64_t seed, struct lateness *r, struct err *err)
{
    static const volatile sig_atomic_t never = 0;
    char target[32];
    struct invoke_report report;
    snprintf(target, sizeof target, "127.0.0.1:%u", b->port);
    struct invoke_options o = {
        .client = { .form = request_standard, .timeout = 5 * MOMENT_S, .spin = 60 * MOMENT_US,
                    .connections = 1, .most = 1, .port = 80, .target = target, .seed = seed },
        .cpu = b->cpu[0], .lateness_bound = MOMENT_S,
    };
    struct invoke *v = invoke_new(&o, err);
    if (!v || client_endpoint(invoke_client(v), "a.example", err) == INVOCATION_NONE)
        return false;
    client_function(invoke_client(v), "a");
    bool good = invoke_run(v, (struct plan_source){ b, next }, b->n, &never, &report, err);
    take_histogram(r, &report.tally.lateness);
    r->sent = report.fire.issued - report.tally.never_sent;
    r->answered = report.tally.done - report.tally.failed;
    b->start = report.start;
    invoke_report_free(&report);
    invoke_free(v);
    return good;
}

/* ---- the bare loop and the original's rule --------------------------------------------------- */

static void put_frame(struct buf *b, uint8_t type, uint8_t flags, const void *p, size_t n)
{
    uint8_t head[9] = { (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, type, flags };
    buf_add(b, head, sizeof head);    /* the stream is filled in for each call */
    buf_add(b, p, n);
}

static void put_literal(struct buf *b, const char *lead, size_t lead_n, const char *value)
{
    buf_add(b, lead, lead_n);
    buf_char(b, (char)strlen(value));
    buf_str(b, value);
}

/* HEADERS and DATA of one call, names from HPACK's static table; *data is where DATA begins. */
static void put_call(struct buf *b, size_t *data)
{
    struct buf block = { 0 }, body = { 0 };
    char filler[160];
    memset(filler, 'x', sizeof filler);
    buf_add(&block, "\x83\x86", 2);                          /* POST, http */
    put_literal(&block, "\x04", 1, MESSAGE_GREETER_PATH);    /* :path */
    put_literal(&block, "\x01", 1, "a.example");             /* :authority */
    put_literal(&block, "\x0f\x10", 2, "application/grpc");  /* content-type */
    put_literal(&block, "\x00\x02te", 4, "trailers");
    message_put(&body, &(struct message){ .text = STR("Invoke relay"),
                                          .meta = { filler, 152 } });
    put_frame(b, 1, 4, block.p, block.n);
    *data = b->n;
    put_frame(b, 0, 1, body.p, body.n);
    buf_free(&block);
    buf_free(&body);
}

static void set_stream(char *frame, uint32_t stream)
{
    for (size_t i = 0; i < 4; i++)
        frame[5 + i] = (char)(stream >> (24 - 8 * i));
}

static int connect_raw(const struct bench *b)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(b->port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    REQUIRE(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    /* preface, empty SETTINGS, and a window that no run here fills */
    static const char hello[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                                "\0\0\0\4\0\0\0\0\0" "\0\0\4\x08\0\0\0\0\0\x7f\xfe\0\0";
    REQUIRE(send(fd, hello, sizeof hello - 1, MSG_NOSIGNAL) == sizeof hello - 1);
    return fd;
}

/* Sleep until due (absolute), or for as long as the plan's gap, as the original does. */
static void sleep_for(const struct bench *b, size_t i, bool absolute)
{
    int64_t ns = absolute ? b->start + b->due[i] : b->due[i] - (i ? b->due[i - 1] : 0);
    struct timespec t = { (time_t)(ns / MOMENT_S), (long)(ns % MOMENT_S) };
    clock_nanosleep(CLOCK_MONOTONIC, absolute ? TIMER_ABSTIME : 0, &t, NULL);
}

static void fire_raw(struct bench *b, bool absolute, struct lateness *r)
{
    struct buf call = { 0 };
    size_t data;
    static char trash[1 << 16];
    struct histogram h = histogram_new();
    int fd = connect_raw(b);
    put_call(&call, &data);
    pin(b->cpu[0]);
    prctl(PR_SET_TIMERSLACK, absolute ? 1 : 50000, 0, 0, 0);
    b->start = moment_now() + 2 * MOMENT_MS;
    sleep_for(b, 0, true);
    for (size_t i = 0; i < b->n; i++) {
        set_stream(call.p, (uint32_t)(2 * i + 1));
        set_stream(call.p + data, (uint32_t)(2 * i + 1));
        sleep_for(b, i, absolute);
        r->sent += send(fd, call.p, call.n, MSG_NOSIGNAL) == (ssize_t)call.n;
        int64_t late = moment_now() - b->start - b->due[i];
        histogram_add(&h, late);
        r->last_us = (double)late / 1e3;
        while (recv(fd, trash, sizeof trash, MSG_DONTWAIT) == sizeof trash)
            ;
    }
    await_arrivals(b);
    take_histogram(r, &h);
    histogram_free(&h);
    buf_free(&call);
    close(fd);
}

/* ---- h2load ---------------------------------------------------------------------------------- */

static bool fire_h2load(struct bench *b, double rate, struct lateness *r, struct err *err)
{
    char command[600], body[] = "/tmp/lateness.XXXXXX";
    struct buf message = { 0 };
    if (system("command -v h2load >/dev/null 2>&1") != 0)
        return err_set(err, EXIT_NOINPUT, "h2load is not there (package nghttp2-client)");
    int fd = mkstemp(body);
    message_put(&message, &(struct message){ .text = STR("Invoke relay") });
    REQUIRE(fd >= 0 && write(fd, message.p, message.n) == (ssize_t)message.n);
    close(fd);
    buf_free(&message);
    snprintf(command, sizeof command, "%s%d h2load -n %zu -c 1 -m 1000 --rps %.0f -d %s "
             "-H 'content-type: application/grpc' -H 'te: trailers' "
             "http://127.0.0.1:%u" MESSAGE_GREETER_PATH " >/dev/null 2>&1",
             b->cpu[0] < 0 ? "true " : "taskset -c ", b->cpu[0] < 0 ? 0 : b->cpu[0], b->n, rate,
             body, b->port);
    int status = system(b->cpu[0] < 0 ? strstr(command, "h2load") : command);
    unlink(body);
    if (status != 0)
        return err_set(err, EXIT_NOINPUT, "h2load failed");
    r->sent = b->arrivals->n;
    r->p50_us = r->p99_us = r->p999_us = r->max_us = NAN;
    return true;
}

/* Even moments, as early as no arrival contradicts. */
static void guess_plan(struct bench *b)
{
    const struct serve_arrivals *a = b->arrivals;
    size_t n = a->n < b->n ? a->n : b->n;
    double gap = 1e9 / b->rate;
    b->start = INT64_MAX;
    for (size_t i = 0; i < n; i++) {
        b->due[i] = (int64_t)((double)i * gap);
        if (a->at[i] - b->due[i] < b->start)
            b->start = a->at[i] - b->due[i];
    }
}

static void judge_arrivals(const struct bench *b, struct lateness *r)
{
    const struct serve_arrivals *a = b->arrivals;
    size_t n = a->n < b->n ? a->n : b->n;
    struct histogram h = histogram_new();
    r->arrived = a->n;
    for (size_t i = 0; i < n; i++)
        histogram_add(&h, a->at[i] - b->start - b->due[i]);
    r->arrival_p50_us = us(&h, 0.5);
    r->arrival_p99_us = us(&h, 0.99);
    if (n)
        r->last_us = (double)(a->at[n - 1] - b->start - b->due[n - 1]) / 1e3;
    histogram_free(&h);
}

bool lateness_measure(enum lateness_sender who, double rate, double seconds, uint64_t seed,
                      struct lateness *r, struct err *err)
{
    struct bench b = { .rate = rate };
    cpu_set_t before;
    *r = (struct lateness){ 0 };
    sched_getaffinity(0, sizeof before, &before);
    plan(&b, rate, seconds, seed);
    find_cpus(&b);
    bool good = start_server(&b, err);
    r->planned = b.n;
    if (good && who == LATENESS_OURS)
        good = fire_ours(&b, seed, r, err);
    else if (good && who == LATENESS_H2LOAD)
        good = fire_h2load(&b, rate, r, err);
    else if (good)
        fire_raw(&b, who == LATENESS_BARE, r);
    if (good && who == LATENESS_H2LOAD)
        guess_plan(&b);
    if (good)
        judge_arrivals(&b, r);
    end_server(&b);
    sched_setaffinity(0, sizeof before, &before);
    return good;
}
