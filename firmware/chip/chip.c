/* See chip.h. */
#include "chip.h"

#include <string.h>

#include "uart.h"

#define BLOCK(name, address) name = address,
enum {
#include "rt1062.def"
};
#define REGISTER(kind, name, offset) kind##_##name = offset,
enum {
#include "rt1062.def"
};

#define CR_MEN (1u << 0)
#define CR_RTF (1u << 8)
#define CR_RRF (1u << 9)
#define SR_TDF (1u << 0)
#define SR_FLAGS 0x3F00u /* write 1 to clear */
#define SR_WCF (1u << 8)
#define SR_FCF (1u << 9)
#define SR_TCF (1u << 10)
#define SR_MBF (1u << 24)
#define TCR_CONT (1u << 21)
#define TCR_CONTC (1u << 20)
#define TCR_RXMSK (1u << 19)
#define CPU_MHZ 600u

struct port {
    uint32_t data, direction; /* DR, GDIR */
    uint32_t icr1, icr2, imr, isr, edge_sel;
    uint32_t high, floats; /* what the board does; floats wins */
    uint32_t pull_up;
    uint32_t muxed; /* to a UART */
};

struct bus {
    uint32_t cr, sr, ier, der, cfgr0, cfgr1, dmr0, dmr1, ccr, fcr, tcr;
    struct {
        uint32_t is_command, word;
    } fifo[CHIP_FIFO];
    uint32_t fill, received;
    uint32_t shifting, bits_left, active;
};

#define DEMCR_TRACE (1u << 24)
#define DWT_COUNTS (1u << 0)
#define AIRCR_KEY 0x05FA0000u
#define AIRCR_SYSRESETREQ (1u << 2)

static struct port ports[CHIP_PORTS];
static uint32_t trace_control, counter_control; /* SCS_DEMCR, DWT_CTRL */
static uint32_t kept;                           /* SNVS_LPGPR3 */
static struct bus bus;
static const struct chip_listener *world;

/* ---- GPIO --------------------------------------------------------------------------------------
 */

static uint32_t levels(const struct port *port)
{
    uint32_t outside = (port->high & ~port->floats) | (port->floats & port->pull_up);
    uint32_t driven = port->direction & ~port->muxed;
    return (port->data & driven) | (outside & ~driven);
}

static void drive_outputs(uint32_t number, uint32_t data, uint32_t direction)
{
    struct port *port = &ports[number];
    uint32_t changed = ((port->data ^ data) | ~port->direction) & direction;
    port->data = data;
    port->direction = direction;
    changed &= ~port->muxed;
    for (; changed; changed &= changed - 1) {
        uint32_t bit = (uint32_t)__builtin_ctz(changed);
        world->pin(number, bit, data >> bit & 1);
    }
}

static uint32_t *gpio_plain(struct port *port, uint32_t offset)
{
    switch (offset) {
    case GPIO_ICR1:
        return &port->icr1;
    case GPIO_ICR2:
        return &port->icr2;
    case GPIO_IMR:
        return &port->imr;
    case GPIO_EDGE_SEL:
        return &port->edge_sel;
    default:
        return 0;
    }
}

static uint32_t gpio_read(uint32_t number, uint32_t offset, uint32_t address)
{
    struct port *port = &ports[number];
    uint32_t *plain = gpio_plain(port, offset);
    switch (offset) {
    case GPIO_DR:
    case GPIO_DR_SET: /* the three read as DR */
    case GPIO_DR_CLEAR:
    case GPIO_DR_TOGGLE:
        return port->data;
    case GPIO_GDIR:
        return port->direction;
    case GPIO_PSR:
        return levels(port);
    case GPIO_ISR:
        return port->isr;
    default:
        if (!plain) {
            world->fault(address, 0);
        }
        return *plain;
    }
}

static void gpio_write(uint32_t number, uint32_t offset, uint32_t value, uint32_t address)
{
    struct port *port = &ports[number];
    uint32_t *plain = gpio_plain(port, offset);
    switch (offset) {
    case GPIO_DR:
        drive_outputs(number, value, port->direction);
        break;
    case GPIO_DR_SET:
        drive_outputs(number, port->data | value, port->direction);
        break;
    case GPIO_DR_CLEAR:
        drive_outputs(number, port->data & ~value, port->direction);
        break;
    case GPIO_DR_TOGGLE:
        drive_outputs(number, port->data ^ value, port->direction);
        break;
    case GPIO_GDIR:
        drive_outputs(number, port->data, value);
        break;
    case GPIO_ISR:
        port->isr &= ~value;
        break;
    default:
        if (!plain) {
            world->fault(address, 1);
        }
        *plain = value;
    }
}

