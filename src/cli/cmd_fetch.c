/* cmd_fetch.c: the public traces, from where their owners put them.
 *
 * The data sets describe themselves on the pages named below, and their owners' scripts say where
 * the files lie. Nobody publishes a list of addresses or sums to hold against: --list says that
 * they are unverified until something came from there, and names the page. So the first download
 * writes DIR/SHA256SUMS, and every later one is held against it; --sums takes those
 * of somebody else. A file that is there is whole, because only whole files get their name: it is
 * not fetched again, but read and held against its sum.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/http.h"
#include "base/mem.h"
#include "cli/commands_priv.h"

static const struct set {
    const char *name, *prose, *page, *base;
    const char *before, *after;      /* of a file's number, or before alone */
    size_t files;
    const char *standard;            /* --files unless given */
} sets[] = {
    { "alibaba-2021", "call graphs of 12 hours, 145 files, 25 GiB",
      "https://github.com/alibaba/clusterdata/tree/master/cluster-trace-microservices-v2021",
      "http://aliopentrace.oss-cn-beijing.aliyuncs.com/v2021MicroservicesTraces",
      "MSCallGraph/MSCallGraph_", ".tar.gz", 145, "0-19" },
    { "alibaba-2022", "call graphs of 13 days, a file for every 3 minutes, 4 GiB an hour",
      "https://github.com/alibaba/clusterdata/tree/master/cluster-trace-microservices-v2022",
      "http://aliopentrace.oss-cn-beijing.aliyuncs.com/v2022MicroservicesTraces",
      "CallGraph/CallGraph_", ".tar.gz", 6240, "0-19" },
    { "azure-v1", "functions of 2019, counts per minute, 14 days",
      "https://github.com/Azure/AzurePublicDataset/blob/master/AzureFunctionsDataset2019.md",
      "https://azurepublicdatasettraces.blob.core.windows.net/azurepublicdatasetv2/"
      "azurefunctions_dataset2019",
      "azurefunctions-dataset2019.tar.xz", NULL, 1, "0" },
    { "azure-v2", "functions of 2021, invocations, 14 days",
      "https://github.com/Azure/AzurePublicDataset/blob/master/"
      "AzureFunctionsInvocationTrace2021.md",
      "https://github.com/Azure/AzurePublicDataset/raw/master/data",
      "AzureFunctionsInvocationTraceForTwoWeeksJan2021.rar", NULL, 1, "0" },
};
enum { SETS = sizeof sets / sizeof *sets };

static const struct option options[] = {
    { "files", OPT_TEXT, "LIST", NULL,
      "numbers and ranges such as 0-19,40 [alibaba 0-19, azure 0]", 0, 0 },
    { "list", OPT_FLAG, NULL, NULL, "print the addresses; nothing is fetched", 0, 0 },
    { "from", OPT_TEXT, "URL", NULL, "a mirror, in place of the official address", 0, 0 },
    { "sums", OPT_TEXT, "FILE", NULL, "what the files must be, as sha256sum writes it", 0, 0 },
    { "retries", OPT_INT, "N", "5", "after a broken connection, for each file", 0, 1000 },
    { "o", OPT_TEXT, "DIR", NULL, "where the files go", 0, 0 },
    OPTION_JSON,
    OPTION_END
};

/* Known sums, as text in sha256sum's format; the first of a name counts. */
static bool sum_of(const struct buf *sums, const char *name, char hex[SHA256_HEX])
{
    struct str rest = buf_view(sums), line;
    while (str_next(&rest, '\n', &line)) {
        line = str_trim(line);
        if (line.n < SHA256_HEX + 1 || line.p[SHA256_HEX - 1] != ' ')
            continue;
        struct str file = { line.p + SHA256_HEX + 1, line.n - SHA256_HEX - 1 };
        size_t n = strlen(name);         /* the file's own name, whatever folder stands before it */
        if (!str_ends(file, name) || (file.n > n && file.p[file.n - n - 1] != '/'))
            continue;
        memcpy(hex, line.p, SHA256_HEX - 1);
        hex[SHA256_HEX - 1] = '\0';
        return true;
    }
    return false;
}

