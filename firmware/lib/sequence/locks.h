/* Voices that keep their row while the position moves the others.
 *
 * What a locked voice plays is computed once, when it is locked: its scores (logits, see blend.h)
 * and its feel at one position, for all steps. Thresholds and densities still act on it. The block
 * is the caller's and is given to a model at its first lock (locks_attach); it stays as long as the
 * model.
 *
 * The producer writes, the interrupt may build a step meanwhile: every value is read and written
 * atomically, and a voice is marked as locked after its row has been written. A voice that is
 * locked anew, elsewhere, may for one step have cells of both.
 */
#ifndef LATENTRACK_LOCKS_H
#define LATENTRACK_LOCKS_H

#include "blend.h"

struct locks {
    uint32_t cells;
    uint8_t *locked; /* per voice: 1 */
    float *amount;   /* per voice */
    float *scores;   /* per cell */
    float *values;   /* per cell velocity, then per cell timing; NULL: no feel */
};

/* Bytes for the locks of a model. */
uint32_t locks_size(const struct model *model);

/* Gives the model its locks, none of them locked; once. Returns 0, or -1: the block is too small or
   not aligned to 8, or the model has locks. */
int locks_attach(struct model *model, void *block, uint32_t size);

/* Producer: locks the voices that are not 0 in `voices` at a position; NULL: unlocks them. */
void locks_set(struct model *model, const uint8_t *voices, const float *position);

static inline const struct locks *locks_of(const struct model *model)
{
    return atomic_load_explicit(&model->locks, memory_order_acquire);
}

static inline int locks_have(const struct locks *locks, uint32_t voice)
{
    return locks && __atomic_load_n(&locks->locked[voice], __ATOMIC_ACQUIRE);
}

static inline float locks_amount(const struct locks *locks, uint32_t voice)
{
    return atomic_load_float(&locks->amount[voice]);
}

static inline float locks_value(const struct locks *locks, enum tflite_output output, uint32_t cell)
{
    return atomic_load_float(&locks->values[output == TFLITE_TIMING ? locks->cells + cell : cell]);
}

/* Puts the scores of the locked voices into one step's row. */
void locks_restore(const struct locks *locks, uint32_t step, float *row, uint32_t voices);

#endif
