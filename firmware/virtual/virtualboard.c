/* The hardware of the virtual module: what a Teensy's processor, interrupt controller and timers
 * do.
 *
 * The chip itself is a model of its registers (firmware/chip). Two threads reach it, as two kinds
 * of code do on the Teensy:
 *
 * One native thread, `serve`, stands for all interrupts. It waits for events (an edge at a pin, a
 * voltage at an analog input, the passing of time), calls the same one-argument native functions
 * that `machine.Pin.irq(..., hard=True)` and `machine.Timer(hard=True)` are given on the module,
 * and writes whatever the chip does at its pins and on SPI, with its time, to another channel. It
 * touches no Python object, so it goes on while Python is busy, collecting or stopped. On the
 * Teensy an interrupt stops Python; here Python runs on beside it, which is the harder case for the
 * exchange between the two. Only a pin whose handler is a Python function makes it run bytecode.
 *
 * The main thread runs Python. `machine` moves pins and SPI by register accesses, one at a time, in
 * the order in which MicroPython's own drivers make them. An interrupt may come between any two of
 * them and excludes the next one until it has ended: that is what `processor` is for.
 *
 * A third thread, `run_timers`, stands for soft timers: it puts callbacks on MicroPython's
 * scheduler, one waiting call for each timer at most.
 *
 * Time is either the computer's monotonic clock, or given with the events (`manual`): then the
 * module can play faster than real time, and every run is the same.
 */
#include "chip.h"
#include "linux.h"
#include "native.h"
#include "registers.h"
#include "uart.h"

enum { ANALOG_INPUTS = 32, TIMERS = 4, PIN_BITS = 32 };
enum { SPI_RUN = 512, EXIT_BUS_FAULT = 71, EXIT_RESET = 72 };

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
    int process, thread;
    py_obj schedule;
    uint64_t now_us;
    uint32_t events;
    uint16_t analog[ANALOG_INPUTS];
    struct interrupt pins[CHIP_PORTS * PIN_BITS];
    struct hard_timer timer[TIMERS];
    struct soft_timer soft[TIMERS];
    int reports_fd;
    /* What is to be written to reports_fd; `run` is where a run of SPI words began, or -1. */
    size_t said;
    long run;
    uint8_t report[16384];
} board;

/* clang-format off */
#define FUNCTIONS(X)                                                                               \
    X(setup, PY_2) X(serve, PY_2) X(run_timers, PY_0) X(report_to, PY_1)                           \
    X(pin_number, PY_1) X(analog_number, PY_1) X(pin_irq, PY_VAR) X(pin_level, PY_1)               \
    X(pin_pull, PY_2) X(set_input, PY_2) X(set_analog, PY_2) X(analog, PY_1)                       \
    X(hard_timer, PY_VAR) X(soft_timer, PY_3) X(read, PY_1) X(write, PY_2)                           \
    X(spi_setup, PY_2) X(spi_write, PY_1) X(uart_setup, PY_2) X(bus_address, PY_0) X(hold_interrupts, PY_1)
/* clang-format on */
#define CONSTANTS(X)
#define EXCEPTIONS(X) X(ValueError) X(RuntimeError) X(OSError)

PY_NAMES("virtualboard.c", FUNCTIONS, CONSTANTS, EXCEPTIONS);

/* ---- the processor: one thread at a time -------------------------------------------------------
 */

static uintptr_t processor; /* who has it; 0: free. A thread may take it again. */
static unsigned nested;

static uintptr_t this_thread(void)
{
    uintptr_t thread;
    __asm__("mov %%fs:0, %0" : "=r"(thread));
    return thread;
}

