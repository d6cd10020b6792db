/* cmd_plan.c: from the tables of a trace and the proxies' profile to load.json. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/meta.h"
#include "cli/commands_priv.h"
#include "cli/profile_plots.h"
#include "load/deploy.h"
#include "load/proxymap.h"
#include "load/plan.h"

static const struct option options[] = {
    { "trace", OPT_TEXT, "DIR", "trace", "folder of durations.csv, memory.csv, invocations.csv",
      0, 0 },
    { "profile", OPT_TEXT, "FILE", "profile.json", "what the proxies need", 0, 0 },
    { "config", OPT_TEXT, "FILE", NULL, "deployment commands of the proxies [config.json]", 0, 0 },
    { "unit", OPT_CHOICE, "minute|second", "minute", "what a column of calls stands for", 0, 0 },
    { "unique", OPT_FLAG, NULL, NULL, "a proxy of its own for each function, least total error",
      0, 0 },
    { "capacity", OPT_INT, "K", NULL, "each proxy at most K times, least total error", 1, 1e6 },
    { "percentile", OPT_CHOICE, "1|25|50|75|99|100", "75", "of memory and duration to compare",
      0, 0 },
    { "max-error", OPT_REAL, "E", NULL,
      "no proxy rather than one further away (a logarithm) [any]", 0, 1e9 },
    { "class", OPT_TEXT, "WORD", NULL, "only proxies whose profile says this class, or none", 0,
      0 },
    { "no-pipelined", OPT_FLAG, NULL, NULL, "leave out proxies that the profile calls pipelined",
      0, 0 },
    { "iat", OPT_CHOICE,
      "equidistant|uniform|exponential|gamma|poisson|pareto|deterministic|mmpp", "uniform",
      "law of the times within a unit", 0, 0 },
    { "cv", OPT_REAL, "C", NULL, "burstiness of gamma, pareto, mmpp [the law's own; gamma 2]", 0,
      1e4 },
    { "boundary", OPT_CHOICE, "carry|restart", "carry",
      "gaps of gamma and its like run on from unit to unit, or begin anew", 0, 0 },
    { "phase", OPT_CHOICE, "start|random", "start",
      "equidistant and its like begin with the unit, or anywhere", 0, 0 },
    { "duration", OPT_INT, "N", "20", "units to measure", 0, 1e7 },
    { "warmup", OPT_INT, "N", "2", "units before them", 0, 1e7 },
    { "offset", OPT_INT, "U", "0", "first unit of the trace to take", 0, 1e7 },
    { "scale", OPT_REAL, "F", "1", "calls of every function times F", 0, 1e6 },
    { "scales", OPT_TEXT, "FILE", NULL, "lines \"trace_key,F\": that function's calls times F", 0,
      0 },
    { "compat", OPT_FLAG, NULL, NULL,
      "the original's choices, its exponential law, and its loss of calls at equal times", 0, 0 },
    { "endpoint-template", OPT_TEXT, "T", "%s.default.example",
      "%s is the proxy, %k the function's key, %i its number", 0, 0 },
    { "endpoints", OPT_TEXT, "FILE", NULL, "lines \"name,endpoint\" or a JSON object", 0, 0 },
    { "deploy", OPT_CHOICE, "knative", NULL, "deploy a service for each function with kubectl, kn",
      0, 0 },
    { "dry-run", OPT_FLAG, NULL, NULL, "with --deploy: write files, run nothing", 0, 0 },
    { "build", OPT_TEXT, "DIR", "build", "folder of deployed yaml files and scripts", 0, 0 },
    { "yamls", OPT_TEXT, "DIR", ".", "folder that the profile's yaml paths start from", 0, 0 },
    { "poll", OPT_REAL, "S", "15", "seconds between looks whether services are ready", 0.01, 3600 },
    { "ready", OPT_REAL, "S", "0", "longest wait for them; 0: 15 s each, at least 900", 0, 1e6 },
    { "shards", OPT_INT, "N", "0", "also write FILE.0 to FILE.N-1, together the whole", 0, 1000 },
    { "format", OPT_CHOICE, "json|binary|csv", NULL, "[by the output's name: .plan, .csv, else "
      "json]", 0, 0 },
    { "mapping", OPT_TEXT, "FILE", NULL, "write trace_key,proxy,error", 0, 0 },
    { "plot", OPT_TEXT, "DIR", NULL, "draw profiles and errors there, as plot-profiles", 0, 0 },
    { "o", OPT_TEXT, "FILE", "load.json", "where the load goes", 0, 0 },
    OPTION_SEED,
    OPTION_THREADS,
    OPTION_JSON,
    OPTION_END
};

struct planning {
    const struct args *a;
    struct arena *mem;
    struct functions functions;
    struct functions_report rows;
    struct proxies proxies;
    struct proxymap mapping;
    const char **endpoint;       /* (functions) NULL: its calls are left out */
    struct load_target *targets;
    uint32_t *target;            /* (functions) */
    double *scale;
    size_t n_targets;
    struct plan_count count;
    struct deploy_count deployed;
    struct proxymap_options how;
};

