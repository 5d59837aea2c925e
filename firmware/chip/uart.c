/* See uart.h. */
#include "uart.h"

#include <string.h>

#define BLOCK(name, address) name = address,
enum {
#include "rt1062.def"
};
#define REGISTER(kind, name, offset) kind##_##name = offset,
enum {
#include "rt1062.def"
};
#define PIN(name, port, bit) PIN_##name = port << 5 | bit,
enum {
#include "rt1062.def"
};

#define UARTS 8u
#define WIRE_BYTE_US 320u

#define GLOBAL_RST (1u << 1)
#define STAT_SETTINGS 0x3E000000u
#define STAT_FLAGS 0xC01FC000u /* write 1 to clear */
#define STAT_OR (1u << 19)
#define STAT_RDRF (1u << 21)
#define STAT_TC (1u << 22)
#define STAT_TDRE (1u << 23)
#define CTRL_RE (1u << 18)
#define CTRL_TE (1u << 19)
#define CTRL_RIE (1u << 21)
#define DATA_RXEMPT (1u << 12)
#define FIFO_SIZES 0x11u /* four bytes each */
#define FIFO_RXFE (1u << 3)
#define FIFO_TXFE (1u << 7)
#define FIFO_SETTINGS 0x1F88u
#define FIFO_RXFLUSH (1u << 14)
#define FIFO_TXFLUSH (1u << 15)
#define FIFO_FLAGS 0x30000u /* write 1 to clear */
#define FIFO_RXUF (1u << 16)
#define FIFO_TXOF (1u << 17)
#define FIFO_RXEMPT (1u << 22)
#define FIFO_TXEMPT (1u << 23)
#define WATER_SETTINGS 0x00030003u

static const struct {
    uint8_t uart, tx, rx;
} pads[] = {
#define UART(number, lpuart, tx, rx) {lpuart, PIN_##tx, PIN_##rx},
#include "rt1062.def"
};

static struct uart {
    uint32_t baud, stat, ctrl, fifo, water, pincfg, match, modir, global;
    uint32_t received; /* bytes in the receive FIFO */
    uint32_t first;    /* which of them is the oldest */
    uint8_t byte[UART_FIFO];
    uint64_t begins_us[UART_FIFO]; /* of the last bytes that were written */
    uint32_t written;              /* how many that were */
    uint64_t free_us;              /* when the line has sent all of them */
} uarts[UARTS + 1];

/* Bytes on their way to the chip, and when each will have come. */
static struct {
    uint64_t last_us;
    uint32_t first, count;
    uint8_t uart[UART_WIRE], byte[UART_WIRE];
    uint32_t at_us[UART_WIRE];
} wire;

static const struct chip_listener *world;

static void reset(struct uart *uart)
{
    memset(uart, 0, sizeof *uart);
    uart->baud = 0x0F000004;
}

uint32_t uart_at(uint32_t block)
{
    return block >= LPUART1 && block <= LPUART8 ? (block - LPUART1) / 0x4000u + 1 : 0;
}

uint32_t uart_sends_at(uint32_t pin)
{
    for (uint32_t i = 0; i < sizeof pads / sizeof pads[0]; i++) {
        if (pads[i].tx == pin) {
            return 1;
        }
    }
    return 0;
}

/* Whether the UART has its pin: the one where it sends, or the other. */
static uint32_t has_pin(uint32_t number, uint32_t sends)
{
    for (uint32_t i = 0; i < sizeof pads / sizeof pads[0]; i++) {
        uint32_t pin = sends ? pads[i].tx : pads[i].rx;
        if (pads[i].uart == number && chip_muxed(pin >> 5, pin & 31)) {
            return 1;
        }
    }
    return 0;
}

static uint32_t baud_of(const struct uart *uart)
{
    uint32_t divider = (uart->baud & 0x1FFF) * ((uart->baud >> 24 & 31) + 1);
    return divider ? UART_CLOCK_HZ / divider : 0;
}

/* Bytes in the transmit FIFO: those that the line has not begun yet. */
static uint32_t waiting(const struct uart *uart)
{
    uint64_t now = world->time_us();
    uint32_t count = 0;
    for (uint32_t i = 0; i < UART_FIFO; i++) {
        count += uart->begins_us[i] > now;
    }
    return count;
}

static void arrive(struct uart *uart, uint32_t number, uint32_t byte)
{
    uint32_t room = uart->fifo & FIFO_RXFE ? UART_FIFO : 1;
    if (!(uart->ctrl & CTRL_RE) || !has_pin(number, 0) || uart->stat & STAT_OR ||
        uart->ctrl & CTRL_RIE) {
        return;
    }
    if (uart->received == room) {
        uart->stat |= STAT_OR;
        return;
    }
    uart->byte[(uart->first + uart->received++) % UART_FIFO] = (uint8_t)byte;
}

