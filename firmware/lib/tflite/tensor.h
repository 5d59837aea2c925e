/* What tflite_load knows while it reads, and the tensors of the file, checked. */
#ifndef TFLITE_TENSOR_H
#define TFLITE_TENSOR_H

#include "flatbuffer.h"
#include "tflite.h"
#include "words.h"

struct tensor {
    uint32_t index;
    uint32_t rows, cols; /* every dimension but the last multiplied, and the last */
    uint8_t number;      /* enum tflite_number */
    uint32_t at, bytes;  /* its constant data in the file; bytes 0: an activation */
    struct flatvector scales, zeros;
    uint32_t axis;
};

struct loader {
    struct tflite_decoder *decoder;
    struct flatbuffer flat;
    struct words words;
    struct flatvector codes, buffers, tensors;
    struct tensor flow;        /* the activation that the chain has reached */
    struct tflite_quant quant; /* and how it is written */
};

/* Notes what is wrong, unless something was before; always false. */
bool load_fail(struct loader *loader, const char *text);
bool load_fail_number(struct loader *loader, const char *before, uint32_t number,
                      const char *after);

/* The bytes of buffer number `index`: a vector inside the file (not appended behind it). */
bool tensor_buffer(struct loader *loader, uint32_t index, struct flatvector *data);

/* Everything about a tensor; its constant data, if any, is exactly as large as its shape says. */
bool tensor_read(struct loader *loader, uint32_t index, struct tensor *tensor);

/* An activation, seen as one row, and how it is written: float, or int8 with one scale and zero
 * point. */
bool tensor_activation(struct loader *loader, uint32_t index, struct tensor *tensor,
                       struct tflite_quant *quant);

#endif
