/* LPUART1 to LPUART8 of the virtual module's chip: FIFOs of four bytes, and lines that take time.
 *
 * Reference: NXP, i.MX RT1060 Processor Reference Manual, chapter LPUART. A byte takes ten bits of
 * what BAUD says, of a clock of 80 MHz, which is what stock MicroPython gives the UARTs.
 *
 * What the chip refuses: without RE or TE, or where the pad is the GPIO's, nothing comes or goes; a
 * byte for a full receive FIFO is lost and sets OR, and while OR is set no further byte is stored;
 * a byte for a full transmit FIFO is lost. While RIE is set an interrupt of MicroPython's own
 * driver takes what comes, and nobody else sees it.
 */
#ifndef LATENTRACK_UART_H
#define LATENTRACK_UART_H

#include "chip.h"

#define UART_CLOCK_HZ 80000000u
#define UART_FIFO 4u
/* So many bytes can be on their way to the chip. */
#define UART_WIRE 128u

void uart_power_on(const struct chip_listener *listener);

/* The number of the LPUART whose registers lie in this block, or 0. */
uint32_t uart_at(uint32_t block);

/* Whether a pin (port << 5 | bit) is one where a UART sends. */
uint32_t uart_sends_at(uint32_t pin);

uint32_t uart_read(uint32_t number, uint32_t offset, uint32_t address);
void uart_write(uint32_t number, uint32_t offset, uint32_t value, uint32_t address);

/* From outside: a byte at 31,250 baud begins now, or behind the one that is on its way. */
void uart_receive(uint32_t number, uint32_t byte);

#endif
