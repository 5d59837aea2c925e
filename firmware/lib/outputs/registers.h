/* Reading and writing hardware registers; tests define REGISTERS_HOOKED and model the hardware. */
#ifndef LATENTRACK_REGISTERS_H
#define LATENTRACK_REGISTERS_H

#include <stdint.h>

#if defined(REGISTERS_HOOKED)

uint32_t register_read(volatile uint32_t *address);
void register_write(volatile uint32_t *address, uint32_t value);

#else

static inline uint32_t register_read(volatile uint32_t *address)
{
    return *address;
}

static inline void register_write(volatile uint32_t *address, uint32_t value)
{
    *address = value;
}

#endif
#endif
