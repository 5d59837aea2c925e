/* An i.MX RT LPUART, read and written without waiting: for MIDI, once a millisecond.
 *
 * Python sets it up first (machine.UART(n, 31250): clock, baud rate, pins). The driver behind that
 * takes received bytes in an interrupt of its own, so lpuart_init switches the UART's interrupts
 * off; from then on the bytes lie in the chip's FIFOs, four each way. At 31,250 baud a byte takes
 * 320 us, so a FIFO that is read every millisecond does not overflow. When reading was held up for
 * longer, bytes are lost and counted; the chip takes no further byte until that is acknowledged.
 */
#ifndef LATENTRACK_LPUART_H
#define LATENTRACK_LPUART_H

#include <stdint.h>

struct lpuart {
    uint32_t base; /* 0: there is none, nothing comes and nothing has room */
    uint32_t lost; /* how often received bytes were lost */
};

/* `receives` 0: the receiver is switched off, as its pin is used for something else. Call it with
   interrupts masked: the driver's interrupt changes the same registers. */
void lpuart_init(struct lpuart *uart, uint32_t base, uint32_t receives);

/* The next received byte, or -1: none has come. Bytes without a stop bit are left out. */
int32_t lpuart_get(struct lpuart *uart);

/* How many bytes can be written now, 0 to 4. */
uint32_t lpuart_room(const struct lpuart *uart);

/* Writes a byte, where there is room. */
void lpuart_put(const struct lpuart *uart, uint32_t byte);

#endif