static void take_processor(void)
{
    uintptr_t me = this_thread();
    if (__atomic_load_n(&processor, __ATOMIC_RELAXED) == me) {
        nested++;
        return;
    }
    uintptr_t none = 0;
    for (unsigned tries = 1; !__atomic_compare_exchange_n(&processor, &none, me, true,
                                                          __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
         tries++) {
        none = 0;
        if (tries % 64 == 0) {
            linux_yield();
        }
    }
}

/* Between two interrupts a Teensy's processor goes on with the program for thousands of
   instructions. Here the program's thread may be kept waiting while time passes, so an interrupt
   waits until a transfer that is under way has moved on by so many accesses. */
enum { PROGRAM_TURN = 64 };
static unsigned accesses; /* those of the program */
static bool transferring;

static void let_program_run(void)
{
    static unsigned seen;
    while (__atomic_load_n(&transferring, __ATOMIC_ACQUIRE) &&
           __atomic_load_n(&accesses, __ATOMIC_RELAXED) - seen < PROGRAM_TURN) {
        linux_yield();
    }
    seen = __atomic_load_n(&accesses, __ATOMIC_RELAXED);
}

static void release_processor(void)
{
    if (nested) {
        nested--;
    } else {
        __atomic_store_n(&processor, 0, __ATOMIC_RELEASE);
    }
}

/* ---- what the chip does, in records
 * -------------------------------------------------------------- */

static void flush_reports(void)
{
    const uint8_t *data = board.report;
    size_t left = board.said;
    while (left > 0 && board.reports_fd >= 0) {
        long written = linux_write(board.reports_fd, data, left);
        if (written > 0) {
            data += written;
            left -= (size_t)written;
        } else if (written != -LINUX_EINTR) {
            break; /* the other end is closed: the module plays on */
        }
    }
    board.said = 0;
    board.run = -1;
}

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

/* The Teensy's fault handler is an endless loop. Here the module stops, and says why. */
static void chip_fault(uint32_t address, uint32_t is_write)
{
    say(REPORT_FAULT, 0, (uint16_t)is_write)->events = address;
    flush_reports();
    linux_exit(EXIT_BUS_FAULT);
}

static uint64_t chip_time_us(void)
{
    return board.manual ? board.now_us : linux_now_us();
}

/* The next process goes on with what the chip has kept. */
static void chip_reset(uint32_t kept)
{
    say(REPORT_RESET, 0, 0)->events = kept;
    flush_reports();
    linux_exit(EXIT_RESET);
}

static const struct chip_listener listener = {chip_pin_moved, chip_word_out, chip_byte_out,
                                              chip_fault,     chip_time_us,  chip_reset};

/* ---- the bus: what latentcore's register accesses reach
 * ------------------------------------------ */

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
        board.now_us = linux_now_us();
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
    uint64_t now = board.manual ? event->time_us : linux_now_us();
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

/* serve(events_fd, reports_fd): never returns while the events' other end is open. */
static py_obj serve(py_obj events_fd, py_obj reports_fd)
{
    int fd = (int)py_int(events_fd);
    board.reports_fd = (int)py_int(reports_fd);
    static struct event events[64];
    size_t have = 0;
    linux_block(LINUX_SIGINT); /* Ctrl-C is for the program */
    for (;;) {
        int64_t wait_us = -1;
        const struct hard_timer *timer = next_hard_timer();
        if (!board.manual && timer != NULL) {
            uint64_t now = linux_now_us();
            wait_us = timer->next_us > now ? (int64_t)(timer->next_us - now) : 0;
        }
        long ready = linux_wait_readable(fd, wait_us);
        if (ready == -LINUX_EINTR) {
            continue; /* the garbage collector signals its threads */
        }
        if (ready > 0) {
            long got = linux_read(fd, (char *)events + have, sizeof events - have);
            if (got == -LINUX_EINTR) {
                continue;
            }
            if (got <= 0) {
                return py_none();
            }
            have += (size_t)got;
            size_t count = have / sizeof events[0];
            for (size_t i = 0; i < count; i++) {
                serve_event(&events[i]);
                if (!board.manual) {
                    flush(); /* an output is seen when it is written */
                }
            }
            have -= count * sizeof events[0];
            for (size_t i = 0; i < have; i++) {
                ((char *)events)[i] = ((char *)&events[count])[i];
            }
        } else {
            run_hard_timers(linux_now_us());
        }
        flush();
    }
}

/* ---- soft timers ------------------------------------------------------------------------- */

static py_obj run_soft_timer(py_obj number)
{
    struct soft_timer *timer = &board.soft[py_int(number)];
    __atomic_store_n(&timer->waiting, false, __ATOMIC_RELEASE);
    py_obj callback = timer->callback;
    return callback == NULL ? py_none() : py_call(callback, 1, &number);
}

PY_FUNCTION_1(run_soft_timer);

/* run_timers(): never returns. A signal wakes the prompt, which blocks in `read`: upon EINTR
   MicroPython runs what is scheduled. */
static py_obj run_timers(void)
{
    linux_block(LINUX_SIGINT);
    for (;;) {
        uint64_t now = linux_now_us();
        uint64_t next = now + 10000;
        bool wake = false;
        for (unsigned i = 0; i < TIMERS; i++) {
            struct soft_timer *timer = &board.soft[i];
            uint64_t period = __atomic_load_n(&timer->period_us, __ATOMIC_ACQUIRE);
            if (period == 0) {
                continue;
            }
            if (timer->next_us <= now) {
                timer->next_us = now + period - (now - timer->next_us) % period;
                wake = true;
                if (!__atomic_exchange_n(&timer->waiting, true, __ATOMIC_ACQ_REL)) {
                    py_obj arguments[2] = {(py_obj)&run_soft_timer_object, py_small_int(i)};
                    py_call(board.schedule, 2, arguments);
                }
            }
            if (timer->next_us < next) {
                next = timer->next_us;
            }
        }
        if (wake) {
            linux_signal_thread(board.process, board.thread, LINUX_SIGALRM);
        }
        linux_sleep_until(next);
    }
    return py_none();
}

/* The signal interrupts what the main thread waits for: reading the prompt's input, which is what
   it is for. But while the collector waits for the other threads to look through their stacks, it
   takes an interruption for their answer, and then marks beside them: objects in use would be
   freed. So a wait for a futex is begun again, as SA_RESTART would do for all. */
static void wake(int signal, void *information, void *context)
{
    struct linux_registers *registers = linux_registers_of(context);
    (void)signal;
    (void)information;
    if (registers->rax == -LINUX_EINTR && registers->rdi != 0 &&
        (registers->rsi & ~(int64_t)LINUX_FUTEX_FLAGS) == LINUX_FUTEX_WAIT_BITSET) {
        registers->rax = LINUX_FUTEX;
        registers->rip -= 2; /* the length of a `syscall` instruction */
    }
}

/* What a signal handler returns to: the system call rt_sigreturn. */
__attribute__((naked)) static void signal_return(void)
{
    __asm__("mov $15, %eax\n\tsyscall");
}

/* ---- for Python -------------------------------------------------------------------------- */

/* setup(manual, schedule): on the main thread, before the others. */
static py_obj setup(py_obj manual, py_obj schedule)
{
    board.manual = py_is_true(manual);
    bus.manual = board.manual;
    board.schedule = schedule;
    board.process = linux_process();
    board.thread = linux_thread();
    board.now_us = board.manual ? 0 : linux_now_us();
    board.reports_fd = -1;
    board.run = -1;
    chip_power_on(&listener);
    struct linux_signal_action action = {wake, LINUX_SA_SIGINFO | LINUX_SA_RESTORER, signal_return,
                                         0};
    linux_call(13, LINUX_SIGALRM, (long)&action, 0, 8, 0);
    return py_none();
}

/* hold_interrupts(on): no Ctrl-C for what runs on the scheduler. The bridge sees that, and waits.
 */
static py_obj hold_interrupts(py_obj on)
{
    if (py_is_true(on)) {
        linux_block(LINUX_SIGINT);
    } else {
        linux_unblock(LINUX_SIGINT);
    }
    return py_none();
}

/* report_to(fd): where records go, until `serve` begins too. */
static py_obj report_to(py_obj fd)
{
    board.reports_fd = (int)py_int(fd);
    return py_none();
}

static py_obj bus_address(void)
{
    return py_new_uint((uintptr_t)&bus);
}

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

/* The C function of a native function object of one argument; NULL for anything else. */
static py_obj (*native_handler(py_obj object))(py_obj)
{
    const struct py_function *function = object;
    /* None, small integers and interned strings are values in the pointer itself. */
    if (((uintptr_t)object & 7) != 0 || function->type != mp_fun_table[SLOT_FUNCTION_TYPE_0 + 1]) {
        return NULL;
    }
    return (py_obj (*)(py_obj))function->function;
}

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
    timer->next_us = linux_now_us() + period;
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
    __atomic_fetch_add(&accesses, 1, __ATOMIC_RELAXED);
    return bus_read(LPSPI4_BASE + offset);
}

static void put(uint32_t offset, uint32_t value)
{
    __atomic_fetch_add(&accesses, 1, __ATOMIC_RELAXED);
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

/* With manual time every run is the same: an edge comes before a transfer or after it. With real
   time one comes between any two accesses, as on a Teensy. */
static void begin_transfer(void)
{
    if (board.manual) {
        take_processor();
    }
    __atomic_store_n(&transferring, true, __ATOMIC_RELEASE);
}

static void end_transfer(void)
{
    __atomic_store_n(&transferring, false, __ATOMIC_RELEASE);
    if (board.manual) {
        release_processor();
    }
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

PY_FUNCTION_2(uart_setup);
PY_FUNCTION_2(setup);
PY_FUNCTION_1(hold_interrupts);
PY_FUNCTION_1(report_to);
PY_FUNCTION_0(bus_address);
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
PY_FUNCTION_2(serve);
PY_FUNCTION_0(run_timers);

static void start(void)
{
    run_soft_timer_object.type = mp_fun_table[SLOT_FUNCTION_TYPE_0 + 1];
}

PY_MODULE(virtualboard, FUNCTIONS, CONSTANTS, start)
