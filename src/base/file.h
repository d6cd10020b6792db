/* file.h: nothing half-written is ever seen under its final name.
 *
 * An outfile is written aside (PATH.tmp.PID, same folder), flushed to disk and
 * renamed by outfile_commit; until then the old file, if any, stays. Path "-"
 * is standard output. A device or a pipe is written in place. A symbolic link is
 * replaced by the file.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "base/str.h"

struct outfile {
    FILE *f;
    char *path, *aside;    /* aside is NULL for what is written in place */
    bool hasty;            /* set after opening: commit does not wait for the disk. For large files
                            * whose readers notice a cut, should the machine fail */
};

bool outfile_open(struct outfile *o, const char *path, struct err *err);

/* False: nothing was replaced, and what lay aside is gone. */
bool outfile_commit(struct outfile *o, struct err *err);

/* Remove what was written. Safe after commit. */
void outfile_abandon(struct outfile *o);

/* From now on SIGINT, SIGTERM and SIGHUP remove what lies aside and exit with 128 + signal.
 * For mains; a command that saves its work on a signal sets its own handler afterwards. */
void outfile_clean_on_signals(void);

/* All of it at once: write bytes to path aside and rename. */
bool file_write(const char *path, const void *p, size_t n, struct err *err);

/* The whole file, NUL-terminated in b ("-" is standard input). b is emptied first. */
bool file_read(const char *path, struct buf *b, struct err *err);

bool file_exists(const char *path);
bool file_is_dir(const char *path);
bool file_mkdirs(const char *path, struct err *err);       /* like mkdir -p */
char *file_join(const char *dir, const char *name);        /* "dir/name", free() it */
const char *file_base(const char *path);                   /* after the last slash */

#endif
