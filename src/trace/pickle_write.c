/* pickle_write.c: what AlpaServe's preprocessing would have left. Only what is used again is given
 * a place in the memo: the two names, the array's type.
 *
 * The original knows a function by its id alone. Functions of one id are therefore merged here, in
 * the place of the first, as it would have merged them. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "trace/invocations_priv.h"

enum { BATCH = 1000, MEMO_RECONSTRUCT = 0, MEMO_NDARRAY, MEMO_TYPE };

struct writing {
    const struct invocations *v;
    struct names *ids;
    uint32_t *id;              /* (v->n) */
    uint32_t *next;            /* (v->n) the next function of the same id, NAMES_NONE: none */
    uint32_t *first;           /* (ids) */
    FILE *f;
};

static void put_u32(FILE *f, uint32_t x)
{
    const unsigned char b[4] = { (unsigned char)x, (unsigned char)(x >> 8),
                                 (unsigned char)(x >> 16), (unsigned char)(x >> 24) };
    fwrite(b, 1, sizeof b, f);
}

static void put_text(FILE *f, struct str s)
{
    if (s.n < 256) {
        fputc(0x8C, f);
        fputc((int)s.n, f);
    } else {
        fputc('X', f);
        put_u32(f, (uint32_t)s.n);
    }
    fwrite(s.p, 1, s.n, f);
}

static void put_name(FILE *f, const char *module, const char *name)
{
    put_text(f, str_of(module));
    put_text(f, str_of(name));
    fputc(0x93, f);
}

static void put_bytes_head(FILE *f, uint64_t n)
{
    bool large = n > UINT32_MAX;
    fputc(large ? 0x8E : 'B', f);
    put_u32(f, (uint32_t)n);
    if (large)
        put_u32(f, (uint32_t)(n >> 32));
}

/* The array up to its bytes. */
static void put_array_head(FILE *f, bool first, bool times, uint64_t n)
{
    if (first) {
        put_name(f, "numpy.core.multiarray", "_reconstruct");
        fputc(0x94, f);
        put_name(f, "numpy", "ndarray");
        fputc(0x94, f);
    } else
        fprintf(f, "h%ch%c", MEMO_RECONSTRUCT, MEMO_NDARRAY);
    fprintf(f, "K%c\x85" "C%cb\x87R(K%c", 0, 1, 1);
    fputc('J', f);
    put_u32(f, (uint32_t)n);
    fputc(0x85, f);
    if (first) {
        put_name(f, "numpy", "dtype");
        put_text(f, str_of(times ? "f8" : "i4"));
        fputs("\x89\x88\x87R\x94(K\x03", f);
        put_text(f, STR("<"));
        fputs("NNNJ", f);
        put_u32(f, UINT32_MAX);
        fputc('J', f);
        put_u32(f, UINT32_MAX);
        fprintf(f, "K%ctb", 0);
    } else
        fprintf(f, "h%c", MEMO_TYPE);
    fputc(0x89, f);
    put_bytes_head(f, n * (times ? 8 : 4));
}

static bool put_counts(struct writing *w, uint32_t id, bool first, uint64_t *sum, struct err *err)
{
    uint32_t minutes = w->v->n_days * DAY_MINUTES;
    memset(sum, 0, minutes * sizeof *sum);
    for (uint32_t f = w->first[id]; f != NAMES_NONE; f = w->next[f])
        invocations_minutes(w->v, f, 0, minutes, sum);
    put_array_head(w->f, first, false, minutes);
    for (uint32_t m = 0; m < minutes; m++) {
        if (sum[m] > INT32_MAX)
            return err_set(err, EXIT_DATA, "function %s has %llu invocations in minute %u; the "
                           "original's pickle holds at most %d", names_get(w->ids, id),
                           (unsigned long long)sum[m], m, INT32_MAX);
        put_u32(w->f, (uint32_t)sum[m]);
    }
    return true;
}

static bool put_times(struct writing *w, uint32_t id, bool first, struct err *err)
{
    const struct series *all = w->v->store->series;
    size_t n = 0, at = 0;
    for (uint32_t f = w->first[id]; f != NAMES_NONE; f = w->next[f])
        n += all[f].n;
    if (n > INT32_MAX)
        return err_set(err, EXIT_DATA, "function %s has %zu arrivals; a pickle's array holds at "
                       "most %d here", names_get(w->ids, id), n, INT32_MAX);
    double *t = mem_array(n ? n : 1, sizeof *t);
    for (uint32_t f = w->first[id]; f != NAMES_NONE; f = w->next[f]) {
        if (all[f].n)
            memcpy(t + at, all[f].t, all[f].n * sizeof *t);
        at += all[f].n;
    }
    series_sort(t, NULL, n);
    put_array_head(w->f, first, true, n);
    fwrite(t, sizeof *t, n, w->f);
    free(t);
    return true;
}

static bool put_all(struct writing *w, struct err *err)
{
    static const char head[] = "\x80\x04";
    uint32_t n = names_count(w->ids);
    uint64_t *sum = w->v->kind == INVOCATIONS_COUNTS ?
                    mem_array((size_t)w->v->n_days * DAY_MINUTES, sizeof *sum) : NULL;
    bool good = true;
    fwrite(head, 1, 2, w->f);
    put_name(w->f, "collections", "OrderedDict");
    fputs(")R", w->f);
    for (uint32_t id = 0; good && id < n; id++) {
        if (id % BATCH == 0)
            fputc('(', w->f);
        put_text(w->f, names_str(w->ids, id));
        good = sum ? put_counts(w, id, id == 0, sum, err) : put_times(w, id, id == 0, err);
        fputs("tb", w->f);
        if (id % BATCH == BATCH - 1 || id + 1 == n)
            fputc('u', w->f);
    }
    fputc('.', w->f);
    free(sum);
    return good;
}

/* Chain the functions of one id, in order. */
static void find_ids(struct writing *w)
{
    size_t n = w->v->n;
    uint32_t *last = mem_array(n, sizeof *last);
    w->id = mem_array(n, sizeof *w->id);
    w->next = mem_array(n, sizeof *w->next);
    w->first = mem_array(n, sizeof *w->first);
    for (size_t f = 0; f < n; f++) {
        uint32_t known = names_count(w->ids);
        uint32_t id = w->id[f] = names_id_of(w->ids, w->v->key[f].function);
        w->next[f] = NAMES_NONE;
        if (id == known)
            w->first[id] = (uint32_t)f;
        else
            w->next[last[id]] = (uint32_t)f;
        last[id] = (uint32_t)f;
    }
    free(last);
}

bool invocations_pickle_write(const struct invocations *v, const char *path, struct err *err)
{
    struct outfile o;
    if (!outfile_open(&o, path, err))
        return false;
    struct writing w = { .v = v, .ids = names_new(), .f = o.f };
    find_ids(&w);
    bool good = put_all(&w, err) && outfile_commit(&o, err);
    if (!good)
        outfile_abandon(&o);
    names_free(w.ids);
    free(w.id);
    free(w.next);
    free(w.first);
    return good;
}
