/* See model.h. */
#include "model.h"

#include <string.h>

#include "blend.h"

#define DENSITY_NEUTRAL 100

/* Hands out pieces of the block; with a block of NULL it only adds up. */
struct pieces {
    uint8_t *block;
    uint32_t used;
};

static void *piece(struct pieces *pieces, uint32_t size)
{
    uint32_t at = pieces->used;
    pieces->used = (at + size + 7) & ~7u;
    return pieces->block ? pieces->block + at : NULL;
}

/* Lays out the block for this decoder; model and decoder may lie in it or elsewhere. */
static uint32_t lay_out(struct model *model, const struct tflite_decoder *decoder, uint8_t *block)
{
    struct pieces pieces = {block, (sizeof *model + 7) & ~7u};
    uint32_t steps = decoder->steps;
    uint32_t voices = decoder->voices;
    uint32_t room = voices < MODEL_PITCHES ? MODEL_PITCHES : voices;
    uint32_t free_bytes;
    uint32_t free_at = tflite_room(decoder, &free_bytes);
    uint32_t batch = free_bytes / (voices * sizeof(float)); /* 0: not even one step fits there */

    /* The inner loops take rows by four, or, of odd length in float16, by eight. */
    while (batch > 1 && batch * voices % 8) {
        batch--;
    }
    float *cutoff = piece(&pieces, voices * sizeof(float));
    uint8_t *density = piece(&pieces, voices);
    uint8_t *chance = piece(&pieces, voices);
    uint16_t *pitches = piece(&pieces, room * sizeof *pitches);
    if (model) {
        model->cutoff = cutoff;
        model->density = density;
        model->chance = chance;
        model->pitches = pitches;
        model->pitch_room = room;
        model->batch = batch ? batch : 1;
    }
    for (uint32_t i = 0; i < MODEL_PATTERNS; i++) {
        struct pattern_step *step = piece(&pieces, steps * sizeof *step);
        uint8_t *cells = piece(&pieces, steps * pattern_row(voices));
        if (decoder->has_feel) {
            struct pattern_feel *feel = piece(&pieces, steps * sizeof *feel);
            uint8_t *velocity = piece(&pieces, steps * voices);
            int8_t *timing = piece(&pieces, steps * voices);
            if (model) {
                model->pattern[i].feel = feel;
                model->pattern[i].velocity = velocity;
                model->pattern[i].timing = timing;
            }
        }
        if (model) {
            model->pattern[i].model = model;
            model->pattern[i].steps = (uint16_t)steps;
            model->pattern[i].voices = (uint16_t)voices;
            model->pattern[i].step = step;
            model->pattern[i].cells = cells;
        }
    }
    for (uint32_t i = 0; i < 2; i++) {
        uint8_t *workspace = piece(&pieces, tflite_workspace(decoder));
        void *scores = batch ? NULL : piece(&pieces, voices * sizeof(float));
        if (model) {
            model->workspace[i] = workspace;
            model->scores[i] = batch ? (void *)(workspace + free_at) : scores;
        }
    }
    return pieces.used;
}

uint32_t model_size(const struct tflite_decoder *decoder)
{
    uint32_t cells = (uint32_t)decoder->steps * decoder->voices;
    return cells && cells == decoder->outputs ? lay_out(NULL, decoder, NULL) : 0;
}

struct model *model_init(void *block, uint32_t size, const struct tflite_decoder *decoder)
{
    struct model *model = block;
    uint32_t needed = model_size(decoder);
    if (!needed || size < needed || ((uintptr_t)block & 7)) {
        return NULL;
    }
    memset(block, 0, needed);
    model->decoder = *decoder;
    lay_out(model, decoder, block);
    memset(model->density, DENSITY_NEUTRAL, decoder->voices);
    memset(model->chance, CHANCE_ALWAYS, decoder->voices);
    model->pitch_count = 1;
    model_set_threshold(model, 0.5f);
    return model;
}

static float voice_threshold(float threshold, uint32_t density)
{
    if (density > DENSITY_NEUTRAL) {
        return threshold * (float)(2 * DENSITY_NEUTRAL - density) / DENSITY_NEUTRAL;
    }
    return threshold + (1 - threshold) * (float)(DENSITY_NEUTRAL - density) / DENSITY_NEUTRAL;
}

/* In logits, as scores are (blend.h). */
static float cutoff_of(const struct model *model, float threshold)
{
    const struct tflite_decoder *decoder = &model->decoder;
    float cutoff = blend_cutoff_in_logits(decoder, tflite_cutoff(decoder, threshold));
    return cutoff + 0.0f; /* no -0, see find_cells */
}

void model_set_threshold(struct model *model, float threshold)
{
    float neutral = cutoff_of(model, threshold);
    model->threshold = threshold;
    for (uint32_t voice = 0; voice < model->decoder.voices; voice++) {
        uint32_t density = model->density[voice];
        float cutoff = neutral;
        if (density != DENSITY_NEUTRAL) {
            cutoff = cutoff_of(model, voice_threshold(threshold, density));
        }
        atomic_store_float(&model->cutoff[voice], cutoff);
        if (model->partner) {
            model->partner->density[voice] = (uint8_t)density;
        }
    }
    if (model->partner) {
        model_set_threshold(model->partner, threshold);
    }
}

