/* The clock interrupts the tick, anywhere: no gate that has just begun may be ended.
 *
 * On the Cortex-M7 a timer interrupts the tick in earnest, at ever new places. On the computer the
 * places are the ones where it may: just before interrupts are masked and just after they are let
 * in again; that nothing is put out in between is checked where it is put out.
 */
#include <stdlib.h>

#include "check.h"

#if !defined(__ARM_ARCH_7EM__)
#define INTERRUPTS_HOOKED
#endif

#include "rack.h"

#include "rack.c"

static struct rack rack;
static struct outputs outputs;
static volatile uint32_t pins, now;

/* A pattern whose single step triggers channel 0. */
static struct pattern_step step = {.triggers = 1};
static struct pattern pattern = {.steps = 1, .voices = 1, .step = &step};

static void level(struct outputs *self, uint32_t channel, uint16_t code, uint32_t now_us)
{
    (void)self;
    (void)channel;
    (void)code;
    (void)now_us;
}

static void flush(struct outputs *self, uint32_t now_us);

static void begin(void (*gates)(struct outputs *, uint32_t, uint32_t, uint32_t))
{
    outputs.gates = gates;
    outputs.level = level;
    outputs.flush = flush;
    rack_init(&rack, &outputs);
    track_set(&rack.track[0], TRACK_GATE_US, 3);
    exchange_publish(&rack.track[0].exchange, &pattern);
}

#if defined(__ARM_ARCH_7EM__)

#define TIMER ((volatile uint32_t *)0x40000000) /* CTRL, VALUE, RELOAD, INTCLEAR */
#define TIMER_INTERRUPT 8
#define TICKS(instructions) ((instructions) * 256u / 10u)

static void put_pins(struct outputs *self, uint32_t set, uint32_t clear, uint32_t now_us)
{
    (void)self;
    (void)now_us;
    pins = (pins & ~clear) | set;
}

static void flush(struct outputs *self, uint32_t now_us)
{
    (void)self;
    (void)now_us;
}

void interrupt(void);

/* A clock edge every four units; a gate is three units long. */
void interrupt(void)
{
    TIMER[3] = 1;
    now += 4;
    rack_clock(&rack, now);
}

/* A gate stands for a while; then comes a time at which it must end, and perhaps the clock. */
static void the_clock_may_interrupt_the_tick_anywhere(void)
{
    uint32_t random = 1, met = 0, cut = 0, stood = 0;
    begin(put_pins);
    *(volatile uint32_t *)0xE000E100 = 1u << TIMER_INTERRUPT;
    TIMER[2] = TICKS(1000);
    TIMER[1] = TICKS(1000);
    TIMER[0] = 9; /* on, with interrupt */
    while (now < 40000) {
        random = random * 1664525u + 1013904223u;
        for (volatile uint32_t wait = random / 65536 % 200; wait; wait--) {
        }
        uint32_t before = now;
        rack_tick(&rack, before + 3);
        uint32_t masked = interrupts_mask();
        uint32_t interrupted = now != before;
        uint32_t high = pins & 1;
        interrupts_restore(masked);
        met += interrupted;
        cut += interrupted && !high; /* the new gate has three units before it */
        stood += !interrupted && high;
    }
    TIMER[0] = 0;
    CHECK(cut == 0);
    CHECK(stood == 0);
    CHECK(met > 200);
}

#else

static uint32_t masked, where, loose, begun_at, cut, ended, edges, in_edge, flushed;

/* A gate of three units begins at every fourth. */
static void interrupt_body(void)
{
    if (edges && now - begun_at < 3 && !(pins & 1)) {
        cut++;
    }
    now++;
    if (now % 4 == 0) {
        ended += edges && !(pins & 1);
        edges++;
        begun_at = now;
        in_edge = 1;
        rack_clock(&rack, now);
        in_edge = 0;
    }
}

uint32_t interrupts_mask(void)
{
    if (where == 0) {
        interrupt_body();
    }
    return masked++;
}

void interrupts_restore(uint32_t before)
{
    masked = before;
    if (where == 1) {
        interrupt_body();
    }
}

static void put_pins(struct outputs *self, uint32_t set, uint32_t clear, uint32_t now_us)
{
    (void)self;
    (void)now_us;
    loose += clear && !set && !masked; /* the tick's work, and an interrupt could come now */
    pins = (pins & ~clear) | set;
}

/* A flush borrows a bus, which an edge must not find borrowed. */
static void flush(struct outputs *self, uint32_t now_us)
{
    (void)self;
    (void)now_us;
    loose += !in_edge && !masked;
    flushed++;
}

static void the_clock_may_interrupt_the_tick_anywhere(void)
{
    for (where = 0; where < 2; where++) {
        begin(put_pins);
        pins = now = begun_at = edges = ended = 0;
        while (edges < 100) {
            rack_tick(&rack, now);
        }
        CHECK(cut == 0 && loose == 0 && masked == 0 && flushed >= 2 * edges);
        /* Before the tick could end it the clock has begun it anew; after it, it has ended. */
        CHECK(ended == (where ? 99 : 0));
    }
}

#endif

int main(void)
{
    RUN(the_clock_may_interrupt_the_tick_anywhere);
    return check_result();
}
