/* deploy.c: many small steps through other programs, each of which may fail for one function. */
#define _GNU_SOURCE   /* environ */
#include "load/deploy.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/rng.h"

enum { LETTERS = 20, BATCH = 50, READY_TOKEN = 9 };

static void say(const struct deploy_options *o, const char *what, const char *about)
{
    if (o->words) {
        fprintf(o->words, "%s: %s\n", about, what);
        fflush(o->words);
    }
}

/* The end of a line without a comment and blanks; where a value begins after its colon. */
static struct str yaml_value(struct str line, size_t colon)
{
    struct str v = { line.p + colon + 1, line.n - colon - 1 };
    for (size_t i = 0; i < v.n; i++)
        if (v.p[i] == '#' && (i == 0 || v.p[i - 1] == ' '))
            v.n = i;
    v = str_trim(v);
    if (v.n >= 2 && (*v.p == '"' || *v.p == '\'') && v.p[v.n - 1] == *v.p)
        v = (struct str){ v.p + 1, v.n - 2 };
    return v;
}

static size_t indent_of(struct str line)
{
    size_t n = 0;
    while (n < line.n && line.p[n] == ' ')
        n++;
    return n;
}

struct yaml_place {
    size_t metadata;             /* end of the "metadata:" line */
    size_t name, name_end;       /* the "name:" line of it, [begin, end); 0, 0: none */
    size_t indent;               /* of metadata's members; 0: unknown */
    struct str value;
};

static bool find_name(struct str yaml, struct yaml_place *at, struct err *err)
{
    struct str rest = yaml, line;
    bool found = false, inside = false;
    *at = (struct yaml_place){ 0 };
    while (str_next(&rest, '\n', &line)) {
        size_t begin = (size_t)(line.p - yaml.p), end = begin + line.n;
        struct str word = str_trim(line);
        size_t indent = indent_of(line);
        if (!word.n || *word.p == '#')
            continue;
        if (!found && indent == 0 && str_starts(line, "metadata:")) {
            if (yaml_value(line, 8).n)
                return err_set(err, EXIT_DATA, "metadata is written in one line");
            found = inside = true;
            at->metadata = end;
        } else if (inside && indent == 0) {
            inside = false;
        } else if (inside) {
            at->indent = at->indent ? at->indent : indent;
            if (indent == at->indent && str_starts(word, "name:")) {
                at->name = begin;
                at->name_end = end;
                at->value = yaml_value(line, indent + 4);
                inside = false;
            }
        }
    }
    return found || err_set(err, EXIT_DATA, "has no metadata");
}

bool deploy_rename(struct str yaml, const char *suffix, struct buf *out, struct arena *mem,
                   const char **name, struct err *err)
{
    struct yaml_place at;
    buf_clear(out);
    if (!find_name(yaml, &at, err))
        return false;
    struct str base = at.value.n ? at.value : STR("function");
    *name = arena_printf(mem, "%.*s%s", (int)base.n, base.p, suffix);
    size_t cut = at.name_end ? at.name : at.metadata, resume = at.name_end ? at.name_end : cut;
    buf_add(out, yaml.p, cut);
    if (!at.name_end)
        buf_char(out, '\n');
    buf_printf(out, "%*sname: %s", (int)(at.indent ? at.indent : 2), "", *name);
    buf_add(out, yaml.p + resume, yaml.n - resume);
    return true;
}

static const char *suffix_of(uint64_t seed, const char *key, struct arena *mem)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    char text[LETTERS + 2] = "-";
    gsl_rng *r = rng_stream(seed, "load/service", hash64(key, strlen(key), 0));
    for (size_t i = 1; i <= LETTERS; i++)
        text[i] = letters[rng_below(r, sizeof letters - 1)];
    gsl_rng_free(r);
    return arena_printf(mem, "%s", text);
}

static const char *shell(void)
{
    const char *s = getenv("SHELL");
    return s && strstr(s, "bash") ? s : "/bin/sh";
}

