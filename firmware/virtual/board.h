/* The board around the chip's model: events come in, interrupts run, and what the chip does goes
 * out in records.
 *
 * A file that stands for a processor includes this, and drivers.h, and provides what is declared
 * here: virtualboard.c for the virtual module on Linux, where interrupts are a thread;
 * firmware/web/webboard.c for a web page, where one thread does everything in turn.
 */
#ifndef LATENTRACK_BOARD_H
#define LATENTRACK_BOARD_H

#include "chip.h"
#include "registers.h"
#include "uart.h"

enum { ANALOG_INPUTS = 32, TIMERS = 4, PIN_BITS = 32 };
enum { SPI_RUN = 512 };

enum event_kind { EVENT_TIME, EVENT_PIN, EVENT_ANALOG, EVENT_MARK, EVENT_BYTE };

/* From outside; 16 bytes. `time_us` counts only with manual time. Pin: index = port << 5 | bit,
   value = what the board does there (chip_drive). Analog: index = (ADC - 1) << 4 | channel,
   value = a 12-bit code. Byte: index = the LPUART that receives it, value = the byte. */
struct event {
    uint64_t time_us;
    uint8_t kind;
    uint8_t index;
    uint16_t value;
    uint32_t tag;
};

enum report_kind {
    REPORT_PIN,
    REPORT_SPI,
    REPORT_STEP,
    REPORT_MARK,
    REPORT_FAULT,
    REPORT_RESET,
    REPORT_BYTE
};

/* To outside; 16 bytes. `events` counts events and interrupts: all that one of them does has one
   number.
   Pin: index = port << 5 | bit, value = level. SPI: index = bits of a word | mode << 6, value = how
   many bytes follow the record: a byte a word of 8 bits, else four, the lowest first. Step: index =
   track, value = step. Mark: value as sent. Fault: value = 1 for a write, events = the address.
   Reset: events = what the chip keeps. Byte: index = the LPUART that sends, value = the byte,
   time_us = when it begins; four bytes follow the record, the baud rate. */
struct report {
    uint64_t time_us;
    uint8_t kind;
    uint8_t index;
    uint16_t value;
    uint32_t events;
};

struct interrupt {
    py_obj (*handler)(py_obj source); /* native; NULL if there is none, or a Python function */
    py_obj python;                    /* called with `source`; NULL if there is none */
    py_obj source;
    uint8_t edges;
};

enum { EDGE_FALLING = 1, EDGE_RISING = 2 };

struct hard_timer {
    py_obj (*handler)(py_obj source);
    py_obj source;
    uint64_t period_us;
    uint64_t next_us;
};

struct soft_timer {
    py_obj callback;
    uint64_t period_us;
    uint64_t next_us;
    bool waiting;
};

static struct {
    bool manual;
    uint64_t now_us;
    uint32_t events;
    uint16_t analog[ANALOG_INPUTS];
    struct interrupt pins[CHIP_PORTS * PIN_BITS];
    struct hard_timer timer[TIMERS];
    struct soft_timer soft[TIMERS];
    /* What is to be handed on; `run` is where a run of SPI words began, or -1. */
    size_t said;
    long run;
    uint8_t report[16384];
} board;

/* The functions of drivers.h, for PY_NAMES and PY_MODULE. */
/* clang-format off */
#define DRIVERS(X)                                                                                 \
    X(pin_number, PY_1) X(analog_number, PY_1) X(pin_irq, PY_VAR) X(pin_level, PY_1)               \
    X(pin_pull, PY_2) X(set_input, PY_2) X(set_analog, PY_2) X(analog, PY_1)                       \
    X(hard_timer, PY_VAR) X(soft_timer, PY_3) X(read, PY_1) X(write, PY_2)                         \
    X(spi_setup, PY_2) X(spi_write, PY_1) X(uart_setup, PY_2)
/* clang-format on */

/* ---- what the processor provides ----------------------------------------------------------- */

/* One thread at a time is in the chip. A thread may take it again. */
static void take_processor(void);
static void release_processor(void);

/* Called before an interrupt: the program goes on for a while. */
static void let_program_run(void);

/* Hands the records on. Then `said` is 0 and `run` is -1. */
static void flush_reports(void);

/* The time of the computer, where time is not manual. */
static uint64_t computers_time_us(void);

/* Neither returns; see struct chip_listener. */
static void chip_fault(uint32_t address, uint32_t is_write);
static void chip_reset(uint32_t kept);

/* The C function of a native function object of one argument; NULL for anything else. */
static py_obj (*native_handler(py_obj object))(py_obj);

/* ---- what the chip does, in records ------------------------------------------------------- */

static struct report *say(uint8_t kind, uint8_t index, uint16_t value)
{
    if (board.said + sizeof(struct report) + SPI_RUN + 4 > sizeof board.report) {
        flush_reports();
    }
    struct report *record = (struct report *)(board.report + board.said);
    *record = (struct report){board.now_us, kind, index, value, board.events};
    board.said += sizeof *record;
    board.run = -1;
    return record;
}

static void chip_pin_moved(uint32_t port, uint32_t bit, uint32_t level)
{
    say(REPORT_PIN, (uint8_t)(port << 5 | bit), (uint16_t)level);
}

