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

/* Takes a channel's trigger, and the level that goes out with it, out of a step. */
static void remove_trigger(struct pattern_step *step, uint32_t channel)
{
    uint32_t level = step->level_of >> 4 * channel & 15;
    step->triggers &= (uint8_t)~(1u << channel);
    step->levels &= (uint8_t)~(1u << level);
}

/* Puts a channel of another step there. */
static void copy_trigger(struct pattern_step *to, const struct pattern_step *from, uint32_t channel)
{
    uint32_t nibble = 15u << 4 * channel;
    uint32_t level = from->level_of >> 4 * channel & 15;
    to->triggers |= (uint8_t)(1u << channel);
    to->level_of = (to->level_of & ~nibble) | (from->level_of & nibble);
    to->ratchets = (to->ratchets & ~nibble) | (from->ratchets & nibble);
    if (level < OUTPUT_CHANNELS) {
        to->levels |= (uint8_t)(1u << level);
        to->code[level] = from->code[level];
    }
}

/* The step of the pattern that a channel plays by its own length and shift. */
static uint32_t own_step(const struct track *track, const struct pattern *pattern, uint32_t channel,
                         uint32_t bar)
{
    uint32_t length = track_param(track, TRACK_LENGTHS + channel);
    uint32_t at = track->steps + track_param(track, TRACK_SHIFTS + channel);
    length = length ? length : bar;
    return row_directed(track, at % length, at / length, length) % pattern->steps;
}

struct row row_made(struct track *track, const struct pattern *pattern, uint32_t number,
                    uint32_t length, uint32_t own, uint32_t muted)
{
    const struct pattern_step *step = &pattern->step[number];
    struct pattern_step *to = &track->row;
    *to = *step;
    if (pattern->feel) {
        track->feel = pattern->feel[number];
    }
    for (uint32_t rest = step->triggers & (own | muted); rest; rest &= rest - 1) {
        remove_trigger(to, (uint32_t)__builtin_ctz(rest));
    }
    for (uint32_t rest = own & ~muted; rest; rest &= rest - 1) {
        uint32_t channel = (uint32_t)__builtin_ctz(rest);
        uint32_t from = own_step(track, pattern, channel, length);
        if (pattern->step[from].triggers >> channel & 1) {
            copy_trigger(to, &pattern->step[from], channel);
            if (pattern->feel) {
                track->feel.timing[channel] = pattern->feel[from].timing[channel];
                track->feel.velocity[channel] = pattern->feel[from].velocity[channel];
            }
        }
    }
    return (struct row){to, pattern->feel ? &track->feel : NULL};
}
