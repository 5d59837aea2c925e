/* See rack.h. */
#include "rack.h"

#include <string.h>

#include "hits.h"
#include "interrupts.h"
#include "position.h"
#include "registers.h"
#include "swap.h"
#include "tempo.h"
#include "velocity.h"

#define ALL_TRACKS ((1u << RACK_TRACKS) - 1)

/* The bar begins at step 0 of its pattern, at the next edge. */
static void rewind_track(struct track *track)
{
    track->next = 0;
    track->count = 0;
    track->bars = 0;
    track->steps = 0;
    track->made_of = NULL;
    track->left = 0;
    if (track->coming) {
        hits_drop_early(track);
    }
}

static uint32_t gate_length(const struct rack *rack, const struct track *track)
{
    uint32_t part = track_param(track, TRACK_GATE_PART);
    uint32_t gate = track_param(track, TRACK_GATE_US);
    uint64_t step = (uint64_t)rack->period_us * track_param(track, TRACK_DIVISION);
    if (!step) {
        return gate;
    }
    if (track->multiple > 1) {
        step = (step < UINT32_MAX ? (uint32_t)step : UINT32_MAX) / track->multiple;
    }
    uint64_t length = part ? step * part >> 16 : step - (step >> 2);
    if (!part && length > gate) {
        return gate;
    }
    return length < RACK_LONG_AGO_US ? (uint32_t)length : RACK_LONG_AGO_US;
}

uint32_t rack_gate_length(const struct rack *rack, const struct track *track, uint32_t velocity)
{
    uint32_t gate = gate_length(rack, track);
    uint32_t shorter = track_param(track, TRACK_GATE_VELOCITY) * (127 - velocity) / 127;
    return gate - (uint32_t)((uint64_t)gate * shorter >> 16);
}

/* Whether the track has a pattern to play, or one that waits to be the first. */
__attribute__((always_inline)) static inline uint32_t plays(const struct track *track)
{
    return pattern_playing(track) ||
           atomic_load_explicit(&track->exchange.ready, memory_order_relaxed);
}

/* Whether the next clock edge is a step's. */
static uint32_t step_is_due(const struct track *track)
{
    return !track->count || track->count >= track_param(track, TRACK_DIVISION);
}

/* One step of one track: levels go out at once. Returns the channels to trigger. */
static uint32_t play_step(struct rack *rack, uint32_t index, uint32_t now_us)
{
    struct track *track = &rack->track[index];
    struct outputs *outputs = rack->outputs;
    struct pattern *pattern = pattern_playing(track);
    uint32_t position = 0;
    uint32_t length = 0;

    if (pattern) {
        position = next_position(track, pattern, &length);
    }
    if (!pattern || takes_over(track, position)) {
        struct pattern *ready = exchange_take(&track->exchange);
        if (ready) {
            pattern = ready;
            atomic_store_explicit(&track->playing, ready, memory_order_release);
        }
        if (!pattern) {
            return 0;
        }
        position = next_position(track, pattern, &length);
    }
    uint32_t step = step_at(track, pattern, position, length);
    uint32_t special = atomic_load_explicit(&track->special, memory_order_relaxed);
    const struct pattern_step *row = &pattern->step[step];
    atomic_store_explicit(&track->step, step, memory_order_relaxed);
    reg_trace(index, step);
    track->position = position;
    track->edge = rack->edge;
    if (special | track->muted | track->hits || pattern->feel) {
        row = hits_place(rack, index, pattern, step, length, now_us);
    } else {
        track->heard = NULL;
        track->triggered = row->triggers;
        track->put = row->levels;
    }
    track->played = row;
    track->bars += !position;
    track->steps++;
    track->next = position + 1;
    for (uint32_t levels = track->put; levels; levels &= levels - 1) {
        uint32_t channel = (uint32_t)__builtin_ctz(levels);
        outputs->level(outputs, channel, row->code[channel], now_us);
    }
    if (special) {
        velocity_put_edge(rack, track, now_us);
    }
    return track->triggered;
}

/* One clock edge for a track that plays. Returns the channels to trigger. */
static uint32_t track_edge(struct rack *rack, uint32_t index, uint32_t now_us)
{
    struct track *track = &rack->track[index];
    if (!step_is_due(track)) {
        track->count++;
        return 0;
    }
    if (track_param(track, TRACK_MULTIPLY) + track->multiple > 2) {
        tempo_begin_steps(rack, index);
    }
    track->step_us = rack->clock_us;
    uint32_t set = play_step(rack, index, now_us);
    track->count = track->edge == rack->edge;
    return set;
}

