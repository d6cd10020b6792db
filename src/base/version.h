/* version.h: which program is this? Filled in by the Makefile when it compiles version.c. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

extern const char version_number[];     /* "0.1.0" */
extern const char version_date[];       /* of the release, "2026-11-21" */
extern const char version_commit[];     /* git id, "-dirty" if changed, "unknown" without git */
extern const char version_compiler[];   /* "gcc 12.2.0" */
extern const char version_flags[];      /* the C flags in force */

#endif
