/* cmd_train.c: a model of call graphs, from scratch or from a base; or an adapter on one. */
#include <stdio.h>
#include <string.h>

#include "cli/commands_priv.h"
#include "cli/graphs.h"
#include "gen/train_graphs.h"
#include "llm/adapter.h"

/* Defaults without a value here are those of train_graphs_standard_for: the help names them. */
static const struct option options[] = {
    { "data", OPT_TEXT, "TRAIN.csv", NULL, "call graphs to learn from", 0, 0 },
    { "o", OPT_TEXT, "DIR", NULL, "where the checkpoint goes", 0, 0 },
    { "to", OPT_CHOICE, "compact|tabular|recursive|instruction", "compact",
      "text format it learns to write", 0, 0 },
    { "preset", OPT_TEXT, "P", "base", "size: tiny small medium base S M L", 0, 0 },
    { "base", OPT_TEXT, "DIR", NULL, "begin from this checkpoint, with its tokenizer", 0, 0 },
    { "lora", OPT_INT, "RANK", NULL, "freeze the base, train an adapter; DIR is a PEFT folder", 1,
      65536 },
    { "lora-alpha", OPT_REAL, "A", NULL, "the adapter counts A / RANK times [2 RANK]", 0, 1e6 },
    { "lora-targets", OPT_TEXT, "LIST", "q,v", "which matrices: q,k,v,o,gate,up,down", 0, 0 },
    { "lora-dropout", OPT_REAL, "X", "0.1", "share of an adapter's input dropped", 0, 0.9 },
    { "adapter", OPT_TEXT, "DIR", NULL,
      "adapters on the base, in order, under what is trained; may be given again", 0, 0 },
    { "mask-prompt", OPT_FLAG, NULL, NULL,
      "layered formats: the loss counts the answer alone [instruction always]", 0, 0 },
    { "epochs", OPT_INT, "E", NULL, "passes over the data [compact 16, others 20]", 1, 100000 },
    { "tokens", OPT_INT, "T", NULL, "train on T tokens instead", 1, 1e15 },
    { "block", OPT_INT, "N", "0",
      "cut the samples as one text, every N tokens; 0 packs them whole", 0, 1048576 },
    { "lr", OPT_REAL, "X", NULL, "peak learning rate [0.0015]", 0, 1 },
    { "warmup", OPT_REAL, "X", NULL, "share of the run in which the rate rises [0.05]", 0, 0.99 },
    { "clip", OPT_REAL, "X", NULL, "longest gradient; 0: any [1]", 0, 1e9 },
    { "weight-decay", OPT_REAL, "X", NULL, "AdamW's decay [0.1]", 0, 10 },
    { "dropout", OPT_REAL, "X", NULL, "share of activations dropped [0.1; with --lora 0]", 0, 0.9 },
    { "tokens-per-step", OPT_INT, "N", NULL, "tokens of one update [1024]", 16, 1e9 },
    { "open-all", OPT_REAL, "X", NULL,
      "compact: share of samples with no header [0.05]", 0, 1 },
    { "open-numbers", OPT_REAL, "X", NULL,
      "compact: share that keeps the service alone [0.25]", 0, 1 },
    { "open-each", OPT_REAL, "X", NULL, "compact: how often each other number is open [0.1]",
      0, 1 },
    { "open-service", OPT_REAL, "X", NULL,
      "compact: how often the service alone is open [0]", 0, 1 },
    { "shuffle", OPT_REAL, "X", NULL,
      "compact: share of exchangeable neighbours that change places [0]", 0, 1 },
    { "jitter", OPT_REAL, "X", NULL,
      "compact: spread of random factors on durations and gaps [0]", 0, 1 },
    { "smoothing", OPT_REAL, "X", NULL, "label smoothing [0]", 0, 0.5 },
    { "average", OPT_REAL, "X", NULL,
      "end with a running mean of the weights that keeps this share a step [0]", 0, 0.99999 },
    { "lr-floor", OPT_REAL, "X", NULL, "learning rate at the end, as a share of its peak [0.1]", 0,
      1 },
    { "snapshot-every", OPT_INT, "E", "0", "epochs after which DIR/epoch-N is saved; 0: never", 0,
      1e6 },
    { "bf16", OPT_FLAG, NULL, NULL, "save the weights in 16 bits", 0, 0 },
    { "no-scratchpad", OPT_FLAG, NULL, NULL, "instruction: answers without their arithmetic", 0,
      0 },
    { "fixed-order", OPT_FLAG, NULL, NULL, "layered formats: keys and attributes are not shuffled",
      0, 0 },
    { "spell-services", OPT_FLAG, NULL, NULL,
      "layered formats: the digits that end a service's name are cut in pairs", 0, 0 },
    { "embed-scale", OPT_REAL, "X", "0",
      "the embedding begins X times as long, so that rare names can be copied early; 0: as it is",
      0, 100 },
    { "spell-below", OPT_INT, "N", "0",
      "layered formats: words seen less often are spelled in bytes; 0: each is a token", 0, 1e9 },
    { "validation", OPT_REAL, "X", NULL, "share of samples kept aside for a validation loss", 0,
      0.9 },
    { "keep-best", OPT_FLAG, NULL, NULL,
      "the weights of least validation loss to DIR, the last ones to DIR/last; else the last ones "
      "to DIR, the best to DIR/best", 0, 0 },
    { "patience", OPT_INT, "E", "0", "stop E epochs after the best validation loss; 0: never", 0,
      100000 },
    { "spike", OPT_REAL, "K", NULL,
      "leave out steps whose loss is K running deviations over the mean; 0: none [8]", 0, 1e9 },
    { "resume", OPT_FLAG, NULL, NULL, "go on where an interrupted run of the same command stopped",
      0, 0 },
    OPTION_SEED,
    OPTION_THREADS,
    OPTION_JSON,
    OPTION_END
};

