/* Atomic loads and stores of small values that Python writes while an interrupt may read them.
 *
 * Relaxed on purpose: no value depends on another one. Values that must arrive together go through
 * exchange.h or latents.h.
 */
#ifndef LATENTRACK_ATOMIC_H
#define LATENTRACK_ATOMIC_H

#include <stdint.h>

static inline float atomic_load_float(const float *value)
{
    float copy;
    __atomic_load(value, &copy, __ATOMIC_RELAXED);
    return copy;
}

static inline void atomic_store_float(float *value, float to)
{
    __atomic_store(value, &to, __ATOMIC_RELAXED);
}

static inline uint8_t atomic_load_byte(const uint8_t *value)
{
    return __atomic_load_n(value, __ATOMIC_RELAXED);
}

static inline void atomic_store_byte(uint8_t *value, uint8_t to)
{
    __atomic_store_n(value, to, __ATOMIC_RELAXED);
}

static inline uint16_t atomic_load_half(const uint16_t *value)
{
    return __atomic_load_n(value, __ATOMIC_RELAXED);
}

static inline void atomic_store_half(uint16_t *value, uint16_t to)
{
    __atomic_store_n(value, to, __ATOMIC_RELAXED);
}

static inline uint32_t atomic_load_word(const uint32_t *value)
{
    return __atomic_load_n(value, __ATOMIC_RELAXED);
}

static inline void atomic_store_word(uint32_t *value, uint32_t to)
{
    __atomic_store_n(value, to, __ATOMIC_RELAXED);
}

#endif
