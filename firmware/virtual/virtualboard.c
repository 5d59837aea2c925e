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
#include "linux.h"
#include "native.h"

#include "board.h"

#define CONSTANTS(X)
#define EXCEPTIONS(X) X(ValueError) X(RuntimeError) X(OSError)
/* clang-format off */
#define FUNCTIONS(X)                                                                               \
    X(setup, PY_2) X(serve, PY_2) X(run_timers, PY_0) X(report_to, PY_1) X(bus_address, PY_0)      \
    X(hold_interrupts, PY_1) DRIVERS(X)
/* clang-format on */

PY_NAMES("virtualboard.c", FUNCTIONS, CONSTANTS, EXCEPTIONS);

#include "drivers.h"

enum { EXIT_BUS_FAULT = 71, EXIT_RESET = 72 };

static struct {
    int process, thread; /* of the program */
    py_obj schedule;
    int reports_fd;
} linux_side;

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
static void flush_reports(void)
{
    const uint8_t *data = board.report;
    size_t left = board.said;
    while (left > 0 && linux_side.reports_fd >= 0) {
        long written = linux_write(linux_side.reports_fd, data, left);
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

/* The Teensy's fault handler is an endless loop. Here the module stops, and says why. */
static void chip_fault(uint32_t address, uint32_t is_write)
{
    say(REPORT_FAULT, 0, (uint16_t)is_write)->events = address;
    flush_reports();
    linux_exit(EXIT_BUS_FAULT);
}
static uint64_t computers_time_us(void)
{
    return linux_now_us();
}

/* The next process goes on with what the chip has kept. */
static void chip_reset(uint32_t kept)
{
    say(REPORT_RESET, 0, 0)->events = kept;
    flush_reports();
    linux_exit(EXIT_RESET);
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

/* serve(events_fd, reports_fd): never returns while the events' other end is open. */
static py_obj serve(py_obj events_fd, py_obj reports_fd)
{
    int fd = (int)py_int(events_fd);
    linux_side.reports_fd = (int)py_int(reports_fd);
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
                    py_call(linux_side.schedule, 2, arguments);
                }
            }
            if (timer->next_us < next) {
                next = timer->next_us;
            }
        }
        if (wake) {
            linux_signal_thread(linux_side.process, linux_side.thread, LINUX_SIGALRM);
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
    linux_side.schedule = schedule;
    linux_side.process = linux_process();
    linux_side.thread = linux_thread();
    board.now_us = board.manual ? 0 : linux_now_us();
    linux_side.reports_fd = -1;
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
    linux_side.reports_fd = (int)py_int(fd);
    return py_none();
}

static py_obj bus_address(void)
{
    return py_new_uint((uintptr_t)&bus);
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
static void program_access(void)
{
    __atomic_fetch_add(&accesses, 1, __ATOMIC_RELAXED);
}

PY_FUNCTION_2(setup);
PY_FUNCTION_1(hold_interrupts);
PY_FUNCTION_1(report_to);
PY_FUNCTION_0(bus_address);
PY_FUNCTION_2(serve);
PY_FUNCTION_0(run_timers);

static void start(void)
{
    run_soft_timer_object.type = mp_fun_table[SLOT_FUNCTION_TYPE_0 + 1];
}

PY_MODULE(virtualboard, FUNCTIONS, CONSTANTS, start)
