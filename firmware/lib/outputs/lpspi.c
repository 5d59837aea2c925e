/* See lpspi.h. Register numbers and bits: i.MX RT1060 Processor Reference Manual, chapter LPSPI. */
#include "lpspi.h"

#include <string.h>

#include "registers.h"

enum { CR = 0x10, SR = 0x14, DER = 0x1C, FSR = 0x5C, TCR = 0x60, TDR = 0x64 };

#define CR_MEN (1u << 0)
#define SR_WCF (1u << 8)
#define SR_FCF (1u << 9)
#define SR_TCF (1u << 10)
#define SR_FLAGS (SR_WCF | SR_FCF | SR_TCF) /* write 1 to clear */
#define SR_MBF (1u << 24)
#define DER_TDDE (1u << 0)
#define FSR_TXCOUNT 0x1Fu
#define TCR_CPHA (1u << 30)
#define TCR_PRESCALE (7u << 27)
#define TCR_PCS (3u << 24)
#define TCR_CONT (1u << 21)
#define TCR_CONTC (1u << 20)
#define TCR_RXMSK (1u << 19)
#define TCR_BITS(n) ((n) - 1u)

/* A request that the DMA accepted before requests were switched off still brings a word: within
   20 cycles of the 150 MHz bus, and a read takes at least 4. */
#define DMA_LATENCY 8u

static uint32_t get(const struct lpspi *bus, uint32_t which)
{
    return reg_read(bus->base + which);
}

static void put(const struct lpspi *bus, uint32_t which, uint32_t value)
{
    reg_write(bus->base + which, value);
}

/* Waits until no bit of the mask is set any more. */
static int wait_clear(const struct lpspi *bus, uint32_t which, uint32_t mask)
{
    for (uint32_t i = 0; i < LPSPI_PATIENCE; i++) {
        if (!(get(bus, which) & mask)) {
            return 0;
        }
    }
    return -1;
}

/* Waits until the FIFO was empty at `reads` reads in a row. */
static int wait_empty(const struct lpspi *bus, uint32_t reads)
{
    uint32_t empty = 0;
    for (uint32_t i = 0; i < LPSPI_PATIENCE; i++) {
        empty = get(bus, FSR) & FSR_TXCOUNT ? 0 : empty + 1;
        if (empty == reads) {
            return 0;
        }
    }
    return -1;
}

void lpspi_init(struct lpspi *bus, uint32_t base, const struct output_pin *display)
{
    memset(bus, 0, sizeof *bus);
    bus->base = base;
    if (display) {
        bus->display = *display;
    }
}

int lpspi_borrow(struct lpspi *bus)
{
    if (!(get(bus, CR) & CR_MEN)) {
        return -1;
    }
    bus->der = get(bus, DER);
    put(bus, DER, bus->der & ~DER_TDDE);
    if (wait_empty(bus, bus->der & DER_TDDE ? DMA_LATENCY : 1)) {
        put(bus, DER, bus->der);
        return -1;
    }
    /* Only now does TCR read as the command that is in force, and do the flags tell of what was
       sent before. */
    bus->tcr = get(bus, TCR);
    uint32_t status = get(bus, SR);
    bus->flags = status & SR_FLAGS;
    bus->held = (status & SR_MBF) && (bus->tcr & TCR_CONT) && (bus->tcr & TCR_RXMSK);
    put(bus, TCR, (bus->tcr & (TCR_PRESCALE | TCR_PCS)) | TCR_CPHA | TCR_RXMSK | TCR_BITS(24));
    if (wait_clear(bus, FSR, FSR_TXCOUNT) || wait_clear(bus, SR, SR_MBF)) {
        put(bus, TCR, bus->tcr);
        put(bus, DER, bus->der);
        return -1;
    }
    bus->selected = bus->display.mask && !(reg_read(bus->display.data) & bus->display.mask);
    if (bus->selected) {
        reg_write(bus->display.set, bus->display.mask);
    }
    return 0;
}

int lpspi_frame(struct lpspi *bus, const struct output_pin *select, uint32_t frame)
{
    reg_write(select->clear, select->mask);
    put(bus, TDR, frame);
    int stuck = wait_clear(bus, FSR, FSR_TXCOUNT) || wait_clear(bus, SR, SR_MBF);
    reg_write(select->set, select->mask);
    return -stuck;
}

void lpspi_return(struct lpspi *bus)
{
    put(bus, TCR, bus->tcr & ~TCR_CONTC);
    if (bus->held) {
        /* A command leaves the FIFO between two words: once it has left, the word before it is out
           and the display may be selected again. */
        put(bus, TDR, 0);
        put(bus, TCR, bus->tcr | TCR_CONTC);
    }
    wait_clear(bus, FSR, FSR_TXCOUNT);
    put(bus, SR, SR_FLAGS & ~bus->flags);
    if (bus->selected) {
        reg_write(bus->display.clear, bus->display.mask);
    }
    put(bus, DER, bus->der);
}
