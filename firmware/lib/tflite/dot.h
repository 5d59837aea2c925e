/* The innermost loops: rows of weights times the inputs, one row, or many rows in fours.
 *
 * The one-row functions are plain C. The ones in fours are the same sums, bit for bit: on a
 * Cortex-M7 in hand-written assembly (dot_f32, too), elsewhere by the plain ones.
 *
 * A row is summed from its bias on, over the inputs in their order, each product added with one
 * rounding (as LiteRT's own kernels do, so that the logits are the same numbers).
 */
#ifndef TFLITE_DOT_H
#define TFLITE_DOT_H

#include <stdint.h>

#include "m7.h"

float half_to_float_plain(uint16_t half);

static inline float half_to_float(uint16_t half)
{
#ifdef TFLITE_M7
    float value;

    __asm("vmov %0, %1\n\tvcvtb.f32.f16 %0, %0" : "=t"(value) : "r"(half));
    return value;
#else
    return half_to_float_plain(half);
#endif
}

float dot_f32(const float *weights, const float *input, uint32_t cols, float sum);
float dot_f16(const uint16_t *weights, const float *input, uint32_t cols, float sum);
float dot_hybrid(const int8_t *weights, float scale, const float *input, uint32_t cols, float sum);

/* int8 inputs come as int16 without their zero point, in the order that int8_index gives. */
int32_t dot_i8(const int8_t *weights, const int16_t *input, uint32_t cols, int32_t sum);

/* Where input i of cols lies: within a block of four in the order 0 2 1 3, which is how one
 * instruction takes two of four bytes apart; the inputs behind the last whole block in their order.
 */
static inline uint32_t int8_index(uint32_t i, uint32_t cols)
{
    uint32_t swapped = (i & ~UINT32_C(3)) | (i & 1) << 1 | (i & 2) >> 1;

    return i < (cols & ~UINT32_C(3)) ? swapped : i;
}

/* 4 x fours rows, one behind the other; sums[i] = bias[i] + row i times the inputs. fours is not 0.
 * The bias may be the sums. */
void fours_f32(const float *weights, const float *input, uint32_t cols, const float *bias,
               float *sums, uint32_t fours);
void fours_i8(const int8_t *weights, const int16_t *input, uint32_t cols, const int32_t *bias,
              int32_t *sums, uint32_t fours);

/* Four rows of int8 weights with a scale each; plain C, but an input is loaded for four rows. */
void four_hybrid(const int8_t *weights, const float scales[4], const float *input, uint32_t cols,
                 const float *bias, float *sums);

/* The rows 0, step, 2 step, ... with the biases and the sums of the same numbers. These rows must
 * be alike in their address modulo 4: step 2 where cols is odd, else 1. */
void fours_f16(const uint16_t *weights, const float *input, uint32_t cols, const float *bias,
               float *sums, uint32_t fours, uint32_t step);

#endif
