/* The velocity of a track's hits at a jack of its own (TRACK_VELOCITY_OUT), for what interrupts do:
 * a level from the channel's `low` (velocity 0) to its `high` (127), put out before the trigger. Of
 * hits of a track at one time it is the loudest's; hits of a model without a feel have 127. */
#ifndef LATENTRACK_VELOCITY_H
#define LATENTRACK_VELOCITY_H

#include "rack.h"

/* The velocity of a channel that a track triggered at the edge, 0 to 127. */
uint32_t velocity_of(const struct track *track, uint32_t channel);

/* Puts a velocity out, if the track has a jack for it. */
void velocity_put(const struct rack *rack, const struct track *track, uint32_t velocity,
                  uint32_t now_us);

/* The same for all that it triggers at the edge, if it triggers anything. */
void velocity_put_edge(const struct rack *rack, const struct track *track, uint32_t now_us);

#endif
