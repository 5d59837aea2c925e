/* See locks.h. */
#include "locks.h"

#include <string.h>

static uint32_t cells_of(const struct model *model)
{
    return (uint32_t)model->decoder.steps * model->decoder.voices;
}

uint32_t locks_size(const struct model *model)
{
    uint32_t rows = model->decoder.has_feel ? 3 : 1;
    uint32_t floats = model->decoder.voices + rows * cells_of(model);
    uint32_t size = sizeof(struct locks) + floats * (uint32_t)sizeof(float);
    return (size + model->decoder.voices + 7) & ~7u;
}

int locks_attach(struct model *model, void *block, uint32_t size)
{
    struct locks *locks = block;
    if (locks_of(model) || size < locks_size(model) || ((uintptr_t)block & 7)) {
        return -1;
    }
    memset(block, 0, locks_size(model));
    locks->cells = cells_of(model);
    locks->amount = (float *)(locks + 1);
    locks->scores = locks->amount + model->decoder.voices;
    float *end = locks->scores + locks->cells;
    if (model->decoder.has_feel) {
        locks->values = end;
        end += 2 * locks->cells;
    }
    locks->locked = (uint8_t *)end;
    atomic_store_explicit(&model->locks, locks, memory_order_release);
    return 0;
}

static void store_row(struct locks *locks, const struct blend *blend, const uint8_t *voices,
                      uint32_t step, const float *scores)
{
    const struct tflite_decoder *decoder = &blend->model->decoder;
    for (uint32_t voice = 0; voice < decoder->voices; voice++) {
        uint32_t cell = step * decoder->voices + voice;
        if (!voices[voice]) {
            continue;
        }
        atomic_store_float(&locks->scores[cell], scores[voice]);
        if (locks->values) {
            atomic_store_float(&locks->values[cell], blend_value(blend, TFLITE_VELOCITY, cell));
            atomic_store_float(&locks->values[locks->cells + cell],
                               blend_value(blend, TFLITE_TIMING, cell));
        }
    }
}

void locks_set(struct model *model, const uint8_t *voices, const float *position)
{
    struct locks *locks = atomic_load_explicit(&model->locks, memory_order_relaxed);
    const struct tflite_decoder *decoder = &model->decoder;
    struct blend blend;
    if (!locks) {
        return;
    }
    if (position) {
        blend_open(&blend, model, 0, position);
        blend.locks = NULL;
        for (uint32_t step = 0; step < decoder->steps; step++) {
            store_row(locks, &blend, voices, step, blend_scores(&blend, step, 1));
        }
    }
    for (uint32_t voice = 0; voice < decoder->voices; voice++) {
        if (!voices[voice]) {
            continue;
        }
        if (position) {
            atomic_store_float(&locks->amount[voice], blend.amount);
        }
        __atomic_store_n(&locks->locked[voice], position != NULL, __ATOMIC_RELEASE);
    }
}

void locks_restore(const struct locks *locks, uint32_t step, float *row, uint32_t voices)
{
    for (uint32_t voice = 0; voice < voices; voice++) {
        if (locks_have(locks, voice)) {
            row[voice] = atomic_load_float(&locks->scores[step * voices + voice]);
        }
    }
}