/* What has come until now. */
static void bring_up_to_date(void)
{
    uint32_t now = (uint32_t)world->time_us();
    while (wire.count && (int32_t)(now - wire.at_us[wire.first]) >= 0) {
        uint32_t number = wire.uart[wire.first];
        arrive(&uarts[number], number, wire.byte[wire.first]);
        wire.first = (wire.first + 1) % UART_WIRE;
        wire.count--;
    }
}

void uart_receive(uint32_t number, uint32_t byte)
{
    uint64_t now = world->time_us();
    bring_up_to_date();
    if (number - 1 >= UARTS || wire.count == UART_WIRE) {
        return;
    }
    wire.last_us = (wire.last_us > now ? wire.last_us : now) + WIRE_BYTE_US;
    uint32_t at = (wire.first + wire.count++) % UART_WIRE;
    wire.uart[at] = (uint8_t)number;
    wire.byte[at] = (uint8_t)byte;
    wire.at_us[at] = (uint32_t)wire.last_us;
}

static void send(struct uart *uart, uint32_t number, uint32_t byte)
{
    uint32_t room = uart->fifo & FIFO_TXFE ? UART_FIFO : 1;
    uint32_t baud = baud_of(uart);
    uint64_t now = world->time_us();
    if (!(uart->ctrl & CTRL_TE) || !baud) {
        return;
    }
    if (waiting(uart) >= room) {
        uart->fifo |= FIFO_TXOF;
        return;
    }
    uint64_t begins = uart->free_us > now ? uart->free_us : now;
    uart->begins_us[uart->written++ % UART_FIFO] = begins;
    uart->free_us = begins + 10000000u / baud;
    if (has_pin(number, 1)) {
        world->byte(number, byte & 0xFF, baud, begins);
    }
}

static uint32_t take(struct uart *uart)
{
    if (!uart->received) {
        uart->fifo |= FIFO_RXUF;
        return DATA_RXEMPT;
    }
    uint32_t byte = uart->byte[uart->first];
    uart->first = (uart->first + 1) % UART_FIFO;
    uart->received--;
    return byte;
}

static uint32_t *plain(struct uart *uart, uint32_t offset)
{
    switch (offset) {
    case LPUART_BAUD:
        return &uart->baud;
    case LPUART_CTRL:
        return &uart->ctrl;
    case LPUART_PINCFG:
        return &uart->pincfg;
    case LPUART_MATCH:
        return &uart->match;
    case LPUART_MODIR:
        return &uart->modir;
    case LPUART_GLOBAL:
        return &uart->global;
    default:
        return 0;
    }
}

uint32_t uart_read(uint32_t number, uint32_t offset, uint32_t address)
{
    struct uart *uart = &uarts[number];
    uint32_t *word = plain(uart, offset);
    bring_up_to_date();
    uint32_t held = waiting(uart);
    switch (offset) {
    case LPUART_VERID:
        return 0x04010003;
    case LPUART_PARAM:
        return 0x0202; /* FIFOs of 2^2 bytes */
    case LPUART_STAT:
        return uart->stat | (held <= (uart->water & 3) ? STAT_TDRE : 0) |
               (uart->free_us <= world->time_us() ? STAT_TC : 0) |
               (uart->received > (uart->water >> 16 & 3) ? STAT_RDRF : 0);
    case LPUART_DATA:
        return take(uart);
    case LPUART_FIFO:
        return uart->fifo | FIFO_SIZES | (held ? 0 : FIFO_TXEMPT) |
               (uart->received ? 0 : FIFO_RXEMPT);
    case LPUART_WATER:
        return uart->water | held << 8 | uart->received << 24;
    default:
        if (!word) {
            world->fault(address, 0);
        }
        return *word;
    }
}

void uart_write(uint32_t number, uint32_t offset, uint32_t value, uint32_t address)
{
    struct uart *uart = &uarts[number];
    uint32_t *word = plain(uart, offset);
    bring_up_to_date();
    switch (offset) {
    case LPUART_STAT:
        uart->stat = (value & STAT_SETTINGS) | (uart->stat & STAT_FLAGS & ~value);
        break;
    case LPUART_DATA:
        send(uart, number, value);
        break;
    case LPUART_FIFO:
        uart->fifo = (value & FIFO_SETTINGS) | (uart->fifo & FIFO_FLAGS & ~value);
        uart->received = value & FIFO_RXFLUSH ? 0 : uart->received;
        break;
    case LPUART_WATER:
        uart->water = value & WATER_SETTINGS;
        break;
    default:
        if (!word) {
            world->fault(address, 1);
        }
        *word = value;
        if (offset == LPUART_GLOBAL && value & GLOBAL_RST) {
            reset(uart);
            uart->global = value;
        }
    }
}

void uart_power_on(const struct chip_listener *listener)
{
    world = listener;
    memset(&wire, 0, sizeof wire);
    for (uint32_t i = 0; i <= UARTS; i++) {
        reset(&uarts[i]);
    }
}
