/* file.c: see the header. What exists and is no regular file (a device, a pipe) is written in
 * place: a rename would put a plain file where /dev/null was. A signal that ends the program
 * first removes what lies aside, from a short table that the handler may read at any moment. */
#include "base/file.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { ASIDES = 16 };
static char *_Atomic asides[ASIDES];   /* files to remove; a 17th would outlive a signal */

static void aside_remember(char *path)
{
    for (int i = 0; i < ASIDES; i++) {
        char *none = NULL;
        if (atomic_compare_exchange_strong(&asides[i], &none, path))
            return;
    }
}

static void aside_forget(char *path)
{
    for (int i = 0; i < ASIDES; i++) {
        char *same = path;
        if (atomic_compare_exchange_strong(&asides[i], &same, NULL))
            return;
    }
}

static void on_signal(int sig)
{
    for (int i = 0; i < ASIDES; i++) {
        const char *path = atomic_load(&asides[i]);
        if (path)
            unlink(path);
    }
    _exit(128 + sig);
}

void outfile_clean_on_signals(void)
{
    struct sigaction a = { .sa_handler = on_signal };
    sigemptyset(&a.sa_mask);
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction old;
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(signals[i], &a, NULL);   /* under nohup SIGHUP stays ignored */
    }
}

static bool io_error(struct err *err, int status, const char *path)
{
    return err_set(err, status, "%s: %s", path, strerror(errno ? errno : EIO));
}

static bool in_place(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

bool outfile_open(struct outfile *o, const char *path, struct err *err)
{
    *o = (struct outfile){ .path = mem_strdup(path) };
    if (strcmp(path, "-") == 0) {
        o->f = stdout;
        return true;
    }
    if (file_is_dir(path))
        errno = EISDIR;
    else if (in_place(path))
        o->f = fopen(path, "wb");
    else {
        size_t n = strlen(path) + 32;
        o->aside = mem_alloc(n);
        snprintf(o->aside, n, "%s.tmp.%ld", path, (long)getpid());
        aside_remember(o->aside);
        o->f = fopen(o->aside, "wb");
    }
    if (o->f)
        return true;
    io_error(err, EXIT_IO, path);
    outfile_abandon(o);
    return false;
}

/* stdio forgets why an earlier write failed; another one, to what is thrown away, fails alike. */
static int why_failed(const struct outfile *o)
{
    return o->aside && write(fileno(o->f), "", 1) < 0 ? errno : EIO;
}

/* 0, or what went wrong first: later calls would overwrite errno. */
static int finish(struct outfile *o)
{
    errno = 0;
    int why = fflush(o->f) != 0 ? errno : ferror(o->f) ? why_failed(o) : 0;
    if (o->f == stdout)
        return why;
    if (!why && o->aside && !o->hasty && fsync(fileno(o->f)) != 0)
        why = errno;
    if (fclose(o->f) != 0 && !why)
        why = errno;
    o->f = NULL;
    if (!why && o->aside && rename(o->aside, o->path) != 0)
        why = errno;
    return why;
}

bool outfile_commit(struct outfile *o, struct err *err)
{
    REQUIRE(o->f);
    int why = finish(o);
    if (why) {
        errno = why;
        io_error(err, EXIT_IO, o->path);
    } else if (o->aside) {
        aside_forget(o->aside);
        free(o->aside);   /* renamed: nothing to remove */
        o->aside = NULL;
    }
    outfile_abandon(o);
    return !why;
}

void outfile_abandon(struct outfile *o)
{
    if (o->f && o->f != stdout)
        fclose(o->f);
    if (o->aside) {
        unlink(o->aside);
        aside_forget(o->aside);
    }
    free(o->aside);
    free(o->path);
    *o = (struct outfile){ 0 };
}

bool file_write(const char *path, const void *p, size_t n, struct err *err)
{
    struct outfile o;
    if (!outfile_open(&o, path, err))
        return false;
    if (n)
        fwrite(p, 1, n, o.f);   /* a failure shows in ferror at commit */
    return outfile_commit(&o, err);
}

bool file_read(const char *path, struct buf *b, struct err *err)
{
    bool std = strcmp(path, "-") == 0;
    FILE *f = std ? stdin : fopen(path, "rb");
    if (!f)
        return io_error(err, EXIT_NOINPUT, path);
    buf_clear(b);
    size_t n;
    do {
        MEM_RESERVE(b->p, b->n + (1 << 16), b->cap);
        n = fread(b->p + b->n, 1, b->cap - b->n - 1, f);
        b->n += n;
    } while (n > 0);
    b->p[b->n] = '\0';
    bool good = !ferror(f);
    if (!good)
        io_error(err, EXIT_NOINPUT, path);
    if (!std)
        fclose(f);
    return good;
}

bool file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

bool file_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool make_dir(const char *path)
{
    return mkdir(path, 0777) == 0 || (errno == EEXIST && file_is_dir(path));
}

bool file_mkdirs(const char *path, struct err *err)
{
    char *p = mem_strdup(path);
    bool good = true;
    for (size_t i = 1; good && p[0] && p[i]; i++)
        if (p[i] == '/') {
            p[i] = '\0';
            good = make_dir(p);
            p[i] = '/';
        }
    good = good && make_dir(p);
    if (!good)
        io_error(err, EXIT_IO, path);
    free(p);
    return good;
}

char *file_join(const char *dir, const char *name)
{
    size_t n = strlen(dir) + strlen(name) + 2;
    char *p = mem_alloc(n);
    snprintf(p, n, "%s/%s", dir, name);
    return p;
}

const char *file_base(const char *path)
{
    const char *s = strrchr(path, '/');
    return s ? s + 1 : path;
}
