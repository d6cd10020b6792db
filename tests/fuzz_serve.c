/* fuzz_serve.c: any bytes may come from a caller of the emulator, over HTTP/2 or HTTP/1.1: it
 * answers no more than it was asked, what it says over HTTP/1.1 begins like an answer, and at the
 * end nothing of it is left. Byte 0 chooses whether it plays call graphs, byte 1 the size of the
 * pieces that arrive. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "load/moment.h"
#include "load/serve_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IDLE_TURNS = 8 };

/* A calls B and, asynchronously, C; all take no time. */
static struct graphset *small_graph(void)
{
    static const char *const names[] = { "USER", "MS_A", "MS_B", "MS_C" };
    struct graphset *s = graphset_new();
    struct callgraph *g = graphset_add(s, 3);
    for (uint32_t i = 0; i < 4; i++)
        REQUIRE(names_id_of(s->names, names[i]) == i);
    for (uint32_t i = 0; i < 3; i++)
        g->calls[i] = (struct call){ .src = i > 0, .dst = i + 1, .parent = i ? 0 : CALL_NONE,
                                     .id = i, .level = i > 0, .async = i == 2 };
    return s;
}

static struct server *new_server(const struct graphset *graphs)
{
    struct err err = { 0 };
    struct serve_options o = { .listen = "127.0.0.1:0", .graphs = graphs, .cpu = -1,
                               .latency = graphs ? SERVE_TRACE : SERVE_FIXED };
    struct server *s = server_new(&o, &err);
    REQUIRE(s);
    return s;
}

/* Calls to itself that are not back yet. */
static bool waits(const struct server *s)
{
    if (!s->client)
        return false;
    struct wire w = client_wire(s->client);
    return s->n_heap || w.in_flight(w.ctx);
}

static void drain(int fd, bool http1, size_t *heard)
{
    char answer[4096];
    for (ssize_t n; (n = recv(fd, answer, sizeof answer, MSG_DONTWAIT)) > 0; *heard += (size_t)n)
        if (http1 && *heard == 0 && n >= 9)
            REQUIRE(memcmp(answer, "HTTP/1.1 ", 9) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct server *plain;    /* making one takes longer than most inputs */
    int pair[2];
    if (size < 3)
        return 0;
    if (!plain)
        plain = new_server(NULL);
    struct graphset *graphs = data[0] & 1 ? small_graph() : NULL;
    struct server *s = graphs ? new_server(graphs) : plain;
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
    conn_new(s, pair[0]);
    size_t step = data[1] ? data[1] : size, heard = 0;
    bool http1 = size < 5 || memcmp(data + 2, "PRI", 3) != 0;
    for (size_t at = 2; at < size; at += step) {
        size_t n = at + step < size ? step : size - at;
        if (send(pair[1], data + at, n, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)n)
            break;
        server_turn(s, 0);
        drain(pair[1], http1, &heard);
    }
    for (int k = 0; k < IDLE_TURNS && waits(s); k++) {
        server_turn(s, 100 * MOMENT_US);
        drain(pair[1], http1, &heard);
    }
    struct server_counts n = server_counts(s);
    REQUIRE(n.answers <= n.requests);
    close(pair[1]);
    server_turn(s, 0);
    for (int k = 0; k < 1000 && s->conns && !graphs; k++)
        server_turn(s, 0);
    REQUIRE(graphs || !s->conns);    /* with graphs there is one to itself */
    if (graphs || s->n_heap) {    /* an executor may be asked to work for weeks */
        plain = s == plain ? NULL : plain;
        server_free(s);
    }
    graphset_free(graphs);
    return 0;
}
