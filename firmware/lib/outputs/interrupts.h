/* A stretch of code that no interrupt may enter.
 *
 * On the module everything runs on one core, so masking interrupts is the whole lock. On a
 * computer the service thread is the only one that calls what interrupts call, so there is nothing
 * to mask; tests define INTERRUPTS_HOOKED to watch the stretches. Masks nest.
 */
#ifndef LATENTRACK_INTERRUPTS_H
#define LATENTRACK_INTERRUPTS_H

#include <stdint.h>

#if defined(INTERRUPTS_HOOKED)

uint32_t interrupts_mask(void);
void interrupts_restore(uint32_t before);

#elif defined(__ARM_ARCH_7EM__)

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

#else

static inline uint32_t interrupts_mask(void)
{
    return 0;
}

static inline void interrupts_restore(uint32_t before)
{
    (void)before;
}

#endif
#endif
