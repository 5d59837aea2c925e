/* Pitches that glide: an output in front of another, through which all goes while a slew is set.
 *
 * A level of a channel with a slew goes from where it stands to its new code in a straight line, in
 * that time, whatever the distance; a new one begins where the last has come to. The first level of
 * a channel, and the first after it had a gate, is put out at once. What moves is written at each
 * flush: at every tick, and at edges. Nothing is written while nothing moves.
 *
 * glide_set is the producer's, one atomic word a channel; all else is called by interrupts, as
 * outputs.h says.
 */
#ifndef LATENTRACK_GLIDE_H
#define LATENTRACK_GLIDE_H

#include "outputs.h"

#define GLIDE_LONGEST_US 1000000u

struct glide {
    struct outputs base;
    struct outputs *next;
    _Atomic uint32_t slew_us[OUTPUT_CHANNELS]; /* 0: at once */

    /* The interrupts'. */
    uint32_t known;  /* channels of which it is known where they stand, one bit each */
    uint32_t moving; /* those under way */
    uint16_t at[OUTPUT_CHANNELS], from[OUTPUT_CHANNELS], to[OUTPUT_CHANNELS];
    uint32_t begun_us[OUTPUT_CHANNELS], takes_us[OUTPUT_CHANNELS];
};

void glide_init(struct glide *glide);

/* How long a channel's level takes, up to GLIDE_LONGEST_US. `*outputs` is where all goes: with a
   slew, through the glide from now on. Returns 0, or -1: no such channel, or too long. */
int glide_set(struct glide *glide, struct outputs **outputs, uint32_t channel, uint32_t us);

#endif
