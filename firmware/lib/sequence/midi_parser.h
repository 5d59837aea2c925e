/* Bytes of MIDI become messages of one word: status | first data byte << 8 | second << 16.
 *
 * Running status holds; realtime bytes may come between any two others and are messages at once.
 * System exclusive and what is not defined are left out. No message is 0.
 */
#ifndef LATENTRACK_MIDI_PARSER_H
#define LATENTRACK_MIDI_PARSER_H

#include <stdint.h>

enum {
    MIDI_NOTE_OFF = 0x80,
    MIDI_NOTE_ON = 0x90,
    MIDI_SYSEX = 0xF0,
    MIDI_POSITION = 0xF2,
    MIDI_TUNE = 0xF6,
    MIDI_CLOCK = 0xF8,
    MIDI_START = 0xFA,
    MIDI_CONTINUE = 0xFB,
    MIDI_STOP = 0xFC,
};

struct midi_parser {
    uint32_t message; /* status and the data so far; 0: the next data bytes belong to nothing */
    uint32_t have;    /* data bytes so far */
};

/* How many data bytes follow a status, 0 to 2. */
uint32_t midi_data_bytes(uint32_t status);

/* The message that this byte completes, or 0. */
uint32_t midi_parse(struct midi_parser *parser, uint32_t byte);

#endif
