/* row_fields.c: a line's fields, and the piece's keys in a small table that the cache holds: of a
 * piece's rows most repeat a function seen in it, and only new ones go on to the merge. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "trace/csv_priv.h"
#include "trace/invocations_priv.h"

enum { CELLS = 1 << 13, CELLS_USED = CELLS / 4 * 3 };

struct row_worker {
    struct csv csv;
    struct str *field;         /* (cap) of a line without quotes */
    size_t cap;
    bool quotes;               /* the piece has some */
    size_t last;               /* cell of the last key */
    uint32_t cell[CELLS];      /* index of a key + 1; 0 is free */
};

struct row_worker *row_worker_new(void)
{
    return mem_alloc(sizeof(struct row_worker));
}

void row_worker_free(struct row_worker *w)
{
    if (!w)
        return;
    csv_free(&w->csv);
    free(w->field);
    free(w);
}

void row_worker_piece(struct row_worker *w, bool quotes)
{
    w->quotes = quotes;
    memset(w->cell, 0, sizeof w->cell);
}

bool row_fields(struct row_worker *w, struct str line, const struct str **field, size_t *n,
                bool *quoted)
{
    *quoted = w->quotes && memchr(line.p, '"', line.n) != NULL;
    if (*quoted) {
        const char *next;
        if (csv_record(&w->csv, line.p, line.p + line.n, true, false, &next) != CSV_RECORD)
            return false;
        *field = w->csv.field;
        *n = w->csv.n;
        return true;
    }
    const char *p = line.p, *end = p + line.n;
    size_t k = 0;
    for (;; p++) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const char *stop = comma ? comma : end;
        MEM_GROW(w->field, k, w->cap);
        w->field[k++] = (struct str){ p, (size_t)(stop - p) };
        if (!comma)
            break;
        p = comma;
    }
    *field = w->field;
    *n = k;
    return true;
}

const struct str *row_split(const struct columns *c, bool compat, struct str line, uint32_t number,
                            struct row_worker *w, struct rows *r, bool *quoted)
{
    const struct str *f;
    size_t n;
    if (!row_fields(w, line, &f, &n, quoted)) {
        row_note(r, INV_QUOTE, number, line);
        return NULL;
    }
    if (compat ? n < c->n : n != c->n) {
        row_note(r, INV_FIELDS, number, f[0]);
        return NULL;
    }
    return f;
}

static bool same_key(const struct row_key *a, const struct row_key *b)
{
    return a->hash == b->hash && str_eq(a->function, b->function) && str_eq(a->app, b->app) &&
           str_eq(a->owner, b->owner);
}

static struct str kept(struct rows *r, struct str s)
{
    return (struct str){ arena_strndup(r->text, s.n ? s.p : "", s.n), s.n };
}

uint32_t row_key_of(struct row_worker *w, struct rows *r, struct row_key k, bool quoted)
{
    /* three chains of multiplications side by side */
    k.hash = hash64_mix(hash64(k.function.p, k.function.n, 0),
                        hash64(k.app.p, k.app.n, 0) ^
                            (k.owner.n ? hash64(k.owner.p, k.owner.n, 1) : 0));
    k.known = 0;
    size_t i = (size_t)k.hash & (CELLS - 1);
    for (; w->cell[i]; i = (i + 1) & (CELLS - 1))
        if (same_key(&r->key[w->cell[i] - 1], &k))
            return w->cell[i] - 1;
    if (quoted) {
        k.owner = kept(r, k.owner);
        k.app = kept(r, k.app);
        k.function = kept(r, k.function);
    }
    MEM_GROW(r->key, r->n_keys, r->key_cap);
    r->key[r->n_keys++] = k;
    w->last = i;
    if (r->n_keys <= CELLS_USED)
        w->cell[i] = (uint32_t)r->n_keys;
    return (uint32_t)r->n_keys - 1;
}

void row_forget(struct row_worker *w, struct rows *r)
{
    if (w->cell[w->last] == r->n_keys)
        w->cell[w->last] = 0;
    r->n_keys--;
}

static bool name_good(struct str s)
{
    unsigned char any = 0, low = 0;
    for (size_t i = 0; i < s.n; i++) {
        any |= (unsigned char)s.p[i];
        low |= (unsigned char)s.p[i] < 0x20;
    }
    return !low && (any < 0x80 || str_utf8(s));
}

bool row_key_good(const struct row_key *k)
{
    return k->function.n > 0 && name_good(k->function) && name_good(k->app) &&
           name_good(k->owner);
}

void row_note(struct rows *r, enum invocations_cause c, uint32_t line, struct str value)
{
    struct note *t = &r->note[c];
    if (t->rows++)
        return;
    t->line = line;
    t->n = (uint32_t)(value.n < sizeof t->value ? value.n : sizeof t->value);
    if (t->n)
        memcpy(t->value, value.p, t->n);
}

size_t column_of(const struct str *field, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (str_is(str_trim(field[i]), name))
            return i;
    return NO_COLUMN;
}

char *folder_file(const char *folder, const char *name)
{
    static const char *const ends[] = { "", ".gz", ".xz", ".zst", ".bz2" };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char *full = mem_array(strlen(name) + 8, 1);
        strcat(strcpy(full, name), ends[i]);
        char *path = file_join(folder, full);
        free(full);
        if (file_exists(path))
            return path;
        free(path);
    }
    return NULL;
}
