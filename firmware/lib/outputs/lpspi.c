/* See lpspi.h. Register numbers and bits: i.MX RT1060 Processor Reference Manual, chapter LPSPI. */
#include "lpspi.h"

#include <string.h>

#include "registers.h"

enum {
    CR = 0x10 / 4,
    SR = 0x14 / 4,
    DER = 0x1C / 4,
    FSR = 0x5C / 4,
    TCR = 0x60 / 4,
    TDR = 0x64 / 4
};

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

static uint32_t look(const struct lpspi *bus, uint32_t which)
{
    return register_read(bus->base + which);
}

static void put(const struct lpspi *bus, uint32_t which, uint32_t value)
{
    register_write(bus->base + which, value);
}

/* Waits until no bit of the mask is set any more. */
static int wait_clear(const struct lpspi *bus, uint32_t which, uint32_t mask)
{
    for (uint32_t i = 0; i < LPSPI_PATIENCE; i++) {
        if (!(look(bus, which) & mask)) {
            return 0;
        }
    }
    return -1;
}

void lpspi_init(struct lpspi *bus, volatile uint32_t *base, const struct output_pin *display)
{
    memset(bus, 0, sizeof *bus);
    bus->base = base;
    if (display) {
        bus->display = *display;
    }
}

int lpspi_borrow(struct lpspi *bus)
{
    if (!(look(bus, CR) & CR_MEN)) {
        bus->missed++;
        return -1;
    }
    bus->der = look(bus, DER);
    put(bus, DER, bus->der & ~DER_TDDE);
    if (wait_clear(bus, FSR, FSR_TXCOUNT)) {
        put(bus, DER, bus->der);
        bus->missed++;
        return -1;
    }
    /* Only now does TCR read as the command that is in force, and do the flags speak of what was
       sent before us. */
    bus->tcr = look(bus, TCR);
    uint32_t status = look(bus, SR);
    bus->flags = status & SR_FLAGS;
    bus->held = (status & SR_MBF) && (bus->tcr & TCR_CONT) && (bus->tcr & TCR_RXMSK);
    put(bus, TCR, (bus->tcr & (TCR_PRESCALE | TCR_PCS)) | TCR_CPHA | TCR_RXMSK | TCR_BITS(24));
    if (wait_clear(bus, FSR, FSR_TXCOUNT) || wait_clear(bus, SR, SR_MBF)) {
        put(bus, TCR, bus->tcr);
        put(bus, DER, bus->der);
        bus->missed++;
        return -1;
    }
    bus->selected = bus->display.mask && !(register_read(bus->display.data) & bus->display.mask);
    if (bus->selected) {
        register_write(bus->display.set, bus->display.mask);
    }
    return 0;
}

void lpspi_frame(struct lpspi *bus, const struct output_pin *select, uint32_t frame)
{
    register_write(select->clear, select->mask);
    put(bus, TDR, frame);
    if (wait_clear(bus, FSR, FSR_TXCOUNT) || wait_clear(bus, SR, SR_MBF)) {
        bus->missed++;
    }
    register_write(select->set, select->mask);
}

void lpspi_return(struct lpspi *bus)
{
    put(bus, TCR, bus->tcr & ~TCR_CONTC);
    if (bus->held) {
        /* A command leaves the FIFO between two words: when it is gone the word before it is out,
           and the display may listen again. */
        put(bus, TDR, 0);
        put(bus, TCR, bus->tcr | TCR_CONTC);
    }
    if (wait_clear(bus, FSR, FSR_TXCOUNT)) {
        bus->missed++;
    }
    put(bus, SR, SR_FLAGS & ~bus->flags);
    if (bus->selected) {
        register_write(bus->display.clear, bus->display.mask);
    }
    put(bus, DER, bus->der);
}
