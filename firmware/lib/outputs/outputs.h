/* Where a step goes: the one thing that lib/sequence knows of jacks.
 *
 * An output is a struct whose first member is a `struct outputs`; its functions get that pointer
 * back. There are eight channels, 0 to 7. A channel can carry a gate (high or low) or a level (a
 * 16-bit code, left-justified in the converter's range); whether gate 3 and level 3 are the same
 * jack is the output's business.
 *
 * All of them are called from interrupts (rack_clock, rack_reset, rack_tick), one at a time, and
 * must not wait for anything but hardware that is sure to come within microseconds. Within one
 * edge the levels of a step come before its gates, so that a pitch stands when its gate rises.
 * An output may only note what `gates` and `level` say, and write it in `flush`.
 */
#ifndef LATENTRACK_OUTPUTS_H
#define LATENTRACK_OUTPUTS_H

#include <stdint.h>

#define OUTPUT_CHANNELS 8

struct outputs {
    /* Bit i of a mask is channel i. `clear` goes low first, then `set` goes high: a channel in
       both is a gate that still stands and is triggered again. */
    void (*gates)(struct outputs *self, uint32_t set, uint32_t clear, uint32_t now_us);
    void (*level)(struct outputs *self, uint32_t channel, uint16_t code, uint32_t now_us);
    /* Writes what was only noted. Called once at each edge, after its gates, and once at each tick,
       so what could not be written (a busy bus) is tried again. NULL if nothing is ever noted. */
    void (*flush)(struct outputs *self, uint32_t now_us);
};

static inline void outputs_flush(struct outputs *outputs, uint32_t now_us)
{
    if (outputs->flush) {
        outputs->flush(outputs, now_us);
    }
}

#endif
