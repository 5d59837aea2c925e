/* What `machine` is made of (host/latentrack/virtual/rom/machine.py): pins by their names, analog
 * inputs, timers, and the register accesses of MicroPython's own SPI and UART drivers, one by one.
 */
#ifndef LATENTRACK_DRIVERS_H
#define LATENTRACK_DRIVERS_H

#include "board.h"

/* ---- what the processor provides ----------------------------------------------------------- */

/* Around a transfer of the program; `program_access` is called before each of its accesses. */
static void begin_transfer(void);
static void end_transfer(void);
static void program_access(void);

/* ---- pins, analog inputs, registers --------------------------------------------------------- */

static bool same(const char *name, struct py_buffer text)
{
    const char *letters = text.data;
    size_t i = 0;
    while (i < text.size && name[i] == letters[i] && name[i] != 0) {
        i++;
    }
    return i == text.size && name[i] == 0;
}

static const struct {
    char name[4];
    uint8_t number;
} pins[] = {
#define PIN(name, port, bit) {#name, port << 5 | bit},
#include "rt1062.def"
};

static const struct {
    char name[4], pin[4];
} analog_names[] = {
#define ANALOG_NAME(name, pin) {#name, #pin},
#include "rt1062.def"
};

static const struct {
    char pin[4];
    uint8_t number;
} analog_pins[] = {
#define ANALOG(pin, adc, channel) {#pin, (adc - 1) << 4 | channel},
#include "rt1062.def"
};

static py_obj no_pin(void)
{
    py_raise(NAME_ValueError, "Pin doesn't exist");
    return py_none();
}

/* The name of the pin that an analog name stands for; any other name is its own. */
static struct py_buffer digital_name(py_obj name)
{
    struct py_buffer text = py_buffer(name, BUFFER_READ);
    for (unsigned i = 0; i < sizeof analog_names / sizeof analog_names[0]; i++) {
        if (same(analog_names[i].name, text)) {
            const char *pin = analog_names[i].pin;
            return (struct py_buffer){(void *)pin, pin[2] ? 3 : 2, 0};
        }
    }
    return text;
}

/* pin_number("D5") -> port << 5 | bit; raises ValueError as MicroPython does */
static py_obj pin_number(py_obj name)
{
    struct py_buffer text = digital_name(name);
    for (unsigned i = 0; i < sizeof pins / sizeof pins[0]; i++) {
        if (same(pins[i].name, text)) {
            return py_small_int(pins[i].number);
        }
    }
    return no_pin();
}

/* analog_number("A7") -> (ADC - 1) << 4 | channel */
static py_obj analog_number(py_obj name)
{
    pin_number(name);
    struct py_buffer text = digital_name(name);
    for (unsigned i = 0; i < sizeof analog_pins / sizeof analog_pins[0]; i++) {
        if (same(analog_pins[i].pin, text)) {
            return py_small_int(analog_pins[i].number);
        }
    }
    py_raise(NAME_ValueError, "ADC not supported on this pin");
    return py_none();
}

static unsigned pin_index(py_obj number)
{
    uintptr_t index = py_uint(number);
    if (index >= CHIP_PORTS * PIN_BITS) {
        no_pin();
    }
    return (unsigned)index;
}

static py_obj pin_level(py_obj number)
{
    unsigned index = pin_index(number);
    return py_small_int((intptr_t)(chip_level(index >> 5, index & 31)));
}

/* pin_pull(number, pull): the pin is the GPIO's, with this pull: 0 none, 1 up, 2 down. */
static py_obj pin_pull(py_obj number, py_obj pull)
{
    unsigned index = pin_index(number);
    take_processor();
    chip_mux(index >> 5, index & 31, 0);
    chip_pull(index >> 5, index & 31, (enum chip_pull)py_uint(pull));
    release_processor();
    return py_none();
}

/* set_input(number, drive), set_analog(number, code): how the board stands at power-on. */
static py_obj set_input(py_obj number, py_obj drive)
{
    unsigned index = pin_index(number);
    chip_drive(index >> 5, index & 31, (enum chip_drive)py_uint(drive));
    return py_none();
}

static py_obj set_analog(py_obj number, py_obj code)
{
    board.analog[py_uint(number) % ANALOG_INPUTS] = (uint16_t)py_uint(code);
    return py_none();
}

static py_obj analog(py_obj number)
{
    return py_small_int(board.analog[py_uint(number) % ANALOG_INPUTS]);
}

/* read(address), write(address, value): what machine.mem32 does. */
static py_obj read(py_obj address)
{
    return py_new_uint(bus_read((uint32_t)py_uint(address)));
}

static py_obj write(py_obj address, py_obj value)
{
    bus_write((uint32_t)py_uint(address), (uint32_t)py_uint(value));
    flush();
    return py_none();
}