static bool refuse_mixtures(const struct args *a, struct err *err)
{
    if (args_given(a, "unique") && args_given(a, "capacity"))
        return err_set(err, EXIT_USAGE, "--unique is --capacity 1: give one of them");
    if (args_flag(a, "compat") && args_given(a, "capacity"))
        return err_set(err, EXIT_USAGE, "--compat: the original has no --capacity");
    if (args_flag(a, "dry-run") && !args_given(a, "deploy"))
        return err_set(err, EXIT_USAGE, "--dry-run is of --deploy");
    if (args_given(a, "deploy") && args_given(a, "endpoints"))
        return err_set(err, EXIT_USAGE, "--deploy finds endpoints by itself: no --endpoints");
    if (args_int(a, "shards") && strcmp(args_text(a, "o"), "-") == 0)
        return err_set(err, EXIT_USAGE, "--shards: -o - has no name for them");
    if (args_flag(a, "json") && strcmp(args_text(a, "o"), "-") == 0)
        return err_set(err, EXIT_USAGE, "--json and -o - cannot both have standard output");
    return true;
}

/* config.json is wanted for deploying alone; a missing or broken one is a warning, as before. */
static bool read_config(struct planning *x, struct err *err)
{
    struct err why;
    size_t matched;
    const char *path = args_text(x->a, "config");
    if (!path && !args_given(x->a, "deploy"))
        return true;
    (void)err;
    if (!proxies_configure(&x->proxies, path ? path : "config.json", &matched, &why))
        fprintf(stderr, "%s; proxies are deployed without commands\n", why.msg);
    return true;
}

static bool find_mapping(struct planning *x, struct err *err)
{
    const struct args *a = x->a;
    x->how = (struct proxymap_options){
        .rule = args_flag(a, "unique")      ? PROXYMAP_UNIQUE
                : args_given(a, "capacity") ? PROXYMAP_CAPACITY
                                            : PROXYMAP_GREEDY,
        .capacity = (size_t)args_int(a, "capacity"),
        .percentile = atoi(args_text(a, "percentile")),
        .most = args_given(a, "max-error") ? args_real(a, "max-error") : INFINITY,
        .kind = args_text(a, "class"),
        .no_pipelined = args_flag(a, "no-pipelined"),
        .compat = args_flag(a, "compat"),
    };
    if (!proxymap_find(&x->functions, &x->proxies, &x->how, &x->mapping, err))
        return false;
    const struct proxymap *m = &x->mapping;
    if (m->fell_back)
        fprintf(stderr, "--unique: %s; the nearest proxies are taken\n", m->fell_back);
    if (m->mapped < m->n)
        fprintf(stderr, "%zu of %zu functions have no proxy; their calls are left out\n",
                m->n - m->mapped, m->n);
    return !args_given(a, "mapping") ||
           proxymap_write(&x->functions, m, args_text(a, "mapping"), err);
}

