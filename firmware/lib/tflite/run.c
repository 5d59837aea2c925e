/* Runs a decoder that tflite_load has found good. */
#include <stddef.h>
#include <string.h>

#include "dense.h"
#include "operators.h"
#include "tflite.h"

/* Where the input of a layer lies. */
static void *input_of(const struct tflite_decoder *decoder, const void *workspace,
                      const struct tflite_dense *dense)
{
    return (char *)(uintptr_t)workspace + (dense->from ? decoder->layer[dense->from - 1].room : 0);
}

/* `of`: what the maps change, as in struct tflite_map. Returns how what comes out is written. */
static struct tflite_quant apply_maps(const struct tflite_decoder *decoder, unsigned of,
                                      float *values, uint32_t count)
{
    const struct tflite_map *map = decoder->map;
    struct tflite_quant out = of ? decoder->layer[of - 1].out : decoder->in;

    for (unsigned maps = decoder->maps; maps--; map++) {
        if (map->of == of) {
            for (uint32_t i = 0; i < count; i++) {
                values[i] = apply_map(map, values[i]);
            }
            out = map->out;
        }
    }
    return out;
}

void tflite_hidden(const struct tflite_decoder *decoder, const float *latents, void *workspace)
{
    float *values = workspace;
    uint32_t count = decoder->latents;

    memcpy(values, latents, count * sizeof *values);
    if (decoder->in.scale != 0) {
        for (unsigned i = 0; i < count; i++) {
            values[i] = quantise(values[i], decoder->in);
        }
    }
    dense_prepare(apply_maps(decoder, 0, values, count), values, count);
    for (unsigned i = 0; i < decoder->dense; i++) {
        const struct tflite_dense *dense = &decoder->layer[i];

        if (dense->room == TFLITE_NO_ROOM) {
            continue;
        }
        values = (void *)((char *)workspace + dense->room);
        dense_rows(dense, input_of(decoder, workspace, dense), 0, dense->rows, values);
        dense_prepare(apply_maps(decoder, i + 1, values, dense->rows), values, dense->rows);
    }
}

uint32_t tflite_workspace(const struct tflite_decoder *decoder)
{
    return decoder->workspace;
}

uint32_t tflite_room(const struct tflite_decoder *decoder, uint32_t *size)
{
    *size = decoder->room_size;
    return decoder->room;
}

void tflite_scores(const struct tflite_decoder *decoder, const void *workspace, unsigned first,
                   unsigned count, float *scores)
{
    const struct tflite_dense *last = &decoder->layer[decoder->last[TFLITE_HITS]];

    if (first >= decoder->outputs) {
        return;
    }
    if (count > decoder->outputs - first) {
        count = decoder->outputs - first;
    }
    dense_rows(last, input_of(decoder, workspace, last), first, count, scores);
}

/* What an output's layer has computed becomes what the model puts out. */
static float finish(const struct tflite_decoder *decoder, enum tflite_output output, float score)
{
    struct tflite_quant out = apply_maps(decoder, decoder->last[output] + 1u, &score, 1);

    /* An int8 model without a DEQUANTIZE at its end: give what the int8 stands for. */
    return out.scale != 0 ? (score - (float)out.zero) * out.scale : score;
}

float tflite_probability(const struct tflite_decoder *decoder, float score)
{
    return finish(decoder, TFLITE_HITS, score);
}

float tflite_value(const struct tflite_decoder *decoder, const void *workspace,
                   enum tflite_output output, unsigned cell)
{
    const struct tflite_dense *last = &decoder->layer[decoder->last[output]];
    float score;

    dense_rows(last, input_of(decoder, workspace, last), cell, 1, &score);
    return finish(decoder, output, score);
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
