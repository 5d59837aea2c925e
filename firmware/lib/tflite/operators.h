/* The operators of the file format that a decoder may hold, and what they do to one element. */
#ifndef TFLITE_OPERATORS_H
#define TFLITE_OPERATORS_H

#include "tflite.h"

/* The file format's own numbers. */
enum {
    OP_DEQUANTIZE = 6,
    OP_FULLY_CONNECTED = 9,
    OP_LOGISTIC = 14,
    OP_RELU = 19,
    OP_RELU_N1_TO_1 = 20,
    OP_RELU6 = 21,
    OP_RESHAPE = 22,
    OP_TANH = 28,
    OP_CUSTOM = 32,
    OP_QUANTIZE = 114,
};

/* Its name, if it is one that other people's models are likely to hold, or NULL. */
const char *operator_name(uint32_t op);

/* Whether the operator treats every element alike. */
bool is_map(uint32_t op);

/* The int8 value nearest to x, as a float between -128 and 127. */
float quantise(float x, struct tflite_quant quant);

/* One element through one operator. int8 values come and go as floats that hold integers. */
float apply_map(const struct tflite_map *map, float x);

#endif
