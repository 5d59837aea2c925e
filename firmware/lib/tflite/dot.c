/* One row at a time, in plain C; and many, where there is no assembly for them. */
#include "dot.h"

#include <stddef.h>
#include <string.h>

float half_to_float_plain(uint16_t half)
{
    uint32_t bits = (uint32_t)(half & 0x7fff) << 13, sign = (uint32_t)(half & 0x8000) << 16;
    float value;

    if (bits >= UINT32_C(0x7c00) << 13) {
        bits |= sign | UINT32_C(0xff) << 23; /* infinity or not a number */
        __builtin_memcpy(&value, &bits, sizeof value);
        return value;
    }
    /* The exponent's bias differs by 112; the product also sets subnormal numbers right. */
    __builtin_memcpy(&value, &bits, sizeof value);
    value *= 0x1p112f;
    return sign ? -value : value;
}

/* a * b + c rounded once. Without an instruction for it, the product is exact in double and the sum
 * as good as (it is rounded twice, which shows once in 2^29 sums). */
static inline float fused(float a, float b, float c)
{
#ifdef __ARM_FEATURE_FMA
    return __builtin_fmaf(a, b, c);
#else
    return (float)((double)a * b + c);
#endif
}

#ifndef TFLITE_M7
float dot_f32(const float *weights, const float *input, uint32_t cols, float sum)
{
    for (; cols--; weights++, input++) {
        sum = fused(*weights, *input, sum);
    }
    return sum;
}
#endif

float dot_f16(const uint16_t *weights, const float *input, uint32_t cols, float sum)
{
    for (; cols--; weights++, input++) {
        sum = fused(half_to_float(*weights), *input, sum);
    }
    return sum;
}

float dot_hybrid(const int8_t *weights, float scale, const float *input, uint32_t cols, float sum)
{
    for (; cols--; weights++, input++) {
        sum = fused((float)*weights * scale, *input, sum);
    }
    return sum;
}

void four_hybrid(const int8_t *weights, const float scales[4], const float *input, uint32_t cols,
                 const float *bias, float *sums)
{
    float scale0 = scales[0], scale1 = scales[1], scale2 = scales[2], scale3 = scales[3];
    float sum0 = bias[0], sum1 = bias[1], sum2 = bias[2], sum3 = bias[3];

    for (uint32_t left = cols; left--; weights++) {
        float x = *input++;

        sum0 = fused((float)weights[0] * scale0, x, sum0);
        sum1 = fused((float)weights[cols] * scale1, x, sum1);
        sum2 = fused((float)weights[2 * cols] * scale2, x, sum2);
        sum3 = fused((float)weights[3 * cols] * scale3, x, sum3);
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

int32_t dot_i8(const int8_t *weights, const int16_t *input, uint32_t cols, int32_t sum)
{
    uint32_t total = (uint32_t)sum; /* wraps, should a file's bias make it */

    for (uint32_t i = 0; i < cols; i++) {
        total += (uint32_t)(weights[i] * input[int8_index(i, cols)]);
    }
    return (int32_t)total;
}

#ifndef TFLITE_M7
/* Four rows at once, so that an input is loaded and widened for all of them. */
void fours_f32(const float *weights, const float *input, uint32_t cols, const float *bias,
               float *sums, uint32_t fours)
{
    for (; fours--; weights += 4 * (size_t)cols, bias += 4, sums += 4) {
        const float *row0 = weights, *row1 = row0 + cols, *row2 = row1 + cols, *row3 = row2 + cols;
        float sum0 = bias[0], sum1 = bias[1], sum2 = bias[2], sum3 = bias[3];

        for (uint32_t i = 0; i < cols; i++) {
            sum0 = fused(row0[i], input[i], sum0);
            sum1 = fused(row1[i], input[i], sum1);
            sum2 = fused(row2[i], input[i], sum2);
            sum3 = fused(row3[i], input[i], sum3);
        }
        sums[0] = sum0;
        sums[1] = sum1;
        sums[2] = sum2;
        sums[3] = sum3;
    }
}

void fours_f16(const uint16_t *weights, const float *input, uint32_t cols, const float *bias,
               float *sums, uint32_t fours, uint32_t step)
{
    for (size_t i = 0; i < 4 * fours * step; i += step) {
        sums[i] = dot_f16(weights + i * cols, input, cols, bias[i]);
    }
}

void fours_i8(const int8_t *weights, const int16_t *input, uint32_t cols, const int32_t *bias,
              int32_t *sums, uint32_t fours)
{
    uint32_t blocks = cols & ~UINT32_C(3);

    for (size_t i = 0; i < 4 * fours; i++, weights += cols) {
        uint32_t total = (uint32_t)bias[i]; /* wraps, as in dot_i8 */
        uint32_t k = 0;

        for (; k < blocks; k += 4) {
            total += (uint32_t)(weights[k] * input[k] + weights[k + 1] * input[k + 2] +
                                weights[k + 2] * input[k + 1] + weights[k + 3] * input[k + 3]);
        }
        for (; k < cols; k++) {
            total += (uint32_t)(weights[k] * input[k]);
        }
        sums[i] = (int32_t)total;
    }
}
#endif