uint32_t chip_level(uint32_t port, uint32_t bit)
{
    return levels(&ports[port]) >> bit & 1;
}

static void set_bit(uint32_t *word, uint32_t bit, uint32_t value)
{
    *word = (*word & ~(1u << bit)) | value << bit;
}

uint32_t chip_drive(uint32_t port, uint32_t bit, enum chip_drive drive)
{
    uint32_t before = chip_level(port, bit);
    set_bit(&ports[port].floats, bit, drive == DRIVE_FLOATS);
    set_bit(&ports[port].high, bit, drive == DRIVE_HIGH);
    return before != chip_level(port, bit);
}

uint32_t chip_pull(uint32_t port, uint32_t bit, enum chip_pull pull)
{
    uint32_t before = chip_level(port, bit);
    set_bit(&ports[port].pull_up, bit, pull == PULL_UP);
    return before != chip_level(port, bit);
}

uint32_t chip_muxed(uint32_t port, uint32_t bit)
{
    return ports[port].muxed >> bit & 1;
}

void chip_mux(uint32_t port, uint32_t bit, uint32_t to_uart)
{
    if (chip_muxed(port, bit) == to_uart) {
        return;
    }
    set_bit(&ports[port].muxed, bit, to_uart);
    if (to_uart) {
        if (uart_sends_at(port << 5 | bit)) {
            world->pin(port, bit, 1);
        }
    } else if (ports[port].direction >> bit & 1) {
        world->pin(port, bit, ports[port].data >> bit & 1);
    }
}

/* ---- LPSPI4 ------------------------------------------------------------------------------------
 */

static void fifo_drop(void)
{
    bus.fill--;
    for (uint32_t i = 0; i < bus.fill; i++) {
        bus.fifo[i] = bus.fifo[i + 1];
    }
}

/* A full FIFO drops what is written. */
static void fifo_push(uint32_t is_command, uint32_t word)
{
    if (bus.fill < CHIP_FIFO) {
        bus.fifo[bus.fill].is_command = is_command;
        bus.fifo[bus.fill].word = word;
        bus.fill++;
    }
}

static void end_transfer(void)
{
    bus.active = 0;
    bus.sr |= SR_TCF | SR_FCF;
}

/* Takes the next word from the FIFO, behind the commands before it. Returns 0: there is none. */
static uint32_t begin_word(void)
{
    while (bus.fill && bus.fifo[0].is_command) {
        bus.tcr = bus.fifo[0].word;
        fifo_drop();
        if (bus.active && !(bus.tcr & TCR_CONTC)) {
            end_transfer();
        }
    }
    uint32_t receives = !(bus.tcr & TCR_RXMSK);
    if (!bus.fill || (receives && bus.received == CHIP_FIFO)) {
        return 0;
    }
    bus.shifting = bus.fifo[0].word;
    fifo_drop();
    bus.bits_left = (bus.tcr & 0xFFF) + 1;
    bus.active = 1;
    bus.received += receives;
    return 1;
}

static void bus_bit(void)
{
    if (!(bus.cr & CR_MEN) || (!bus.bits_left && !begin_word())) {
        return;
    }
    if (--bus.bits_left == 0) {
        world->word(bus.shifting, (bus.tcr & 0xFFF) + 1, bus.tcr >> 30);
        bus.sr |= SR_WCF;
        if (!(bus.tcr & TCR_CONT)) {
            end_transfer();
        }
    }
}

static uint32_t *lpspi_plain(uint32_t offset)
{
    switch (offset) {
    case LPSPI_IER:
        return &bus.ier;
    case LPSPI_DER:
        return &bus.der;
    case LPSPI_CFGR0:
        return &bus.cfgr0;
    case LPSPI_CFGR1:
        return &bus.cfgr1;
    case LPSPI_DMR0:
        return &bus.dmr0;
    case LPSPI_DMR1:
        return &bus.dmr1;
    case LPSPI_CCR:
        return &bus.ccr;
    case LPSPI_FCR:
        return &bus.fcr;
    default:
        return 0;
    }
}