static bool find_endpoints(struct planning *x, struct err *err)
{
    const struct args *a = x->a;
    x->endpoint = ARENA_ARRAY(x->mem, x->functions.n, const char *);
    if (args_given(a, "deploy")) {
        struct deploy_options o = {
            .build = args_text(a, "build"), .yamls = args_text(a, "yamls"),
            .dry = args_flag(a, "dry-run"), .template = args_text(a, "endpoint-template"),
            .poll_s = args_real(a, "poll"), .ready_s = args_real(a, "ready"),
            .seed = (uint64_t)args_int(a, "seed"), .words = stderr,
        };
        return deploy_functions(&x->functions, &x->mapping, &x->proxies, &o, x->mem, x->endpoint,
                                &x->deployed, err);
    }
    if (args_given(a, "endpoints"))
        return endpoints_from_file(args_text(a, "endpoints"), &x->functions, &x->mapping, x->mem,
                                   x->endpoint, err);
    return endpoints_from_template(args_text(a, "endpoint-template"), &x->functions, &x->mapping,
                                   x->mem, x->endpoint, err);
}

static bool find_targets(struct planning *x, struct err *err)
{
    size_t n = x->functions.n, without = 0;
    x->target = ARENA_ARRAY(x->mem, n, uint32_t);
    x->targets = ARENA_ARRAY(x->mem, n, struct load_target);
    for (size_t i = 0; i < n; i++) {
        x->target[i] = PLAN_NONE;
        without += !x->endpoint[i] && x->mapping.proxy[i] != PROXYMAP_NONE;
        if (!x->endpoint[i])
            continue;
        x->target[i] = (uint32_t)x->n_targets;
        x->targets[x->n_targets++] =
            (struct load_target){ x->endpoint[i], x->functions.at[i].key };
    }
    if (without)
        fprintf(stderr, "%zu of %zu functions have no endpoint; their calls are left out\n",
                without, n);
    return x->n_targets || err_set(err, EXIT_DATA, "no function of %s has a proxy and an endpoint",
                                   args_text(x->a, "trace"));
}

/* A line "trace_key,F" multiplies the global scale for that function. */
static bool read_scales(struct planning *x, const char *path, struct err *err)
{
    struct buf text = { 0 };
    struct names *keys = names_new();
    for (size_t i = 0; i < x->functions.n; i++)
        names_id_of(keys, x->functions.at[i].key);
    bool good = file_read(path, &text, err);
    struct str rest = buf_view(&text), line;
    for (size_t n = 1; good && str_next(&rest, '\n', &line); n++) {
        double f;
        size_t cut = line.n;
        line = str_trim(line);
        while (cut && (cut > line.n || line.p[cut - 1] != ','))
            cut--;
        struct str name = { line.p, cut ? cut - 1 : 0 };
        struct str number = str_trim((struct str){ line.p + cut, line.n - cut });
        uint32_t id = names_find(keys, name);
        if (!line.n || (n == 1 && str_is(name, "trace_key")))
            continue;
        if (!str_f64(number, &f) || !(f >= 0 && f <= 1e6) || !name.n)
            good = err_set(err, EXIT_DATA, "%s:%zu: \"%.*s\" is no \"trace_key,F\"", path, n,
                           (int)(line.n < 200 ? line.n : 200), line.p);
        else if (id == NAMES_NONE)
            good = err_set(err, EXIT_DATA, "%s:%zu: \"%.*s\" is no function of the trace", path, n,
                           (int)(name.n < 200 ? name.n : 200), name.p);
        else
            x->scale[id] = args_real(x->a, "scale") * f;
    }
    buf_free(&text);
    names_free(keys);
    return good;
}

static bool find_scales(struct planning *x, struct err *err)
{
    double scale = args_real(x->a, "scale");
    const char *path = args_text(x->a, "scales");
    if (scale == 1 && !path)
        return true;
    x->scale = ARENA_ARRAY(x->mem, x->functions.n, double);
    for (size_t i = 0; i < x->functions.n; i++)
        x->scale[i] = scale;
    if (path && !read_scales(x, path, err))
        return false;
    for (size_t i = 0; i < x->functions.n; i++)
        for (size_t u = 0; u < x->functions.at[i].units; u++)
            if ((double)x->functions.at[i].calls[u] * x->scale[i] > INT32_MAX)
                return err_set(err, EXIT_USAGE, "--scale: %d calls of %s in a unit times %.9g",
                               x->functions.at[i].calls[u], x->functions.at[i].key, x->scale[i]);
    return true;
}

