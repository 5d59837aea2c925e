/* The virtual board's jacks: every change, with its time, into a ring in memory.
 *
 * One writer (what calls rack_clock, rack_reset, rack_tick) and one reader. The writer puts a
 * record at head % size and then moves head on (release); the reader sees head (acquire), copies
 * records and then moves tail on (release). Neither ever waits: when the ring is full the record
 * is dropped and counted in `lost`. head and tail run freely and wrap at 2^32.
 *
 * A record is two words, in the machine's order: the time in microseconds and what happened:
 *     gates  0x0000CCSS   SS = channels that went high, CC = channels that went low before
 *     level  0x010nVVVV   channel n now has the code VVVV
 *     step   0x02tt00ss   track tt played step ss of its pattern
 * The records of one edge are consecutive: for each track its step, its levels; then the gates.
 */
#ifndef LATENTRACK_CHANNEL_H
#define LATENTRACK_CHANNEL_H

#include <stdatomic.h>

#include "outputs.h"

enum channel_kind { CHANNEL_GATES = 0, CHANNEL_LEVEL = 1, CHANNEL_STEP = 2 }; /* what >> 24 */

struct channel_record {
    uint32_t time_us;
    uint32_t what;
};

struct channel {
    struct outputs base;
    uint32_t mask;               /* records in the ring, less one */
    _Atomic uint32_t head;       /* the writer's */
    _Atomic uint32_t tail;       /* the reader's */
    _Atomic uint32_t lost;       /* the writer's */
    struct channel_record *ring; /* the caller's memory */
};

/* `count` records, rounded down to a power of two; at least 1. */
void channel_init(struct channel *channel, struct channel_record *ring, uint32_t count);

/* The reader's: takes up to `count` records out, oldest first, and returns how many. */
uint32_t channel_read(struct channel *channel, struct channel_record *records, uint32_t count);

#endif
