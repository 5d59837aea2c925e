/* The hardware of the virtual module: what a Teensy's interrupt controller, timers and pins do.
 *
 * One native thread, `serve`, stands for all interrupts. It waits for events (an edge at a
 * pin, a voltage at an analog input, the passing of time), calls the same one-argument native
 * functions that `machine.Pin.irq(..., hard=True)` and `machine.Timer(hard=True)` are given
 * on the module, and writes every change of an output, with its time, to another channel. It
 * touches no Python object, so it goes on while Python is busy, collecting or stopped. On the
 * Teensy an interrupt stops Python; here Python runs on beside it, which is the harder case
 * for the exchange between the two. Only a pin whose handler is a Python function (an encoder,
 * never the clock) makes it run bytecode: it is a thread of MicroPython's own, and such a
 * handler must not allocate, here as there.
 *
 * A second one, `run_timers`, stands for soft timers: it puts callbacks on MicroPython's
 * scheduler, one waiting call for each timer at most.
 *
 * Time is either the computer's monotonic clock, or given with the events (`manual`): then
 * the module can play faster than real time, and every run is the same.
 */
#include "channel.h"
#include "linux.h"
#include "native.h"

enum { PINS = 64, ANALOG_INPUTS = 32, TIMERS = 4 };

/* What the board's Python side reads and latentcore's time source points at. */
struct registers {
    uint32_t time_us;
    uint32_t events;
    uint16_t analog[ANALOG_INPUTS];
    uint8_t pins[PINS];
};

enum event_kind { EVENT_TIME, EVENT_PIN, EVENT_ANALOG, EVENT_MARK };

/* From outside; 16 bytes. `time_us` counts only with manual time. */
struct event {
    uint64_t time_us;
    uint8_t kind;
    uint8_t index;
    uint16_t value;
    uint32_t tag;
};

/* The first three are the channel's own kinds (lib/outputs/channel.h). */
enum report_kind { REPORT_GATES, REPORT_LEVEL, REPORT_STEP, REPORT_MARK, REPORT_LOST };

/* To outside; 16 bytes. Gates: value = channels that went low << 8 | channels that went high.
   Level: index = channel, value = code. Step: index = track, value = step. Mark: value as sent.
   Lost: value = how many records had no room. `events` says how many events had been served. */
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
    struct registers *registers;
    struct channel *outputs;
    bool manual;
    int process, thread;
    py_obj schedule;
    uint64_t now_us;
    struct interrupt pins[PINS];
    struct hard_timer timer;
    struct soft_timer soft[TIMERS];
    int reports_fd;
    uint32_t lost;
    unsigned reports;
    struct report report[256];
} board;

/* clang-format off */
#define FUNCTIONS(X)                                                                               \
    X(setup, PY_VAR) X(pin_irq, PY_VAR) X(hard_timer, PY_3) X(soft_timer, PY_3) X(serve, PY_2)     \
    X(run_timers, PY_0)
/* clang-format on */
#define CONSTANTS(X)
#define EXCEPTIONS(X) X(ValueError) X(RuntimeError)

PY_NAMES("virtualboard.c", FUNCTIONS, CONSTANTS, EXCEPTIONS);

/* ---- the interrupts ---------------------------------------------------------------------- */

static void flush_reports(void)
{
    const char *data = (const char *)board.report;
    size_t left = board.reports * sizeof board.report[0];
    while (left > 0) {
        long written = linux_write(board.reports_fd, data, left);
        if (written > 0) {
            data += written;
            left -= (size_t)written;
        } else if (written != -LINUX_EINTR) {
            break; /* nobody listens any more: the module plays on */
        }
    }
    board.reports = 0;
}

static void report(uint8_t kind, uint8_t index, uint16_t value)
{
    if (board.reports == sizeof board.report / sizeof board.report[0]) {
        flush_reports();
    }
    board.report[board.reports++] =
        (struct report){board.now_us, kind, index, value, board.registers->events};
}

static void set_time(uint64_t now_us)
{
    board.now_us = now_us;
    __atomic_store_n(&board.registers->time_us, (uint32_t)now_us, __ATOMIC_RELEASE);
}

static void read_outputs(void)
{
    struct channel_record records[16];
    uint32_t count;
    while ((count = channel_read(board.outputs, records, 16)) > 0) {
        for (uint32_t i = 0; i < count; i++) {
            uint32_t what = records[i].what;
            report((uint8_t)(what >> 24), (uint8_t)(what >> 16), (uint16_t)what);
        }
    }
    uint32_t lost = atomic_load_explicit(&board.outputs->lost, memory_order_relaxed);
    if (lost != board.lost) {
        report(REPORT_LOST, 0, (uint16_t)(lost - board.lost));
        board.lost = lost;
    }
}

static void call(py_obj (*handler)(py_obj), py_obj source)
{
    handler(source);
    if (!board.manual) {
        board.now_us = linux_now_us(); /* when the last output was written, not the first */
    }
    read_outputs();
}

/* Runs the hard timer's interrupts that are due at `now_us`, each at its own time when time is
   manual. */
static void run_hard_timer(uint64_t now_us)
{
    struct hard_timer *timer = &board.timer;
    while (__atomic_load_n(&timer->handler, __ATOMIC_ACQUIRE) != NULL && timer->next_us <= now_us) {
        set_time(board.manual ? timer->next_us : now_us);
        call(timer->handler, timer->source);
        timer->next_us += timer->period_us;
        if (!board.manual && timer->next_us <= now_us) {
            timer->next_us = now_us + timer->period_us; /* late: one interrupt stands for many */
        }
    }
    set_time(now_us);
}