/* ---- interrupts and timers ------------------------------------------------------------------ */

/* pin_irq(pin, handler, edges, source): edges 1 falling, 2 rising. A handler that is not a native
   function of one argument must be a Python function that raises nothing. */
static py_obj pin_irq(size_t count, const py_obj *arguments)
{
    (void)count;
    struct interrupt *interrupt = &board.pins[pin_index(arguments[0])];
    py_obj (*handler)(py_obj) = native_handler(arguments[1]);
    py_obj python = handler == NULL && arguments[1] != py_none() ? arguments[1] : NULL;
    __atomic_store_n(&interrupt->handler, NULL, __ATOMIC_RELEASE);
    __atomic_store_n(&interrupt->python, NULL, __ATOMIC_RELEASE);
    interrupt->edges = (uint8_t)py_uint(arguments[2]);
    interrupt->source = arguments[3];
    __atomic_store_n(&interrupt->handler, handler, __ATOMIC_RELEASE);
    __atomic_store_n(&interrupt->python, python, __ATOMIC_RELEASE);
    return py_none();
}

/* hard_timer(number, period_us, handler, source): handler None stops it. */
static py_obj hard_timer(size_t count, const py_obj *arguments)
{
    (void)count;
    uintptr_t index = py_uint(arguments[0]);
    py_obj handler = arguments[2];
    py_obj (*function)(py_obj) = native_handler(handler);
    if (index >= TIMERS) {
        py_raise(NAME_RuntimeError, "all hard timers are in use");
    }
    struct hard_timer *timer = &board.timer[index];
    if (function == NULL && handler != py_none()) {
        py_raise(NAME_ValueError, "the hard timer takes a native function of one argument");
    }
    __atomic_store_n(&timer->handler, NULL, __ATOMIC_RELEASE);
    timer->period_us = py_uint(arguments[1]);
    timer->source = arguments[3];
    if (function != NULL && timer->period_us == 0) {
        py_raise(NAME_ValueError, "a timer's period is at least one microsecond");
    }
    timer->next_us = chip_time_us() + timer->period_us;
    __atomic_store_n(&timer->handler, function, __ATOMIC_RELEASE);
    return py_none();
}

/* soft_timer(number, period_us, callback): period 0 stops it. */
static py_obj soft_timer(py_obj number, py_obj period_us, py_obj callback)
{
    uintptr_t index = py_uint(number);
    if (index >= TIMERS) {
        py_raise(NAME_RuntimeError, "all timers are in use");
    }
    struct soft_timer *timer = &board.soft[index];
    __atomic_store_n(&timer->period_us, 0, __ATOMIC_RELEASE);
    uint64_t period = py_uint(period_us);
    timer->callback = callback == py_none() ? NULL : callback;
    timer->next_us = computers_time_us() + period;
    __atomic_store_n(&timer->period_us, period, __ATOMIC_RELEASE);
    return py_none();
}

/* ---- MicroPython's SPI driver, access by access
 * -------------------------------------------------- */

enum {
    LPSPI4_BASE = 0x403A0000,
    CR = 0x10,
    SR = 0x14,
    CFGR1 = 0x24,
    CCR = 0x40,
    FSR = 0x5C,
    TCR = 0x60,
    TDR = 0x64
};
enum { MEN = 1, RTF = 1 << 8, RRF = 1 << 9, TCF = 1 << 10, MBF = 1 << 24 };
enum { RXMSK = 1 << 19, CONTC = 1 << 20, CONT = 1 << 21, BYTE_SWAP = 1 << 22 };
enum { PATIENCE = 5000, FIFO_SIZE = 16 };

static uint32_t get(uint32_t offset)
{
    program_access();
    return bus_read(LPSPI4_BASE + offset);
}

static void put(uint32_t offset, uint32_t value)
{
    program_access();
    bus_write(LPSPI4_BASE + offset, value);
}

/* spi_setup(mode, divider): what making a machine.SPI does. mode: CPOL << 1 | CPHA. */
static py_obj spi_setup(py_obj mode, py_obj divider)
{
    put(CR, 0x302 | RTF | RRF);
    put(CR, 0);
    put(CFGR1, 1);
    put(CCR, (uint32_t)py_uint(divider));
    put(CR, MEN);
    put(TCR, (uint32_t)py_uint(mode) << 30 | BYTE_SWAP | 7);
    return py_none();
}

static py_obj not_to_be_had(void)
{
    end_transfer();
    py_raise(NAME_OSError, "5"); /* EIO */
    return py_none();
}

/* spi_write(bytes): a blocking transfer of NXP's driver. It waits for a bus that is busy, switches
   it off to empty it and on again, sends its command and the bytes as there is room, ends the
   continuous transfer and waits for that end. OSError as there, if the bus stays busy. */