static double real_or(const struct args *a, const char *name, double standard)
{
    return args_given(a, name) ? args_real(a, name) : standard;
}

static size_t count_or(const struct args *a, const char *name, size_t standard)
{
    return args_given(a, name) ? (size_t)args_int(a, name) : standard;
}

static bool lora_asked(const struct args *a, struct train_graphs_options *o, struct err *err)
{
    static const char *const only[] = { "lora-alpha", "lora-targets", "lora-dropout" };
    if (!args_given(a, "lora")) {
        for (size_t i = 0; i < sizeof only / sizeof *only; i++)
            if (args_given(a, only[i]))
                return err_set(err, EXIT_USAGE, "--%s needs --lora RANK", only[i]);
        return true;
    }
    o->lora.rank = (size_t)args_int(a, "lora");
    o->lora.alpha = real_or(a, "lora-alpha", 2 * (double)o->lora.rank);
    o->lora.dropout = args_real(a, "lora-dropout");
    o->train.dropout = real_or(a, "dropout", 0);
    return lora_targets_parse(args_text(a, "lora-targets"), &o->lora.targets, err);
}

/* Where a run begins, and what it ends by. */
static bool base_asked(const struct args *a, const char **adapter, struct train_graphs_options *o,
                       struct err *err)
{
    o->base = args_given(a, "base") ? args_text(a, "base") : NULL;
    o->adapter = adapter;
    o->n_adapters = args_times(a, "adapter");
    for (size_t i = 0; i < o->n_adapters && i < ADAPTERS_MAX; i++)
        adapter[i] = args_nth(a, "adapter", i);
    if (o->n_adapters > ADAPTERS_MAX)
        return err_set(err, EXIT_USAGE, "a stack holds %d adapters at most", ADAPTERS_MAX);
    if (o->base && args_given(a, "preset"))
        return err_set(err, EXIT_USAGE, "the base says the size: --preset does not go with --base");
    if (args_given(a, "tokens") && args_given(a, "epochs"))
        return err_set(err, EXIT_USAGE, "give either --epochs or --tokens");
    return lora_asked(a, o, err);
}

