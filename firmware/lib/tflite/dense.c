/* A dense layer, row by row. The sums run over the inputs in their order, one sum per row. */
#include "dense.h"

#include <string.h>

#include "operators.h"

static float half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, rest = (uint32_t)(half & 0x7fff) << 13;
    float value;

    if (rest >= UINT32_C(0x7c00) << 13) {
        rest |= UINT32_C(0xff) << 23; /* infinity or not a number */
        rest |= sign;
        memcpy(&value, &rest, sizeof value);
        return value;
    }
    /* The exponent's bias differs by 112; the product also sets subnormal numbers right. */
    memcpy(&value, &rest, sizeof value);
    value *= 0x1p112f;
    return sign ? -value : value;
}

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

static float clamp(const struct tflite_dense *dense, float x)
{
    return x < dense->low ? dense->low : x > dense->high ? dense->high : x;
}

static float row_float(const struct tflite_dense *dense, const float *input, uint32_t row)
{
    float sum = 0;
    uint32_t cols = dense->cols;

    if (dense->weights_are == TFLITE_F32) {
        const float *weights = (const float *)dense->weights + (size_t)row * cols;

        for (uint32_t i = 0; i < cols; i++)
            sum += weights[i] * input[i];
    } else if (dense->weights_are == TFLITE_F16) {
        const uint16_t *weights = (const uint16_t *)dense->weights + (size_t)row * cols;

        for (uint32_t i = 0; i < cols; i++)
            sum += half_to_float(weights[i]) * input[i];
    } else {
        const int8_t *weights = (const int8_t *)dense->weights + (size_t)row * cols;

        for (uint32_t i = 0; i < cols; i++)
            sum += (float)weights[i] * input[i];
        sum *= scale_of(dense, row);
    }
    return sum + bias_of(dense, row);
}

static float row_int8(const struct tflite_dense *dense, const int16_t *input, uint32_t row)
{
    const int8_t *weights = (const int8_t *)dense->weights + (size_t)row * dense->cols;
    uint32_t sum = 0;
    float scale = dense->in.scale * scale_of(dense, row) / dense->out.scale;

    if (dense->bias)
        sum = ((const uint32_t *)dense->bias)[row];
    /* Unsigned: a damaged file may make it wrap. */
    for (uint32_t i = 0; i < dense->cols; i++)
        sum += (uint32_t)(weights[i] * input[i]);
    return quantise((float)(int32_t)sum * scale, (struct tflite_quant){1, dense->out.zero});
}

void dense_prepare(const struct tflite_dense *dense, void *values)
{
    const float *from = values;
    int16_t *to = values;

    if (dense->in.scale == 0)
        return;
    for (uint32_t i = 0; i < dense->cols; i++) {
        float value;

        /* In place, from the left: what is read here has not been written yet. */
        memcpy(&value, &from[i], sizeof value);
        to[i] = (int16_t)(value - (float)dense->in.zero);
    }
}

void dense_rows(const struct tflite_dense *dense, const void *input, uint32_t first,
                uint32_t count, float *output)
{
    for (uint32_t row = first; row < first + count; row++) {
        float x = dense->in.scale == 0 ? row_float(dense, input, row)
                                       : row_int8(dense, input, row);

        *output++ = clamp(dense, x);
    }
}
