/* A rotary encoder whose two contacts pull input pins down, read at each tick.
 *
 * From click to click the contacts (A, B) pass four quarters; to the right that is 11, 01, 00, 10,
 * 11. Reading them every millisecond follows 250 clicks a second, and a contact that bounces goes
 * back and forth and cancels out.
 *
 * One producer, encoder_read in the tick, and one reader, encoder_turned in Python: the count is
 * one word.
 */
#ifndef LATENTRACK_ENCODER_H
#define LATENTRACK_ENCODER_H

#include <stdatomic.h>
#include <stdint.h>

struct encoder {
    uint32_t a, b; /* addresses of the ports' input registers (PSR) */
    uint32_t b_mask;
    _Atomic uint32_t a_mask;  /* one bit, like b_mask; 0: not connected */
    uint32_t contacts;        /* at the last reading: A << 1 | B */
    _Atomic int32_t quarters; /* to the right is positive */
};

/* Where the contacts are; masks have one bit. The count stays. May be called while ticks come. */
void encoder_connect(struct encoder *encoder, uint32_t a, uint32_t a_mask, uint32_t b,
                     uint32_t b_mask);

/* The tick's. */
void encoder_read(struct encoder *encoder);

/* Quarters turned since the start; it wraps. */
int32_t encoder_turned(const struct encoder *encoder);

#endif
