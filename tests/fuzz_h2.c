/* fuzz_h2.c: any bytes may come from a server, over HTTP/2 or HTTP/1.1: every call ends exactly
 * once with a status that exists, and nothing else happens. Byte 0 chooses the protocol, byte 1 the
 * size of the pieces. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "load/client_priv.h"
#include "load/moment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CALLS = 3 };
static size_t ended;

static void note(void *ctx, const struct invocation *i)
{
    (void)ctx;
    REQUIRE(i->status < GRPC_STATUSES && i->ending > END_NONE && i->ending < ENDINGS);
    REQUIRE(i->id < CALLS && i->done >= i->issued);
    REQUIRE(!i->first || (i->first >= i->issued && i->first <= i->done));
    ended++;
}

static void submit(struct client *c, struct link *l)
{
    for (uint64_t k = 0; k < CALLS && l->protocol->room(l); k++) {
        struct invocation i = { .id = k, .graph = INVOCATION_NONE, .expected = -1 };
        struct flight *f = flight_new(c, &i);
        l->in_flight++;
        REQUIRE(l->protocol->submit(l, f));
    }
    l->protocol->output(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum client_protocol kinds[] = { CLIENT_GRPC, CLIENT_H2C, CLIENT_HTTP1 };
    struct err err = { 0 };
    if (size < 2)
        return 0;
    struct client_options o = { .protocol = kinds[data[0] % 3], .form = request_standard,
                                .timeout = MOMENT_S, .connections = 1, .most = 1, .port = 80,
                                .target = "127.0.0.1:1" };
    struct client *c = client_new(&o, note, NULL, &err);
    REQUIRE(c && client_endpoint(c, "e", &err) == 0 && client_function(c, "f") == 0);
    struct link *l = link_new(c, c->peers[0]);
    l->state = LINK_UP;
    ended = 0;
    submit(c, l);
    size_t calls = c->in_flight, step = data[1] ? data[1] : size;
    bool good = true;
    for (size_t at = 2; at < size && good; at += step) {
        good = l->protocol->input(l, data + at, at + step < size ? step : size - at);
        good = good && l->protocol->output(l);
    }
    if (l->protocol->eof)
        l->protocol->eof(l);
    c->dirty = NULL;    /* there is no socket to flush to */
    for (struct flight *f = c->first; f; f = f->next)
        if (f->link)
            l->protocol->cancel(l, f);
    l->protocol->output(l);
    struct wire w = client_wire(c);
    c->dirty = NULL;
    for (struct flight *f = c->first; f; f = f->next)
        f->link = NULL, f->unsent = false;
    w.abandon(w.ctx);
    REQUIRE(ended == calls && c->in_flight == 0);
    link_free(l);
    client_free(c);
    return 0;
}
