/* decode_crew.c: shares that differ by one at most. */
#include "llm/decode_crew.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"

static size_t share(size_t of, size_t i, size_t n)
{
    return of * (i + 1) / n - of * i / n;
}

struct decode_crew decode_crew_new(struct decoder_as as, const struct model *m, size_t batch,
                                   size_t threads, size_t max_len)
{
    REQUIRE(batch >= 1 && threads >= 1);
    struct decode_crew c = { .workers = threads < batch ? threads : batch };
    c.worker = mem_array(c.workers, sizeof *c.worker);
    for (size_t i = 0; i < c.workers; i++) {
        struct decode_worker *w = &c.worker[i];
        w->slots = share(batch, i, c.workers);
        w->decoder = i ? decoder_twin(c.worker[0].decoder, w->slots)
                       : decoder_new_as(as, m, w->slots, max_len);
        if (share(threads, i, c.workers) > 1) {
            w->team = team_new(share(threads, i, c.workers));
            decoder_team(w->decoder, w->team);
        }
    }
    return c;
}

void decode_crew_free(struct decode_crew *c)
{
    for (size_t i = c->workers; i-- > 0;) {   /* the first goes last: twins share its weights */
        decoder_free(c->worker[i].decoder);
        team_free(c->worker[i].team);
    }
    free(c->worker);
    *c = (struct decode_crew){ 0 };
}
