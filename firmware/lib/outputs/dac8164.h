/* Eight jacks on two DAC8164 (four 14-bit channels each) that share an LPSPI with the display.
 *
 * A frame is 24 bits: A1 A0 (the chip's address pins), 0 1 (write this channel and put it out at
 * once), 0, two bits of channel, 0 (powered), then the code, left-justified: of our 16 bits the
 * converter ignores the lowest two. (Texas Instruments, DAC8164 data sheet SBAS410, input shift
 * register.)
 *
 * A jack here can carry levels, or gates as two codes. `level` and `gates` only note what is to be
 * written; `flush` borrows the bus once and writes all of it: levels, then gates that fall, then
 * gates that rise. A frame takes 24 clocks of the bus and a few register accesses, 1.5 us at
 * 20 MHz.
 *
 * If the bus cannot be had, everything stays noted until the next flush. What is noted later on the
 * same channel replaces what was noted before, with two exceptions: a gate that stands and is
 * triggered again goes low before it goes high, and a gate that rises and falls between two flushes
 * rises at the first and falls at the second. So a trigger is lost only if the next one, or a
 * level, comes on its channel before a flush succeeds.
 */
#ifndef LATENTRACK_DAC8164_H
#define LATENTRACK_DAC8164_H

#include "lpspi.h"
#include "outputs.h"

#define DAC8164_CHIPS 2

struct dac8164 {
    struct outputs base;
    struct lpspi *bus;
    struct output_pin select[DAC8164_CHIPS];              /* SYNC, active low */
    uint8_t address[DAC8164_CHIPS];                       /* A1 A0, 0 to 3 */
    uint8_t jack[OUTPUT_CHANNELS];                        /* chip * 4 + the chip's channel */
    uint16_t low[OUTPUT_CHANNELS], high[OUTPUT_CHANNELS]; /* codes of a gate */

    /* Noted, not yet written; bit i of each is channel i. */
    uint8_t levels; /* goes to code[i] */
    uint8_t rising;
    uint8_t low_first; /* of the rising: the jack is still high, so low comes before */
    uint8_t falling;   /* one that also rises falls at the flush after */
    uint8_t delayed;   /* found the bus busy */
    uint16_t code[OUTPUT_CHANNELS];

    uint32_t late; /* channels written at a later flush, counted */
    uint32_t lost; /* triggers that never reached their jack, counted */
};

/* Channels 0..3 on the first chip, 4..7 on the second, addresses 0, gates from code 0 to 65535. */
void dac8164_init(struct dac8164 *dac, struct lpspi *bus, const struct output_pin select[2]);

/* Writes a code to all eight jacks before it returns. No interrupt may come meanwhile. Returns 0,
   or -1: the bus is busy, and the code stays noted. */
int dac8164_write_all(struct dac8164 *dac, uint16_t code);

/* Where a channel's jack is (chip 0 or 1, its channel 0 to 3) and its codes for a gate; a board
   whose output stage inverts has low above high. Returns 0, or -1. Not while a clock runs. */
int dac8164_connect(struct dac8164 *dac, uint32_t channel, uint32_t chip, uint32_t chips_channel,
                    uint16_t low, uint16_t high);

#endif
