/* request.c: see the header. A Greeter's body is made anew for every call, as the original does:
 * {"WorkflowId": a uuid per endpoint, "InvocationId": a fresh one, "InvokedOn": now}. */
#include "load/request.h"

#include <string.h>

#include "base/rng.h"
#include "load/message.h"
#include "load/moment.h"

const struct request_form request_standard = {
    .kind = REQUEST_GREETER, .name = "Invoke relay", .method = "POST",
    .path = MESSAGE_GREETER_PATH, .body = "",
};

void request_uuid(gsl_rng *rng, char text[UUID_TEXT])
{
    static const char hex[] = "0123456789abcdef";
    uint64_t half[2] = { rng_u64(rng), rng_u64(rng) };
    half[0] = (half[0] & ~0xf000ULL) | 0x4000;                  /* version 4 */
    half[1] = (half[1] & ~(3ULL << 62)) | 2ULL << 62;           /* variant 1 */
    char *p = text;
    for (unsigned k = 0; k < 32; k++) {
        if (k == 8 || k == 12 || k == 16 || k == 20)
            *p++ = '-';
        *p++ = hex[half[k / 16] >> (60 - 4 * (k % 16)) & 15];
    }
    *p = '\0';
}

static void greeter(const struct request_form *f, const char *workflow, int64_t wall, gsl_rng *rng,
                    struct buf *out)
{
    char id[UUID_TEXT], when[MOMENT_TEXT], meta[256];
    request_uuid(rng, id);
    moment_write(wall, when);
    struct buf b = { meta, 0, sizeof meta };    /* 165 bytes: never outgrows the stack */
    buf_str(&b, "{\"WorkflowId\":\"");
    buf_str(&b, workflow);
    buf_str(&b, "\",\"InvocationId\":\"");
    buf_str(&b, id);
    buf_str(&b, "\",\"InvokedOn\":\"");
    buf_str(&b, when);
    buf_str(&b, "\"}");
    message_put(out, &(struct message){ .text = str_of(f->name), .meta = buf_view(&b) });
}

static void fill(const char *template, const struct invocation *i, const char *endpoint,
                 const char *function, gsl_rng *rng, struct buf *out)
{
    char uuid[UUID_TEXT];
    for (const char *p = template; *p;) {
        const char *end = *p == '{' ? strchr(p, '}') : NULL;
        struct str key = { p + 1, end ? (size_t)(end - p - 1) : 0 };
        if (end && str_is(key, "id"))
            buf_u64(out, i->id);
        else if (end && str_is(key, "unit"))
            buf_u64(out, i->unit);
        else if (end && str_is(key, "index"))
            buf_u64(out, i->index);
        else if (end && str_is(key, "function"))
            buf_str(out, function);
        else if (end && str_is(key, "endpoint"))
            buf_str(out, endpoint);
        else if (end && str_is(key, "uuid")) {
            request_uuid(rng, uuid);
            buf_str(out, uuid);
        } else {
            buf_char(out, *p++);
            continue;
        }
        p = end + 1;
    }
}

void request_body(const struct request_form *f, const struct invocation *i, const char *endpoint,
                  const char *function, const char *workflow, int64_t wall, gsl_rng *rng,
                  struct buf *out)
{
    if (f->kind == REQUEST_GREETER)
        greeter(f, workflow, wall, rng, out);
    else if (f->kind == REQUEST_EXECUTOR)
        message_put(out, &(struct message){ .text = str_of("tracewright"),
                                            .number = { f->runtime_ms, f->memory_mib } });
    else
        fill(f->body, i, endpoint, function, rng, out);
}

void request_path(const struct request_form *f, const struct invocation *i, const char *endpoint,
                  const char *function, gsl_rng *rng, struct buf *out)
{
    fill(f->path, i, endpoint, function, rng, out);
}