struct job {
    const struct args *a;
    const struct set *set;
    const char *base, *dir;
    bool *wanted;                  /* (set->files) */
    struct buf given, kept;        /* sums: of --sums, and of DIR/SHA256SUMS */
    size_t done;
};

static const struct set *find(const char *name, struct err *err)
{
    for (size_t i = 0; i < SETS; i++)
        if (strcmp(sets[i].name, name) == 0)
            return &sets[i];
    err_set(err, EXIT_USAGE, "fetch: \"%s\" is not one of alibaba-2021 alibaba-2022 azure-v1 "
            "azure-v2", name);
    return NULL;
}

/* "0-19,40" */
static bool choose(struct job *j, const char *list, struct err *err)
{
    struct str rest = str_of(list), piece;
    size_t n = 0;
    for (; str_next(&rest, ',', &piece); n++) {
        const char *dash = memchr(piece.p, '-', piece.n);
        struct str first = { piece.p, dash ? (size_t)(dash - piece.p) : piece.n };
        struct str last = dash ? (struct str){ dash + 1, piece.n - first.n - 1 } : first;
        uint64_t lo, hi;
        if (!str_u64(first, &lo) || !str_u64(last, &hi) || lo > hi || hi >= j->set->files)
            return err_set(err, EXIT_USAGE, "--files: \"%.*s\" is not within 0-%zu of %s",
                           (int)piece.n, piece.p, j->set->files - 1, j->set->name);
        for (size_t i = (size_t)lo; i <= hi; i++)
            j->wanted[i] = true;
    }
    return n > 0 || err_set(err, EXIT_USAGE, "--files names no file");
}

static void put_name(const struct set *s, size_t i, struct buf *b)
{
    buf_str(b, s->before);
    if (s->after) {
        buf_u64(b, i);
        buf_str(b, s->after);
    }
}

static char *url_of(const struct job *j, size_t i)
{
    struct buf b = { 0 };
    size_t n = strlen(j->base);
    buf_add(&b, j->base, n > 0 && j->base[n - 1] == '/' ? n - 1 : n);
    buf_char(&b, '/');
    put_name(j->set, i, &b);
    return b.p;
}

/* The names and addresses of a set hold no character that JSON would escape, but for what --from
 * and -o bring in. */
static void json_text(const char *s)
{
    putchar('"');
    for (; *s; s++)
        if (*s == '"' || *s == '\\' || (unsigned char)*s < 0x20)
            printf("\\u%04x", (unsigned char)*s);
        else
            putchar(*s);
    putchar('"');
}

static void print_file(struct job *j, const char *url, const struct http_got *got,
                       const char *state)
{
    if (!args_flag(j->a, "json")) {
        if (!got)
            puts(url);
        else
            printf("%s  %s  %llu bytes, %s\n", got->sha256, file_base(url),
                   (unsigned long long)got->bytes, state);
    } else {
        printf("%s{\"file\":", j->done ? ",\n" : "");
        json_text(file_base(url));
        printf(",\"url\":");
        json_text(url);
        if (got)
            printf(",\"bytes\":%llu,\"resumed\":%llu,\"sha256\":\"%s\",\"state\":\"%s\"",
                   (unsigned long long)got->bytes, (unsigned long long)got->resumed, got->sha256,
                   state);
        printf("}");
    }
    fflush(stdout);
    j->done++;
}

/* Note a file's sum in DIR/SHA256SUMS, at once: an interrupted run has noted what it finished. */
static bool keep_sum(struct job *j, const char *name, const char *hex, struct err *err)
{
    char old[SHA256_HEX];
    if (sum_of(&j->kept, name, old))
        return true;
    buf_printf(&j->kept, "%s  %s\n", hex, name);
    char *path = file_join(j->dir, "SHA256SUMS");
    bool good = file_write(path, j->kept.p, j->kept.n, err);
    free(path);
    return good;
}

