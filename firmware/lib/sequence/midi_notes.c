/* See midi_notes.h. */
#include "midi_notes.h"

#include <string.h>

#include "midi_parser.h"
#include "velocity.h"

#define PLAIN_VELOCITY 100u
/* An early hit is played at the tick that is nearest to its time. */
#define NEAR_US 1000u

static uint32_t note_velocity(const struct rack *rack, uint32_t index, uint32_t channel,
                              uint32_t now_us)
{
    const struct track *track = &rack->track[index];
    const struct pattern *pattern = track_playing(track);
    const struct hit *early = &track->hit[OUTPUT_CHANNELS + channel];
    if (!pattern || !pattern->feel) {
        return PLAIN_VELOCITY;
    }
    uint32_t is_early = early->due_us - now_us + NEAR_US < 2 * NEAR_US;
    uint32_t velocity = is_early ? early->velocity : velocity_of(track, channel);
    return velocity ? velocity : 1; /* 0 would be a note off */
}

/* The note whose pitch a level channel has. */
static uint32_t pitch_of(const struct midi_notes *notes, uint32_t level)
{
    const struct calibration *set = &notes->rack->calibration[level];
    float note = ((float)notes->code[level] - set->offset) / set->slope + 0.5f;
    return note < 0 ? 0 : note > 127 ? 127 : (uint32_t)note;
}

static void end_note(struct midi_notes *notes, uint32_t channel)
{
    if (notes->sounds[channel]) {
        midi_ring_put(notes->out, notes->sounds[channel]);
        notes->sounds[channel] = 0;
    }
}

static void begin_note(struct midi_notes *notes, uint32_t channel, uint32_t now_us)
{
    uint32_t set = atomic_load_explicit(&notes->setting[channel], memory_order_relaxed);
    uint32_t level = MIDI_NOTES_LEVEL(set);
    if (!MIDI_NOTES_ON(set)) {
        return;
    }
    uint32_t note = level < OUTPUT_CHANNELS ? pitch_of(notes, level) : MIDI_NOTES_NOTE(set);
    uint32_t message = MIDI_NOTE_ON | (MIDI_NOTES_ON(set) - 1) | note << 8;
    uint32_t velocity = note_velocity(notes->rack, MIDI_NOTES_TRACK(set), channel, now_us);
    end_note(notes, channel);
    if (midi_ring_put(notes->out, message | velocity << 16)) {
        notes->sounds[channel] = message; /* velocity 0: off, by the same running status */
    }
}

static void gates(struct outputs *self, uint32_t set, uint32_t clear, uint32_t now_us)
{
    struct midi_notes *notes = (struct midi_notes *)self;
    notes->inner->gates(notes->inner, set, clear, now_us);
    for (; clear; clear &= clear - 1) {
        end_note(notes, (uint32_t)__builtin_ctz(clear));
    }
    for (; set; set &= set - 1) {
        begin_note(notes, (uint32_t)__builtin_ctz(set), now_us);
    }
}

static void level(struct outputs *self, uint32_t channel, uint16_t code, uint32_t now_us)
{
    struct midi_notes *notes = (struct midi_notes *)self;
    notes->code[channel & (OUTPUT_CHANNELS - 1)] = code;
    notes->inner->level(notes->inner, channel, code, now_us);
}

static void flush(struct outputs *self, uint32_t now_us)
{
    outputs_flush(((struct midi_notes *)self)->inner, now_us);
}

void midi_notes_outputs(struct midi_notes *notes, struct outputs *inner)
{
    notes->inner = inner;
    notes->rack->outputs = &notes->base;
}

void midi_notes_init(struct midi_notes *notes, struct rack *rack, struct midi_ring *out)
{
    struct outputs *inner = rack->outputs;
    memset(notes, 0, sizeof *notes);
    notes->base.gates = gates;
    notes->base.level = level;
    notes->base.flush = flush;
    notes->rack = rack;
    notes->out = out;
    midi_notes_outputs(notes, inner);
}
