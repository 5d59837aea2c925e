/* MIDI, in and out: what comes becomes messages for Python and edges for the rack.
 *
 * Everything happens at the tick, each millisecond. Python is the consumer of `received` and the
 * producer of `from_usb`; what it sets is one atomic word each. MIDI comes from a UART and, in
 * messages, from a computer by USB; both are treated alike, but for the times of clocks.
 *
 * Start, continue, stop and the clock move the rack if RACK_SOURCE is SOURCE_MIDI, and are followed
 * all the same if it is not, so that the rack can join a clock that runs. A start asks for a reset:
 * the next edge plays step 0. After a stop no edges come.
 */
#ifndef LATENTRACK_MIDI_H
#define LATENTRACK_MIDI_H

#include "midi_clock.h"
#include "midi_out.h"
#include "midi_parser.h"

#define MIDI_MOST_PER_EDGE 24u

struct midi {
    struct lpuart uart;
    struct midi_out out;
    struct midi_ring received;    /* messages other than realtime */
    struct midi_ring from_usb;    /* messages */
    _Atomic uint32_t per_edge;    /* clocks from edge to edge, 1 to MIDI_MOST_PER_EDGE */
    _Atomic uint32_t sends_clock; /* 0: no clock, start and stop go out */
    /* The tick's. */
    struct midi_parser parser;
    struct midi_clock clock;
    uint32_t aligned; /* the per_edge to which the clock's edges belong */
    uint32_t ticked_us;
};

void midi_init(struct midi *midi);

/* Reads, makes edges, sends. Call it after rack_tick, with interrupts as they are: it masks them
   around an edge, which no edge or reset of a jack may interrupt. */
void midi_tick(struct midi *midi, struct rack *rack, uint32_t now_us);

#endif
