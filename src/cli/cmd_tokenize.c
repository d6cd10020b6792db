/* cmd_tokenize.c: lines of text as lines of token ids, and back.
 *
 * A line is any bytes but the newline that ends it. Nothing of the model but its tokenizer is
 * read, so that this works on the directory of any model whose tokenizer.json we know.
 */
#define _GNU_SOURCE   /* getline */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "cli/commands_priv.h"
#include "llm/tokenizer.h"

static const struct option options[] = {
    { "checkpoint", OPT_TEXT, "DIR", NULL, "the model's directory, or any with a tokenizer.json", 0,
      0 },
    { "decode", OPT_FLAG, NULL, NULL, "ids on standard input, text on standard output", 0, 0 },
    OPTION_END
};

static bool put_ids(const struct tokenizer *t, struct str line, struct tokens *ids,
                    struct buf *out)
{
    ids->n = 0;
    tokenizer_encode_line(t, line, ids);
    for (size_t i = 0; i < ids->n; i++) {
        if (i)
            buf_char(out, ' ');
        buf_u64(out, ids->id[i]);
    }
    return true;
}

static bool put_text(const struct tokenizer *t, size_t number, struct str line, struct tokens *ids,
                     struct buf *out, struct err *err)
{
    struct str piece;
    ids->n = 0;
    while (str_next(&line, ' ', &piece)) {
        uint64_t id;
        piece = str_trim(piece);
        if (!piece.n)
            continue;
        if (!str_u64(piece, &id) || id >= tokenizer_size(t))
            return err_set(err, EXIT_DATA, "standard input:%zu: \"%.*s\" is no token id below %zu",
                           number, (int)(piece.n < 40 ? piece.n : 40), piece.p, tokenizer_size(t));
        tokens_add(ids, (uint32_t)id);
    }
    tokenizer_decode_line(t, ids->id, ids->n, out);
    return true;
}

/* One line at a time, so that a pipe flows. */
static bool translate(const struct tokenizer *t, bool decode, struct err *err)
{
    struct tokens ids = { 0 };
    struct buf out = { 0 };
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    bool good = true;
    for (size_t number = 1; good && (n = getline(&line, &cap, stdin)) >= 0; number++) {
        struct str s = { line, (size_t)n - (n > 0 && line[n - 1] == '\n') };
        buf_clear(&out);
        good = decode ? put_text(t, number, s, &ids, &out, err) : put_ids(t, s, &ids, &out);
        buf_char(&out, '\n');
        if (good && fwrite(out.p, 1, out.n, stdout) != out.n)
            good = err_set(err, EXIT_IO, "write failed");
    }
    if (good && ferror(stdin))
        good = err_set(err, EXIT_NOINPUT, "standard input cannot be read");
    free(line);
    buf_free(&out);
    tokens_free(&ids);
    return good;
}

static int run(const struct args *a, struct err *err)
{
    if (!args_given(a, "checkpoint")) {
        err_set(err, EXIT_USAGE, "tokenize needs --checkpoint DIR");
        return err->status;
    }
    char *path = file_join(args_text(a, "checkpoint"), "tokenizer.json");
    struct tokenizer *t = tokenizer_load(path, err);
    bool good = t && translate(t, args_flag(a, "decode"), err);
    tokenizer_free(t);
    free(path);
    return good ? EXIT_GOOD : err->status;
}

const struct command cmd_tokenize = {
    .name = "tokenize",
    .summary = "text as token ids, line by line, and back",
    .options = options,
    .examples = "  tracewright encode graphs.csv | tracewright tokenize --checkpoint model\n"
                "  echo 3 4 5 | tracewright tokenize --checkpoint model --decode",
    .run = run,
};
