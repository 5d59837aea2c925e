/* See taps.h. */
#include "taps.h"

#include "position.h"

uint32_t taps_step(const struct rack *rack, const struct track *track, uint32_t now_us)
{
    const struct pattern *pattern = pattern_playing(track);
    if (!pattern || !pattern->model) {
        return TAPS_NONE;
    }
    uint64_t step_us = (uint64_t)rack->period_us * track_param(track, TRACK_DIVISION);
    if (track->count) {
        uint64_t since = now_us - rack->clock_us + (uint64_t)rack->period_us * (track->count - 1);
        if (!step_us || since * 2 < step_us) {
            return atomic_load_explicit(&track->step, memory_order_relaxed);
        }
    }
    uint32_t length, position = next_position(track, pattern, &length);
    return step_at(track, pattern, position, length);
}

void taps_put(struct taps *taps, uint32_t step)
{
    atomic_store_byte(&taps->step[taps->written % TAPS_ROOM], (uint8_t)step);
    __atomic_store_n(&taps->written, taps->written + 1, __ATOMIC_RELEASE);
}

static uint32_t waiting_in(const struct taps *taps)
{
    return __atomic_load_n(&taps->written, __ATOMIC_ACQUIRE) - taps->read;
}

int taps_waits(const struct taps *taps)
{
    return waiting_in(taps) != 0;
}

uint32_t taps_take(struct taps *taps)
{
    uint32_t waiting = waiting_in(taps);
    if (waiting > TAPS_ROOM) {
        taps->read += waiting - TAPS_ROOM;
    }
    return atomic_load_byte(&taps->step[taps->read++ % TAPS_ROOM]);
}
