/* prompts.c: three ways to say what is asked for; all become one pool of prompts. */
#include "cli/prompts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/graphs.h"
#include "gen/ask.h"

bool asked_usage(const struct args *a, struct err *err)
{
    static const char *const fields[] = { "header", "no-latency", "no-edges", "no-depth" };
    bool ask = args_given(a, "ask");
    if (args_given(a, "like") + args_given(a, "prompts") + ask > 1)
        return err_set(err, EXIT_USAGE, "--like, --prompts and --ask exclude each other");
    if (args_flag(a, "resample") && !args_given(a, "like"))
        return err_set(err, EXIT_USAGE, "--resample draws from --like PROMPTS.csv");
    if (args_given(a, "compat") && !args_given(a, "prompts"))
        return err_set(err, EXIT_USAGE, "--compat is about --prompts FILE.txt");
    for (size_t i = 0; ask && i < sizeof fields / sizeof *fields; i++)
        if (args_given(a, fields[i]))
            return err_set(err, EXIT_USAGE, "--%s has no place with --ask, which names its fields",
                           fields[i]);
    return true;
}

static struct prompt_fields fields_asked(const struct args *a)
{
    const char *header = args_text(a, "header");
    struct prompt_fields f = strcmp(header, "full") == 0      ? prompt_full
                             : strcmp(header, "service") == 0 ? prompt_service
                                                              : prompt_none;
    f.latency = f.latency && !args_flag(a, "no-latency");
    f.edges = f.edges && !args_flag(a, "no-edges");
    f.depth = f.depth && !args_flag(a, "no-depth");
    return f;
}

/* A prompt with a field taken away is no longer its text. */
static void leave_open(struct prompt *p, struct prompt_fields f)
{
    if (f.service && f.edges && f.depth && f.latency)
        return;
    p->text = (struct str){ NULL, 0 };
    p->service = f.service ? p->service : NULL;
    p->edges = f.edges ? p->edges : PROMPT_OPEN;
    p->depth = f.depth ? p->depth : PROMPT_OPEN;
    p->latency = f.latency ? p->latency : PROMPT_OPEN;
}

static bool read_file(const struct args *a, uint32_t tick_us, struct str high, struct asked *q,
                      struct err *err)
{
    if (!text_prompts_read(args_text(a, "prompts"), args_given(a, "compat"), &q->file, err))
        return false;
    q->n = q->file.n;
    q->list = mem_array(q->n, sizeof *q->list);
    for (size_t i = 0; i < q->n; i++) {
        q->list[i] = ask_from_file(&q->file.at[i], tick_us, q->arena);
        leave_open(&q->list[i], q->fields);
        q->no_p90 += !ask_set_high(&q->list[i], high, NULL);
    }
    if (q->file.bad)
        fprintf(stderr, "%zu prompts are bad and were dropped:\n%s%s", q->file.bad,
                q->file.bad_words.p, q->file.bad > TEXT_PROMPTS_NAMED ? "...\n" : "");
    if (q->no_p90)
        fprintf(stderr, "%zu prompts ask for a high latency of a service whose p90 is not known: "
                "they are not held to it\n", q->no_p90);
    return true;
}

static bool read_words(const struct args *a, uint32_t tick_us, struct str high, struct asked *q,
                       struct err *err)
{
    q->list = mem_alloc(sizeof *q->list);
    q->n = 1;
    return ask_parse(args_text(a, "ask"), tick_us, q->arena, q->list, err) &&
           ask_set_high(q->list, high, err);
}

bool asked_read(const struct args *a, uint32_t tick_us, struct str high, struct asked *q,
                struct err *err)
{
    *q = (struct asked){ .arena = arena_new(), .fields = fields_asked(a), .tick_us = tick_us };
    bool good = true;
    if (args_given(a, "like"))
        good = (q->like = graphs_read(args_text(a, "like"), (size_t)args_int(a, "threads"), err));
    else if (args_given(a, "prompts"))
        good = read_file(a, tick_us, high, q, err);
    else if (args_given(a, "ask"))
        good = read_words(a, tick_us, high, q, err);
    if (!good)
        asked_free(q);
    return good;
}

void asked_free(struct asked *q)
{
    if (q->like)
        graphset_free(q->like);
    text_prompts_free(&q->file);
    arena_free(q->arena);
    free(q->list);
    *q = (struct asked){ 0 };
}

struct prompt_pool asked_pool(const struct args *a, const struct asked *q,
                              const struct graphset *otherwise)
{
    if (q->list)
        return prompt_pool_list(q->list, q->n, q->tick_us);
    const struct graphset *like = q->like ? q->like : otherwise;
    return args_flag(a, "resample") ? prompt_pool_new(like, q->fields)
                                    : prompt_pool_ordered(like, q->fields);
}
