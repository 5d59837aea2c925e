/* See lpuart.h. Register numbers and bits: i.MX RT1060 Processor Reference Manual, chapter LPUART.
 */
#include "lpuart.h"

#include "registers.h"

enum { STAT = 0x14, CTRL = 0x18, DATA = 0x1C, WATER = 0x2C };

#define STAT_OR (1u << 19)
#define STAT_NF (1u << 18)
#define STAT_FE (1u << 17)
#define STAT_PF (1u << 16)
#define STAT_ERRORS (STAT_OR | STAT_NF | STAT_FE | STAT_PF) /* write 1 to clear */
#define STAT_SETTINGS 0x3E000000u                           /* the bits that are no flags */
#define CTRL_RE (1u << 18)
/* TIE, TCIE, RIE, ILIE, and the interrupts of the four errors */
#define CTRL_INTERRUPTS 0x0FF00000u
#define DATA_FRETSC (1u << 13)
#define WATER_TXCOUNT(word) ((word) >> 8 & 7u)
#define WATER_RXCOUNT(word) ((word) >> 24 & 7u)
#define FIFO_BYTES 4u

void lpuart_init(struct lpuart *uart, uint32_t base, uint32_t receives)
{
    uint32_t control = reg_read(base + CTRL) & ~CTRL_INTERRUPTS;
    reg_write(base + CTRL, receives ? control : control & ~CTRL_RE);
    uart->base = base;
}

int32_t lpuart_get(struct lpuart *uart)
{
    if (!uart->base) {
        return -1;
    }
    while (WATER_RXCOUNT(reg_read(uart->base + WATER))) {
        uint32_t data = reg_read(uart->base + DATA);
        if (!(data & DATA_FRETSC)) {
            return (int32_t)(data & 0xFF);
        }
    }
    uint32_t status = reg_read(uart->base + STAT);
    if (status & STAT_ERRORS) {
        uart->lost += (status & STAT_OR) != 0;
        reg_write(uart->base + STAT, status & (STAT_SETTINGS | STAT_ERRORS));
    }
    return -1;
}

uint32_t lpuart_room(const struct lpuart *uart)
{
    if (!uart->base) {
        return 0;
    }
    uint32_t held = WATER_TXCOUNT(reg_read(uart->base + WATER));
    return held < FIFO_BYTES ? FIFO_BYTES - held : 0;
}

void lpuart_put(const struct lpuart *uart, uint32_t byte)
{
    reg_write(uart->base + DATA, byte & 0xFF);
}
