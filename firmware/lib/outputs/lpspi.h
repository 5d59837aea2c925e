/* Borrow an i.MX RT LPSPI, in an interrupt, in the middle of a transfer of its owner.
 *
 * The converters share their bus with the display, which the interpreter writes to (machine.SPI,
 * with the processor or by DMA) in transfers of milliseconds. The clock cannot wait for their end,
 * so it cuts in between two words:
 *
 *   1. DMA requests for the transmit FIFO are switched off, so no new words arrive.
 *   2. The words in the FIFO (at most 16) go out to the display, which they are for.
 *   3. The transfer's command (TCR) is noted and replaced by the converters': 24-bit frames,
 *      SPI mode 1, nothing received. That also ends a continuous transfer cleanly.
 *   4. When the bus is idle the display is deselected, by its pin, if it was selected. For the
 *      display this is a pause between two bytes.
 *   5. Frames go out, each within its converter's select.
 *   6. Everything is restored: the command, the flags that the frames raised (a waiting transfer
 *      must not take them for its own), the display's select, the DMA requests. The owner of a
 *      continuous transfer (machine.SPI makes these) waits for its end, so a transfer that was
 *      under way must be under way again: it is restarted with one word while no device is
 *      selected.
 *
 * The interrupted transfer continues wherever it was cut: between reading the FIFO's fill and
 * writing a word, between reading and writing the command.
 *
 * The bus cannot be borrowed while its owner has it switched off (CR.MEN = 0): MicroPython's driver
 * does that at the beginning of each transfer, for a few microseconds. A transfer that receives can
 * fill the receive FIFO and stop the bus; waiting is bounded by LPSPI_PATIENCE reads. In both cases
 * the caller tries again later.
 */
#ifndef LATENTRACK_LPSPI_H
#define LATENTRACK_LPSPI_H

#include <stdint.h>

/* Reads of a status register until a wait counts as failed. A read takes at least 4 cycles of the
   150 MHz peripheral bus, so this is 0.1 ms or more: the FIFO drains in time at 1.4 MHz and up. */
#define LPSPI_PATIENCE 4000u

/* A pin as an output: the addresses of its port's DR, DR_SET and DR_CLEAR, and its bit. */
struct output_pin {
    uint32_t data, set, clear;
    uint32_t mask; /* 0: there is no such pin */
};

struct lpspi {
    uint32_t base;
    struct output_pin display; /* select of the device that is being interrupted, active low */
    uint32_t der, tcr, flags, held, selected; /* what was there, while borrowed */
};

void lpspi_init(struct lpspi *bus, uint32_t base, const struct output_pin *display);

/* Call it where the bus's owner cannot run until lpspi_return: in an interrupt, or masked. Returns
   0, or -1: the bus is busy; then everything is as it was, and lpspi_return must not be called. */
int lpspi_borrow(struct lpspi *bus);

/* One 24-bit frame while `select` is low. Returns 0, or -1: the bus did not send it. */
int lpspi_frame(struct lpspi *bus, const struct output_pin *select, uint32_t frame);

void lpspi_return(struct lpspi *bus);

#endif
