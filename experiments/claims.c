/* claims: paper, expected, obtained, verdict.
 *
 *     build/experiments/claims --out DIR --scale small|full [--data DIR] [--seed S]
 *
 * Reads    experiments/claims.tsv     id, kind, claim, source, left, op, right, why
 *          experiments/expected/paper/claims.tsv   id, value, tolerance: what the paper printed
 *          experiments/expected/SCALE/claims.tsv   id, value, tolerance: what we obtained before
 *          experiments/drivers.tsv and DIR/NAME.cost.csv   the drivers' shares
 * Writes   DIR/claims.csv   id,claim,source,paper,expected,obtained,verdict,why
 *          and the same as a table on standard output; exit 1 if anything is broken.
 *
 * left and right are a number, or FILE.csv|CONDITION|COLUMN (report/table.h's conditions; one row
 * must remain), or NUMBER*FILE.csv|...: the value in that cell times the number.
 *   order   left op right must hold (op is < or >): reproduces, or broken
 *   value   left within tolerance of expected, else broken; then within the paper's tolerance of
 *           the paper's value: reproduces, else differs (why says why)
 *   real    as order, but a claim about real graphs: judged with --data alone, and where left can
 *           be had from those data: n/a is not judged
 *   reference  as order, but a claim about models that ship: not judged with --data or another
 *           seed than they know
 *   none    not attempted, because why
 * On real data (--data) only order claims count; the others say "not judged", as do those of a
 * scale nobody has run before. On another BLAS core than the expected values were made on the first
 * line says so. Before it comes what became of the shipped checkpoint: used, or made again here, to
 * the bit or not.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/cell_headers.h"
#include "llm/checkpoint.h"
#include "ml/linalg.h"
#include "report/table.h"

enum { FIELDS = 8 };
#define LINE "%-28s %-10s %-22s %-10s %-13s %s\n"
enum verdict { REPRODUCES, DIFFERS, NOT_ATTEMPTED, NOT_JUDGED, BROKEN, VERDICTS };
static const char *const verdict_names[VERDICTS] = {
    "reproduces", "differs", "not attempted", "not judged", "broken",
};

struct tsv {
    struct buf text;
    char *(*row)[FIELDS];
    size_t n, cap;
};

/* Tab-separated; lines that begin with # and empty lines are skipped; missing fields are "". */
static void tsv_read(const struct driver *d, const char *path, struct tsv *t)
{
    struct err err = { 0 };
    *t = (struct tsv){ 0 };
    driver_need(d, file_read(path, &t->text, &err), &err);
    for (char *line = strtok(t->text.p, "\n"); line; line = strtok(NULL, "\n")) {
        if (line[0] == '#')
            continue;
        MEM_GROW(t->row, t->n, t->cap);
        for (size_t k = 0; k < FIELDS; k++) {
            t->row[t->n][k] = line ? line : "";
            char *tab = line ? strchr(line, '\t') : NULL;
            if (tab)
                *tab = '\0';
            line = tab ? tab + 1 : NULL;
        }
        t->n++;
        line = "";
    }
}

static void tsv_free(struct tsv *t)
{
    free(t->row);
    buf_free(&t->text);
}

static char *const *tsv_find(const struct tsv *t, const char *id)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->row[i][0], id) == 0)
            return t->row[i];
    return NULL;
}

static bool cell(const struct driver *d, const char *file, const char *where, const char *column,
                 double *x, struct err *err)
{
    struct table t;
    char *path = driver_path(d, file);
    size_t *rows = NULL, n = 0, col;
    bool good = table_read(&t, path, err) && table_where(&t, where, &rows, &n, err) &&
                table_col(&t, column, &col, err);
    if (good && n != 1)
        good = err_set(err, EXIT_DATA, "%s: %zu rows for %s", file, n, where);
    good = good && table_number(&t, rows[0], col, x, err);
    table_free(&t);
    free(path);
    return good;
}

/* A number, a cell, or a number times a cell. */
static bool evaluate(const struct driver *d, const char *text, double *x, struct err *err)
{
    char room[512], *end;
    double factor = strtod(text, &end);
    if (end == text)
        factor = 1;
    else if (*end == '\0') {
        *x = factor;
        return true;
    } else
        text = end + (*end == '*');
    snprintf(room, sizeof room, "%s", text);
    char *where = strchr(room, '|'), *column = where ? strrchr(room, '|') : NULL;
    if (!where || column == where)
        return err_set(err, EXIT_DATA, "\"%s\" is neither a number nor FILE|CONDITION|COLUMN",
                       text);
    *where++ = *column++ = '\0';
    bool good = cell(d, room, where, column, x, err);
    *x *= factor;
    return good;
}

