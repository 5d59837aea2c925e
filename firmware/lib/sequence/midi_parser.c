/* See midi_parser.h. */
#include "midi_parser.h"

uint32_t midi_data_bytes(uint32_t status)
{
    if (status < MIDI_SYSEX) {
        return (status & 0xE0) == 0xC0 ? 1 : 2; /* program change and channel pressure have one */
    }
    if (status == MIDI_POSITION) {
        return 2;
    }
    return status == 0xF1 || status == 0xF3;
}

uint32_t midi_parse(struct midi_parser *parser, uint32_t byte)
{
    if (byte >= MIDI_CLOCK) {
        return byte;
    }
    if (byte & 0x80) {
        parser->have = 0;
        parser->message = midi_data_bytes(byte) ? byte : 0;
        return byte == MIDI_TUNE ? byte : 0;
    }
    uint32_t status = parser->message & 0xFF;
    if (!status) {
        return 0;
    }
    uint32_t message = parser->message | byte << 8 * ++parser->have;
    if (parser->have < midi_data_bytes(status)) {
        parser->message = message;
        return 0;
    }
    parser->have = 0;
    parser->message = status < MIDI_SYSEX ? status : 0;
    return message;
}
