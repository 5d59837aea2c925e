/* Where a track is in its bar, for what interrupts do: rack.c, hits.c and row.c. */
#ifndef LATENTRACK_POSITION_H
#define LATENTRACK_POSITION_H

#include "track.h"

static inline uint32_t track_param(const struct track *track, uint32_t which)
{
    return atomic_load_explicit(&track->param[which], memory_order_relaxed);
}

static inline struct pattern *pattern_playing(const struct track *track)
{
    return atomic_load_explicit(&track->playing, memory_order_relaxed);
}

/* The position in the bar that comes next: a shorter length or pattern takes hold at once. */
static inline uint32_t next_position(const struct track *track, const struct pattern *pattern,
                                     uint32_t *length)
{
    *length = track_param(track, TRACK_LENGTH);
    if (!*length) {
        *length = pattern->steps;
    }
    return track->next < *length ? track->next : 0;
}

/* Whether what was published last takes over at the step that comes, at this position. */
static inline int takes_over(const struct track *track, uint32_t position)
{
    return (!position || track_param(track, TRACK_TAKE)) &&
           atomic_load_explicit(&track->exchange.ready, memory_order_relaxed) &&
           track_param(track, TRACK_FOLLOW) != FOLLOW_HOLD;
}

/* Where the track's direction leads at this position of a way of `length` steps, of which it has
   gone `lap` so far. */
uint32_t row_directed(const struct track *track, uint32_t position, uint32_t lap, uint32_t length);

/* The step of the pattern for the position that comes next. */
static inline uint32_t step_at(const struct track *track, const struct pattern *pattern,
                               uint32_t position, uint32_t length)
{
    uint32_t step = position;
    if (track_param(track, TRACK_DIRECTION)) {
        step = row_directed(track, position, track->bars - (position != 0), length);
    }
    step += track_param(track, TRACK_ROTATION);
    if (step >= length) {
        step %= length;
    }
    return step < pattern->steps ? step : step % pattern->steps;
}

#endif