static bool choose_law(const struct args *a, struct plan_job *job, struct err *err)
{
    const char *law = args_text(a, "iat");
    job->law = strcmp(law, "equidistant") == 0   ? PLAN_EQUIDISTANT
               : strcmp(law, "uniform") == 0     ? PLAN_UNIFORM
               : strcmp(law, "exponential") == 0 ? PLAN_EXPONENTIAL
                                                 : PLAN_PROCESS;
    if (job->law != PLAN_PROCESS)
        return !args_given(a, "cv") ||
               err_set(err, EXIT_USAGE, "--cv: %s has no burstiness to choose", law);
    job->process = process_find(law);
    bool gamma = strcmp(law, "gamma") == 0;
    job->cv = args_given(a, "cv") ? args_real(a, "cv") : gamma ? 2 : job->process->cv_standard;
    return process_check(job->process, 1, job->cv, err);
}

static enum load_format choose_format(const struct args *a)
{
    const char *path = args_text(a, "o"), *dot = strrchr(path, '.');
    const char *word = args_given(a, "format")               ? args_text(a, "format")
                       : dot && strcmp(dot, ".plan") == 0    ? "binary"
                       : dot && strcmp(dot, ".csv") == 0     ? "csv"
                                                             : "json";
    return *word == 'b' ? LOAD_BINARY : *word == 'c' ? LOAD_CSV : LOAD_JSON;
}

static bool write_meta(const struct planning *x, struct err *err)
{
    static const char *const said[] = {
        "unit", "percentile", "iat", "boundary", "phase", "duration", "warmup", "offset", "scale",
        "seed", "capacity", "max-error", "cv", "class",
    };
    const struct args *a = x->a;
    struct meta *m = meta_new("plan");
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        if (args_text(a, said[i]))
            meta_text(m, said[i], args_text(a, said[i]));
    meta_text(m, "unique", args_flag(a, "unique") ? "yes" : "no");
    meta_text(m, "no-pipelined", args_flag(a, "no-pipelined") ? "yes" : "no");
    meta_text(m, "compat", args_flag(a, "compat") ? "yes" : "no");
    bool good = true;
    static const char *const tables[] = { "durations.csv", "memory.csv", "invocations.csv" };
    for (size_t i = 0; i < 3 && good; i++) {
        char *path = file_join(args_text(a, "trace"), tables[i]);
        good = meta_input(m, tables[i], path, err);
        free(path);
    }
    good = good && meta_input(m, "profile", args_text(a, "profile"), err) &&
           (!args_given(a, "scales") || meta_input(m, "scales", args_text(a, "scales"), err)) &&
           (!args_given(a, "endpoints") ||
            meta_input(m, "endpoints", args_text(a, "endpoints"), err)) &&
           meta_write_beside(m, args_text(a, "o"), err);
    meta_free(m);
    return good;
}

static bool make_plan(struct planning *x, struct err *err)
{
    const struct args *a = x->a;
    struct plan_job job = {
        .functions = &x->functions, .target = x->target, .scale = x->scale,
        .carry = strcmp(args_text(a, "boundary"), "carry") == 0,
        .random_phase = strcmp(args_text(a, "phase"), "random") == 0,
        .minute = strcmp(args_text(a, "unit"), "minute") == 0, .compat = args_flag(a, "compat"),
        .offset = (size_t)args_int(a, "offset"),
        .units = (size_t)(args_int(a, "duration") + args_int(a, "warmup")),
        .seed = (uint64_t)args_int(a, "seed"), .threads = (size_t)args_int(a, "threads"),
        .progress = true,
    };
    return choose_law(a, &job, err) &&
           plan_write(&job, choose_format(a), x->targets, x->n_targets,
                      (size_t)args_int(a, "shards"), args_text(a, "o"), &x->count, err) &&
           write_meta(x, err);
}

