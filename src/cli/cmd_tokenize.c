/* cmd_tokenize.c: lines of text as lines of token ids, and back; or a tokenizer from them.
 *
 * A line is any bytes but the newline that ends it. Nothing of the model but its tokenizer is
 * read, so that this works on the directory of any model whose tokenizer.json we know.
 */
#define _GNU_SOURCE   /* getline */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/commands_priv.h"
#include "llm/tokenizer.h"

static const struct option options[] = {
    { "checkpoint", OPT_TEXT, "DIR", NULL, "the model's directory, or any with a tokenizer.json", 0,
      0 },
    { "decode", OPT_FLAG, NULL, NULL, "ids on standard input, text on standard output", 0, 0 },
    { "learn", OPT_CHOICE, "words|gpt2|llama", NULL,
      "learn a tokenizer from the lines: whole words, or byte pairs in either style", 0, 0 },
    { "vocab", OPT_INT, "N", "0", "with --learn: most tokens; 0: no limit", 0, 1e7 },
    { "o", OPT_TEXT, "DIR", NULL, "with --learn: where tokenizer.json goes", 0, 0 },
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

/* ---- learning ---- */

static bool learn(const struct args *a, struct err *err)
{
    static const struct { const char *name; enum tokenizer_rule rule; } kinds[] = {
        { "words", TOKENIZER_WORDS }, { "gpt2", TOKENIZER_GPT2 }, { "llama", TOKENIZER_LLAMA },
    };
    struct tokenizer_options o = { .max_vocab = (size_t)args_int(a, "vocab") };
    struct buf text = { 0 };
    if (!file_read("-", &text, err))
        return false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, args_text(a, "learn")) == 0)
            o.rule = kinds[i].rule;
    struct str rest = buf_view(&text), line, *lines = NULL;
    size_t n = 0, cap = 0;
    while (str_next(&rest, '\n', &line)) {
        MEM_GROW(lines, n, cap);
        lines[n++] = line;
    }
    struct tokenizer *t = tokenizer_train(lines, n, &o);
    char *path = file_join(args_text(a, "o"), "tokenizer.json");
    bool good = (n || err_set(err, EXIT_DATA, "standard input:1: no line to learn from")) &&
                file_mkdirs(args_text(a, "o"), err) && tokenizer_save(t, path, err);
    free(path);
    tokenizer_free(t);
    free(lines);
    buf_free(&text);
    return good;
}

static bool apply(const struct args *a, struct err *err)
{
    char *path = file_join(args_text(a, "checkpoint"), "tokenizer.json");
    struct tokenizer *t = tokenizer_load(path, err);
    bool good = t && translate(t, args_flag(a, "decode"), err);
    tokenizer_free(t);
    free(path);
    return good;
}

static int run(const struct args *a, struct err *err)
{
    bool learns = args_given(a, "learn"), good;
    if (learns && (args_given(a, "checkpoint") || args_flag(a, "decode") || !args_given(a, "o")))
        good = err_set(err, EXIT_USAGE, "tokenize --learn takes -o DIR, and no checkpoint");
    else if (!learns && !args_given(a, "checkpoint"))
        good = err_set(err, EXIT_USAGE, "tokenize needs --checkpoint DIR");
    else if (!learns && (args_given(a, "o") || args_given(a, "vocab")))
        good = err_set(err, EXIT_USAGE, "tokenize takes -o and --vocab with --learn alone");
    else
        good = learns ? learn(a, err) : apply(a, err);
    return good ? EXIT_GOOD : err->status;
}

const struct command cmd_tokenize = {
    .name = "tokenize",
    .summary = "text as token ids, line by line, and back",
    .options = options,
    .examples = "  tracewright encode graphs.csv | tracewright tokenize --checkpoint model\n"
                "  echo 3 4 5 | tracewright tokenize --checkpoint model --decode\n"
                "  tracewright tokenize --learn gpt2 --vocab 2000 -o bpe < graphs.txt",
    .run = run,
};