static void number(char *s, size_t n, double x)
{
    if (isnan(x))
        snprintf(s, n, "n/a");
    else
        snprintf(s, n, "%.3g", x);
}

struct tally {
    size_t count[VERDICTS];
    FILE *csv;
    struct buf words;
};

static void row(struct tally *t, char *const *f, const char *paper, const char *expected,
                const char *obtained, enum verdict v, const char *why)
{
    t->count[v]++;
    fprintf(t->csv, "%s,\"%s\",\"%s\",%s,\"%s\",%s,%s,\"%s\"\n", f[0], f[2], f[3], paper, expected,
            obtained, verdict_names[v], why);
    buf_printf(&t->words, LINE, f[0], paper, expected, obtained, verdict_names[v], why);
}

static void judge_order(const struct driver *d, struct tally *t, char *const *f, const char *paper)
{
    struct err err = { 0 };
    double left = NAN, right = NAN;
    bool good = evaluate(d, f[4], &left, &err) && evaluate(d, f[6], &right, &err);
    bool holds = good && (f[5][0] == '<' ? left < right : left > right);
    char expected[64], obtained[32], bound[32];
    number(bound, sizeof bound, right);
    number(obtained, sizeof obtained, left);
    snprintf(expected, sizeof expected, "%c %s", f[5][0], bound);
    bool absent = good && isnan(left) && strcmp(f[1], "real") == 0;
    row(t, f, paper, expected, obtained, absent ? NOT_JUDGED : holds ? REPRODUCES : BROKEN,
        absent ? "not in these data" : good ? f[7] : err.msg);
}

static void judge_value(const struct driver *d, struct tally *t, char *const *f,
                        char *const *paper, char *const *ours)
{
    struct err err = { 0 };
    double got = NAN, want = NAN, tol = NAN, print = NAN, print_tol = 0;
    bool good = evaluate(d, f[4], &got, &err);
    if (ours)
        want = strtod(ours[1], NULL), tol = strtod(ours[2], NULL);
    if (paper)
        print = strtod(paper[1], NULL), print_tol = strtod(paper[2], NULL);
    bool near = good && fabs(got - want) <= tol;
    enum verdict v = d->data || !ours ? NOT_JUDGED : !near ? BROKEN
                   : paper && fabs(got - print) > print_tol ? DIFFERS : REPRODUCES;
    char obtained[32], expected[80], a[32], b[32];
    number(obtained, sizeof obtained, got);
    number(a, sizeof a, want);
    number(b, sizeof b, tol);
    snprintf(expected, sizeof expected, "%s +- %s", a, b);
    row(t, f, paper ? paper[1] : "", ours ? expected : "none", obtained, v,
        !good ? err.msg : v == DIFFERS || v == BROKEN ? f[7] : v == NOT_JUDGED && !ours ?
        "no expected value on record" : "");
}

/* A driver over its share of time or memory is a broken claim with its name. */
static void judge_shares(const struct driver *d, struct tally *t)
{
    struct tsv drivers;
    tsv_read(d, "experiments/drivers.tsv", &drivers);
    double sum = 0;
    for (size_t i = 0; i < drivers.n; i++) {
        char file[128], obtained[32], expected[64], why[192], *f[FIELDS] = { 0 };
        double wall = NAN, mb = NAN, minutes = strtod(drivers.row[i][2], NULL),
               most = strtod(drivers.row[i][3], NULL);
        struct err err = { 0 };
        if (!d->data && strcmp(drivers.row[i][2], "data") == 0)
            continue;
        snprintf(file, sizeof file, "%s.cost.csv", drivers.row[i][0]);
        bool good =
            evaluate(d, (snprintf(why, sizeof why, "%s||wall_s", file), why), &wall, &err) &&
            evaluate(d, (snprintf(why, sizeof why, "%s||peak_mb", file), why), &mb, &err);
        sum += wall;
        if (good && (d->full || d->data || (wall <= 60 * minutes && mb <= most)))
            continue;
        snprintf(obtained, sizeof obtained, "%.0f s", wall);
        snprintf(expected, sizeof expected, "at most %.0f s", 60 * minutes);
        snprintf(why, sizeof why, "over its share: %.0f MB, %.0f allowed", mb, most);
        snprintf(file, sizeof file, "share:%s", drivers.row[i][0]);
        f[0] = file, f[2] = "a driver keeps to its share", f[3] = "experiments/drivers.tsv";
        row(t, f, "", expected, obtained, BROKEN, good ? why : err.msg);
    }
    buf_printf(&t->words, "all drivers: %.0f s\n", sum);
    tsv_free(&drivers);
}

