/* Latents on their way from Python to the clock interrupt, never torn, never waited for.
 *
 * Three slots: the writer fills its own and exchanges it for the one in the middle; the reader, if
 * the middle one is new, exchanges its own for that. Each owns exactly one slot at any time.
 */
#ifndef LATENTRACK_LATENTS_H
#define LATENTRACK_LATENTS_H

#include <stdatomic.h>
#include <stdint.h>

#include "swap.h"

#define LATENTS_MAX 17 /* of a model and its partner, and the amount: model_position() */
#define LATENTS_FRESH 4u

struct latents {
    _Atomic uint32_t middle; /* slot number, plus LATENTS_FRESH when the reader has not seen it */
    uint32_t writers, readers;
    float slot[3][LATENTS_MAX];
};

static inline void latents_init(struct latents *latents)
{
    latents->writers = 0;
    latents->readers = 2;
    atomic_init(&latents->middle, 1);
    for (uint32_t i = 0; i < 3 * LATENTS_MAX; i++) {
        latents->slot[i / LATENTS_MAX][i % LATENTS_MAX] = 0;
    }
}

/* The writer's. What is beyond `count` is 0. */
static inline void latents_post(struct latents *latents, const float *values, uint32_t count)
{
    float *slot = latents->slot[latents->writers];
    for (uint32_t i = 0; i < LATENTS_MAX; i++) {
        slot[i] = i < count ? values[i] : 0;
    }
    latents->writers = SWAP(&latents->middle, latents->writers | LATENTS_FRESH) & ~LATENTS_FRESH;
}

/* The reader's: those posted last; zeros before the first. Valid until the reader asks again. */
static inline const float *latents_newest(struct latents *latents)
{
    if (atomic_load_explicit(&latents->middle, memory_order_relaxed) & LATENTS_FRESH) {
        latents->readers = SWAP(&latents->middle, latents->readers) & ~LATENTS_FRESH;
    }
    return latents->slot[latents->readers];
}

#endif
