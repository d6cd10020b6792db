#include "base/version.h"

#ifndef VERSION_COMMIT
#define VERSION_COMMIT "unknown"
#endif
#ifndef VERSION_FLAGS
#define VERSION_FLAGS "unknown"
#endif

const char version_number[] = "0.1.0";
const char version_date[] = "2026-11-21";
const char version_commit[] = VERSION_COMMIT;
const char version_flags[] = VERSION_FLAGS;
const char version_compiler[] =
#ifdef __clang__
    "clang " __clang_version__;
#else
    "gcc " __VERSION__;
#endif
