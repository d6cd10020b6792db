/* replay_check.c: what makes no sense together. The first five are the original's, in its order, so
 * that under compat the same call fails for the same reason. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "replay/replay.h"

static bool is_gamma(const struct replay_options *o)
{
    return o->process == &process_gamma;
}

static bool check_original(const struct replay_options *o, const char **warning, struct err *err)
{
    const bool vanilla = !o->process, counts = o->kind == REPLAY_COUNTS;
    if (o->replicate < 1) {
        if (!o->compat)
            return err_set(err, EXIT_USAGE, "--replicate %ld is less than 1", o->replicate);
        *warning = "--replicate is less than 1 and acts as 1";
    }
    if (o->replicate > 1 && !(vanilla && !counts))
        return err_set(err, EXIT_USAGE, "--replicate %ld: only vanilla arrivals of a trace with "
                       "times can be replicated", o->replicate);
    if (o->time_scale != 1 && counts)
        return err_set(err, EXIT_USAGE, "--time-scale %g: %s has counts, whose time cannot be "
                       "scaled", o->time_scale, o->trace);
    if (o->time_scale != 1 && !vanilla)
        return err_set(err, EXIT_USAGE, "--time-scale %g: only vanilla arrivals can be scaled in "
                       "time", o->time_scale);
    bool bursty = is_gamma(o) ||
                  (!o->compat && o->process && o->process->cv_lo < o->process->cv_hi);
    if (o->cv_scale != 1 && !bursty)
        return err_set(err, EXIT_USAGE, "--cv-scale %g: %s arrivals have no cv to scale",
                       o->cv_scale, o->arrivals);
    if (o->time_scale != 1 && (o->rate_scale != 1 || o->cv_scale != 1))
        return err_set(err, EXIT_USAGE, "--time-scale excludes --rate-scale and --cv-scale");
    return true;
}

/* Which distributions there are; after slice and mapping in the original, which is as good. */
static bool check_law(const struct replay_options *o, struct err *err)
{
    if (o->kind == REPLAY_COUNTS && !o->process)
        return err_set(err, EXIT_USAGE, "--arrivals vanilla: %s has counts, not arrivals",
                       o->trace);
    const bool known = !o->process || is_gamma(o) || o->process == &process_poisson ||
                       (o->process == &process_pareto && o->kind == REPLAY_TIMES);
    if (o->compat && !known)
        return err_set(err, EXIT_USAGE, "--arrivals %s: the original has it not for %s",
                       o->arrivals, o->trace);
    if (o->kind == REPLAY_COUNTS && fmod(o->interval_s, 60) != 0)
        return err_set(err, EXIT_USAGE, "--interval %.17g: windows of %s are whole minutes",
                       o->interval_s, o->trace);
    return true;
}

bool replay_check(const struct replay_options *o, const char **warning, struct err *err)
{
    const struct { const char *name; double x; } above[] = {
        { "rate-scale", o->rate_scale }, { "cv-scale", o->cv_scale },
        { "time-scale", o->time_scale }, { "interval", o->interval_s },
    };
    *warning = NULL;
    if (!check_original(o, warning, err) || !check_law(o, err))
        return false;
    for (size_t i = 0; i < sizeof above / sizeof *above; i++)
        if (!(above[i].x > 0) || isinf(above[i].x))
            return err_set(err, EXIT_USAGE, "--%s %g is not above 0", above[i].name, above[i].x);
    if (!o->compat && !o->process && o->rate_scale != 1)
        return err_set(err, EXIT_USAGE, "--rate-scale %g: vanilla arrivals are not drawn; "
                       "--replicate or --time-scale change their rate", o->rate_scale);
    if (!o->compat && o->kind == REPLAY_COUNTS && o->process) {
        double cv = o->process->cv_standard * o->cv_scale;
        if (!(cv >= o->process->cv_lo && cv <= o->process->cv_hi))
            return err_set(err, EXIT_USAGE, "--cv-scale %g: %s arrivals cannot have a cv of %g",
                           o->cv_scale, o->arrivals, cv);
    }
    return true;
}

/* "gpt:5": the number after the last colon. */
static bool counted(const char *text, struct str *stem, uint64_t *n)
{
    const char *colon = strrchr(text, ':');
    if (!colon || strchr(text, ',') || !str_u64(str_of(colon + 1), n))
        return false;
    *stem = (struct str){ text, (size_t)(colon - text) };
    return true;
}

static void add_name(struct buf *letters, struct str s)
{
    buf_add(letters, s.p, s.n);
    buf_char(letters, '\0');
}

static bool different(char *const *name, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(name[i], name[k]) == 0)
                return err_set(err, EXIT_USAGE, "--models: \"%s\" is there twice", name[i]);
    return true;
}

/* Pointers first, then the letters they point to. */
static char **one_block(const struct buf *letters, size_t n)
{
    char **name = mem_alloc(n * sizeof *name + letters->n + 1);
    char *p = (char *)(name + n);
    memcpy(p, letters->p, letters->n);
    for (size_t i = 0; i < n; i++) {
        name[i] = p;
        p += strlen(p) + 1;
    }
    return name;
}

bool replay_models(const char *text, bool compat, char ***name, size_t *n, struct err *err)
{
    enum { MOST = 100000 };
    struct buf letters = { 0 }, one = { 0 };
    struct str rest = str_of(text), piece;
    uint64_t count;
    bool ok = true;
    *n = 0;
    if (counted(text, &rest, &count)) {
        if (count < 1 || count > MOST || !rest.n)
            ok = err_set(err, EXIT_USAGE, "--models: \"%s\" is not NAME:1 to NAME:%d", text, MOST);
        for (; ok && *n < count; ++*n) {
            buf_clear(&one);
            buf_printf(&one, "%.*s%zu", (int)rest.n, rest.p, *n);
            add_name(&letters, buf_view(&one));
        }
    } else
        for (; ok && str_next(&rest, ',', &piece); ++*n) {
            if (!piece.n || *n == MOST)
                ok = err_set(err, EXIT_USAGE, "--models: \"%s\" has %s", text,
                             piece.n ? "too many names" : "an empty name");
            add_name(&letters, piece);
        }
    if (ok && !*n)
        ok = err_set(err, EXIT_USAGE, "--models: no names");
    *name = ok ? one_block(&letters, *n) : NULL;
    if (ok && !compat && !different(*name, *n, err)) {
        free(*name);
        ok = false;
    }
    buf_free(&letters);
    buf_free(&one);
    return ok;
}