/* In every edge's way: no call. */
__attribute__((always_inline)) static inline void raise_gates(struct rack *rack, uint32_t set,
                                                              uint32_t clear, uint32_t now_us)
{
    if (set | clear) {
        rack->outputs->gates(rack->outputs, set, clear, now_us);
    }
    outputs_flush(rack->outputs, now_us);
    rack->high = (rack->high & ~clear) | set;
}

void rack_raise(struct rack *rack, uint32_t set, uint32_t clear, uint32_t now_us)
{
    raise_gates(rack, set, clear, now_us);
}

/* Drops `clear`, raises `set`, flushes the outputs, and only then computes when each gate ends: the
   longest gate of the tracks (one bit each) that triggered it. */
static void put_gates(struct rack *rack, uint32_t set, uint32_t clear, uint32_t tracks,
                      uint32_t now_us)
{
    raise_gates(rack, set, clear, now_us);
    for (uint32_t begun = 0; tracks; tracks &= tracks - 1) {
        uint32_t index = (uint32_t)__builtin_ctz(tracks);
        const struct track *track = &rack->track[index];
        if (track->played->ratchets) {
            hits_queue_ratchets(rack, index);
        }
        for (uint32_t rest = track->triggered & set; rest; rest &= rest - 1) {
            uint32_t channel = (uint32_t)__builtin_ctz(rest), bit = rest & -rest;
            uint32_t *off_us = &rack->off_us[channel];
            uint32_t gate = rack_gate_length(rack, track, velocity_of(track, channel));
            if (track->hits >> channel & 1) {
                gate = hits_gate(&track->hit[channel], gate);
            }
            if (!(begun & bit) || *off_us - now_us < gate) {
                *off_us = now_us + gate;
            }
            begun |= bit;
        }
    }
}

/* Step mode: the coming step from the newest latents. After the outputs: nobody waits for it. */
static void prepare(struct track *track)
{
    struct pattern *pattern = pattern_playing(track);
    struct voicing voicing;
    uint32_t length;
    if (track_param(track, TRACK_FOLLOW) != FOLLOW_STEP || !pattern || !pattern->model) {
        return;
    }
    uint32_t position = next_position(track, pattern, &length);
    track_voicing(track, pattern->model, &voicing);
    model_build_step(pattern->model, pattern, step_at(track, pattern, position, length),
                     latents_newest(&track->latents), &voicing);
}

static void prepare_all(struct rack *rack, uint32_t tracks)
{
    for (; tracks; tracks &= tracks - 1) {
        prepare(&rack->track[__builtin_ctz(tracks)]);
    }
}

/* After an edge: what the tracks do that have played a step. */
static void look_ahead(struct rack *rack, uint32_t tracks)
{
    prepare_all(rack, tracks);
    for (; tracks; tracks &= tracks - 1) {
        uint32_t index = (uint32_t)__builtin_ctz(tracks);
        rack->track[index].flushed = 0;
        hits_look_ahead(rack, index);
    }
}

static void drop_all_early(struct rack *rack)
{
    for (uint32_t i = 0; i < RACK_TRACKS; i++) {
        hits_drop_early(&rack->track[i]);
    }
}

/* Late hits of these tracks (one bit each), as far as their next step plays now, have no time left:
   they come before that step. Returns their channels. */
static uint32_t play_late(struct rack *rack, uint32_t tracks, uint32_t now_us)
{
    uint32_t set = 0;
    for (uint32_t rest = rack->waiting & tracks; rest; rest &= rest - 1) {
        uint32_t index = (uint32_t)__builtin_ctz(rest);
        if (step_is_due(&rack->track[index])) {
            set = hits_play(rack, index, HITS_LATE, 1, set, now_us);
        }
    }
    if (set) {
        rack_raise(rack, set, set & rack->high, now_us);
    }
    return set;
}

static void rewind_all(struct rack *rack)
{
    rack->between = 0;
    rack->since_reset = 0;
    for (uint32_t i = 0; i < RACK_TRACKS; i++) {
        rewind_track(&rack->track[i]);
    }
}