/* Run a program found on PATH; its words go to ours, or into out. Its exit status; -1: not run. */
static int run_program(char *const argv[], struct buf *out)
{
    int pipe_fd[2] = { -1, -1 }, status;
    posix_spawn_file_actions_t acts;
    pid_t pid;
    fflush(NULL);
    if (out && pipe(pipe_fd) != 0)
        return -1;
    posix_spawn_file_actions_init(&acts);
    posix_spawn_file_actions_addopen(&acts, 0, "/dev/null", 0, 0);
    posix_spawn_file_actions_adddup2(&acts, out ? pipe_fd[1] : 2, 1);
    if (out) {
        posix_spawn_file_actions_addclose(&acts, pipe_fd[0]);
        posix_spawn_file_actions_addclose(&acts, pipe_fd[1]);
    }
    int failed = posix_spawnp(&pid, argv[0], &acts, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&acts);
    if (out)
        close(pipe_fd[1]);
    if (!failed && out) {
        char block[4096];
        for (ssize_t n; (n = read(pipe_fd[0], block, sizeof block)) > 0;)
            buf_add(out, block, (size_t)n);
    }
    if (out)
        close(pipe_fd[0]);
    if (failed)
        return -1;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Lines of a script: no `set -e`, so that its status is the last command's, as in the original. */
static bool write_script(const char *path, const struct proxy *p, bool before, const char *yaml,
                         struct err *err)
{
    struct buf b = { 0 };
    buf_printf(&b, "#!%s\n", shell());
    for (size_t i = 0; before && i < p->n_before; i++)
        buf_printf(&b, "%s\n", p->before[i]);
    buf_printf(&b, "kubectl apply -f %s\n", yaml);
    for (size_t i = 0; i < p->n_after; i++)
        buf_printf(&b, "%s\n", p->after[i]);
    bool good = file_write(path, b.p, b.n, err);
    buf_free(&b);
    if (good && chmod(path, 0755) != 0)
        return err_set(err, EXIT_IO, "%s: %s", path, strerror(errno));
    return good;
}

/* "a/b/kn-x.yaml" -> "kn-x" */
static const char *stem_of(const char *path, struct arena *mem)
{
    const char *base = file_base(path), *dot = strrchr(base, '.');
    return arena_printf(mem, "%.*s", dot ? (int)(dot - base) : (int)strlen(base), base);
}

static const char *yaml_path(const struct proxy *p, const struct deploy_options *o,
                             struct arena *mem)
{
    return o->yamls && p->yaml[0] != '/' ? arena_printf(mem, "%s/%s", o->yamls, p->yaml)
                                         : arena_printf(mem, "%s", p->yaml);
}

/* The service's name, its files written; NULL: err says why. */
static const char *prepare(const struct proxy *p, const char *suffix, bool before,
                           const struct deploy_options *o, struct arena *mem,
                           const char **script, struct err *err)
{
    struct buf in = { 0 }, out = { 0 };
    const char *name = NULL, *from = yaml_path(p, o, mem);
    const char *stem = arena_printf(mem, "%s/%s%s", o->build, stem_of(p->yaml, mem), suffix);
    const char *yaml = arena_printf(mem, "%s.yaml", stem);
    *script = arena_printf(mem, "%s.sh", stem);
    bool good = p->yaml[0] || err_set(err, EXIT_DATA, "the profile names no yaml");
    good = good && file_read(from, &in, err);
    if (good && !deploy_rename(buf_view(&in), suffix, &out, mem, &name, err)) {
        err_add(err, "%s", from);
        good = false;
    }
    good = good && file_write(yaml, out.p, out.n, err) &&
           write_script(*script, p, before, yaml, err);
    buf_free(&in);
    buf_free(&out);
    return good ? name : NULL;
}

bool deploy_list_line(struct str line, const char *service, struct str *endpoint, bool *ready)
{
    struct str rest = str_trim(line), token;
    size_t n = 0;
    bool same = false;
    *ready = false;
    *endpoint = STR("");
    while (str_next(&rest, ' ', &token)) {
        if (!token.n)
            continue;
        n++;
        if (n == 1)
            same = str_is(token, service);
        else if (n == 2)
            *endpoint = token;
        else if (n == READY_TOKEN)
            *ready = str_is(token, "True");
    }
    for (size_t i = 0; i + 3 < endpoint->n; i++)
        if (memcmp(endpoint->p + i, "://", 3) == 0) {
            *endpoint = (struct str){ endpoint->p + i + 3, endpoint->n - i - 3 };
            break;
        }
    return same;
}

struct service {
    const char *name;            /* NULL: not deployed */
    const char *endpoint;
    bool ready;
};

static bool list_services(struct buf *out, struct err *err)
{
    char *argv[] = { "kn", "service", "list", "--no-headers", NULL };
    buf_clear(out);
    int status = run_program(argv, out);
    return status == 0 || err_set(err, EXIT_NOINPUT, status < 0
                                  ? "kn cannot be run: is it on PATH?"
                                  : "kn service list failed with status %d", status);
}

/* Look at the list once; returns how many of the services are not ready. */
static size_t look(struct service *s, size_t n, struct arena *mem)
{
    struct buf list = { 0 };
    struct err ignored;
    size_t waiting = 0;
    if (!list_services(&list, &ignored))
        buf_clear(&list);
    for (size_t i = 0; i < n; i++) {
        struct str rest = buf_view(&list), line, host;
        bool ready;
        while (s[i].name && !s[i].ready && str_next(&rest, '\n', &line))
            if (deploy_list_line(line, s[i].name, &host, &ready)) {
                s[i].ready = ready;
                if (host.n)
                    s[i].endpoint = arena_strndup(mem, host.p, host.n);
            }
        waiting += s[i].name && !s[i].ready;
    }
    buf_free(&list);
    return waiting;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void sleep_s(double s)
{
    struct timespec t = { (time_t)s, (long)((s - (double)(time_t)s) * 1e9) };
    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        continue;
}

static size_t await(struct service *s, size_t n, const struct deploy_options *o, struct arena *mem)
{
    double limit = o->ready_s > 0 ? o->ready_s : 15.0 * (double)n > 900 ? 15.0 * (double)n : 900;
    double end = now_s() + limit;
    size_t waiting;
    while ((waiting = look(s, n, mem)) && now_s() + o->poll_s < end)
        sleep_s(o->poll_s);
    return waiting;
}

static bool apply(const char *script, const char *name, const struct deploy_options *o)
{
    char *argv[] = { (char *)shell(), (char *)script, NULL };
    if (o->dry)
        return true;
    int status = run_program(argv, NULL);
    if (status == 0)
        return true;
    if (o->words)
        fprintf(o->words, "%s: %s failed with status %d\n", name, script, status);
    return false;
}

/* True the first time that this yaml is asked for. */
static bool first_of(const struct proxymap *m, const struct proxies *p, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (m->proxy[k] != PROXYMAP_NONE &&
            strcmp(p->at[m->proxy[k]].yaml, p->at[m->proxy[i]].yaml) == 0)
            return false;
    return true;
}

static bool dry_endpoint(struct service *s, const char *key, size_t i,
                         const struct deploy_options *o, struct arena *mem, struct err *err)
{
    struct buf b = { 0 };
    bool good = endpoints_expand(o->template, s->name, key, i, &b, err);
    if (good)
        s->endpoint = arena_printf(mem, "%s", b.p ? b.p : "");
    s->ready = true;
    buf_free(&b);
    return good;
}

static void deploy_service(struct service *s, const struct functions *f, const struct proxymap *m,
                           const struct proxies *p, size_t i, const struct deploy_options *o,
                           struct arena *mem, struct deploy_count *count)
{
    struct err why = { 0 };
    const struct proxy *q = &p->at[m->proxy[i]];
    const char *script;
    s->name = prepare(q, suffix_of(o->seed, f->at[i].key, mem), first_of(m, p, i), o, mem, &script,
                      &why);
    if (!s->name)
        say(o, why.msg, f->at[i].key);
    else if (!apply(script, s->name, o))
        s->name = NULL;
    else if (o->dry)
        say(o, script, s->name);
    count->services += s->name != NULL;
    count->failed += s->name == NULL;
}

bool deploy_functions(const struct functions *f, const struct proxymap *m, const struct proxies *p,
                      const struct deploy_options *o, struct arena *mem, const char **endpoint,
                      struct deploy_count *count, struct err *err)
{
    struct buf list = { 0 };
    *count = (struct deploy_count){ 0 };
    bool good = file_mkdirs(o->build, err) && (o->dry || list_services(&list, err));
    buf_free(&list);
    struct service *s = ARENA_ARRAY(mem, m->n, struct service);
    for (size_t i = 0; i < m->n && good; i++) {
        if (m->proxy[i] == PROXYMAP_NONE)
            continue;
        deploy_service(&s[i], f, m, p, i, o, mem, count);
        if (o->dry && s[i].name)
            good = dry_endpoint(&s[i], f->at[i].key, i, o, mem, err);
        else if (!o->dry && s[i].name && count->services % BATCH == BATCH - 1)
            await(s, i + 1, o, mem);
    }
    if (!good)
        return false;
    count->not_ready = o->dry ? 0 : await(s, m->n, o, mem);
    for (size_t i = 0; i < m->n; i++) {
        endpoint[i] = s[i].endpoint;
        if (s[i].name && !s[i].ready)
            say(o, "is not ready", s[i].name);
        if (s[i].name && !s[i].endpoint) {
            say(o, "has no endpoint: its calls are left out", s[i].name);
            count->no_endpoint++;
        }
    }
    return true;
}

/* Whether a service of the name is there. */
static bool exists(const char *name, bool *there, struct err *err)
{
    struct buf list = { 0 };
    bool good = list_services(&list, err), ready;
    struct str rest = buf_view(&list), line, host;
    *there = false;
    while (good && str_next(&rest, '\n', &line))
        *there |= deploy_list_line(line, name, &host, &ready);
    buf_free(&list);
    return good;
}

bool deploy_one(const struct deployment *d, const struct deploy_options *o, struct arena *mem,
                const char **service, const char **endpoint, struct err *err)
{
    struct proxy p = { .key = d->yaml, .name = d->yaml, .yaml = d->yaml, .before = d->before,
                       .n_before = d->n_before, .after = d->after, .n_after = d->n_after };
    struct service s = { 0 };
    const char *script;
    if (!file_mkdirs(o->build, err))
        return false;
    bool there = false;
    s.name = prepare(&p, "", true, o, mem, &script, err);
    if (!s.name || (!o->dry && !exists(s.name, &there, err)))
        return false;
    if (there)
        return err_set(err, EXIT_DATA, "a service \"%s\" is there already: it is left alone",
                       s.name);
    *service = s.name;
    if (!apply(script, s.name, o))
        return err_set(err, EXIT_DATA, "%s: could not be deployed", d->yaml);
    if (o->dry)
        return dry_endpoint(&s, s.name, 0, o, mem, err) && (*endpoint = s.endpoint, true);
    if (await(&s, 1, o, mem) || !s.endpoint)
        return err_set(err, EXIT_DATA, "%s: is not ready", s.name);
    *endpoint = s.endpoint;
    return true;
}

bool deploy_delete(const char *service, const struct deploy_options *o, struct err *err)
{
    char *argv[] = { "kn", "service", "delete", (char *)service, NULL };
    if (o->dry)
        return true;
    int status = run_program(argv, NULL);
    return status == 0 || err_set(err, EXIT_DATA, "kn service delete %s failed with status %d",
                                  service, status);
}
