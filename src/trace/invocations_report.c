/* invocations_report.c: the account of a reading, for people and for machines. */
#include <inttypes.h>
#include <string.h>

#include "trace/invocations_priv.h"

const char *const invocations_cause_names[INV_CAUSES] = {
    [INV_LONG] = "line too long",
    [INV_QUOTE] = "quote not closed",
    [INV_FIELDS] = "wrong number of fields",
    [INV_KEY] = "no function id",
    [INV_COUNT] = "bad count",
    [INV_TIME] = "bad time",
    [INV_DURATION] = "bad duration",
    [INV_TOKENS] = "bad number of tokens",
};

void invocations_report_drop(struct invocations_tally *t, uint64_t rows, const char *file,
                             uint64_t line, struct str value)
{
    t->rows += rows;
    if (t->example[0])
        return;
    size_t keep = strlen(file) > 120 ? strlen(file) - 120 : 0;   /* the end of a path says more */
    snprintf(t->example, sizeof t->example, "%s%s:%" PRIu64 ": \"", keep ? "..." : "", file + keep,
             line);
    str_printable(t->example, sizeof t->example - 1, value);
    strcat(t->example, "\"");
}

uint64_t invocations_report_dropped(const struct invocations_report *r)
{
    uint64_t rows = 0;
    for (int c = 0; c < INV_CAUSES; c++)
        rows += r->dropped[c].rows;
    return rows;
}

bool invocations_report_fail(const struct invocations_report *r, const char *path,
                             struct err *err)
{
    int worst = -1;
    for (int c = 0; c < INV_CAUSES; c++)
        if (r->dropped[c].rows && (worst < 0 || r->dropped[c].rows > r->dropped[worst].rows))
            worst = c;
    if (worst < 0)
        return err_set(err, EXIT_DATA, "%s: there is no row to use", path);
    return err_set(err, EXIT_DATA, "%s: %s; nothing of the input can be used",
                   r->dropped[worst].example, invocations_cause_names[worst]);
}

static void tally_words(const char *what, const struct invocations_tally *t, FILE *words)
{
    if (t->rows)
        fprintf(words, "  %9" PRIu64 " rows  %s, first at %s\n", t->rows, what, t->example);
}

void invocations_report_words(const struct invocations_report *r, FILE *words)
{
    fprintf(words, "%" PRIu64 " of %" PRIu64 " %s used\n", r->rows_used, r->rows_read,
            r->packed ? "functions" : "rows");
    for (int c = 0; c < INV_CAUSES; c++)
        tally_words(invocations_cause_names[c], &r->dropped[c], words);
    tally_words("used, added to an earlier row of their function and day", &r->repeated, words);
    if (r->late)
        fprintf(words, "  %9" PRIu64 " rows  after the days asked for\n", r->late);
}

static void json_tally(const char *cause, const struct invocations_tally *t, bool *first,
                       FILE *json)
{
    if (t->rows == 0)
        return;
    fprintf(json, "%s\n {\"cause\":\"%s\",\"rows\":%" PRIu64 ",\"example\":\"", *first ? "" : ",",
            cause, t->rows);
    for (const char *s = t->example; *s; s++)
        if (*s == '"' || *s == '\\')
            fprintf(json, "\\%c", *s);
        else if ((unsigned char)*s < 0x20)
            fprintf(json, "\\u%04x", (unsigned)*s);
        else
            fputc(*s, json);
    fputs("\"}", json);
    *first = false;
}

void invocations_report_write(const struct invocations_report *r, FILE *json)
{
    fprintf(json, "{\"files\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"rows_read\":%" PRIu64
                  ",\"rows_used\":%" PRIu64 ",\"late\":%" PRIu64 ",\"repeated\":%" PRIu64
                  ",\"dropped\":[",
            r->files, r->bytes, r->rows_read, r->rows_used, r->late, r->repeated.rows);
    bool first = true;
    for (int c = 0; c < INV_CAUSES; c++)
        json_tally(invocations_cause_names[c], &r->dropped[c], &first, json);
    fputs("]}\n", json);
}
