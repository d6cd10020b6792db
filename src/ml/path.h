/* path.h: which vector instructions the kernels of fixed bits run on.
 *
 * The widest that the processor has, unless a test says otherwise. It moves time, never a bit.
 */
#ifndef ML_PATH_H
#define ML_PATH_H

#include <stdbool.h>

#define PATH_PLAIN 0
#define PATH_AVX2 1      /* with FMA and F16C */
#define PATH_AVX512 2
#define PATHS 3

extern const char *const path_names[PATHS];

int path_now(void);
bool path_has(int path);     /* this processor can run it */

/* For tests: run on this one from now on, or on the best (-1). Not while kernels run. False: the
 * processor cannot. */
bool path_use(int path);

#endif