/* Weights of two checkpoints that differ; SIZE_MAX: they have not the same shape or words. */
static size_t weights_apart(const struct model *a, const struct model *b)
{
    size_t n = 0;
    if (a->n_weights != b->n_weights || a->config.vocab != b->config.vocab)
        return SIZE_MAX;
    for (size_t i = 0; i < a->n_weights; i++)
        n += memcmp(&a->weights[i], &b->weights[i], sizeof(float)) != 0;
    return n;
}

/* Is what this run trained what is shipped? Only the run that makes it can tell. */
static void say_shipped(const struct driver *d, const char *shipped)
{
    char *made = driver_path(d, "checkpoint");
    struct model *a = NULL, *b = NULL;
    struct buf core = { 0 };
    struct err err = { 0 };
    if (d->checkpoint)
        printf("checkpoint: %s, nothing was trained for the main model\n", d->checkpoint);
    else if (!d->data && !d->full && d->seed == 1 && checkpoint_load(shipped, &a, NULL, &err) &&
             checkpoint_load(made, &b, NULL, &err)) {
        size_t apart = weights_apart(a, b);
        bool known = checkpoint_meta(shipped, "blas", &core, &err);
        if (apart == 0)
            printf("checkpoint: made again, the same bits as %s\n", shipped);
        else
            printf("checkpoint: made again, %s than %s (BLAS core %s, there %s): "
                   "the claims judge\n",
                   apart == SIZE_MAX ? "another shape" : "other bits", shipped, linalg_core(),
                   known ? core.p : "unknown");
    }
    model_free(a);
    model_free(b);
    buf_free(&core);
    free(made);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "claims");
    const char *scale = d.full ? "full" : "small";
    char path[128];
    struct tsv claims, paper, ours;
    tsv_read(&d, "experiments/claims.tsv", &claims);
    tsv_read(&d, "experiments/expected/paper/claims.tsv", &paper);
    snprintf(path, sizeof path, "experiments/expected/%s/claims.tsv", scale);
    tsv_read(&d, path, &ours);
    struct outfile o = driver_csv(&d, "claims.csv",
                                  "id,claim,source,paper,expected,obtained,verdict,why");
    struct tally t = { .csv = o.f };
    for (size_t i = 0; i < claims.n; i++) {
        char *const *f = claims.row[i], *const *p = tsv_find(&paper, f[0]);
        if (strcmp(f[1], "none") == 0)
            row(&t, f, p ? p[1] : "", "", "", NOT_ATTEMPTED, f[7]);
        else if (strcmp(f[1], "real") == 0 && !d.data)
            row(&t, f, p ? p[1] : "", "", "", NOT_JUDGED, "real graphs alone (DATA=)");
        else if (strcmp(f[1], "reference") == 0 && (d.data || d.seed != CELL_SHIPPED_SEED))
            row(&t, f, p ? p[1] : "", "", "", NOT_JUDGED, "the shipped models' workload alone");
        else if (strcmp(f[1], "value") != 0)
            judge_order(&d, &t, f, p ? p[1] : "");
        else
            judge_value(&d, &t, f, p, tsv_find(&ours, f[0]));
    }
    judge_shares(&d, &t);
    driver_close(&o);
    char *const *core = tsv_find(&ours, "core");
    say_shipped(&d, "checkpoints/compact");
    printf("claims: %zu reproduce, %zu differ from the paper, %zu not attempted, %zu not judged, "
           "%zu broken%s\n", t.count[REPRODUCES], t.count[DIFFERS], t.count[NOT_ATTEMPTED],
           t.count[NOT_JUDGED], t.count[BROKEN],
           core && strcmp(core[1], linalg_core()) != 0 ?
           " (expected values are from another BLAS core: judged by tolerance)" : "");
    printf(LINE "%s", "claim", "paper", "expected", "obtained", "verdict", "", t.words.p);
    buf_free(&t.words);
    tsv_free(&claims);
    tsv_free(&paper);
    tsv_free(&ours);
    return t.count[BROKEN] ? EXIT_CHECK : EXIT_GOOD;
}
