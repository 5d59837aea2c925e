/* What goes out by MIDI: realtime bytes first, then messages, each as a whole.
 *
 * Two producers, a ring each: interrupts (notes, `played`) and Python (`asked`). The tick is the
 * consumer of both. It puts realtime bytes, which it makes itself, between the bytes of a message.
 * Messages that follow each other without a pause share their status (running status), so that
 * the notes of a step take 0.64 ms each on the wire.
 *
 * The clock that goes out: 24 a beat are made of the rack's edges. The first clock of a step comes
 * with its edge; the others divide the interval, which is the last one that is known (rack.h,
 * period_us). Where an edge comes early, those left over go out at once, so that none is missing.
 * Before the first clock after a reset goes a start, after a pause a continue; when edges cease for
 * more than four intervals, or the rack is paused, a stop.
 */
#ifndef LATENTRACK_MIDI_OUT_H
#define LATENTRACK_MIDI_OUT_H

#include "lpuart.h"
#include "midi_ring.h"
#include "rack.h"

struct midi_out {
    struct midi_ring played;   /* producer: interrupts */
    struct midi_ring asked;    /* producer: Python */
    struct midi_ring realtime; /* the tick's own */
    struct midi_ring to_usb;   /* producer: the tick, consumer: Python */
    _Atomic uint32_t watched;  /* a computer fetches what goes out */
    _Atomic uint32_t restarts; /* a reset: the next clock is the first */
    /* The tick's. */
    uint32_t sending; /* the bytes of the message that are left, the lowest first */
    uint32_t left;    /* how many */
    uint32_t running; /* the status that holds; 0: none */
    uint32_t runs;    /* a start or a continue has gone out, and no stop since */
    uint32_t edge;    /* the rack's last edge that was seen */
    uint32_t clocks;  /* since that edge */
};

/* At each tick. `per_edge`: clocks from edge to edge; 0: no clock goes out. */
void midi_out_tick(struct midi_out *out, const struct lpuart *uart, const struct rack *rack,
                   uint32_t per_edge, uint32_t now_us);

#endif
