/* names.h: every distinct string once, as a small integer.
 *
 * Ids count up from 0 in order of first appearance, so the same input gives
 * the same ids. Strings are any bytes without NUL; they live as long as the table.
 */
#ifndef BASE_NAMES_H
#define BASE_NAMES_H

#include <stdint.h>

#include "base/str.h"

#define NAMES_NONE UINT32_MAX

struct names;
struct names *names_new(void);
void names_free(struct names *t);
uint32_t names_id(struct names *t, struct str s);              /* adds s if it is new */
uint32_t names_id_of(struct names *t, const char *s);
uint32_t names_find(const struct names *t, struct str s);      /* NAMES_NONE if absent */
const char *names_get(const struct names *t, uint32_t id);     /* NUL-terminated */
struct str names_str(const struct names *t, uint32_t id);
uint32_t names_count(const struct names *t);

#endif