static void report_words(const struct planning *x)
{
    const struct proxymap *m = &x->mapping;
    const struct plan_count *c = &x->count;
    size_t far = 0, worst = 0;
    for (size_t i = 0; i < m->n; i++) {
        far += m->proxy[i] != PROXYMAP_NONE && m->error[i] > 0.5;
        if (m->proxy[i] != PROXYMAP_NONE &&
            (m->proxy[worst] == PROXYMAP_NONE || m->error[i] > m->error[worst]))
            worst = i;
    }
    fprintf(stderr, "%zu functions on %zu of %zu proxies, total error %.3f; %zu of them further "
            "than 0.5 from theirs\n", m->mapped, m->used, x->proxies.n, m->total, far);
    if (far)
        fprintf(stderr, "the furthest: %s is %.3f from %s\n", x->functions.at[worst].key,
                m->error[worst], m->reported[worst]);
    fprintf(stderr, "%llu calls in %lld units, %llu of them empty\n",
            (unsigned long long)c->calls,
            (long long)(args_int(x->a, "duration") + args_int(x->a, "warmup")),
            (unsigned long long)c->empty);
    if (c->cut)
        fprintf(stderr, "%llu functions have rows that end before: %llu units of theirs are "
                "empty\n", (unsigned long long)c->cut, (unsigned long long)c->beyond);
    if (c->lost)
        fprintf(stderr, "%llu calls lost at equal times, as the original does; not so without "
                "--compat\n", (unsigned long long)c->lost);
}

static void report_json(const struct planning *x)
{
    const struct proxymap *m = &x->mapping;
    printf("{\"functions\":%zu,\"mapped\":%zu,\"proxies\":%zu,\"proxies_used\":%zu,"
           "\"total_error\":%.17g,\"fell_back\":%s,\"calls\":%llu,\"lost\":%llu,\"units\":%lld,"
           "\"empty_units\":%llu,\"cut_functions\":%llu,\"services\":%zu,"
           "\"services_failed\":%zu,\"services_not_ready\":%zu,\"rows\":",
           m->n, m->mapped, x->proxies.n, m->used, m->total, m->fell_back ? "true" : "false",
           (unsigned long long)x->count.calls, (unsigned long long)x->count.lost,
           (long long)(args_int(x->a, "duration") + args_int(x->a, "warmup")),
           (unsigned long long)x->count.empty, (unsigned long long)x->count.cut,
           x->deployed.services, x->deployed.failed, x->deployed.not_ready);
    functions_report_write(&x->rows, stdout);
    printf("}\n");
}

static bool plot(struct planning *x, struct err *err)
{
    const char *dir = args_text(x->a, "plot");
    return !dir || profile_plots_draw(&x->functions, &x->proxies, &x->mapping, x->how.percentile,
                                      dir, NULL, err);
}

static int run(const struct args *a, struct err *err)
{
    struct planning x = { .a = a, .mem = arena_new() };
    bool good = refuse_mixtures(a, err) &&
                functions_read(args_text(a, "trace"), !args_flag(a, "compat"), &x.functions,
                               &x.rows, err);
    functions_report_words(&x.rows, stderr);
    good = good && proxies_read(args_text(a, "profile"), &x.proxies, err) && read_config(&x, err) &&
           find_mapping(&x, err) && find_endpoints(&x, err) && find_targets(&x, err) &&
           find_scales(&x, err) && make_plan(&x, err) && plot(&x, err);
    if (good && args_flag(a, "json"))
        report_json(&x);
    else if (good)
        report_words(&x);
    proxymap_free(&x.mapping);
    proxies_free(&x.proxies);
    functions_free(&x.functions);
    arena_free(x.mem);
    return good ? EXIT_GOOD : err->status;
}

const struct command cmd_plan = {
    .name = "plan",
    .summary = "map a serverless trace to proxies and plan their calls (load.json)",
    .options = options,
    .examples = "  tracewright plan --trace trace --profile profile.json -o load.json\n"
                "  tracewright plan --unique --iat gamma --cv 4 --seed 7 --mapping mapping.csv\n"
                "  tracewright plan --capacity 3 --endpoints hosts.csv --shards 4 -o load.json\n"
                "  tracewright plan --deploy knative --dry-run --config config.json\n"
                "  tracewright plan --compat --iat equidistant -o load.json",
    .run = run,
};
