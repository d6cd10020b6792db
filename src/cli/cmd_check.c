/* cmd_check.c: judge what a model wrote, one JSON line in, one verdict out.
 *
 * A line that is not an object with a text prompt and a text output is a verdict too: not valid,
 * code 14, counted on stderr. The exit status speaks of the reading, not of the verdicts.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/commands_priv.h"
#include "text/oracle.h"

enum { LINE_MAX_BYTES = 1 << 26, CHUNK = 1 << 16 };

static const struct option options[] = { { "oracle", OPT_CHOICE, "original|strict", "strict",
                                           "whose rules", 0, 0 },
                                         { "task", OPT_CHOICE, "tabular|recursive|instruction",
                                           "recursive", "what the texts are", 0, 0 },
                                         OPTION_OUT,
                                         OPTION_END };

struct check {
    const struct oracle *oracle;
    enum text_task task;
    FILE *out;
    uint64_t lines, unreadable, valid, per_code[ORACLE_CODES];
};

static struct str text_of(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    if (!json_is_string(v))
        return (struct str){ NULL, 0 };
    return (struct str){ json_string_value(v), json_string_length(v) };
}

static struct verdict judge_line(struct check *c, struct str line)
{
    struct verdict v = { .n = 1, .codes = { CODE_PARSE } };
    json_t *o = line.n <= LINE_MAX_BYTES ? json_loadb(line.p, line.n, JSON_ALLOW_NUL, NULL) : NULL;
    struct str prompt = text_of(o, "prompt"), output = text_of(o, "output");
    if (prompt.p && output.p)
        v = oracle_judge(c->oracle, c->task, prompt, output);
    else
        c->unreadable++;
    json_decref(o);
    return v;
}

static void take_line(struct check *c, struct str line)
{
    struct verdict v = judge_line(c, line);
    c->lines++;
    c->valid += v.valid;
    fprintf(c->out, "{\"valid\":%s,\"codes\":[", v.valid ? "true" : "false");
    for (size_t i = 0; i < v.n; i++) {
        fprintf(c->out, i ? ",%u" : "%u", v.codes[i]);
        c->per_code[v.codes[i]]++;
    }
    fputs("]}\n", c->out);
}

/* Lines of any length; of one over the bound only its length is kept. */
static void take_input(struct check *c, FILE *in)
{
    struct buf b = { 0 };
    char *chunk = mem_alloc(CHUNK);
    size_t n;
    bool open = false;
    while ((n = fread(chunk, 1, CHUNK, in)) > 0)
        for (size_t i = 0; i < n;) {
            const char *nl = memchr(chunk + i, '\n', n - i);
            size_t len = nl ? (size_t)(nl - chunk) - i : n - i;
            if (b.n <= LINE_MAX_BYTES)
                buf_add(&b, chunk + i, len);
            open = !nl;
            if (nl) {
                take_line(c, buf_view(&b));
                buf_clear(&b);
            }
            i += len + (nl != NULL);
        }
    if (open)
        take_line(c, buf_view(&b));
    buf_free(&b);
    free(chunk);
}

static void report(const struct check *c)
{
    fprintf(stderr, "%" PRIu64 " of %" PRIu64 " valid\n", c->valid, c->lines);
    for (unsigned k = 0; k < ORACLE_CODES; k++)
        if (c->per_code[k])
            fprintf(stderr, "  %9" PRIu64 "  code %2u  %s\n", c->per_code[k], k,
                    oracle_code_words(k));
    if (c->unreadable)
        fprintf(stderr,
                "  %9" PRIu64 "  lines were not {\"prompt\":text,\"output\":text}: code 14\n",
                c->unreadable);
}

static int run(const struct args *a, struct err *err)
{
    struct check c = { .oracle = oracle_find(args_text(a, "oracle")) };
    while (strcmp(text_task_names[c.task], args_text(a, "task")) != 0)
        c.task++;
    struct outfile out;
    if (!outfile_open(&out, args_text(a, "o"), err))
        return err->status;
    c.out = out.f;
    take_input(&c, stdin);
    if (ferror(stdin)) {
        outfile_abandon(&out);
        err_set(err, EXIT_NOINPUT, "standard input cannot be read");
        return err->status;
    }
    if (!outfile_commit(&out, err))
        return err->status;
    report(&c);
    if (c.unreadable == c.lines) {
        err_set(err, EXIT_DATA, "standard input: %s",
                c.lines ? "no line is {\"prompt\":text,\"output\":text}" : "empty");
        return err->status;
    }
    return EXIT_GOOD;
}

const struct command cmd_check = {
    .name = "check",
    .summary = "judge the layers or tables that a model wrote",
    .operands = "< PAIRS.jsonl",
    .min_operands = 0,
    .max_operands = 0,
    .options = options,
    .examples =
        "  tracewright check --oracle original --task recursive < pairs.jsonl > verdicts.jsonl\n"
                "  head -1 pairs.jsonl | tracewright check --task instruction",
    .run = run,
};
