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

/* An operator that a decoder may hold. */
struct operator_kind {
    uint16_t versions; /* bit n: version n is known */
    uint8_t op;
    uint8_t options; /* the file format's number of its options, 0: it has none */
    uint8_t inputs;  /* at most */
};

/* What is known of an operator, or NULL. */
const struct operator_kind *operator_kind(uint32_t op);

/* The int8 value nearest to x, as a float between -128 and 127. */
float quantise(float x, struct tflite_quant quant);

/* One element through one operator. int8 values come and go as floats that hold integers. */
float apply_map(const struct tflite_map *map, float x);

#endif
