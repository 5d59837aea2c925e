/* Patterns of real decoders, for Python's ctypes. */
#include <stdlib.h>
#include <string.h>

#include "model.h"

struct model *models_load(const void *file, uint32_t size)
{
    static struct tflite_decoder decoder;
    if (tflite_load(&decoder, file, size)) {
        return NULL;
    }
    uint32_t bytes = model_size(&decoder);
    return bytes ? model_init(aligned_alloc(8, bytes), bytes, &decoder) : NULL;
}

void models_free(struct model *model)
{
    free(model);
}

void models_threshold(struct model *model, float threshold)
{
    model_set_threshold(model, threshold);
}

/* One pattern: masks of triggers and levels per step, eight codes per step, cells as bytes.
   stepwise: every step by itself, as the interrupt does it, the last one first. */
void models_pattern(struct model *model, const float *latents, int stepwise, uint8_t *triggers,
                    uint8_t *levels, uint16_t *codes, uint8_t *cells)
{
    struct calibration calibration[OUTPUT_CHANNELS];
    struct voicing voicing;
    struct pattern *pattern = &model->pattern[stepwise ? 1 : 0];
    for (uint32_t i = 0; i < OUTPUT_CHANNELS; i++) {
        calibration[i] = (struct calibration){.offset = 0, .slope = 100, .low = 0, .high = 60000};
    }
    model_voicing(model, &voicing, MODE_AUTO, 4, ROUTE_AUTO, ROUTE_AUTO, calibration);
    if (stepwise) {
        for (uint32_t step = pattern->steps; step--;) {
            model_build_step(model, pattern, step, latents, &voicing);
        }
    } else {
        model_build(model, pattern, latents, &voicing);
    }
    for (uint32_t step = 0; step < pattern->steps; step++) {
        triggers[step] = pattern->step[step].triggers;
        levels[step] = pattern->step[step].levels;
        for (uint32_t i = 0; i < OUTPUT_CHANNELS; i++) {
            codes[step * OUTPUT_CHANNELS + i] =
                levels[step] >> i & 1 ? pattern->step[step].code[i] : 0;
        }
        for (uint32_t voice = 0; voice < pattern->voices; voice++) {
            cells[step * pattern->voices + voice] = (uint8_t)pattern_cell(pattern, step, voice);
        }
    }
}

/* What the last pattern says of its feel: of the cells, and of the channels that trigger. */
void models_feel(const struct model *model, int stepwise, uint8_t *velocity, int8_t *timing,
                 struct pattern_feel *feel)
{
    const struct pattern *pattern = &model->pattern[stepwise ? 1 : 0];
    memcpy(velocity, pattern->velocity, (uint32_t)pattern->steps * pattern->voices);
    memcpy(timing, pattern->timing, (uint32_t)pattern->steps * pattern->voices);
    memcpy(feel, pattern->feel, pattern->steps * sizeof *feel);
}
