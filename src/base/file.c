/* file.c: see the header. */
#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static bool io_error(struct err *err, int status, const char *path)
{
    return err_set(err, status, "%s: %s", path, strerror(errno));
}

bool outfile_open(struct outfile *o, const char *path, struct err *err)
{
    *o = (struct outfile){ .path = mem_strdup(path) };
    if (strcmp(path, "-") == 0) {
        o->f = stdout;
        return true;
    }
    size_t n = strlen(path) + 32;
    o->aside = mem_alloc(n);
    snprintf(o->aside, n, "%s.tmp.%ld", path, (long)getpid());
    o->f = fopen(o->aside, "wb");
    if (o->f)
        return true;
    io_error(err, EXIT_IO, path);
    free(o->aside);
    free(o->path);
    *o = (struct outfile){ 0 };
    return false;
}

bool outfile_commit(struct outfile *o, struct err *err)
{
    REQUIRE(o->f);
    bool good = fflush(o->f) == 0 && !ferror(o->f);
    if (o->aside) {
        good = good && fsync(fileno(o->f)) == 0;
        good = (fclose(o->f) == 0) && good;
        o->f = NULL;
        good = good && rename(o->aside, o->path) == 0;
    }
    if (!good)
        io_error(err, EXIT_IO, o->path);
    else if (o->aside)
        o->aside[0] = '\0';   /* renamed: nothing to remove */
    outfile_abandon(o);
    return good;
}

void outfile_abandon(struct outfile *o)
{
    if (o->aside) {
        if (o->f)
            fclose(o->f);
        if (o->aside[0])
            unlink(o->aside);
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

bool file_mkdirs(const char *path, struct err *err)
{
    char *p = mem_strdup(path);
    bool good = true;
    for (char *s = p + 1; good && *s; s++)
        if (*s == '/') {
            *s = '\0';
            good = mkdir(p, 0777) == 0 || errno == EEXIST;
            *s = '/';
        }
    good = good && (mkdir(p, 0777) == 0 || errno == EEXIST);
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
