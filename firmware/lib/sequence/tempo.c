/* See tempo.h. */
#include "tempo.h"

#include "hits.h"
#include "interrupts.h"
#include "position.h"

#define SHIFT_US 8 /* the own clock's period is in 1/256 us */
#define FOREVER_US 0x20000000u
#define OWN_LATE_US 1000000

static uint32_t rack_param(const struct rack *rack, uint32_t which)
{
    return atomic_load_explicit(&rack->param[which], memory_order_relaxed);
}

static uint32_t source_of(const struct rack *rack)
{
    return atomic_load_explicit(&rack->source, memory_order_relaxed);
}

int rack_set(struct rack *rack, uint32_t which, float value)
{
    static const uint16_t most[] = {SOURCE_MIDI, 400, 1, 4, OUT_RUN};
    if (which >= RACK_PARAMS) {
        return -1;
    }
    uint32_t row = which < RACK_OUTS ? which : RACK_OUTS;
    if (!(value >= (which == RACK_TEMPO ? 20 : 0) && value <= most[row])) {
        return -1;
    }
    uint32_t kept = (uint32_t)(value + 0.5f);
    if (which == RACK_TEMPO) {
        kept = (uint32_t)(15e6 * (1u << SHIFT_US) / (double)value + 0.5);
    }
    atomic_store_explicit(&rack->param[which], kept, memory_order_relaxed);
    if (which == RACK_SOURCE && source_of(rack) != SOURCE_NONE) {
        atomic_store_explicit(&rack->source, kept, memory_order_relaxed);
    }
    if (which >= RACK_OUTS) {
        uint32_t outs = 0;
        for (uint32_t i = 0; i < OUTPUT_CHANNELS; i++) {
            outs |= (uint32_t)(rack_param(rack, RACK_OUTS + i) != 0) << i;
        }
        atomic_store_explicit(&rack->outs, outs, memory_order_relaxed);
    }
    return 0;
}

/* ---- edges ------------------------------------------------------------------------------- */

void rack_jack(struct rack *rack, uint32_t now_us)
{
    if (source_of(rack) != SOURCE_JACK) {
        rack->missed = 1;
        rack->missed_us = now_us;
        return;
    }
    uint32_t bridged = rack->bridged;
    rack->bridged = 0;
    if (bridged && now_us - rack->clock_us < rack->interval_us / 2) {
        rack->clock_us = now_us;
        return;
    }
    rack_clock(rack, now_us);
}

void rack_gate(struct rack *rack, uint32_t high, uint32_t now_us)
{
    uint32_t source = high ? rack_param(rack, RACK_SOURCE) : SOURCE_NONE;
    uint32_t before = source_of(rack);
    if (source == before) {
        return;
    }
    uint32_t masked = interrupts_mask();
    atomic_store_explicit(&rack->source, source, memory_order_relaxed);
    rack->earlier_us = 0; /* nothing is bridged across a stop */
    if (before == SOURCE_NONE && source == SOURCE_JACK && rack->missed &&
        now_us - rack->missed_us <= GATE_WINDOW_US) {
        rack_clock(rack, rack->missed_us);
    }
    rack->missed = 0;
    interrupts_restore(masked);
}

static void own_tick(struct rack *rack, uint32_t now_us)
{
    uint32_t period = rack_param(rack, RACK_TEMPO);
    if (!rack_param(rack, RACK_RUN) || source_of(rack) != SOURCE_OWN) {
        rack->own_period = 0;
        return;
    }
    int32_t late_us = (int32_t)(now_us - rack->own_us);
    if (!rack->own_period || late_us > OWN_LATE_US) {
        rack->own_us = now_us;
        rack->own_part = 0;
    }
    rack->own_period = period;
    if ((int32_t)(now_us - rack->own_us) >= 0) {
        uint32_t due_us = rack->own_us;
        uint32_t next = rack->own_part + period;
        rack->own_us += next >> SHIFT_US;
        rack->own_part = next & ((1u << SHIFT_US) - 1);
        rack_clock(rack, due_us);
    }
}

static void bridge_tick(struct rack *rack, uint32_t now_us)
{
    uint32_t coming = hits_interval(rack);
    if (rack->bridged >= rack_param(rack, RACK_BRIDGE) || !rack->clocked || !rack->earlier_us ||
        source_of(rack) != SOURCE_JACK ||
        atomic_load_explicit(&rack->paused, memory_order_relaxed)) {
        return;
    }
    if (now_us - rack->clock_us >= coming + coming / 8) {
        rack->bridged++;
        rack_clock(rack, rack->clock_us + coming);
    }
}

