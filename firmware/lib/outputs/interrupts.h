/* Masking interrupts: a stretch of code that no interrupt may enter.
 *
 * A module has one core that runs this code, so masking interrupts is the whole lock. Right on
 * every Cortex-M; other processors are refused, because an empty mask would look right and lose
 * gates. On a computer (LATENTRACK_HOST in tests, LATENTRACK_VIRTUAL in the .mpy for x64) one
 * thread calls everything that interrupts call, so there is nothing to mask. Tests define
 * INTERRUPTS_HOOKED to watch the stretches. Masks nest.
 */
#ifndef LATENTRACK_INTERRUPTS_H
#define LATENTRACK_INTERRUPTS_H

#include <stdint.h>

#if defined(INTERRUPTS_HOOKED)

uint32_t interrupts_mask(void);
void interrupts_restore(uint32_t before);

#elif defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'

static inline uint32_t interrupts_mask(void)
{
    uint32_t before;
    __asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(before) : : "memory");
    return before;
}

static inline void interrupts_restore(uint32_t before)
{
    __asm volatile("msr primask, %0" : : "r"(before) : "memory");
}

#elif defined(LATENTRACK_HOST) || defined(LATENTRACK_VIRTUAL)

static inline uint32_t interrupts_mask(void)
{
    return 0;
}

static inline void interrupts_restore(uint32_t before)
{
    (void)before;
}

#else
#error "interrupts are masked on a Cortex-M only: define LATENTRACK_HOST to compile for a computer"
#endif
#endif
