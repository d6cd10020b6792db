/* scratchpad_priv.h: the arithmetic of instruction answers. Within text/ only. */
#ifndef TEXT_SCRATCHPAD_PRIV_H
#define TEXT_SCRATCHPAD_PRIV_H

#include "text/layer_text.h"

/* Every line of arithmetic that is there says what it must; none need be there. */
bool scratchpad_right(const struct layer_text *t);

#endif
