/* bench_run.c: a child, a pipe, a line. */
#define _GNU_SOURCE   /* the fields of struct rusage */
#include "cli/bench_run.h"

#include <errno.h>
#include <fcntl.h>
#include <gsl/gsl_sort.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/bench.h"

/* A child whose output comes in at the descriptor that is returned; `input`: its own, or -1. */
static int start(char *const argv[], int input, pid_t *child)
{
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    *child = fork();
    REQUIRE(*child >= 0);
    if (*child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        if (input >= 0)
            dup2(input, STDIN_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(argv[0], argv);
        _exit(127);
    }
    close(ends[1]);
    return ends[0];
}

/* Up to n - 1 bytes to out: all there are, or up to the first end of a line. */
static size_t take(int from, bool line, char *out, size_t n)
{
    size_t got = 0;
    for (ssize_t k; got + 1 < n && (k = read(from, out + got, line ? 1 : n - 1 - got)) != 0;)
        if (k > 0) {
            got += (size_t)k;
            if (line && out[got - 1] == '\n')
                break;
        } else if (errno != EINTR)
            break;
    out[got] = 0;
    return got;
}

static bool ended_well(pid_t child)
{
    int status;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool bench_program(char *const argv[], char *out, size_t n)
{
    pid_t child;
    int from = start(argv, -1, &child);
    take(from, false, out, n);
    close(from);
    return ended_well(child);
}

bool bench_peer_start(struct bench_peer *p, char *const argv[])
{
    int ends[2];
    char ready[64];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    signal(SIGPIPE, SIG_IGN);              /* one that died is told by its silence */
    p->from = start(argv, ends[0], &p->child);
    p->to = ends[1];
    close(ends[0]);
    if (take(p->from, true, ready, sizeof ready))
        return true;
    bench_peer_end(p);
    return false;
}

bool bench_peer_ask(struct bench_peer *p, char *answer, size_t n)
{
    return p->child && write(p->to, "go\n", 3) == 3 && take(p->from, true, answer, n) > 0;
}

void bench_peer_end(struct bench_peer *p)
{
    if (!p->child)
        return;
    close(p->to);
    close(p->from);
    ended_well(p->child);
    *p = (struct bench_peer){ 0 };
}

static double children_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_CHILDREN, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

char *bench_beside(const char *self)
{
    const char *slash = strrchr(self, '/');
    char *dir = mem_strndup(self, slash ? (size_t)(slash - self) : 0);
    char *path = file_join(slash ? dir : ".", "../tracewright");
    free(dir);
    return path;
}

bool bench_tracewright(const struct bench_call *c, struct bench_line *line, struct err *err)
{
    char threads[24], seed[24], batch[24], out[512], size[8];
    snprintf(threads, sizeof threads, "%zu", c->threads);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)c->seed);
    snprintf(batch, sizeof batch, "%zu", c->batch);
    char *argv[] = { (char *)c->program, "bench", (char *)c->kind, "--size", (char *)c->size,
                     "--threads", threads, "--seed", seed, "--json", "-q",
                     "--weights", (char *)(c->weights ? c->weights : "f32"),
                     "--cache", (char *)(c->cache ? c->cache : "f32"),
                     c->batch ? "--batch" : NULL, batch, NULL };
    double begun = bench_now_s(), before = children_s();
    bool good = bench_program(argv, out, sizeof out) &&
                sscanf(out, "{\"size\":\"%7[^\"]\",\"tokens_per_s\":%lf,\"tokens\":%lf,\"seconds\":"
                       "%lf,\"gflops\":%lf,\"fraction\":%lf}", size, &line->rate, &line->tokens,
                       &line->seconds, &line->gflops, &line->fraction) == 6;
    line->wall_s = bench_now_s() - begun;
    line->cpu_s = children_s() - before;
    return good || err_set(err, EXIT_INTERNAL, "%s bench %s --size %s printed \"%s\"", c->program,
                           c->kind, c->size, out);
}

double bench_median(double *x, size_t n)
{
    gsl_sort(x, 1, n);
    return x[n / 2];
}
