/* Notes out: outputs that pass everything on to the real ones, and send a note for each gate.
 *
 * The rack knows nothing of it. A gate that rises is a note on, one that falls its note off. The
 * note is a given one, or the pitch of a level channel, read back from the code that it got last
 * by the channel's calibration. The velocity is that of the hit, 100 without a feel.
 *
 * `gates` is called by edges, or by the tick with interrupts masked: so the ring has one producer.
 */
#ifndef LATENTRACK_MIDI_NOTES_H
#define LATENTRACK_MIDI_NOTES_H

#include "midi_ring.h"
#include "rack.h"

/* Of a channel's settings: the MIDI channel + 1 (0: no notes), the note, or the level channel, and
   the track whose hits it plays. */
#define MIDI_NOTES_ON(word) ((word) & 31u)
#define MIDI_NOTES_NOTE(word) ((word) >> 8 & 127u)
#define MIDI_NOTES_LEVEL(word) ((word) >> 16 & 15u) /* 8 and above: none, the note is given */
#define MIDI_NOTES_TRACK(word) ((word) >> 24 & 3u)

struct midi_notes {
    struct outputs base;
    struct outputs *inner;
    struct rack *rack;
    struct midi_ring *out;
    _Atomic uint32_t setting[OUTPUT_CHANNELS];
    /* The interrupts'. */
    uint16_t code[OUTPUT_CHANNELS];
    uint32_t sounds[OUTPUT_CHANNELS]; /* the note off that is owed, or 0 */
};

/* Puts itself between a rack and its outputs; midi_notes_outputs names them. */
void midi_notes_init(struct midi_notes *notes, struct rack *rack, struct midi_ring *out);

/* The rack's real outputs. Not while a clock runs. */
void midi_notes_outputs(struct midi_notes *notes, struct outputs *inner);

#endif
