/* See row.h. */
#include "row.h"

uint32_t row_directed(const struct track *track, uint32_t position, uint32_t lap, uint32_t length)
{
    uint32_t direction = track_param(track, TRACK_DIRECTION);
    if (direction == DIRECTION_REVERSE || (direction == DIRECTION_PENDULUM && lap & 1)) {
        return length - 1 - position;
    }
    if (direction == DIRECTION_RANDOM) {
        uint32_t draw = track_param(track, TRACK_DRAW);
        return pattern_throw(draw, THROW_STEP, position, lap & 255) * length >> 16;
    }
    return position;
}

/* The step of the pattern that a channel plays by its own length and shift. */
static inline uint32_t own_step(const struct track *track, const struct pattern *pattern,
                                uint32_t channel, uint32_t bar)
{
    uint32_t length = track_param(track, TRACK_LENGTHS + channel);
    uint32_t at = track->steps + track_param(track, TRACK_SHIFTS + channel);
    length = length ? length : bar;
    uint32_t step = at % length;
    if (track_param(track, TRACK_DIRECTION)) {
        step = row_directed(track, step, at / length, length);
    }
    return step < pattern->steps ? step : step % pattern->steps;
}

/* The level of the first of these channels' hits, as a bit. */
static inline uint32_t level_bit(const struct pattern_step *row, uint32_t channels)
{
    return 1u << (row->level_of >> 4 * (uint32_t)__builtin_ctz(channels) & 15);
}

struct row row_made(struct track *track, const struct pattern *pattern, uint32_t number,
                    uint32_t length, uint32_t own, uint32_t muted)
{
    /* Before what was set is read: what is set meanwhile has it made again. */
    track->made_with = atomic_load_explicit(&track->changes, memory_order_relaxed);
    atomic_signal_fence(memory_order_acquire);
    track->made_after = track->steps;
    track->made_of = pattern;
    struct pattern_step row = pattern->step[number];
    if (pattern->feel) {
        track->feel = pattern->feel[number];
    }
    /* Triggers that are muted or come from elsewhere go, with the levels that go out with them
       alone. */
    uint32_t gone = 0;
    for (uint32_t rest = row.triggers & (own | muted); rest; rest &= rest - 1) {
        gone |= level_bit(&row, rest);
    }
    for (uint32_t rest = row.triggers & ~(own | muted); rest; rest &= rest - 1) {
        gone &= ~level_bit(&row, rest);
    }
    row.levels &= (uint8_t)~gone;
    row.triggers &= (uint8_t)~(own | muted);
    for (uint32_t rest = own & ~muted; rest; rest &= rest - 1) {
        uint32_t channel = (uint32_t)__builtin_ctz(rest);
        uint32_t from = own_step(track, pattern, channel, length);
        const struct pattern_step *other = &pattern->step[from];
        if (!(other->triggers >> channel & 1)) {
            continue;
        }
        uint32_t nibble = 15u << 4 * channel;
        uint32_t level = (other->level_of & nibble) >> 4 * channel;
        row.triggers |= (uint8_t)(1u << channel);
        row.level_of = (row.level_of & ~nibble) | (other->level_of & nibble);
        row.ratchets = (row.ratchets & ~nibble) | (other->ratchets & nibble);
        if (level < OUTPUT_CHANNELS) {
            row.levels |= (uint8_t)(1u << level);
            row.code[level] = other->code[level];
        }
        if (pattern->feel) {
            track->feel.timing[channel] = pattern->feel[from].timing[channel];
            track->feel.velocity[channel] = pattern->feel[from].velocity[channel];
        }
    }
    track->row = row;
    return (struct row){&track->row, pattern->feel ? &track->feel : NULL};
}
