/* Hits that are played away from their edge: by swing, by the feel, and the later ones of ratchets
 * and flams (rack.h has the rules).
 *
 * All of this is called by interrupts, from rack.c. A hit that waits is a copy of all that it puts
 * out, so patterns and models may go meanwhile. Each track has room for two a channel: a late one
 * of the step that plays, or the next of its ratchet, and an early one of the step that comes.
 */
#ifndef LATENTRACK_HITS_H
#define LATENTRACK_HITS_H

#include "rack.h"
#include "row.h"

/* How much longer a hit may have to wait and is played at this tick: half of 1 ms. */
#define HITS_NEAR_US 500

/* From the last edge to the next one, as it is predicted; 0: not known. */
uint32_t hits_interval(const struct rack *rack);

/* From this edge to the next one that is a step's; 0: not known. */
uint32_t hits_group_length(const struct rack *rack, const struct track *track);

/* At the edge of a step for which something is set, or hits wait: what it puts out (its row). Its
 * late hits are queued, its early ones that still wait are played. track->triggered becomes the
 * channels that are triggered at the edge, track->flushed those of them that had been queued, and
 * track->put the levels that go out there. */
const struct pattern_step *hits_place(struct rack *rack, uint32_t index,
                                      const struct pattern *pattern, uint32_t step, uint32_t length,
                                      uint32_t now_us);

/* After the outputs: queues what follows those hits of the step that are not late. */
void hits_queue_ratchets(struct rack *rack, uint32_t index);

/* After the outputs: makes the row of the step that comes, and queues its early hits. */
void hits_look_ahead(struct rack *rack, uint32_t index);

/* Plays those of a track's hits in `which` (HITS_LATE, HITS_EARLY or both) that are due, or with
 * `all` everything. `set`: channels that are to go high and have not yet; returns them and the new
 * ones. */
uint32_t hits_play(struct rack *rack, uint32_t index, uint32_t which, int all, uint32_t set,
                   uint32_t now_us);

/* A gate's length, so that it ends before the next of its ratchet. */
static inline uint32_t hits_gate(const struct hit *hit, uint32_t gate)
{
    uint32_t most = hit->spacing_us - (hit->spacing_us >> 2);
    return hit->spacing_us && most < gate ? most : gate;
}

/* The early hits' step does not come. */
static inline void hits_drop_early(struct track *track)
{
    track->hits &= HITS_LATE;
}

#endif
