/* Taps in time with a track: which step of its pattern somebody meant. */
#ifndef LATENTRACK_TAPS_H
#define LATENTRACK_TAPS_H

#include "rack.h"

#define TAPS_NONE 255u
#define TAPS_ROOM 16u

/* The step of the pattern that plays whose clock edge is nearest to `now_us`: the one played last,
   or from half of its length on the one that comes. TAPS_NONE: nothing plays. */
uint32_t taps_step(const struct rack *rack, const struct track *track, uint32_t now_us);

/* Steps on their way from the interrupt that writes them to Python: one of each. What is not read
   in time is overwritten; the reader then begins with the oldest that is left. */
struct taps {
    uint32_t written, read;
    uint8_t step[TAPS_ROOM];
};

/* The interrupt's. */
void taps_put(struct taps *taps, uint32_t step);

/* Python's: whether there is one; the oldest one, which must be there. */
int taps_waits(const struct taps *taps);
uint32_t taps_take(struct taps *taps);

#endif