static void chip_word_out(uint32_t word, uint32_t bits, uint32_t mode)
{
    uint8_t index = (uint8_t)(bits | mode << 6);
    struct report *record = (struct report *)(board.report + board.run);
    if (board.run < 0 || record->index != index || record->value >= SPI_RUN) {
        record = say(REPORT_SPI, index, 0);
        board.run = (long)((uint8_t *)record - board.report);
    }
    unsigned bytes = bits == 8 ? 1 : 4;
    for (unsigned i = 0; i < bytes; i++) {
        board.report[board.said++] = (uint8_t)(word >> 8 * i);
    }
    record->value = (uint16_t)(record->value + bytes);
}

static void chip_byte_out(uint32_t uart, uint32_t byte, uint32_t baud, uint64_t begins_us)
{
    say(REPORT_BYTE, (uint8_t)uart, (uint16_t)byte)->time_us = begins_us;
    for (unsigned i = 0; i < 4; i++) {
        board.report[board.said++] = (uint8_t)(baud >> 8 * i);
    }
}

static uint64_t chip_time_us(void)
{
    return board.manual ? board.now_us : computers_time_us();
}

static const struct chip_listener listener = {chip_pin_moved, chip_word_out, chip_byte_out,
                                              chip_fault,     chip_time_us,  chip_reset};

/* ---- the bus: what latentcore's register accesses reach ----------------------------------- */

static uint32_t bus_read(uint32_t address)
{
    take_processor();
    uint32_t value = chip_read(address);
    release_processor();
    return value;
}

static void bus_write(uint32_t address, uint32_t value)
{
    take_processor();
    if (!board.manual) {
        board.now_us = computers_time_us();
    }
    chip_write(address, value);
    release_processor();
}

static void bus_trace(uint32_t track, uint32_t step)
{
    say(REPORT_STEP, (uint8_t)track, (uint16_t)step);
}

static struct reg_bus bus = {bus_read, bus_write, bus_trace, 0};

/* ---- the interrupts ---------------------------------------------------------------------- */

/* An interrupt has the processor to itself from its first instruction to its last. */
static void call(py_obj (*handler)(py_obj), py_obj source)
{
    let_program_run();
    take_processor();
    board.events++;
    handler(source);
    release_processor();
}

/* The hard timer whose interrupt comes next; NULL if none runs. */
static struct hard_timer *next_hard_timer(void)
{
    struct hard_timer *next = NULL;
    for (unsigned i = 0; i < TIMERS; i++) {
        struct hard_timer *timer = &board.timer[i];
        if (__atomic_load_n(&timer->handler, __ATOMIC_ACQUIRE) != NULL &&
            (next == NULL || timer->next_us < next->next_us)) {
            next = timer;
        }
    }
    return next;
}

/* Runs the hard timers' interrupts that are due at `now_us`, each at its own time when time is
   manual. */
static void run_hard_timers(uint64_t now_us)
{
    struct hard_timer *timer;
    while ((timer = next_hard_timer()) != NULL && timer->next_us <= now_us) {
        board.now_us = board.manual ? timer->next_us : now_us;
        call(timer->handler, timer->source);
        timer->next_us += timer->period_us;
        if (!board.manual && timer->next_us <= now_us) {
            timer->next_us = now_us + timer->period_us; /* late: one interrupt stands for many */
        }
    }
    board.now_us = now_us;
}

static void pin_moved(unsigned index)
{
    struct interrupt *interrupt = &board.pins[index];
    py_obj (*handler)(py_obj) = __atomic_load_n(&interrupt->handler, __ATOMIC_ACQUIRE);
    py_obj python = __atomic_load_n(&interrupt->python, __ATOMIC_ACQUIRE);
    unsigned edge = chip_level(index >> 5, index & 31) ? EDGE_RISING : EDGE_FALLING;
    if (!(interrupt->edges & edge)) {
        return;
    }
    if (handler != NULL) {
        call(handler, interrupt->source);
    } else if (python != NULL) {
        py_call(python, 1, &interrupt->source);
    }
}

static void serve_event(const struct event *event)
{
    uint64_t now = board.manual ? event->time_us : computers_time_us();
    run_hard_timers(now < board.now_us ? board.now_us : now);
    board.events++;
    switch (event->kind) {
    case EVENT_PIN:
        if (event->index < CHIP_PORTS * PIN_BITS) {
            take_processor();
            uint32_t moved = chip_drive(event->index >> 5, event->index & 31, event->value);
            release_processor();
            if (moved) {
                pin_moved(event->index);
            }
        }
        break;
    case EVENT_ANALOG:
        if (event->index < ANALOG_INPUTS) {
            board.analog[event->index] = event->value;
        }
        break;
    case EVENT_BYTE:
        take_processor();
        uart_receive(event->index, event->value);
        release_processor();
        break;
    case EVENT_MARK:
        take_processor();
        say(REPORT_MARK, 0, event->value);
        release_processor();
        break;
    default: /* EVENT_TIME: time has passed, nothing else */
        break;
    }
}
static void flush(void)
{
    take_processor();
    flush_reports();
    release_processor();
}

#endif
