/* What a step puts out once mutes, and ways of single channels, are reckoned with.
 *
 * Called by interrupts, from rack.c and hits.c.
 */
#ifndef LATENTRACK_ROW_H
#define LATENTRACK_ROW_H

#include "position.h"

struct row {
    const struct pattern_step *step;
    const struct pattern_feel *feel; /* NULL: it has none */
};

/* For rows with something of their own: in track->row and track->feel, until the next is made. One
   that is the last that was made (made ahead, after the step before) is not made again. */
struct row row_made(struct track *track, const struct pattern *pattern, uint32_t number,
                    uint32_t length, uint32_t own, uint32_t muted);

/* The channels that are muted at the step that comes, at this position. */
__attribute__((always_inline)) static inline uint32_t row_muted(const struct track *track,
                                                                uint32_t position)
{
    return position && track_param(track, TRACK_MUTE_AT) ? track->muted
                                                         : track_param(track, TRACK_MUTES);
}

/* Whether track->row is that of the step that comes: of this pattern, after so many steps, and
   nothing has been set since. (Step mode decodes a step before its row is made.) */
__attribute__((always_inline)) static inline uint32_t row_is_made(const struct track *track,
                                                                  const struct pattern *pattern)
{
    return track->made_of == pattern && track->made_after == track->steps &&
           track->made_with == atomic_load_explicit(&track->changes, memory_order_relaxed);
}

/* The row of the step that comes: step `number` of the pattern, of a bar of this length. */
__attribute__((always_inline)) static inline struct row row_of(struct track *track,
                                                               const struct pattern *pattern,
                                                               uint32_t number, uint32_t length,
                                                               uint32_t muted)
{
    uint32_t own = atomic_load_explicit(&track->own, memory_order_relaxed);
    if (own | muted) {
        if (row_is_made(track, pattern)) {
            return (struct row){&track->row, pattern->feel ? &track->feel : NULL};
        }
        return row_made(track, pattern, number, length, own, muted);
    }
    return (struct row){&pattern->step[number], pattern->feel ? &pattern->feel[number] : NULL};
}

#endif
