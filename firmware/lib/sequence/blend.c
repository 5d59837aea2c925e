/* See blend.h. */
#include "blend.h"

#include "locks.h"
#include <stddef.h>

#define INFINITE __builtin_inff()
#define FAR 32768.0f /* beyond all int8 scores */

static const struct tflite_quant *quant_of(const struct tflite_decoder *decoder)
{
    return &decoder->layer[decoder->last[TFLITE_HITS]].out;
}

float blend_cutoff_in_logits(const struct tflite_decoder *decoder, float cutoff)
{
    const struct tflite_quant *quant = quant_of(decoder);
    if (quant->scale == 0 || !(cutoff < INFINITE && cutoff > -INFINITE)) {
        return cutoff;
    }
    cutoff = cutoff > FAR ? FAR : cutoff < -FAR ? -FAR : cutoff;
    int32_t below = (int32_t)cutoff;
    below -= (float)below > cutoff;
    /* Half way to the next of the whole numbers that such scores are: no rounding matters there. */
    return ((float)(below - quant->zero) + 0.5f) * quant->scale;
}

static void to_logits(const struct tflite_decoder *decoder, float *scores, uint32_t count)
{
    const struct tflite_quant *quant = quant_of(decoder);
    if (quant->scale != 0) {
        for (uint32_t i = 0; i < count; i++) {
            scores[i] = (scores[i] - (float)quant->zero) * quant->scale;
        }
    }
}

static float mix(float a, float b, float amount)
{
    return amount > 0 ? amount < 1 ? a + amount * (b - a) : b : a;
}

/* The model's own feel is heard to the partner's end if the partner has none. */
static uint32_t feel_blends(const struct model *model)
{
    return model->partner && model->decoder.has_feel && model->partner->decoder.has_feel;
}

static void run_hidden(const struct model *model, uint32_t user, const float *latents)
{
    tflite_hidden(&model->decoder, latents, model->workspace[user]);
}

void blend_open(struct blend *blend, const struct model *model, uint32_t user,
                const float *position)
{
    const struct model *partner = model->partner;
    const float *others = position + model->decoder.latents;
    blend->model = model;
    blend->locks = locks_of(model);
    blend->user = user;
    blend->amount = partner ? mix(0, 1, others[partner->decoder.latents]) : 0;
    if (blend->amount < 1 || (model->decoder.has_feel && !feel_blends(model))) {
        run_hidden(model, user, position);
    }
    if (blend->amount > 0) {
        run_hidden(partner, user, others);
    }
}

uint32_t blend_batch(const struct blend *blend)
{
    const struct model *model = blend->model;
    const struct model *partner = blend->amount > 0 ? model->partner : model;
    return model->batch < partner->batch ? model->batch : partner->batch;
}

static float *scores_of(const struct model *model, uint32_t user, uint32_t cell, uint32_t cells)
{
    float *scores = model->scores[user];
    tflite_scores(&model->decoder, model->workspace[user], cell, cells, scores);
    to_logits(&model->decoder, scores, cells);
    return scores;
}

const float *blend_scores(const struct blend *blend, uint32_t step, uint32_t count)
{
    const struct model *model = blend->model;
    uint32_t voices = model->decoder.voices;
    uint32_t cells = count * voices;
    float *scores = NULL;
    if (blend->amount < 1) {
        scores = scores_of(model, blend->user, step * voices, cells);
    }
    if (blend->amount > 0) {
        float *others = scores_of(model->partner, blend->user, step * voices, cells);
        for (uint32_t i = 0; scores && i < cells; i++) {
            scores[i] = mix(scores[i], others[i], blend->amount);
        }
        scores = scores ? scores : others;
    }
    for (uint32_t i = 0; blend->locks && i < count; i++) {
        locks_restore(blend->locks, step + i, scores + i * voices, voices);
    }
    return scores;
}

/* No blend of the infinite with anything but itself is a number. */
static float mix_cutoffs(float a, float b, float amount)
{
    if (amount > 0 && amount < 1 && !(a < INFINITE && a > -INFINITE)) {
        return a;
    }
    if (amount > 0 && amount < 1 && !(b < INFINITE && b > -INFINITE)) {
        return b;
    }
    return a == b ? a : mix(a, b, amount) + 0.0f; /* no -0, see find_cells */
}

const float *blend_cutoffs(struct blend *blend)
{
    const struct model *model = blend->model;
    if (!model->partner) {
        return model->cutoff;
    }
    float *cutoffs = blend->cutoffs;
    for (uint32_t voice = 0; voice < model->decoder.voices; voice++) {
        float amount =
            locks_have(blend->locks, voice) ? locks_amount(blend->locks, voice) : blend->amount;
        cutoffs[voice] = mix_cutoffs(atomic_load_float(&model->cutoff[voice]),
                                     atomic_load_float(&model->partner->cutoff[voice]), amount);
    }
    return cutoffs;
}

static float value_of(const struct blend *blend, const struct model *model,
                      enum tflite_output output, uint32_t cell)
{
    return tflite_value(&model->decoder, model->workspace[blend->user], output, cell);
}

float blend_value(const struct blend *blend, enum tflite_output output, uint32_t cell)
{
    const struct model *model = blend->model;
    float amount = feel_blends(model) ? blend->amount : 0;
    if (locks_have(blend->locks, cell % model->decoder.voices)) {
        return locks_value(blend->locks, output, cell);
    }
    if (!(amount > 0)) {
        return value_of(blend, model, output, cell);
    }
    float others = value_of(blend, model->partner, output, cell);
    return amount < 1 ? mix(value_of(blend, model, output, cell), others, amount) : others;
}
