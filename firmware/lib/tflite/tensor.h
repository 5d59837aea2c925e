/* What tflite_load knows while it reads, and the tensors of the file, checked. */
#ifndef TFLITE_TENSOR_H
#define TFLITE_TENSOR_H

#include "flatbuffer.h"
#include "tflite.h"
#include "words.h"

struct tensor {
    uint32_t index;
    uint32_t rows, cols;             /* every dimension but the last multiplied, and the last */
    uint8_t rank;                    /* how many dimensions it has */
    uint8_t number;                  /* enum tflite_number */
    uint32_t at, bytes;              /* its constant data in the file; bytes 0: an activation */
    struct flatvector scales, zeros; /* as many of both: none, one, or one per row */
};

enum { MOST_TENSORS = 255 };

/* The activation that a branch of the tree has reached: of the latents, or of a layer's output. */
struct flow {
    uint32_t tensor;
    uint32_t width, last;      /* its elements, and its last dimension when the decoder runs */
    struct tflite_quant quant; /* how it is written */
    float range;               /* no float of it is greater than this, nor less than minus this */
    bool read;                 /* by a layer: no other operator may change it */
};

struct loader {
    struct flatbuffer flat;
    struct tflite_decoder *decoder;
    struct words words;
    struct flatvector codes, buffers, tensors, operators, signatures;
    uint32_t done;                           /* how many operators have been read */
    struct flow flows[1 + TFLITE_MAX_DENSE]; /* 0: the latents, n: layer n - 1 */
    struct flow *flow;                       /* what the operator that is read reads */
    uint8_t written[MOST_TENSORS / 8 + 1];   /* a bit for each tensor that has been computed */
};

/* Notes what is wrong, unless something was before. */
void load_note(struct loader *loader, const char *text);
void load_note_number(struct loader *loader, const char *before, uint32_t number,
                      const char *after);

/* Shared, as each sentence takes its room in the .mpy; the computer says more before it sends a
 * file (host/latentrack/decoder/playable.py). */
#define LOAD_MISSING "damaged: a part of it is missing"
#define LOAD_NO_CHAIN "the operators are not one chain from input to output"

/* Fields of an operator that more than one reader looks at. */
enum { OPERATOR_INPUTS = FLAT_FIELD(1, 4), OPERATOR_OUTPUTS = FLAT_FIELD(2, 4) };

/* The same, and false: inline, so that the compiler knows. */
static inline bool load_fail(struct loader *loader, const char *text)
{
    load_note(loader, text);
    return false;
}

static inline bool load_fail_operator(struct loader *loader)
{
    return load_fail(loader, "damaged: an operator does not fit its tensors or options");
}

/* Whether a string of the file is this one. */
bool load_is_called(const struct loader *loader, struct flatvector name, const char *wanted,
                    uint32_t length);

/* The bytes of buffer number `index`: a vector inside the file (not appended behind it). */
bool tensor_buffer(struct loader *loader, uint32_t index, struct flatvector *data);

/* Everything about a tensor; its constant data, if any, is exactly as large as its shape says. */
bool tensor_read(struct loader *loader, uint32_t index, struct tensor *tensor);

/* An activation that nothing has written yet, and how it is written: float, or int8 with one scale
 * and zero point. */
bool tensor_activation(struct loader *loader, uint32_t index, struct tensor *tensor,
                       struct tflite_quant *quant);

#endif
