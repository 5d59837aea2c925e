/* A dense layer: rows in fours where there are four, the rest one by one. */
#include "dense.h"

#include <stddef.h>

#include "dot.h"

static float bias_of(const struct tflite_dense *dense, uint32_t row)
{
    if (dense->bias_are == TFLITE_F32)
        return ((const float *)dense->bias)[row];
    if (dense->bias_are == TFLITE_F16)
        return half_to_float(((const uint16_t *)dense->bias)[row]);
    return 0;
}

static float scale_of(const struct tflite_dense *dense, uint32_t row)
{
    return dense->scales[dense->per_row ? row : 0];
}

static float clamp(float low, float x, float high)
{
    return x < low ? low : x > high ? high : x;
}

static float row_float(const struct tflite_dense *dense, const float *input, uint32_t row)
{
    uint32_t cols = dense->cols;
    size_t at = (size_t)row * cols;
    float sum = bias_of(dense, row);

    if (dense->weights_are == TFLITE_F32)
        return dot_f32((const float *)dense->weights + at, input, cols, sum);
    if (dense->weights_are == TFLITE_F16)
        return dot_f16((const uint16_t *)dense->weights + at, input, cols, sum);
    return dot_hybrid((const int8_t *)dense->weights + at, scale_of(dense, row), input, cols, sum);
}

/* The rows row, row + step, row + 2 step and row + 3 step. */
static void four_float(const struct tflite_dense *dense, const float *input, uint32_t row,
                       uint32_t step, float *output)
{
    uint32_t cols = dense->cols;
    size_t at = (size_t)row * cols;
    struct four_floats sums;

    for (unsigned i = 0; i < 4; i++)
        sums.sum[i] = bias_of(dense, row + i * step);
    if (dense->weights_are == TFLITE_F32)
        sums = dot4_f32((const float *)dense->weights + at, step * cols, input, cols, sums);
    else
        sums = dot4_f16((const uint16_t *)dense->weights + at, step * cols, input, cols, sums);
    for (unsigned i = 0; i < 4; i++)
        output[i * step] = clamp(dense->low, sums.sum[i], dense->high);
}

static void rows_float(const struct tflite_dense *dense, const float *input, uint32_t row,
                       uint32_t end, float *output)
{
    /* Rows of an odd number of halves: every other one starts alike in its word. */
    uint32_t step = dense->weights_are == TFLITE_F16 && dense->cols % 2 != 0 ? 2 : 1;

    while (dense->weights_are != TFLITE_I8 && end - row >= 4 * step) {
        for (uint32_t i = 0; i < step; i++)
            four_float(dense, input, row + i, step, output + i);
        row += 4 * step;
        output += 4 * step;
    }
    for (; row < end; row++)
        *output++ = clamp(dense->low, row_float(dense, input, row), dense->high);
}

/* A sum becomes an int8 value (as a float): scaled, clamped, rounded half to even. As the bounds
 * are whole numbers, it is all the same whether rounding or clamping comes first. */
static void requantise(const struct tflite_dense *dense, const int32_t *sums, uint32_t row,
                       uint32_t count, float *output)
{
    const float big = 12582912.0f; /* 1.5 x 2^23: adding it rounds off what is below one */
    float in_scale = dense->in.scale, out_scale = dense->out.scale, zero = (float)dense->out.zero;
    float low = dense->low - zero, high = dense->high - zero;

    while (count--) {
        float scale = in_scale * scale_of(dense, row++) / out_scale;

        *output++ = (clamp(low, (float)*sums++ * scale, high) + big) - big + zero;
    }
}

static void rows_int8(const struct tflite_dense *dense, const int16_t *input, uint32_t row,
                      uint32_t end, float *output)
{
    const int8_t *weights = (const int8_t *)dense->weights + (size_t)row * dense->cols;
    const int32_t *bias = dense->bias;
    uint32_t cols = dense->cols;

    while (row < end) {
        uint32_t count = end - row < 4 ? end - row : 4;
        int32_t sums[4] = {0, 0, 0, 0};

        for (uint32_t i = 0; bias && i < count; i++)
            sums[i] = bias[row + i];
        if (count == 4)
            dot4_i8(weights, cols, input, cols, sums);
        else
            for (uint32_t i = 0; i < count; i++)
                sums[i] = dot_i8(weights + i * cols, input, cols, sums[i]);
        requantise(dense, sums, row, count, output);
        weights += 4 * cols;
        output += count;
        row += count;
    }
}

void dense_prepare(const struct tflite_dense *dense, void *values)
{
    const float *from = values;
    int16_t *to = values;
    uint32_t cols = dense->cols;

    if (dense->in.scale == 0)
        return;
    /* In place, from the left, a block at a time: what is read has not been overwritten yet. */
    for (uint32_t i = 0; i < cols; i += 4) {
        int16_t block[4];
        uint32_t count = cols - i < 4 ? cols - i : 4;

        for (uint32_t k = 0; k < count; k++)
            block[k] = (int16_t)(from[i + k] - (float)dense->in.zero);
        for (uint32_t k = 0; k < count; k++)
            to[int8_place(i + k, cols)] = block[k];
    }
}

void dense_rows(const struct tflite_dense *dense, const void *input, uint32_t first,
                uint32_t count, float *output)
{
    if (dense->in.scale == 0)
        rows_float(dense, input, first, first + count, output);
    else
        rows_int8(dense, input, first, first + count, output);
}
