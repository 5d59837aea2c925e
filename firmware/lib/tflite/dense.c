/* A dense layer: rows in fours where there are four, the rest one by one, then the activation. */
#include "dense.h"

#include <stddef.h>
#include <string.h>

#include "dot.h"

/* Not a number becomes low. */
static inline float clamp(float low, float x, float high)
{
#ifdef TFLITE_M7
    return __builtin_fminf(__builtin_fmaxf(x, low), high); /* one instruction each */
#else
    x = x > low ? x : low;
    return x < high ? x : high;
#endif
}

/* The biases of the rows from `row` on, as floats: where they lie if they are that, else made in
 * `room`. */
static const float *float_bias(const struct tflite_dense *dense, uint32_t row, uint32_t count,
                               float *room)
{
    if (dense->bias_are == TFLITE_F32) {
        return (const float *)dense->bias + row;
    }
    for (uint32_t i = 0; i < count; i++) {
        room[i] = dense->bias ? half_to_float(((const uint16_t *)dense->bias)[row + i]) : 0;
    }
    return room;
}

static void rows_f32(const struct tflite_dense *dense, const float *input, uint32_t row,
                     uint32_t count, const float *bias, float *output)
{
    uint32_t cols = dense->cols, i = count & ~UINT32_C(3);
    const float *weights = (const float *)dense->weights + (size_t)row * cols;

    if (i) {
        fours_f32(weights, input, cols, bias, output, i / 4);
    }
    for (; i < count; i++) {
        output[i] = dot_f32(weights + (size_t)i * cols, input, cols, bias[i]);
    }
}

static void rows_f16(const struct tflite_dense *dense, const float *input, uint32_t row,
                     uint32_t count, const float *bias, float *output)
{
    /* Rows of an odd number of halves: every other one starts alike in its word. */
    uint32_t cols = dense->cols, step = cols % 2 + 1, i = count & ~(4 * step - 1);
    const uint16_t *weights = (const uint16_t *)dense->weights + (size_t)row * cols;

    for (uint32_t k = 0; i && k < step; k++) {
        fours_f16(weights + k * cols, input, cols, bias + k, output + k, i / (4 * step), step);
    }
    for (; i < count; i++) {
        output[i] = dot_f16(weights + (size_t)i * cols, input, cols, bias[i]);
    }
}

static void rows_hybrid(const struct tflite_dense *dense, const float *input, uint32_t row,
                        uint32_t count, const float *bias, float *output)
{
    uint32_t cols = dense->cols, i = 0;
    const int8_t *weights = (const int8_t *)dense->weights + (size_t)row * cols;
    const float *scale = dense->scales + (dense->per_row ? row : 0);
    float scales[4];

    for (; i < count; i += 4, weights += 4 * cols) {
        for (uint32_t k = 0; k < 4 && i + k < count; k++, scale += dense->per_row) {
            scales[k] = *scale;
        }
        if (count - i >= 4) {
            four_hybrid(weights, scales, input, cols, bias + i, output + i);
        } else {
            for (uint32_t k = 0; i + k < count; k++) {
                output[i + k] = dot_hybrid(weights + k * cols, scales[k], input, cols, bias[i + k]);
            }
        }
    }
}

static void activate(const struct tflite_dense *dense, float *output, uint32_t count)
{
    float low = dense->low, high = dense->high;

    if (low > -__builtin_inff()) {
        for (; count; count--, output++) {
            *output = clamp(low, *output, high);
        }
    }
}

/* Sums become int8 values (as floats), in place: scaled, clamped, rounded half to even. As the
 * bounds are whole numbers, it is all the same whether rounding or clamping comes first. */
static void requantise(const struct tflite_dense *dense, uint32_t row, uint32_t count,
                       float *output)
{
    const float big = 12582912.0f; /* 1.5 x 2^23: adding it rounds off what is below one */
    const float *scale = dense->scales + (dense->per_row ? row : 0);
    float in_scale = dense->in.scale, out_scale = dense->out.scale, zero = (float)dense->out.zero;
    float low = dense->low - zero, high = dense->high - zero;

    for (; count; count--, output++, scale += dense->per_row) {
        int32_t sum;

        __builtin_memcpy(&sum, output, sizeof sum);
        *output = clamp(low, (float)sum * (in_scale * *scale / out_scale), high);
        *output = (*output + big) - big + zero;
    }
}

static void rows_i8(const struct tflite_dense *dense, const int16_t *input, uint32_t row,
                    uint32_t count, int32_t *sums)
{
    uint32_t cols = dense->cols, i = count & ~UINT32_C(3);
    const int8_t *weights = (const int8_t *)dense->weights + (size_t)row * cols;
    const int32_t *bias = sums;

    if (dense->bias) {
        bias = (const int32_t *)dense->bias + row;
    } else {
        memset(sums, 0, count * sizeof *sums);
    }
    if (i) {
        fours_i8(weights, input, cols, bias, sums, i / 4);
    }
    for (; i < count; i++) {
        sums[i] = dot_i8(weights + (size_t)i * cols, input, cols, bias[i]);
    }
}

void dense_prepare(struct tflite_quant quant, void *values, uint32_t count)
{
    const float *from = values;
    int16_t *to = values;
    float zero = (float)quant.zero;

    if (quant.scale == 0) {
        return;
    }
    /* In place, from the left, a block at a time: what is read has not been overwritten yet. */
    for (; count >= 4; count -= 4, from += 4, to += 4) {
        float a = from[0], b = from[1], c = from[2], d = from[3];

        to[0] = (int16_t)(a - zero);
        to[1] = (int16_t)(c - zero);
        to[2] = (int16_t)(b - zero);
        to[3] = (int16_t)(d - zero);
    }
    while (count--) {
        float value = *from++;

        *to++ = (int16_t)(value - zero);
    }
}

void dense_rows(const struct tflite_dense *dense, const void *input, uint32_t first, uint32_t count,
                float *output)
{
    const float *bias;

    if (dense->in.scale != 0) {
        rows_i8(dense, input, first, count, (int32_t *)(void *)output);
        requantise(dense, first, count, output);
        return;
    }
    bias = float_bias(dense, first, count, output);
    if (dense->weights_are == TFLITE_F32) {
        rows_f32(dense, input, first, count, bias, output);
    } else if (dense->weights_are == TFLITE_F16) {
        rows_f16(dense, input, first, count, bias, output);
    } else {
        rows_hybrid(dense, input, first, count, bias, output);
    }
    activate(dense, output, count);
}
