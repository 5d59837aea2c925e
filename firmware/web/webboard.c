/* The board of a module in a web page: what a Teensy's processor, interrupt controller and timers
 * do, in one thread, with the model of the chip that the virtual module has.
 *
 * Time is given: JavaScript says with each event, and with `run`, how far it has come, and hard
 * timers run at their own times until then. So what a page plays does not depend on when its
 * thread gets to run. A soft timer ends `run` early: JavaScript calls its Python function, in which
 * no time passes, and goes on.
 */
#include "web.h"

#include "board.h"

#define CONSTANTS(X)
#define EXCEPTIONS(X)
/* clang-format off */
#define FUNCTIONS(X)                                                                               \
    X(setup, PY_2) X(hold_interrupts, PY_1) X(ticks_ms, PY_0) X(ticks_us, PY_0) X(wait, PY_1) DRIVERS(X)
/* clang-format on */

PY_NAMES("webboard.c", FUNCTIONS, CONSTANTS, EXCEPTIONS);

#include "drivers.h"

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(name) __attribute__((import_module("page"), import_name(name)))

IMPORT("reports") void page_reports(const void *reports, uint32_t size);
IMPORT("halt") void page_halt(void);

py_obj (*native_function(py_obj object))(py_obj);

const struct reg_bus *reg_bus;

/* ---- the processor ------------------------------------------------------------------------ */

static void take_processor(void)
{
}

static void release_processor(void)
{
}

static void let_program_run(void)
{
}

static void begin_transfer(void)
{
}

static void end_transfer(void)
{
}

static void program_access(void)
{
}

static void flush_reports(void)
{
    if (board.said > 0) {
        page_reports(board.report, (uint32_t)board.said);
    }
    board.said = 0;
    board.run = -1;
}

static uint64_t computers_time_us(void)
{
    return board.now_us;
}

/* The Teensy's fault handler is an endless loop. Here the module stops, and says why. */
static void chip_fault(uint32_t address, uint32_t is_write)
{
    say(REPORT_FAULT, 0, (uint16_t)is_write)->events = address;
    flush_reports();
    page_halt();
    raise_error("RuntimeError", "the chip has no register there: a Teensy would stand still");
}

static void chip_reset(uint32_t kept)
{
    say(REPORT_RESET, 0, 0)->events = kept;
    flush_reports();
    page_halt();
    raise_error("SystemExit", "");
}

static py_obj (*native_handler(py_obj object))(py_obj)
{
    return native_function(object);
}

/* ---- for JavaScript ------------------------------------------------------------------------ */

/* What comes from outside; see struct event. */
EXPORT("event") void event(double time_us, uint32_t kind, uint32_t index, uint32_t value)
{
    const struct event happened = {(uint64_t)time_us, (uint8_t)kind, (uint8_t)index,
                                   (uint16_t)value, 0};
    serve_event(&happened);
    flush();
}

/* The soft timer that is due first, at `until_us` at the latest; -1: there is none. */
static int due_timer(uint64_t until_us)
{
    int due = -1;
    for (int i = 0; i < TIMERS; i++) {
        const struct soft_timer *timer = &board.soft[i];
        if (timer->period_us != 0 && timer->next_us <= until_us) {
            until_us = timer->next_us;
            due = i;
        }
    }
    return due;
}

/* Lets time pass until `time_us`, or until a soft timer is due: returns 1 when its function has
   been called, and time has not come so far yet. */
EXPORT("run") uint32_t run(double time_us)
{
    uint64_t until_us = (uint64_t)time_us;
    int due = due_timer(until_us);
    uint64_t stop_us = due < 0 ? until_us : board.soft[due].next_us;
    run_hard_timers(stop_us < board.now_us ? board.now_us : stop_us);
    flush();
    if (due < 0) {
        return 0;
    }
    struct soft_timer *timer = &board.soft[due];
    timer->next_us += timer->period_us;
    py_obj number = timer->callback;
    py_call(timer->callback, 1, &number);
    return 1;
}

/* ---- for Python --------------------------------------------------------------------------- */

/* setup(manual, schedule): as virtualboard.c's; time is always given. */
static py_obj setup(py_obj manual, py_obj schedule)
{
    (void)manual;
    (void)schedule;
    board.manual = true;
    bus.manual = true;
    board.run = -1;
    chip_power_on(&listener);
    reg_bus = &bus;
    return py_none();
}

/* hold_interrupts(on): there is no Ctrl-C while Python runs. */
static py_obj hold_interrupts(py_obj on)
{
    (void)on;
    return py_none();
}

enum { TICKS_PERIOD = 1 << 30 }; /* of MicroPython's time.ticks_ms */

static py_obj ticks_ms(void)
{
    return py_small_int((intptr_t)(board.now_us / 1000 % TICKS_PERIOD));
}

static py_obj ticks_us(void)
{
    return py_small_int((intptr_t)(board.now_us % TICKS_PERIOD));
}

/* wait(microseconds): interrupts go on meanwhile, soft timers do not. */
static py_obj wait(py_obj us)
{
    run_hard_timers(board.now_us + py_uint(us));
    flush();
    return py_none();
}

PY_FUNCTION_2(setup);
PY_FUNCTION_1(hold_interrupts);
PY_FUNCTION_0(ticks_ms);
PY_FUNCTION_0(ticks_us);
PY_FUNCTION_1(wait);

static void start(void)
{
}

PY_MODULE(virtualboard, FUNCTIONS, CONSTANTS, start)
