/* memfile.h: bytes under a path, without a disk: for tests of readers that take paths. */
#ifndef TESTS_MEMFILE_H
#define TESTS_MEMFILE_H

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"

struct memfile {
    int fd;
    char path[40];
};

static inline struct memfile memfile_open(const void *p, size_t n)
{
    struct memfile m = { .fd = memfd_create("memfile", MFD_CLOEXEC) };
    REQUIRE(m.fd >= 0);
    for (size_t done = 0; done < n;) {
        ssize_t k = write(m.fd, (const char *)p + done, n - done);
        REQUIRE(k > 0);
        done += (size_t)k;
    }
    snprintf(m.path, sizeof m.path, "/proc/self/fd/%d", m.fd);
    return m;
}

static inline void memfile_close(struct memfile *m)
{
    close(m->fd);
}

#endif
