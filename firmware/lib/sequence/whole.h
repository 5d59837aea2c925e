/* Small values that one side writes while the other may read them: always read and written whole.
 *
 * Relaxed on purpose: each value stands for itself. What must arrive together goes through
 * exchange.h or latents.h.
 */
#ifndef LATENTRACK_WHOLE_H
#define LATENTRACK_WHOLE_H

#include <stdint.h>

static inline float whole_float(const float *value)
{
    float copy;
    __atomic_load(value, &copy, __ATOMIC_RELAXED);
    return copy;
}

static inline void whole_float_set(float *value, float to)
{
    __atomic_store(value, &to, __ATOMIC_RELAXED);
}

static inline uint8_t whole_byte(const uint8_t *value)
{
    return __atomic_load_n(value, __ATOMIC_RELAXED);
}

static inline void whole_byte_set(uint8_t *value, uint8_t to)
{
    __atomic_store_n(value, to, __ATOMIC_RELAXED);
}

static inline uint32_t whole_word(const uint32_t *value)
{
    return __atomic_load_n(value, __ATOMIC_RELAXED);
}

static inline void whole_word_set(uint32_t *value, uint32_t to)
{
    __atomic_store_n(value, to, __ATOMIC_RELAXED);
}

#endif
