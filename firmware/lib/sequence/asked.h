/* Levels and gates that Python asks for, beside what tracks play: the quantiser's.
 *
 * Each channel has a slot of one atomic word. The producer fills slots, then sets `some`; the tick
 * clears `some`, then empties them. A level that is asked for again before a tick replaces the one
 * before, with its gate.
 */
#ifndef LATENTRACK_ASKED_H
#define LATENTRACK_ASKED_H

#include "rack.h"

#define ASKED_GATE_US 10000u

struct asked {
    _Atomic uint32_t some;
    _Atomic uint32_t slot[OUTPUT_CHANNELS]; /* 1 << 31, the gate's channel << 16, the code */
};

/* Producer: at the next tick the channel goes to the code; then a gate of ASKED_GATE_US rises at
   the channel `gate`, 8 and above: none. Returns 0, or -1: no such channel. */
int asked_put(struct asked *asked, uint32_t channel, uint16_t code, uint32_t gate);

/* Puts out what is asked for: levels, then gates. Called at each tick. */
void asked_tick(struct asked *asked, struct rack *rack, uint32_t now_us);

#endif
