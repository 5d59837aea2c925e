/* Exchanging an atomic word or pointer: the only read-modify-write that passes between Python and
 * the interrupts.
 *
 * An ARMv6-M (Cortex-M0, M0+) has no exclusive loads and stores, and its compiler would call a
 * library function that firmware does not have. There interrupts are masked instead, which is
 * enough as long as one core runs this code. Acquire and release in both.
 */
#ifndef LATENTRACK_SWAP_H
#define LATENTRACK_SWAP_H

#include <stdatomic.h>

#include "interrupts.h"

#if defined(__ARM_ARCH_6M__)
#define SWAP(object, value)                                                                        \
    __extension__({                                                                                \
        uint32_t masked_ = interrupts_mask();                                                      \
        __auto_type before_ = atomic_load_explicit(object, memory_order_acquire);                  \
        atomic_store_explicit(object, value, memory_order_release);                                \
        interrupts_restore(masked_);                                                               \
        before_;                                                                                   \
    })
#else
#define SWAP(object, value) atomic_exchange_explicit(object, value, memory_order_acq_rel)
#endif

#endif
