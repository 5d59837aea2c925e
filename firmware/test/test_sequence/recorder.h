/* Outputs that record what they are told, in order, for tests of the sequencer.
 *
 * There is one recorder, because reg_trace has no argument that could name another. A record is two
 * words: the time in microseconds (0 for a step, which has none) and what happened:
 *     gates  0x0000CCSS   SS = channels that went high, CC = channels that went low before
 *     level  0x010nVVVV   channel n now has the code VVVV
 *     step   0x02tt00ss   track tt played step ss of its pattern
 */
#ifndef RECORDER_H
#define RECORDER_H

#include "outputs.h"

enum record_kind { RECORD_GATES = 0, RECORD_LEVEL = 1, RECORD_STEP = 2 }; /* what >> 24 */

struct record {
    uint32_t time_us;
    uint32_t what;
};

/* Forgets all records. The same outputs each time. */
struct outputs *recorder_start(void);

/* Takes up to `count` records out, oldest first, and returns how many. */
uint32_t recorder_read(struct record *records, uint32_t count);

#endif
