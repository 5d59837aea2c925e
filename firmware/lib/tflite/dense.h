/* A dense layer: outputs = weights x inputs + bias, for each way the numbers can be written. */
#ifndef TFLITE_DENSE_H
#define TFLITE_DENSE_H

#include "tflite.h"

/* Puts values, in place, into the form that the layers which read them need: floats stay floats,
 * int8 values become int16 without their zero point. `values` holds floats; `quant` says how they
 * are written. */
void dense_prepare(struct tflite_quant quant, void *values, uint32_t count);

/* Rows first to first + count - 1, which must exist. `input` was prepared. int8 results come as
 * floats that hold integers. */
void dense_rows(const struct tflite_dense *dense, const void *input, uint32_t first, uint32_t count,
                float *output);

#endif