void rack_clock(struct rack *rack, uint32_t now_us)
{
    uint32_t set = 0;
    uint32_t moved = 0; /* tracks that play a step, one bit each */
    /* A reset came with the last edge: was the clock stopped by it? */
    uint32_t begins = rack->reset_edge == rack->edge++;
    uint32_t stopped = 1;
    if (rack->clocked) {
        uint32_t interval = now_us - rack->clock_us;
        uint32_t before = rack->interval_us;
        interval += !interval; /* 0 stands for not known: less 1 it is the largest */
        rack->period_us = before - 1 < interval ? before : interval;
        rack->earlier_us = before;
        rack->interval_us = interval;
        stopped = interval >> 2 > rack->period_us;
    }
    begins &= stopped;
    rack->clocked = 1;
    rack->clock_us = now_us;
    if (atomic_load_explicit(&rack->reset_asked, memory_order_relaxed)) {
        atomic_store_explicit(&rack->reset_asked, 0, memory_order_relaxed);
        atomic_store_explicit(&rack->paused, 0, memory_order_relaxed);
        begins = 1;
    }
    if (begins) {
        rewind_all(rack);
    }
    uint32_t paused = atomic_load_explicit(&rack->paused, memory_order_relaxed);
    if (paused | (stopped & (begins | rack->rewound))) {
        drop_all_early(rack);
    }
    rack->rewound = 0;
    uint32_t tracks = paused ? 0 : RACK_TRACKS;
    if (rack->waiting) {
        play_late(rack, paused ? 0 : ALL_TRACKS, now_us);
    }
    for (uint32_t i = 0; i < tracks; i++) {
        const struct track *track = &rack->track[i];
        if (plays(track)) {
            set |= track_edge(rack, i, now_us);
            moved |= (uint32_t)(track->edge == rack->edge) << i;
        }
    }
    rack->triggered = set;
    if (atomic_load_explicit(&rack->outs, memory_order_relaxed)) {
        uint32_t out = tempo_outs_due(rack);
        put_gates(rack, set | out, (set | out) & rack->high, moved, now_us);
        tempo_end_outs(rack, out & ~set, now_us);
    } else {
        put_gates(rack, set, set & rack->high, moved, now_us);
    }
    rack->since_reset++;
    look_ahead(rack, moved);
}

/* The next step of a track between two edges. */
static void step_between(struct rack *rack, uint32_t index, uint32_t now_us)
{
    struct track *track = &rack->track[index];
    track->step_us = tempo_step_us(track);
    if (!--track->left) {
        rack->between &= ~(1u << index);
    }
    uint32_t late = hits_play(rack, index, HITS_LATE, 1, 0, now_us);
    if (late) {
        rack_raise(rack, late, late & rack->high, now_us);
    }
    uint32_t set = play_step(rack, index, now_us);
    put_gates(rack, set, set & rack->high, 1u << index, now_us);
    look_ahead(rack, 1u << index);
}

/* Whether a reset at this time belongs to the last clock edge. */
static int came_with_edge(const struct rack *rack, uint32_t now_us)
{
    uint32_t window = RESET_WINDOW_US;
    if (rack->period_us && rack->period_us / 2 < window) {
        window = rack->period_us / 2;
    }
    return rack->clocked && now_us - rack->clock_us <= window;
}

/* A reset belongs to the last edge: a track that did not play step 0 at it is to play it now. What
   it played instead was wrong, and so is what that made wait. Whether it is such a track. */
static uint32_t forget_wrong_step(const struct rack *rack, struct track *track)
{
    uint32_t played = track->edge == rack->edge;
    if (played && track->position == 0) {
        return 0;
    }
    if (played) {
        track->hits = 0;
    }
    rewind_track(track);
    return 1;
}

void rack_reset(struct rack *rack, uint32_t now_us)
{
    uint32_t all = 0;              /* what step 0 triggers, on all tracks */
    uint32_t again = 0, moved = 0; /* tracks that are to play it now, and that do, one bit each */
    atomic_store_explicit(&rack->paused, 0, memory_order_relaxed);
    if (!came_with_edge(rack, now_us)) {
        rewind_all(rack);
        rack->rewound = 1;
        prepare_all(rack, ALL_TRACKS);
        return;
    }
    rack->reset_edge = rack->edge;
    rack->since_reset = 0;
    for (uint32_t i = 0; i < RACK_TRACKS; i++) {
        again |= forget_wrong_step(rack, &rack->track[i]) << i;
    }
    uint32_t late = play_late(rack, again, now_us);
    for (uint32_t i = 0; i < RACK_TRACKS; i++) {
        struct track *track = &rack->track[i];
        if (!(again >> i & 1)) {
            all |= track->triggered;
        } else if (plays(track)) {
            all |= track_edge(rack, i, now_us);
            moved |= (uint32_t)(track->edge == rack->edge) << i;
        }
    }
    uint32_t set = all & ~rack->triggered;
    uint32_t wrong = rack->triggered & ~(all | late);
    uint32_t out = tempo_outs_due(rack) & ~(rack->high | set);
    rack->since_reset = 1;
    rack->triggered = all;
    put_gates(rack, set | out, (wrong | set) & rack->high, moved, now_us);
    tempo_end_outs(rack, out, now_us);
    look_ahead(rack, moved);
}