static void pin_event(unsigned index, bool level)
{
    if (index >= PINS || (board.registers->pins[index] != 0) == level) {
        return;
    }
    board.registers->pins[index] = level;
    struct interrupt *interrupt = &board.pins[index];
    py_obj (*handler)(py_obj) = __atomic_load_n(&interrupt->handler, __ATOMIC_ACQUIRE);
    py_obj python = __atomic_load_n(&interrupt->python, __ATOMIC_ACQUIRE);
    if (!(interrupt->edges & (level ? EDGE_RISING : EDGE_FALLING))) {
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
    run_hard_timer(now < board.now_us ? board.now_us : now);
    board.registers->events++;
    switch (event->kind) {
    case EVENT_PIN:
        pin_event(event->index, event->value != 0);
        break;
    case EVENT_ANALOG:
        if (event->index < ANALOG_INPUTS) {
            board.registers->analog[event->index] = event->value;
        }
        break;
    case EVENT_MARK:
        report(REPORT_MARK, 0, event->value);
        break;
    default: /* EVENT_TIME: time has passed, nothing else */
        break;
    }
}

/* serve(events_fd, reports_fd): never returns while the events' other end is open. */
static py_obj serve(py_obj events_fd, py_obj reports_fd)
{
    int fd = (int)py_int(events_fd);
    board.reports_fd = (int)py_int(reports_fd);
    static struct event events[64];
    size_t have = 0;
    for (;;) {
        int64_t wait_us = -1;
        if (!board.manual && board.timer.handler != NULL) {
            uint64_t now = linux_now_us();
            wait_us = board.timer.next_us > now ? (int64_t)(board.timer.next_us - now) : 0;
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
                    flush_reports(); /* an output is seen when it is written */
                }
            }
            have -= count * sizeof events[0];
            for (size_t i = 0; i < have; i++) {
                ((char *)events)[i] = ((char *)&events[count])[i];
            }
        } else {
            run_hard_timer(linux_now_us());
        }
        flush_reports();
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

static void ignore_signal(int signal)
{
    (void)signal;
}

/* What a signal handler returns to: the system call rt_sigreturn. */
__attribute__((naked)) static void signal_return(void)
{
    __asm__("mov $15, %eax\n\tsyscall");
}

/* ---- for Python -------------------------------------------------------------------------- */

/* setup(registers, outputs, manual, schedule): on the main thread, before the others. */
static py_obj setup(size_t count, const py_obj *arguments)
{
    (void)count;
    struct py_buffer registers = py_buffer(arguments[0], BUFFER_WRITE);
    struct py_buffer outputs = py_buffer(arguments[1], BUFFER_WRITE);
    if (registers.size < sizeof(struct registers) || outputs.size < sizeof(struct channel)) {
        py_raise(NAME_ValueError, "the board's memory is too small");
    }
    board.registers = registers.data;
    board.outputs = outputs.data;
    board.manual = py_is_true(arguments[2]);
    board.schedule = arguments[3];
    board.process = linux_process();
    board.thread = linux_thread();
    set_time(board.manual ? 0 : linux_now_us());
    struct linux_signal_action action = {ignore_signal, 0x04000000, signal_return, 0};
    linux_call(13, LINUX_SIGALRM, (long)&action, 0, 8, 0);
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

/* pin_irq(pin, handler, edges, source): edges 1 falling, 2 rising. A handler that is no native
   function of one argument must be a Python function that raises nothing. */
static py_obj pin_irq(size_t count, const py_obj *arguments)
{
    (void)count;
    uintptr_t pin = py_uint(arguments[0]);
    if (pin >= PINS) {
        py_raise(NAME_ValueError, "no such pin");
    }
    struct interrupt *interrupt = &board.pins[pin];
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

/* hard_timer(period_us, handler, source): one, as its interrupts must come in order. */
static py_obj hard_timer(py_obj period_us, py_obj handler, py_obj source)
{
    py_obj (*function)(py_obj) = native_handler(handler);
    if (function == NULL && handler != py_none()) {
        py_raise(NAME_ValueError, "the hard timer takes a native function of one argument");
    }
    __atomic_store_n(&board.timer.handler, NULL, __ATOMIC_RELEASE);
    board.timer.period_us = py_uint(period_us);
    board.timer.source = source;
    if (function != NULL && board.timer.period_us == 0) {
        py_raise(NAME_ValueError, "a timer's period is at least one microsecond");
    }
    board.timer.next_us = board.registers->time_us + board.timer.period_us;
    if (!board.manual) {
        board.timer.next_us = linux_now_us() + board.timer.period_us;
    }
    __atomic_store_n(&board.timer.handler, function, __ATOMIC_RELEASE);
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

PY_FUNCTION_VAR(setup, 4, 4);
PY_FUNCTION_VAR(pin_irq, 4, 4);
PY_FUNCTION_3(hard_timer);
PY_FUNCTION_3(soft_timer);
PY_FUNCTION_2(serve);
PY_FUNCTION_0(run_timers);

static void start(void)
{
    run_soft_timer_object.type = mp_fun_table[SLOT_FUNCTION_TYPE_0 + 1];
}

PY_MODULE(virtualboard, FUNCTIONS, CONSTANTS, start)