void tempo_tick(struct rack *rack, uint32_t now_us)
{
    own_tick(rack, now_us);
    bridge_tick(rack, now_us);
}

/* ---- steps between edges ----------------------------------------------------------------- */

void tempo_pass_over(struct track *track)
{
    const struct pattern *pattern = pattern_playing(track);
    uint32_t length;
    if (pattern) {
        uint32_t position = next_position(track, pattern, &length);
        track->next = position + 1;
        track->bars += !position;
        track->steps++;
    }
}

void tempo_begin_steps(struct rack *rack, uint32_t index)
{
    index %= RACK_TRACKS; /* so that a compiler that checks the shift below sees it is in range */
    struct track *track = &rack->track[index];
    uint32_t multiply = track_param(track, TRACK_MULTIPLY);
    for (; track->left; track->left--) {
        tempo_pass_over(track);
    }
    track->multiple = (uint8_t)multiply;
    track->left = (uint8_t)(multiply - 1);
    track->group_us = rack->clock_us;
    track->group_length = track->left ? hits_group_length(rack, track) : 0;
    rack->between = (rack->between & ~(1u << index)) | (uint32_t)(track->group_length != 0)
                                                           << index;
}

uint32_t tempo_steps_due(const struct rack *rack, uint32_t now_us)
{
    uint32_t due = 0;
    for (uint32_t rest = rack->between; rest; rest &= rest - 1) {
        uint32_t index = (uint32_t)__builtin_ctz(rest);
        const struct track *track = &rack->track[index];
        if ((int32_t)(tempo_step_us(track) - now_us) <= HITS_NEAR_US) {
            due |= 1u << index;
        }
    }
    return due;
}

uint32_t tempo_step_us(const struct track *track)
{
    uint32_t part = (uint32_t)track->multiple - track->left;
    uint32_t whole = track->group_length / track->multiple;
    uint32_t rest = track->group_length % track->multiple; /* no division of 64 bits here */
    return track->group_us + whole * part + rest * part / track->multiple;
}

/* ---- outputs ----------------------------------------------------------------------------- */

uint32_t tempo_outs_due(const struct rack *rack)
{
    uint32_t due = 0;
    for (uint32_t rest = atomic_load_explicit(&rack->outs, memory_order_relaxed); rest;
         rest &= rest - 1) {
        uint32_t channel = (uint32_t)__builtin_ctz(rest);
        uint32_t what = rack_param(rack, RACK_OUTS + channel);
        if (what < OUT_RESET ? rack->since_reset % what == 0
                             : what == OUT_RESET && rack->since_reset == 0) {
            due |= 1u << channel;
        }
    }
    return due;
}

void tempo_end_outs(struct rack *rack, uint32_t channels, uint32_t now_us)
{
    uint32_t gate = OUT_GATE_US;
    if (rack->period_us && rack->period_us / 2 < gate) {
        gate = rack->period_us / 2;
    }
    for (; channels; channels &= channels - 1) {
        rack->off_us[__builtin_ctz(channels)] = now_us + gate;
    }
}

static uint32_t runs(const struct rack *rack, uint32_t now_us)
{
    uint32_t source = source_of(rack);
    uint32_t stopped = source == SOURCE_OWN && !rack->own_period;
    if (stopped || source == SOURCE_NONE || !rack->clocked ||
        atomic_load_explicit(&rack->paused, memory_order_relaxed)) {
        return 0;
    }
    return !rack->period_us || (now_us - rack->clock_us) >> 2 <= rack->period_us;
}

void tempo_run_outs(struct rack *rack, uint32_t now_us)
{
    uint32_t set = 0, clear = 0;
    for (uint32_t rest = atomic_load_explicit(&rack->outs, memory_order_relaxed); rest;
         rest &= rest - 1) {
        uint32_t channel = (uint32_t)__builtin_ctz(rest), bit = rest & -rest;
        if (rack_param(rack, RACK_OUTS + channel) != OUT_RUN) {
            continue;
        }
        if (runs(rack, now_us)) {
            rack->off_us[channel] = now_us + FOREVER_US;
            set |= bit & ~rack->high;
        } else {
            clear |= bit & rack->high;
        }
    }
    if (set | clear) {
        rack_raise(rack, set, clear, now_us);
    }
}