static struct train_graphs_options options_asked(const struct args *a)
{
    struct train_graphs_options o = train_graphs_standard_for(args_text(a, "to"));
    o.mask_prompt = o.mask_prompt || args_flag(a, "mask-prompt");
    o.train.tokens = args_given(a, "tokens") ? (size_t)args_int(a, "tokens") : 0;
    o.train.block = (size_t)args_int(a, "block");
    o.train.warmup = real_or(a, "warmup", o.train.warmup);
    o.train.clip = real_or(a, "clip", o.train.clip);
    o.train.patience = (size_t)args_int(a, "patience");
    o.train.spike = real_or(a, "spike", o.train.spike);
    o.preset = args_text(a, "preset");
    o.dropout.all = real_or(a, "open-all", o.dropout.all);
    o.dropout.numbers = real_or(a, "open-numbers", o.dropout.numbers);
    o.dropout.each = real_or(a, "open-each", o.dropout.each);
    o.dropout.service = real_or(a, "open-service", o.dropout.service);
    o.augment.shuffle = real_or(a, "shuffle", o.augment.shuffle);
    o.augment.jitter = real_or(a, "jitter", o.augment.jitter);
    o.train.smoothing = real_or(a, "smoothing", o.train.smoothing);
    o.train.average = real_or(a, "average", o.train.average);
    o.train.lr_floor = real_or(a, "lr-floor", o.train.lr_floor);
    o.snapshot_every = (size_t)args_int(a, "snapshot-every");
    o.bf16 = args_flag(a, "bf16");
    o.fixed_order = args_flag(a, "fixed-order");
    o.no_scratchpad = args_flag(a, "no-scratchpad");
    o.spell_services = args_flag(a, "spell-services");
    o.embed_scale = args_real(a, "embed-scale");
    o.spell_below = (size_t)args_int(a, "spell-below");
    o.train.epochs = count_or(a, "epochs", o.train.epochs);
    o.train.lr = real_or(a, "lr", o.train.lr);
    o.train.weight_decay = real_or(a, "weight-decay", o.train.weight_decay);
    o.train.dropout = real_or(a, "dropout", o.train.dropout);
    o.train.tokens_per_step = count_or(a, "tokens-per-step", o.train.tokens_per_step);
    o.train.validation = real_or(a, "validation", o.train.validation);
    o.train.keep_best = args_flag(a, "keep-best");
    o.train.seed = (uint64_t)args_int(a, "seed");
    o.train.threads = (size_t)args_int(a, "threads");
    o.train.resume = args_flag(a, "resume");
    return o;
}

static void print_json(const struct train_report *r)
{
    printf("{\"epochs\":[");
    for (size_t e = 0; e < r->n_epochs; e++) {
        printf("%s{\"loss\":%.9g,\"validation\":", e ? "," : "", r->epoch[e].loss);
        printf(r->epoch[e].validation == r->epoch[e].validation ? "%.9g}" : "null}",
               r->epoch[e].validation);
    }
    printf("],\"spikes\":%zu,\"best\":%zu,\"steps\":%zu,\"tokens\":%zu,\"too_long\":%zu,"
           "\"seconds\":%.3f,"
           "\"tokens_per_s\":%.0f}\n",
           r->spikes, r->best, r->steps, r->tokens, r->too_long, r->seconds, r->tokens_per_s);
}

static void print_words(const struct train_report *r, const char *dir)
{
    if (!r->n_epochs) {
        fprintf(stderr, "%s is finished already\n", dir);
        return;
    }
    const struct train_epoch *last = &r->epoch[r->n_epochs - 1];
    fprintf(stderr,
            "%zu epochs, %zu steps, %zu tokens in %.1f s (%.0f tokens/s); loss %.4f nats a token",
            r->n_epochs, r->steps, r->tokens, r->seconds, r->tokens_per_s, last->loss);
    if (last->validation == last->validation)
        fprintf(stderr, ", validation %.4f", last->validation);
    fprintf(stderr, "\n");
    if (r->spikes)
        fprintf(stderr, "%zu steps were left out as spikes of the loss; the last at %s\n",
                r->spikes, r->spike);
    if (r->too_long)
        fprintf(stderr, "%zu samples were longer than the model's context and left out\n",
                r->too_long);
}

static int run(const struct args *a, struct err *err)
{
    if (!args_given(a, "data") || !args_given(a, "o")) {
        err_set(err, EXIT_USAGE, "train needs --data TRAIN.csv and -o DIR");
        return err->status;
    }
    const char *adapter[ADAPTERS_MAX];
    struct train_graphs_options o = options_asked(a);
    if (!base_asked(a, adapter, &o, err))
        return err->status;
    struct graphset *graphs =
        graphs_read(args_text(a, "data"), (size_t)args_int(a, "threads"), err);
    if (!graphs)
        return err->status;
    struct meta *m = meta_new("train");
    struct train_report rep = { 0 };
    bool good = meta_input(m, "data", args_text(a, "data"), err) &&
                train_graphs(graphs, &o, args_text(a, "o"), m, &rep, err);
    if (good && args_flag(a, "json"))
        print_json(&rep);
    else if (good)
        print_words(&rep, args_text(a, "o"));
    train_report_free(&rep);
    meta_free(m);
    graphset_free(graphs);
    return good ? EXIT_GOOD : err->status;
}

const struct command cmd_train = {
    .name = "train",
    .summary = "train a model of call graphs, from scratch or on a base",
    .options = options,
    .examples = "  tracewright train --data train.csv -o model\n"
                "  tracewright train --data train.csv --preset small --epochs 12 -o model "
                "--resume\n"
                "  tracewright train --data train.csv --to recursive -o base\n"
                "  tracewright train --data train.csv --to instruction --mask-prompt --lora 8 "
                "--base base --lr 0.003 -o adapter",
    .run = run,
};