static bool there(const struct http_file *f, struct http_got *got, struct err *err)
{
    FILE *in = fopen(f->path, "rb");
    bool good = in && fseek(in, 0, SEEK_END) == 0;
    if (good)
        got->bytes = (uint64_t)ftell(in);
    if (in)
        fclose(in);
    if (!good)
        return err_set(err, EXIT_NOINPUT, "%s: cannot be read", f->path);
    if (!hash_sha256_file(f->path, got->sha256, err))
        return false;
    return !f->sha256 || strcasecmp(f->sha256, got->sha256) == 0 ||
           err_set(err, EXIT_DATA, "%s: its SHA-256 is %s, not %s; remove it to fetch it again",
                   f->path, got->sha256, f->sha256);
}

static bool fetch_one(struct job *j, const char *url, struct err *err)
{
    char known[SHA256_HEX];
    const char *name = file_base(url);
    bool is_known = sum_of(&j->given, name, known) || sum_of(&j->kept, name, known);
    char *path = file_join(j->dir, name);
    struct http_file f = { .url = url, .path = path, .sha256 = is_known ? known : NULL,
                           .retries = (unsigned)args_int(j->a, "retries") };
    struct http_got got = { 0 };
    bool present = file_exists(path);
    bool good = (present ? there : http_download)(&f, &got, err);
    free(path);
    if (!good || !keep_sum(j, name, got.sha256, err))
        return false;
    print_file(j, url, &got, present ? "present" : got.resumed ? "resumed" : "fetched");
    return true;
}

static bool each(struct job *j, struct err *err)
{
    bool list = args_flag(j->a, "list"), good = true;
    for (size_t i = 0; good && i < j->set->files; i++) {
        if (!j->wanted[i])
            continue;
        char *url = url_of(j, i);
        if (list)
            print_file(j, url, NULL, NULL);
        else
            good = fetch_one(j, url, err);
        free(url);
    }
    return good;
}

static bool prepare(struct job *j, struct err *err)
{
    const char *sums = args_text(j->a, "sums");
    if (!choose(j, args_given(j->a, "files") ? args_text(j->a, "files") : j->set->standard, err) ||
        (sums && !file_read(sums, &j->given, err)))
        return false;
    if (args_flag(j->a, "list"))
        return true;
    if (!j->dir)
        return err_set(err, EXIT_USAGE, "say where to: -o DIR; or --list");
    char *path = file_join(j->dir, "SHA256SUMS");
    bool good = file_mkdirs(j->dir, err) && (!file_exists(path) || file_read(path, &j->kept, err));
    free(path);
    return good;
}

/* Ours are from no list that their owners publish; a mirror is the user's own affair. */
static void say_unverified(const struct job *j)
{
    if (args_given(j->a, "from"))
        return;
    if (args_flag(j->a, "json"))
        printf("\"verified\":false,\"page\":\"%s\",", j->set->page);
    else if (args_flag(j->a, "list"))
        fprintf(stderr, "%s: %s; addresses not verified, see %s\n", j->set->name, j->set->prose,
                j->set->page);
}

static int run(const struct args *a, struct err *err)
{
    struct job j = { .a = a, .set = find(args_operand(a)[0], err), .dir = args_text(a, "o") };
    if (!j.set)
        return err->status;
    j.base = args_given(a, "from") ? args_text(a, "from") : j.set->base;
    j.wanted = mem_array(j.set->files, sizeof *j.wanted);
    bool good = prepare(&j, err);
    if (good && args_flag(a, "json"))
        printf("{\"set\":\"%s\",", j.set->name);
    if (good)
        say_unverified(&j);
    if (good && args_flag(a, "json"))
        printf("\"files\":[");
    bool whole = good && each(&j, err);
    if (good && args_flag(a, "json"))
        printf("]}\n");
    free(j.wanted);
    buf_free(&j.given);
    buf_free(&j.kept);
    return whole ? EXIT_GOOD : err->status;
}

const struct command cmd_fetch = {
    .name = "fetch",
    .summary = "download public traces from their official addresses, or print these",
    .operands = "alibaba-2021|alibaba-2022|azure-v1|azure-v2",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .examples = "  tracewright fetch alibaba-2022 --files 0-19 -o traces\n"
                "  tracewright fetch azure-v1 --list\n"
                "  tracewright fetch alibaba-2021 --files 3 --sums SHA256SUMS -o traces",
    .run = run,
};
