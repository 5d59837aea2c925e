/* See velocity.h. */
#include "velocity.h"

#include "position.h"

uint32_t velocity_of(const struct track *track, uint32_t channel)
{
    if (track->flushed >> channel & 1) {
        return track->hit[OUTPUT_CHANNELS + channel].velocity;
    }
    return track->heard ? track->heard->velocity[channel] : 127;
}

void velocity_put(const struct rack *rack, const struct track *track, uint32_t velocity,
                  uint32_t now_us)
{
    uint32_t jack = track_param(track, TRACK_VELOCITY_OUT);
    if (!jack) {
        return;
    }
    const struct calibration *set = &rack->calibration[jack - 1];
    int32_t low = __atomic_load_n(&set->low, __ATOMIC_RELAXED);
    int32_t way = __atomic_load_n(&set->high, __ATOMIC_RELAXED) - low;
    int32_t part = way * (int32_t)velocity;
    int32_t code = low + (part + (part < 0 ? -63 : 63)) / 127; /* to the nearest */
    rack->outputs->level(rack->outputs, jack - 1, (uint16_t)code, now_us);
}

void velocity_put_edge(const struct rack *rack, const struct track *track, uint32_t now_us)
{
    uint32_t loudest = 0;
    if (!track_param(track, TRACK_VELOCITY_OUT) || !track->triggered) {
        return;
    }
    for (uint32_t rest = track->triggered; rest; rest &= rest - 1) {
        uint32_t velocity = velocity_of(track, (uint32_t)__builtin_ctz(rest));
        loudest = velocity > loudest ? velocity : loudest;
    }
    velocity_put(rack, track, loudest, now_us);
}
