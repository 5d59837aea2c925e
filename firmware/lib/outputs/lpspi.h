/* Borrowing an i.MX RT LPSPI, in an interrupt, from whoever is in the middle of a transfer on it.
 *
 * The converters share their bus with the display, which the interpreter writes to (machine.SPI,
 * with the processor or by DMA) in transfers of milliseconds. The clock cannot wait for that, so it
 * cuts in between two words, the way a second set of hands would:
 *
 *   1. DMA requests for the transmit FIFO are put off: nothing new comes in.
 *   2. The words in the FIFO go out (at most 16), to the display, which they are for.
 *   3. The transfer's command (TCR) is noted and replaced by the converter's: 24-bit frames,
 *      SPI mode 1, nothing received. That also ends a continuous transfer cleanly.
 *   4. When the bus is idle the display is deselected, by its pin, if it was selected. It takes a
 *      pause between two bytes as what it is.
 *   5. Frames go out, each within its converter's select.
 *   6. Everything goes back: the command, the flags that the frames raised (a waiting transfer must
 *      not take them for its own), the display's select, the DMA requests. A continuous transfer
 *      (as machine.SPI makes) that was under way must be under way again, or its owner would wait
 *      for an end that never comes: so it is begun anew with a word that nobody listens to.
 *
 * The interrupted transfer goes on and can tell nothing, wherever it was cut: between reading the
 * FIFO's fill and writing a word, between reading and writing the command. That holds for writes.
 * A transfer that also receives can fill the receive FIFO and stop the bus: waiting is bounded,
 * after LPSPI_PATIENCE looks the bus counts as not to be had, and `missed` counts that. So does a
 * module that is switched off (the interpreter is just setting it up).
 */
#ifndef LATENTRACK_LPSPI_H
#define LATENTRACK_LPSPI_H

#include <stdint.h>

#define LPSPI_PATIENCE 20000u

/* A pin as an output: data is the port's DR, set and clear its DR_SET and DR_CLEAR. */
struct output_pin {
    volatile uint32_t *data, *set, *clear;
    uint32_t mask; /* one bit; 0: no such pin */
};

struct lpspi {
    volatile uint32_t *base;
    struct output_pin display; /* select of the device that is being interrupted, active low */
    uint32_t missed;           /* how often the bus was not to be had */
    uint32_t der, tcr, flags, held, selected; /* what was there, while borrowed */
};

void lpspi_init(struct lpspi *bus, volatile uint32_t *base, const struct output_pin *display);

/* From an interrupt that the bus's other user cannot interrupt in turn. Returns 0, or -1: not to be
   had; then everything is as it was. */
int lpspi_borrow(struct lpspi *bus);

/* One 24-bit frame while `select` is low. */
void lpspi_frame(struct lpspi *bus, const struct output_pin *select, uint32_t frame);

void lpspi_return(struct lpspi *bus);

#endif