static py_obj spi_write(py_obj bytes)
{
    struct py_buffer buffer = py_buffer(bytes, BUFFER_READ);
    const uint8_t *byte = buffer.data;
    const uint8_t *end = byte + buffer.size;
    unsigned reads = 0;
    if (byte == end) {
        return py_none();
    }
    begin_transfer();
    while (get(SR) & MBF) {
        if (++reads > PATIENCE) {
            return not_to_be_had();
        }
    }
    put(CR, get(CR) & ~(uint32_t)MEN);
    put(CFGR1, get(CFGR1) | 1);
    put(CR, get(CR) | RTF | RRF);
    put(SR, 0x3F00);
    put(CR, get(CR) | MEN);
    put(TCR, (get(TCR) & ~(uint32_t)(CONT | CONTC | RXMSK)) | CONT | RXMSK);
    while (byte < end) {
        while ((get(FSR) & 31) == FIFO_SIZE) {
        }
        put(TDR, *byte++);
    }
    while ((get(FSR) & 31) == FIFO_SIZE) {
    }
    for (reads = 0; get(FSR) & 31;) {
        if (++reads > PATIENCE) {
            return not_to_be_had();
        }
    }
    put(TCR, get(TCR) & ~(uint32_t)(CONT | CONTC));
    for (reads = 0; !(get(SR) & TCF);) {
        if (++reads > PATIENCE) {
            return not_to_be_had();
        }
    }
    end_transfer();
    flush();
    return py_none();
}

/* ---- MicroPython's UART driver, as far as making a machine.UART goes
 * -------------------------------------------------- */

enum { UART_BLOCKS = 0x40184000, UART_SPACING = 0x4000 };
enum {
    UART_GLOBAL = 0x08,
    UART_BAUD = 0x10,
    UART_STAT = 0x14,
    UART_CTRL = 0x18,
    UART_FIFO_CONTROL = 0x28,
    UART_WATER = 0x2C
};
enum { MOST_OVERSAMPLING = 32 };

static const struct {
    char tx[4], rx[4];
    uint8_t lpuart;
} uarts[] = {
#define UART(number, lpuart, tx, rx) {#tx, #rx, lpuart},
#include "rt1062.def"
};

static void give_pin(const char *name)
{
    for (unsigned i = 0; i < sizeof pins / sizeof pins[0]; i++) {
        const char *pin = pins[i].name;
        if (pin[1] == name[1] && pin[2] == name[2]) {
            chip_mux(pins[i].number >> 5, pins[i].number & 31, 1);
        }
    }
}

/* uart_setup(number, baud rate): what making a machine.UART does: both its pins are the UART's, its
   FIFOs are on, and the driver takes what comes in an interrupt. */
static py_obj uart_setup(py_obj number, py_obj rate)
{
    uintptr_t index = py_uint(number) - 1;
    uint32_t baud = (uint32_t)py_uint(rate);
    if (index >= sizeof uarts / sizeof uarts[0] || baud == 0) {
        py_raise(NAME_ValueError, "UART doesn't exist");
        return py_none();
    }
    uint32_t base = UART_BLOCKS + (uint32_t)(uarts[index].lpuart - 1) * UART_SPACING;
    take_processor();
    give_pin(uarts[index].tx);
    give_pin(uarts[index].rx);
    release_processor();
    bus_write(base + UART_GLOBAL, 2);
    bus_write(base + UART_GLOBAL, 0);
    /* The driver takes the highest oversampling that comes nearest to the rate. */
    uint32_t oversampling = MOST_OVERSAMPLING, divider = UART_CLOCK_HZ / (baud * oversampling);
    divider += divider == 0;
    bus_write(base + UART_BAUD, (oversampling - 1) << 24 | divider);
    bus_write(base + UART_WATER, 0);
    bus_write(base + UART_FIFO_CONTROL, 0xC088); /* both on, both emptied */
    bus_write(base + UART_STAT, 0xC01FC000);
    bus_write(base + UART_CTRL, 3u << 18);
    bus_write(base + UART_CTRL, 3u << 18 | 1u << 21 | 1u << 27); /* RIE, ORIE */
    flush();
    return py_none();
}
PY_FUNCTION_1(pin_number);
PY_FUNCTION_1(analog_number);
PY_FUNCTION_VAR(pin_irq, 4, 4);
PY_FUNCTION_1(pin_level);
PY_FUNCTION_2(pin_pull);
PY_FUNCTION_2(set_input);
PY_FUNCTION_2(set_analog);
PY_FUNCTION_1(analog);
PY_FUNCTION_VAR(hard_timer, 4, 4);
PY_FUNCTION_3(soft_timer);
PY_FUNCTION_1(read);
PY_FUNCTION_2(write);
PY_FUNCTION_2(spi_setup);
PY_FUNCTION_1(spi_write);
PY_FUNCTION_2(uart_setup);

#endif