static uint32_t lpspi_read(uint32_t offset, uint32_t address)
{
    uint32_t *plain = lpspi_plain(offset);
    switch (offset) {
    case LPSPI_VERID:
        return 0x01010004;
    case LPSPI_PARAM:
        return 0x0404; /* FIFOs of 2^4 words */
    case LPSPI_CR:
        return bus.cr;
    case LPSPI_SR:
        return bus.sr | (bus.fill <= (bus.fcr & 15) ? SR_TDF : 0) |
               (bus.bits_left || bus.active ? SR_MBF : 0);
    case LPSPI_FSR:
        return bus.fill | bus.received << 16;
    case LPSPI_TCR:
        return bus.fill ? 0xDEADBEEF : bus.tcr; /* not defined while words wait */
    case LPSPI_RSR:
        return bus.received ? 0 : 2;
    case LPSPI_RDR:
        bus.received -= bus.received != 0;
        return 0; /* MISO is not connected */
    default:
        if (!plain) {
            world->fault(address, 0);
        }
        return *plain;
    }
}

static void lpspi_write(uint32_t offset, uint32_t value, uint32_t address)
{
    uint32_t *plain = lpspi_plain(offset);
    switch (offset) {
    case LPSPI_CR:
        bus.cr = value & 0xFF;
        bus.fill = value & CR_RTF ? 0 : bus.fill;
        bus.received = value & CR_RRF ? 0 : bus.received;
        break;
    case LPSPI_SR:
        bus.sr &= ~(value & SR_FLAGS);
        break;
    case LPSPI_TCR:
        fifo_push(1, value);
        break;
    case LPSPI_TDR:
        fifo_push(0, value);
        break;
    default:
        if (!plain) {
            world->fault(address, 1);
        }
        *plain = value;
    }
}

/* ---- addresses
 * ----------------------------------------------------------------------------------- */

/* The port of a GPIO's address, or 0. */
static uint32_t port_of(uint32_t block)
{
    return block >= GPIO1 && block <= GPIO4 ? (block - GPIO1) / 0x4000u + 1 : 0;
}

static void move_bus(void)
{
    for (uint32_t i = 0; i < CHIP_BUS_BITS; i++) {
        bus_bit();
    }
}

uint32_t chip_read(uint32_t address)
{
    uint32_t block = address & ~0x3FFFu, offset = address & 0x3FFF;
    move_bus();
    if (port_of(block)) {
        return gpio_read(port_of(block), offset, address);
    }
    if (block == LPSPI4) {
        return lpspi_read(offset, address);
    }
    if (uart_at(block)) {
        return uart_read(uart_at(block), offset, address);
    }
    if (address == (uint32_t)GPT2 + GPT_CNT) {
        return (uint32_t)world->time_us();
    }
    if (address == (uint32_t)SCS + SCS_DEMCR) {
        return trace_control;
    }
    if (address == (uint32_t)SNVS + SNVS_LPGPR3) {
        return kept;
    }
    if (address == (uint32_t)SCS + SCS_AIRCR) {
        return 0xFA050000u;
    }
    if (address == (uint32_t)DWT + DWT_CTRL) {
        return counter_control;
    }
    if (address == (uint32_t)DWT + DWT_CYCCNT) {
        uint32_t counts = (trace_control & DEMCR_TRACE) && (counter_control & DWT_COUNTS);
        return counts ? (uint32_t)(world->time_us() * CPU_MHZ) : 0;
    }
    world->fault(address, 0);
    return 0;
}

void chip_write(uint32_t address, uint32_t value)
{
    uint32_t block = address & ~0x3FFFu, offset = address & 0x3FFF;
    move_bus();
    if (port_of(block)) {
        gpio_write(port_of(block), offset, value, address);
    } else if (block == LPSPI4) {
        lpspi_write(offset, value, address);
    } else if (uart_at(block)) {
        uart_write(uart_at(block), offset, value, address);
    } else if (address == (uint32_t)SCS + SCS_DEMCR) {
        trace_control = value;
    } else if (address == (uint32_t)DWT + DWT_CTRL) {
        counter_control = value;
    } else if (address == (uint32_t)SNVS + SNVS_LPGPR3) {
        kept = value;
    } else if (address == (uint32_t)SCS + SCS_AIRCR) {
        if ((value & (0xFFFF0000u | AIRCR_SYSRESETREQ)) == (AIRCR_KEY | AIRCR_SYSRESETREQ)) {
            world->reset(kept);
        }
    } else {
        world->fault(address, 1);
    }
}

void chip_power_on(const struct chip_listener *listener)
{
    memset(ports, 0, sizeof ports);
    memset(&bus, 0, sizeof bus);
    trace_control = 0;
    counter_control = 0;
    bus.tcr = 0x1F;
    for (uint32_t i = 0; i < CHIP_PORTS; i++) {
        ports[i].floats = ~0u;
    }
    world = listener;
    uart_power_on(listener);
}
