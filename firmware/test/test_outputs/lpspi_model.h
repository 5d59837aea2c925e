/* A bus in memory that behaves: an i.MX RT LPSPI, its DMA, a display and two DAC8164 on it.
 *
 * Every register access moves the bus on by `speed` bits, so code that waits sees time pass and
 * code that does not wait gets it wrong. Devices take bits only while their select pin is low. What
 * a real device would choke on sets `complaint`: a frame that is not 24 bits, a byte cut in two, a
 * wrong SPI mode, a write into a full FIFO.
 *
 * `interrupt`, if set, is called once, before access number `interrupt_at` of the program.
 */
#ifndef LPSPI_MODEL_H
#define LPSPI_MODEL_H

#include <stdint.h>

#define MODEL_BYTES 64
#define MODEL_LOG 16
#define MODEL_DMA_DELAY 6

/* Addresses of the Teensy 4.1: LPSPI4, and GPIO2 with all pins of the model. */
#define MODEL_LPSPI 0x403A0000u
#define MODEL_DR 0x401BC000u
#define MODEL_DR_SET (MODEL_DR + 0x84)
#define MODEL_DR_CLEAR (MODEL_DR + 0x88)
#define MODEL_PSR (MODEL_DR + 0x08)
#define MODEL_PSR_GPIO4 0x401C4008u
#define MODEL_DISPLAY 0x100u
#define MODEL_SYNC(chip) (0x200u << (chip))

struct lpspi_model {
    uint32_t speed;
    const char *complaint;
    uint32_t accesses, interrupt_at;
    void (*interrupt)(void);

    uint32_t cr, sr, der, tcr; /* tcr: the command in force */
    struct {
        uint32_t command, word;
    } fifo[16];
    uint32_t fill, received;
    uint32_t shifting, bits_left, active;
    uint32_t pins;
    uint32_t inputs[2]; /* of both ports */

    const uint8_t *dma;
    uint32_t dma_left, dma_delay;

    uint8_t shown[MODEL_BYTES];
    uint32_t shown_bits;
    uint32_t shift[2], shift_bits[2];
    uint32_t frames[2]; /* counted */
    uint16_t code[8];   /* at the jacks: chip * 4 + channel */
    uint32_t written[8];
    struct {
        uint8_t jack;
        uint16_t code;
    } log[MODEL_LOG]; /* the first codes written, in order */
    uint32_t logged;
};

extern struct lpspi_model model;

void model_reset(uint32_t speed);

#endif
