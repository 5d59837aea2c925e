/* What the element by element operators do, and the names of the ones that are refused.
 *
 * The sigmoid is computed in double precision: then the float it is rounded to never falls while
 * its argument rises, which a cut-off found by bisection needs, and it lies within half a unit in
 * the last place of the exact value. It is not in the hot path: gates compare scores.
 */
#include "operators.h"

#include <stddef.h>
#include <string.h>

/* e^x for x <= 0, in double: x = n ln 2 + r, |r| <= ln 2 / 2, then the Taylor series of e^r, whose
 * first left out term r^13/13! is below 2e-16. */
static double exp_negative(double x)
{
    static const double inverse[] = {1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880,
                                     1.0 / 40320,     1.0 / 5040,     1.0 / 720,     1.0 / 120,
                                     1.0 / 24,        1.0 / 6,        1.0 / 2,       1.0};
    int32_t n;
    uint64_t bits;
    double r, sum = 0, power;

    if (!(x > -700)) {
        return 0;
    }
    n = (int32_t)(x * 1.4426950408889634 - 0.5);
    /* ln 2 in two parts: the product of n and the first is exact. */
    r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
    for (unsigned i = 0; i < sizeof inverse / sizeof *inverse; i++) {
        sum = sum * r + inverse[i];
    }
    bits = (uint64_t)(n + 1023) << 52;
    __builtin_memcpy(&power, &bits, sizeof power);
    return (sum * r + 1.0) * power;
}

static float sigmoid(float x)
{
    double e = exp_negative(x < 0 ? (double)x : -(double)x);

    return (float)((x < 0 ? e : 1.0) / (1.0 + e));
}

static float hyperbolic_tangent(float x)
{
    double a = x < 0 ? -(double)x : (double)x;
    double e, t;

    /* Below this the difference from x is less than a float can tell, and 1 - e loses digits. */
    if (a < 0x1p-12) {
        return x;
    }
    e = exp_negative(-2 * a);
    t = (1.0 - e) / (1.0 + e);
    return (float)(x < 0 ? -t : t);
}

/* Half to even, for values of up to 2^22, as the current rounding mode does. */
static float round_even(float x)
{
    const float big = 12582912.0f; /* 1.5 x 2^23: what is below one is rounded off in the sum */

    return (x + big) - big;
}

static float between(float low, float x, float high)
{
    return x > high ? high : x > low ? x : low; /* not a number becomes low */
}

float quantise(float x, struct tflite_quant quant)
{
    /* Clamped before it is rounded, so that infinities do no harm. */
    float y = between(-1024, x / quant.scale, 1024);

    return between(-128, round_even(y) + (float)quant.zero, 127);
}

float apply_map(const struct tflite_map *map, float x)
{
    /* A little more than 1: what lies between two int8 values goes away from zero, as LiteRT's RELU
     * rounds, and not to the even one. */
    float away = 1;

    if (map->in.scale != 0) {
        x = (x - (float)map->in.zero) * map->in.scale;
        away = 1 + 0x1p-22f;
    }
    switch (map->op) {
    case OP_LOGISTIC:
        x = sigmoid(x);
        break;
    case OP_TANH:
        x = hyperbolic_tangent(x);
        break;
    case OP_RELU:
        x = between(0, x * away, __builtin_inff());
        break;
    case OP_RELU6:
        x = between(0, x * away, 6);
        break;
    case OP_RELU_N1_TO_1:
        x = between(-1, x * away, 1);
        break;
    default: /* QUANTIZE, DEQUANTIZE: only the number changes */
        break;
    }
    return map->out.scale != 0 ? quantise(x, map->out) : x;
}

const struct operator_kind *operator_kind(uint32_t op)
{
    enum { ONE = 1 << 1, TO_3 = 0xf - 1, TO_6 = 0x7f - 1 };
    /* LiteRT has other kernels, which round otherwise, for version 8 of FULLY_CONNECTED. */
    enum { TO_12_BUT_8 = 0x1fff - 1 - (1 << 8) };
    static const struct operator_kind kinds[] = {
        {TO_6, OP_DEQUANTIZE, 38, 1}, {TO_12_BUT_8, OP_FULLY_CONNECTED, 8, 3},
        {TO_3, OP_LOGISTIC, 0, 1},    {TO_3, OP_RELU, 0, 1},
        {ONE, OP_RELU_N1_TO_1, 0, 1}, {TO_3, OP_RELU6, 0, 1},
        {ONE, OP_RESHAPE, 17, 2},     {TO_3, OP_TANH, 0, 1},
        {TO_3, OP_QUANTIZE, 89, 1}};

    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].op == op) {
            return &kinds[i];
        }
    }
    return NULL;
}

const char *operator_name(uint32_t op)
{
    /* One string of number and name pairs: a table of pointers would need relocating. */
    static const char names[] = "\000ADD\0\002CONCATENATION\0\003CONV_2D\0\004DEPTHWISE_CONV_2D\0"
                                "\021MAX_POOL_2D\0\022MUL\0\031SOFTMAX\0\042PAD\0\050MEAN\0"
                                "\051SUB\0\061SPLIT\0\142LEAKY_RELU\0\143SQUARED_DIFFERENCE\0"
                                "\165HARD_SWISH\0\176BATCH_MATMUL\0";
    const char *name = names;

    while (name < names + sizeof names - 1) {
        if ((uint8_t)*name == op) {
            return name + 1;
        }
        name++;
        while (*name++)
            ;
    }
    return NULL;
}