/* All of it is masked, because an edge must find neither `high` and `off_us` half updated nor the
   outputs' bus borrowed. That delays an edge by the gates' registers (well below 1 us), or, with
   converters, by a flush: the words in the bus's FIFO and up to 24 frames, 43 us at 20 MHz, in
   practice a few frames. A tick that plays two hits of one channel flushes once more, so that both
   are gates. If the bus stands still, by 3 times LPSPI_PATIENCE reads (lpspi.h). */
void rack_tick(struct rack *rack, uint32_t now_us)
{
    uint32_t masked = interrupts_mask();
    uint32_t due = 0;
    for (uint32_t high = rack->high; high; high &= high - 1) {
        uint32_t channel = (uint32_t)__builtin_ctz(high);
        if ((int32_t)(now_us - rack->off_us[channel]) >= 0) {
            due |= 1u << channel;
        }
    }
    if (due) {
        rack->high &= ~due;
        rack->outputs->gates(rack->outputs, 0, due, now_us);
    }
    tempo_tick(rack, now_us);
    if (atomic_load_explicit(&rack->paused, memory_order_relaxed)) {
        rack->between = 0;
    }
    for (uint32_t rest = tempo_steps_due(rack, now_us); rest; rest &= rest - 1) {
        step_between(rack, (uint32_t)__builtin_ctz(rest), now_us);
    }
    uint32_t set = 0;
    for (uint32_t rest = rack->waiting; rest; rest &= rest - 1) {
        uint32_t index = (uint32_t)__builtin_ctz(rest);
        set = hits_play(rack, index, HITS_LATE | HITS_EARLY, 0, set, now_us);
    }
    if (set) {
        rack_raise(rack, set, set & rack->high, now_us);
    }
    if (atomic_load_explicit(&rack->outs, memory_order_relaxed)) {
        tempo_run_outs(rack, now_us);
    }
    if (atomic_load_explicit(&rack->level_asked, memory_order_relaxed)) {
        uint32_t level = SWAP(&rack->level_asked, 0);
        rack->outputs->level(rack->outputs, level >> 16 & 7, (uint16_t)level, now_us);
    }
    outputs_flush(rack->outputs, now_us);
    if (rack->clocked && (now_us - rack->clock_us) / RACK_LONG_AGO_US == 1) {
        rack->clocked = 0;
        rack->interval_us = 0;
        rack->earlier_us = 0;
        rack->period_us = 0;
    }
    interrupts_restore(masked);
}

void rack_ask_reset(struct rack *rack)
{
    atomic_store_explicit(&rack->reset_asked, 1, memory_order_relaxed);
}

void rack_pause(struct rack *rack)
{
    atomic_store_explicit(&rack->paused, 1, memory_order_relaxed);
}

void rack_ask_level(struct rack *rack, uint32_t channel, uint16_t code)
{
    atomic_store_explicit(&rack->level_asked, 1u << 31 | (channel & 7) << 16 | code,
                          memory_order_relaxed);
}

int rack_calibrate(struct rack *rack, uint32_t channel, float offset, float slope, uint16_t low,
                   uint16_t high)
{
    if (channel >= OUTPUT_CHANNELS) {
        return -1;
    }
    struct calibration *set = &rack->calibration[channel];
    __atomic_store(&set->offset, &offset, __ATOMIC_RELAXED);
    __atomic_store(&set->slope, &slope, __ATOMIC_RELAXED);
    __atomic_store_n(&set->low, low, __ATOMIC_RELAXED);
    __atomic_store_n(&set->high, high, __ATOMIC_RELAXED);
    return 0;
}

void rack_init(struct rack *rack, struct outputs *outputs)
{
    memset(rack, 0, sizeof *rack);
    rack->outputs = outputs;
    rack->reset_edge = UINT32_MAX; /* none */
    rack_set(rack, RACK_TEMPO, 120);
    for (uint32_t i = 0; i < OUTPUT_CHANNELS; i++) {
        rack_calibrate(rack, i, 0, 65535.0f / 120, 0, 65535);
    }
    for (uint32_t i = 0; i < RACK_TRACKS; i++) {
        track_init(&rack->track[i], rack->calibration);
    }
}