int model_set_partner(struct model *model, struct model *partner)
{
    if (partner->decoder.steps != model->decoder.steps ||
        partner->decoder.voices != model->decoder.voices) {
        return -1;
    }
    model->partner = partner;
    model_set_threshold(model, model->threshold);
    return 0;
}

int model_set_density(struct model *model, uint32_t voice, float density)
{
    if (voice >= model->decoder.voices || !(density >= 0 && density <= 1)) {
        return -1;
    }
    uint32_t kept = (uint32_t)(density * (2 * DENSITY_NEUTRAL) + 0.5f);
    model->density[voice] = (uint8_t)kept;
    atomic_store_float(&model->cutoff[voice],
                       cutoff_of(model, voice_threshold(model->threshold, kept)));
    return model->partner ? model_set_density(model->partner, voice, density) : 0;
}

int model_set_chance(struct model *model, uint32_t voice, float chance)
{
    if (voice >= model->decoder.voices || !(chance >= 0 && chance <= 1)) {
        return -1;
    }
    atomic_store_byte(&model->chance[voice], (uint8_t)(chance * CHANCE_ALWAYS + 0.5f));
    return 0;
}

int model_set_pitches(struct model *model, const uint16_t *pitches, uint32_t count)
{
    if (!count || count > model->pitch_room) {
        return -1;
    }
    for (uint32_t i = 0; i < count; i++) {
        atomic_store_half(&model->pitches[i], pitches[i]);
    }
    atomic_store_word(&model->pitch_count, count);
    return 0;
}

static uint32_t mode_of(const char *kind)
{
    if (memcmp(kind, "seq", 3) == 0) {
        return MODE_NOTES;
    }
    return memcmp(kind, "rhy", 3) == 0 ? MODE_RHYTHM : MODE_DRUMS;
}

static uint32_t trigger_count(const struct voicing *voicing, uint32_t voices)
{
    if (voicing->mode == MODE_NOTES) {
        return voicing->notes;
    }
    return voicing->mode == MODE_DRUMS && voicing->groups ? voicing->groups : voices;
}

void model_voicing(const struct model *model, struct voicing *voicing, uint32_t mode,
                   uint32_t notes, uint32_t triggers, uint32_t levels,
                   const struct calibration *calibration)
{
    const struct tflite_decoder *decoder = &model->decoder;
    voicing->mode = (uint8_t)(mode == MODE_AUTO ? mode_of(decoder->kind) : mode);
    voicing->notes = (uint8_t)notes;
    voicing->keep = 0;
    voicing->accent = ACCENT_VELOCITY;
    voicing->dynamics = 1;
    voicing->groups = decoder->groups;
    voicing->group_size = decoder->group_size;
    voicing->triggers = triggers == ROUTE_AUTO ? ROUTE_STRAIGHT : triggers;
    if (levels == ROUTE_AUTO) {
        uint32_t count = trigger_count(voicing, decoder->voices);
        uint32_t nowhere = ~0u;
        for (levels = ROUTE_STRAIGHT; count && levels != nowhere; count--) {
            levels = levels >> 4 | ROUTE_NOWHERE << 28;
        }
    }
    voicing->levels = levels;
    voicing->cutoff = model->cutoff;
    voicing->chance = model->chance;
    voicing->draw = 0;
    voicing->ratchet = 1;
    voicing->ratchet_by = RATCHET_BY_THROW;
    voicing->ratchet_chance = 0;
    voicing->flam = 0;
    voicing->pitches = model->pitches;
    voicing->pitch_count = atomic_load_word(&model->pitch_count);
    voicing->calibration = calibration;
}

void model_build(struct model *model, struct pattern *pattern, const float *latents,
                 const struct voicing *voicing)
{
    struct voicing blended = *voicing;
    struct blend blend;
    uint32_t steps = pattern->steps;
    uint32_t voices = pattern->voices;
    uint32_t hits = 0;
    blend_open(&blend, model, 0, latents);
    blended.cutoff = blend_cutoffs(&blend);
    uint32_t batch = blend_batch(&blend);
    for (uint32_t first = 0; first < steps; first += batch) {
        uint32_t count = steps - first < batch ? steps - first : batch;
        const float *scores = blend_scores(&blend, first, count);
        for (uint32_t i = 0; i < count; i++) {
            hits =
                pattern_build_step(pattern, first + i, scores + i * voices, &blend, &blended, hits);
        }
    }
}

void model_build_step(struct model *model, struct pattern *pattern, uint32_t step,
                      const float *latents, const struct voicing *voicing)
{
    struct voicing blended = *voicing;
    struct blend blend;
    blend_open(&blend, model, 1, latents);
    blended.cutoff = blend_cutoffs(&blend);
    pattern_build_step(pattern, step, blend_scores(&blend, step, 1), &blend, &blended,
                       voicing->mode == MODE_RHYTHM ? pattern_hits(pattern, step) : 0);
}
