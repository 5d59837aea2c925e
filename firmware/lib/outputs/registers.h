/* Hardware registers by address: the one seam between this code and a chip.
 *
 * On a microcontroller an access is a volatile load or store. The .mpy for x64 is compiled with
 * LATENTRACK_VIRTUAL: there every access goes to `reg_bus`, a model of the chip that the virtual
 * module provides. Without a model any access ends the process, because a computer has no such
 * registers. Tests define REGISTERS_HOOKED and provide the functions themselves.
 *
 * `reg_trace` tells the model, or a test, which step a track plays; it comes before that step's
 * levels and gates. `reg_real_time` is 0 where time says nothing of how long code has run. Both
 * cost nothing elsewhere.
 */
#ifndef LATENTRACK_REGISTERS_H
#define LATENTRACK_REGISTERS_H

#include <stdint.h>

#if defined(REGISTERS_HOOKED)

uint32_t reg_read(uintptr_t address);
void reg_write(uintptr_t address, uint32_t value);
void reg_trace(uint32_t track, uint32_t step);

#elif (defined(__x86_64__) || defined(__wasm__)) && defined(LATENTRACK_VIRTUAL)

/* The model's functions; all three are called from the threads that stand for interrupts, and
   `read` and `write` also from Python's. */
struct reg_bus {
    uint32_t (*read)(uint32_t address);
    void (*write)(uint32_t address, uint32_t value);
    void (*trace)(uint32_t track, uint32_t step);
    uint32_t manual; /* time comes with the events: it does not tell how long code has run */
};

extern const struct reg_bus *reg_bus; /* NULL without a model */

/* An address that does not fit the chip's 32 bits is a fault, too: it must not become another. */
static inline uint32_t reg_address(uintptr_t address)
{
    if (!reg_bus || address > UINT32_MAX) {
        __builtin_trap();
    }
    return (uint32_t)address;
}

static inline uint32_t reg_read(uintptr_t address)
{
    uint32_t known = reg_address(address);
    return reg_bus->read(known);
}

static inline void reg_write(uintptr_t address, uint32_t value)
{
    uint32_t known = reg_address(address);
    reg_bus->write(known, value);
}

static inline void reg_trace(uint32_t track, uint32_t step)
{
    if (reg_bus) {
        reg_bus->trace(track, step);
    }
}

static inline uint32_t reg_real_time(void)
{
    return !reg_bus || !reg_bus->manual;
}

#else

static inline uint32_t reg_read(uintptr_t address)
{
    return *(volatile uint32_t *)address;
}

static inline void reg_write(uintptr_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}

static inline void reg_trace(uint32_t track, uint32_t step)
{
    (void)track;
    (void)step;
}

static inline uint32_t reg_real_time(void)
{
    return 1;
}

#endif
#endif
