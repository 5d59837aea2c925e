/* Hits that are played away from their edge: by swing, by the feel (rack.h has the rules).
 *
 * All of this is called by interrupts, from rack.c. A hit that waits is a copy of all that it puts
 * out, so patterns and models may go meanwhile. Each track has room for two a channel: a late one
 * of the step that plays, and an early one of the step that comes.
 */
#ifndef LATENTRACK_HITS_H
#define LATENTRACK_HITS_H

#include "rack.h"

/* How much longer a hit may have to wait and is played at this tick: half of 1 ms. */
#define HITS_NEAR_US 500

/* At the edge of a step: its late hits are queued, its early ones that still wait are played.
 * `row` is the step, `number` says which one of the pattern. Levels of early hits are put out.
 * Returns the levels of the step that go out at the edge; track->triggered becomes the channels
 * that do, and track->hits.flushed those of them that had been queued. */
uint32_t hits_place(struct rack *rack, uint32_t index, const struct pattern *pattern,
                    const struct pattern_step *row, uint32_t number, uint32_t now_us);

/* After the outputs: queues the early hits of the step that comes. */
void hits_queue_early(struct rack *rack, uint32_t index);

/* Plays what is due, or with `all` everything, of the late (and, `early`, of the early) hits of a
 * track. `set`: channels that are to go high and have not yet; returns them and the new ones. */
uint32_t hits_play(struct rack *rack, struct track *track, uint32_t set, int all, int early,
                   uint32_t now_us);

/* The early hits' step does not come. */
static inline void hits_drop_early(struct track *track)
{
    track->hits.early = track->hits.claimed = track->hits.dice = 0;
}

/* Throws the dice for a step, unless they have been. Whether it is left out. */
int hits_left_out(struct rack *rack, struct track *track);

/* How long a gate of this velocity is, of one that is `gate_us` at velocity 127. */
uint32_t hits_gate(const struct track *track, uint32_t gate_us, uint32_t velocity);

#endif
