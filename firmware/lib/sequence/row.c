/* See row.h. */
#include "row.h"

/* Any step, by the throw. */
static uint32_t thrown(const struct track *track, uint32_t position, uint32_t lap, uint32_t length)
{
    uint32_t draw = track_param(track, TRACK_DRAW);
    return pattern_throw(draw, THROW_STEP, position, lap & 255) * length >> 16;
}

/* In the loop over eight ways, at an edge: no call. */
__attribute__((always_inline)) static inline uint32_t
directed(const struct track *track, uint32_t position, uint32_t lap, uint32_t length)
{
    uint32_t direction = track_param(track, TRACK_DIRECTION);
    if (direction == DIRECTION_RANDOM) {
        return thrown(track, position, lap, length);
    }
    if (direction == DIRECTION_REVERSE || (direction == DIRECTION_PENDULUM && lap & 1)) {
        return length - 1 - position;
    }
    return position;
}

uint32_t row_directed(const struct track *track, uint32_t position, uint32_t lap, uint32_t length)
{
    return directed(track, position, lap, length);
}

/* The step of the pattern that a channel plays by its own length and shift. */
static inline uint32_t own_step(const struct track *track, const struct pattern *pattern,
                                uint32_t channel, uint32_t bar)
{
    uint32_t length = track_param(track, TRACK_LENGTHS + channel);
    uint32_t at = track->steps + track_param(track, TRACK_SHIFTS + channel);
    length = length ? length : bar;
    uint32_t step = directed(track, at % length, at / length, length);
    return step < pattern->steps ? step : step % pattern->steps;
}

/* The level of the first of these channels' hits, as a bit. */
static inline uint32_t level_bit(uint32_t level_of, uint32_t channels)
{
    return 1u << (level_of >> 4 * (uint32_t)__builtin_ctz(channels) & 15);
}

/* The levels that go out with some of these triggers alone. */
static inline uint32_t levels_of(uint32_t level_of, uint32_t triggers, uint32_t others)
{
    uint32_t levels = 0;
    for (; triggers; triggers &= triggers - 1) {
        levels |= level_bit(level_of, triggers);
    }
    for (; others; others &= others - 1) {
        levels &= ~level_bit(level_of, others);
    }
    return levels;
}

struct row row_made(struct track *track, const struct pattern *pattern, uint32_t number,
                    uint32_t length, uint32_t own, uint32_t muted)
{
    /* Before what was set is read: what is set meanwhile has it made again. */
    track->made_with = atomic_load_explicit(&track->changes, memory_order_relaxed);
    atomic_signal_fence(memory_order_acquire);
    track->made_after = track->steps;
    track->made_of = pattern;
    struct pattern_step *row = &track->row;
    *row = pattern->step[number];
    if (pattern->feel) {
        track->feel = pattern->feel[number];
    }
    uint32_t triggers = row->triggers, levels = row->levels;
    uint32_t level_of = row->level_of, ratchets = row->ratchets;
    /* Triggers that are muted or come from elsewhere go, with the levels that are theirs alone. */
    uint32_t stays = triggers & ~(own | muted);
    if (levels) {
        levels &= ~levels_of(level_of, triggers ^ stays, stays);
    }
    triggers = stays;
    for (uint32_t rest = own & ~muted; rest; rest &= rest - 1) {
        uint32_t channel = (uint32_t)__builtin_ctz(rest);
        uint32_t from = own_step(track, pattern, channel, length);
        const struct pattern_step *other = &pattern->step[from];
        if (!(other->triggers & rest & -rest)) {
            continue;
        }
        uint32_t nibble = 15u << 4 * channel;
        uint32_t level = other->level_of >> 4 * channel & 15;
        triggers |= rest & -rest;
        level_of ^= (level_of ^ other->level_of) & nibble;
        ratchets ^= (ratchets ^ other->ratchets) & nibble;
        if (level < OUTPUT_CHANNELS) {
            levels |= 1u << level;
            row->code[level] = other->code[level];
        }
        if (pattern->feel) {
            track->feel.timing[channel] = pattern->feel[from].timing[channel];
            track->feel.velocity[channel] = pattern->feel[from].velocity[channel];
        }
    }
    row->triggers = (uint8_t)triggers;
    row->levels = (uint8_t)levels;
    row->level_of = level_of;
    row->ratchets = ratchets;
    return (struct row){row, pattern->feel ? &track->feel : NULL};
}
