/* profiling.c: two programs at once: the one that calls, and kubectl that looks on. */
#define _GNU_SOURCE   /* environ */
#include "load/profiling.h"

#include <errno.h>
#include <math.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "load/load_json.h"

/* Knative calls the pods of service "a" a-00001-deployment-...; a-b's are not a's. */
static bool pod_of(struct str pod, const char *service)
{
    size_t n = strlen(service), digits = 0;
    if (!str_starts(pod, service))
        return false;
    pod.p += n;
    pod.n -= n;
    while (digits < 5 && 1 + digits < pod.n && pod.p[1 + digits] >= '0' &&
           pod.p[1 + digits] <= '9')
        digits++;
    return !pod.n || (pod.p[0] == '-' && digits == 5 && (pod.n == 6 || pod.p[6] == '-'));
}

bool profiling_top_line(struct str line, const char *service, double *millicores, double *mib)
{
    struct str rest = str_trim(line), token, part[3];
    size_t n = 0;
    while (n < 3 && str_next(&rest, ' ', &token))
        if (token.n)
            part[n++] = token;
    return n == 3 && pod_of(part[0], service) && measure_word(part[1], MEASURE_CPU, millicores) &&
           measure_word(part[2], MEASURE_MEMORY, mib);
}

void profiling_plan(const char *endpoint, double rps, size_t duration_s, struct buf *out)
{
    struct load_target target = { endpoint, endpoint };
    struct load_writer *w = load_writer_new(LOAD_JSON, &target, 1);
    struct load_call *call = NULL;
    size_t cap = 0, k = 0, all = 1;
    load_write_begin(w, out);
    MEM_GROW(call, 0, cap);
    call[0] = (struct load_call){ 0, 0 };
    load_write_unit(w, 0, call, 1, out);      /* the warm-up's call starts the pod */
    for (size_t s = 0; s < duration_s; s++) {
        size_t n = 0;
        for (; floor((double)k / rps) < (double)(s + 1); k++, n++) {
            double at = ((double)k / rps - (double)s) * 1e6;
            MEM_GROW(call, n, cap);
            call[n] = (struct load_call){ (uint32_t)(at < 999999 ? at : 999999), 0 };
        }
        load_write_unit(w, 1 + s, call, n, out);
        all += n;
    }
    load_write_end(w, 1 + duration_s, all, out);
    free(call);
    load_writer_free(w);
}

static bool spawn(char *const argv[], int out_fd, pid_t *pid)
{
    posix_spawn_file_actions_t acts;
    posix_spawn_file_actions_init(&acts);
    posix_spawn_file_actions_addopen(&acts, 0, "/dev/null", 0, 0);
    posix_spawn_file_actions_adddup2(&acts, out_fd, 1);
    int failed = posix_spawnp(pid, argv[0], &acts, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&acts);
    return !failed;
}

