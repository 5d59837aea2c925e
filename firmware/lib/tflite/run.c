/* Runs a decoder that tflite_load has found good. */
#include <stddef.h>
#include <string.h>

#include "dense.h"
#include "operators.h"
#include "tflite.h"

/* Where the inputs of a layer lie: the layers take the two halves of the workspace in turn. */
static void *input_of(const struct tflite_decoder *decoder, const void *workspace, unsigned layer)
{
    return (char *)(uintptr_t)workspace + (layer % 2 ? decoder->odd : 0);
}

static void apply_maps(const struct tflite_map *map, unsigned maps, float *values, uint32_t count)
{
    for (; maps--; map++) {
        for (uint32_t i = 0; i < count; i++) {
            values[i] = apply_map(map, values[i]);
        }
    }
}

void tflite_hidden(const struct tflite_decoder *decoder, const float *latents, void *workspace)
{
    const struct tflite_map *map = decoder->map + decoder->head;
    const struct tflite_dense *first = decoder->layer;
    const struct tflite_quant *in = decoder->head ? &decoder->map->in : &first->in;
    float *values = input_of(decoder, workspace, 0);

    memcpy(values, latents, decoder->latents * sizeof *values);
    if (in->scale != 0) {
        for (unsigned i = 0; i < decoder->latents; i++) {
            values[i] = quantise(values[i], *in);
        }
    }
    apply_maps(decoder->map, decoder->head, values, decoder->latents);
    dense_prepare(first, values);
    for (unsigned i = 0; i + 1 < decoder->dense; i++) {
        const struct tflite_dense *dense = &decoder->layer[i];
        float *next = input_of(decoder, workspace, i + 1);

        dense_rows(dense, input_of(decoder, workspace, i), 0, dense->rows, next);
        apply_maps(map, dense->maps, next, dense->rows);
        dense_prepare(dense + 1, next);
        map += dense->maps;
    }
}

uint32_t tflite_room(const struct tflite_decoder *decoder, uint32_t *size)
{
    /* The half that does not hold the last layer's input. */
    bool odd_is_free = decoder->dense % 2;

    *size = odd_is_free ? tflite_workspace(decoder) - decoder->odd : decoder->odd;
    return odd_is_free ? decoder->odd : 0;
}

void tflite_scores(const struct tflite_decoder *decoder, const void *workspace, unsigned first,
                   unsigned count, float *scores)
{
    unsigned last = decoder->dense - 1u;

    if (first >= decoder->outputs) {
        return;
    }
    if (count > decoder->outputs - first) {
        count = decoder->outputs - first;
    }
    dense_rows(&decoder->layer[last], input_of(decoder, workspace, last), first, count, scores);
}

float tflite_probability(const struct tflite_decoder *decoder, float score)
{
    const struct tflite_dense *last = &decoder->layer[decoder->dense - 1];
    const struct tflite_map *map = decoder->map + decoder->maps - last->maps;

    apply_maps(map, last->maps, &score, 1);
    /* An int8 model without a DEQUANTIZE at its end: give what the int8 stands for. */
    struct tflite_quant out = last->maps ? map[last->maps - 1].out : last->out;

    return out.scale != 0 ? (score - (float)out.zero) * out.scale : score;
}

/* All floats in their order, as integers: -infinity is the lowest. */
static float float_of_rank(int32_t rank)
{
    uint32_t bits = rank < 0 ? UINT32_C(0x80000000) | (uint32_t)(-1 - rank) : (uint32_t)rank;
    float value;

    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

float tflite_cutoff(const struct tflite_decoder *decoder, float threshold)
{
    const float infinity = __builtin_inff();
    const int32_t top = 0x7f800000, bottom = -1 - top; /* the ranks of the infinities */
    int32_t low = bottom, high = top;

    if (tflite_probability(decoder, -infinity) > threshold) {
        return -infinity;
    }
    if (!(tflite_probability(decoder, infinity) > threshold)) {
        return infinity;
    }
    while (high - 1 > low) {
        int32_t middle = (int32_t)(((int64_t)low + high) >> 1);

        if (tflite_probability(decoder, float_of_rank(middle)) > threshold) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return float_of_rank(low);
}
