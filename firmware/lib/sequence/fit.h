/* How well a position plays a bar that somebody has tapped in.
 *
 * A bar is a byte a step: bit g says whether group g sounds. Which group a voice is in is the
 * caller's: up to 8, and voices that are in none are not judged.
 */
#ifndef LATENTRACK_FIT_H
#define LATENTRACK_FIT_H

#include "blend.h"

#define FIT_GROUPS 8
#define FIT_NO_GROUP 255

struct fit {
    float loss;     /* 0 and above; the less the better: see fit.c */
    uint32_t wrong; /* steps that sound otherwise */
};

/* Producer: judges a position (see blend.h) by the cut-offs and locks in force. `groups` has a
   group for each voice, `bar` a byte for each step. Builds nothing. */
void fit_position(struct fit *fit, const struct model *model, const float *position,
                  const uint8_t *groups, const uint8_t *bar);

#endif
