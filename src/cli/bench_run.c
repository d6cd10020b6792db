/* bench_run.c: a child, a pipe, a line. */
#include "cli/bench_run.h"

#include <errno.h>
#include <gsl/gsl_sort.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/bench.h"

bool bench_program(char *const argv[], char *out, size_t n)
{
    int ends[2], status;
    REQUIRE(pipe(ends) == 0);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(argv[0], argv);
        _exit(127);
    }
    close(ends[1]);
    size_t got = 0;
    for (ssize_t k; got + 1 < n && (k = read(ends[0], out + got, n - 1 - got)) != 0;)
        if (k > 0)
            got += (size_t)k;
        else if (errno != EINTR)
            break;
    out[got] = 0;
    close(ends[0]);
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
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
                     c->batch ? "--batch" : NULL, batch, NULL };
    double start = bench_now_s();
    bool good = bench_program(argv, out, sizeof out) &&
                sscanf(out, "{\"size\":\"%7[^\"]\",\"tokens_per_s\":%lf,\"tokens\":%lf,\"seconds\":"
                       "%lf,\"gflops\":%lf,\"fraction\":%lf}", size, &line->rate, &line->tokens,
                       &line->seconds, &line->gflops, &line->fraction) == 6;
    line->wall_s = bench_now_s() - start;
    return good || err_set(err, EXIT_INTERNAL, "%s bench %s --size %s printed \"%s\"", c->program,
                           c->kind, c->size, out);
}

double bench_median(double *x, size_t n)
{
    gsl_sort(x, 1, n);
    return x[n / 2];
}