static int await_child(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void look(const char *service, struct measures *cpu, struct measures *memory)
{
    char *argv[] = { "kubectl", "top", "pod", "--no-headers", NULL };
    struct buf text = { 0 };
    int fd[2];
    pid_t pid;
    if (pipe(fd) != 0)
        return;
    bool runs = spawn(argv, fd[1], &pid);
    close(fd[1]);
    char block[4096];
    for (ssize_t n; runs && (n = read(fd[0], block, sizeof block)) > 0;)
        buf_add(&text, block, (size_t)n);
    close(fd[0]);
    if (runs)
        await_child(pid);
    struct str rest = buf_view(&text), line;
    double c, m;
    while (str_next(&rest, '\n', &line)) {
        if (!profiling_top_line(line, service, &c, &m))
            continue;
        MEM_GROW(cpu->at, cpu->n, cpu->cap);
        cpu->at[cpu->n++] = c;
        MEM_GROW(memory->at, memory->n, memory->cap);
        memory->at[memory->n++] = m;
        break;
    }
    buf_free(&text);
}

static void sleep_s(double s)
{
    struct timespec t = { (time_t)s, (long)((s - (double)(time_t)s) * 1e9) };
    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        continue;
}

/* The column called name of a header, or SIZE_MAX. */
static size_t column(struct str header, const char *name)
{
    struct str piece;
    for (size_t i = 0; str_next(&header, ',', &piece); i++)
        if (str_is(str_trim(piece), name))
            return i;
    return SIZE_MAX;
}

static struct str cell(struct str line, size_t at)
{
    struct str piece = STR("");
    for (size_t i = 0; i <= at; i++)
        if (!str_next(&line, ',', &piece))
            return STR("");
    return str_trim(piece);
}

/* Durations (ms) of the measured calls that went well. */
static bool read_calls(const char *path, struct measures *m, struct err *err)
{
    struct buf text = { 0 };
    if (!file_read(path, &text, err))
        return false;
    struct str rest = buf_view(&text), line = STR("");
    str_next(&rest, '\n', &line);
    size_t phase = column(line, "phase"), sent = column(line, "sent_us");
    size_t done = column(line, "done_us"), status = column(line, "grpc_status");
    bool good = phase != SIZE_MAX && sent != SIZE_MAX && done != SIZE_MAX && status != SIZE_MAX;
    while (good && str_next(&rest, '\n', &line)) {
        double from, to;
        if (!str_is(cell(line, phase), "measured") || !str_is(cell(line, status), "0") ||
            !str_f64(cell(line, sent), &from) || !str_f64(cell(line, done), &to))
            continue;
        MEM_GROW(m->at, m->n, m->cap);
        m->at[m->n++] = (to - from) / 1e3;
    }
    buf_free(&text);
    return m->n || err_set(err, EXIT_DATA, "%s: no call went well", path);
}

static bool call_and_watch(const char *service, const char *endpoint,
                           const struct profiling_options *o, struct arena *mem,
                           struct measures m[3], struct err *err)
{
    const char *load = arena_printf(mem, "%s/%s.load.json", o->deploy.build, service);
    const char *calls = arena_printf(mem, "%s/%s.calls.csv", o->deploy.build, service);
    char *argv[] = { (char *)o->invoker, "invoke", "-q", "--load", (char *)load, "--unit",
                     "second", "--warmup", "1", "--duration",
                     arena_printf(mem, "%zu", o->duration_s), "--port",
                     arena_printf(mem, "%u", o->port), "-o", (char *)calls, NULL };
    struct buf plan = { 0 };
    pid_t pid;
    profiling_plan(endpoint, o->rps, o->duration_s, &plan);
    bool good = file_write(load, plan.p, plan.n, err);
    buf_free(&plan);
    if (!good)
        return false;
    if (!spawn(argv, 2, &pid))
        return err_set(err, EXIT_NOINPUT, "%s: cannot be run", o->invoker);
    for (size_t i = 0; i < o->iterations; i++) {
        sleep_s((double)o->duration_s / (double)o->iterations);
        look(service, &m[MEASURE_CPU], &m[MEASURE_MEMORY]);
    }
    int status = await_child(pid);
    if (status != 0 && status != EXIT_CHECK)
        return err_set(err, EXIT_DATA, "%s: invoke ended with status %d", service, status);
    return read_calls(calls, &m[MEASURE_DURATION], err);
}

/* "a/kn-aes-go-10.yaml" -> "aes-go-10": how profile.json calls it. */
static const char *name_of(const char *yaml, struct arena *mem)
{
    const char *base = file_base(yaml), *dot = strrchr(base, '.');
    if (strncmp(base, "kn-", 3) == 0)
        base += 3;
    return arena_printf(mem, "%.*s", dot > base ? (int)(dot - base) : (int)strlen(base), base);
}

bool profiling_measure(const struct deployment *d, const struct profiling_options *o,
                       struct arena *mem, struct proxy *p, struct err *err)
{
    const char *service = NULL, *endpoint = NULL;
    struct measures m[3] = { { 0 } };
    bool good = deploy_one(d, &o->deploy, mem, &service, &endpoint, err) &&
                call_and_watch(service, endpoint, o, mem, m, err);
    struct err ignored;
    if (service)
        deploy_delete(service, &o->deploy, &ignored);
    *p = (struct proxy){ .yaml = d->yaml, .pipelined = -1 };
    p->key = p->name = name_of(d->yaml, mem);
    p->duration = measures_axis(&m[MEASURE_DURATION], o->compat);
    p->memory = measures_axis(&m[MEASURE_MEMORY], o->compat);
    p->cpu = measures_axis(&m[MEASURE_CPU], o->compat);
    if (good && !m[MEASURE_MEMORY].n)
        good = err_set(err, EXIT_DATA, "%s: kubectl top never showed its pod", service);
    for (size_t k = 0; k < 3; k++)
        free(m[k].at);
    return good;
}
