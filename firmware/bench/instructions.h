/* Counts instructions on the emulated board.
 *
 * Run with `-icount shift=10` every instruction takes 1,024 ns of virtual time, and a CMSDK timer
 * counts down at 25 MHz, so an instruction is 25.6 ticks. These are instructions, not cycles: the
 * emulator knows no cache, no dual issue, no flash wait states.
 */
#ifndef BENCH_INSTRUCTIONS_H
#define BENCH_INSTRUCTIONS_H

#include <stdint.h>

#define TIMER_CONTROL (*(volatile uint32_t *)0x40000000)
#define TIMER_VALUE (*(volatile uint32_t *)0x40000004)
#define TIMER_RELOAD (*(volatile uint32_t *)0x40000008)

static inline void timer_start(void)
{
    TIMER_RELOAD = 0xffffffff;
    TIMER_VALUE = 0xffffffff;
    TIMER_CONTROL = 1;
}

static inline uint32_t timer_now(void)
{
    uint32_t now;

    /* Nothing may be moved across. */
    __asm volatile("" ::: "memory");
    now = TIMER_VALUE;
    __asm volatile("" ::: "memory");
    return now;
}

/* Instructions between two readings, the later reading's own load among them. */
static inline uint32_t instructions(uint32_t before, uint32_t after)
{
    return (uint32_t)(((uint64_t)(before - after) * 10 + 128) / 256);
}

#endif
