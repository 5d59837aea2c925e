/* Tensors: shape, number type, quantisation, and where their data lies. */
#include "tensor.h"

#include <string.h>

/* Field numbers of the file format's tables (schema version 3), and of number types. */
enum {
    TENSOR_SHAPE = FLAT_FIELD(0, 4),
    TENSOR_TYPE = FLAT_FIELD(1, 1),
    TENSOR_BUFFER = FLAT_FIELD(2, 4),
    TENSOR_QUANT = FLAT_FIELD(4, 4)
};
enum {
    TENSOR_VARIABLE = FLAT_FIELD(5, 1),
    TENSOR_SPARSE = FLAT_FIELD(6, 4),
    TENSOR_VARIANT = FLAT_FIELD(9, 4),
    TENSOR_EXTERNAL = FLAT_FIELD(10, 4)
};
enum {
    QUANT_SCALE = FLAT_FIELD(2, 4),
    QUANT_ZERO = FLAT_FIELD(3, 8),
    QUANT_DETAILS = FLAT_FIELD(4, 1),
    QUANT_AXIS = FLAT_FIELD(6, 4)
};
enum { BUFFER_DATA = FLAT_FIELD(0, 1), BUFFER_OFFSET = FLAT_FIELD(1, 8) };
enum { TYPE_F32 = 0, TYPE_F16 = 1, TYPE_I32 = 2, TYPE_I8 = 9 };

enum { WIDEST = 65535 };

#define LARGEST_SCALE 1e6f

/* A damaged file may name a dimension over and over: a bound on how long reading can take. */
enum { MOST_DIMENSIONS = 8 };

static const char WRONG_SHAPE[] = " has a shape out of range";
static const char WRONG_QUANT[] = " has a scale or a zero point out of range";
static const char WRONG_TYPE[] = " is of a number type that is not supported";

void load_note(struct loader *loader, const char *text)
{
    if (!loader->flat.broken) {
        words_text(&loader->words, text);
        loader->flat.broken = loader->words.text;
    }
}

void load_note_number(struct loader *loader, const char *before, uint32_t number, const char *after)
{
    if (!loader->flat.broken) {
        words_text(&loader->words, before);
        words_number(&loader->words, number);
    }
    load_note(loader, after);
}

bool load_is_called(const struct loader *loader, struct flatvector name, const char *wanted,
                    uint32_t length)
{
    return name.count == length && memcmp(loader->flat.bytes + name.at, wanted, length) == 0;
}

static void note_tensor(struct loader *loader, uint32_t index, const char *text)
{
    load_note_number(loader, "tensor ", index, text);
}

static inline bool fail_tensor(struct loader *loader, uint32_t index, const char *text)
{
    note_tensor(loader, index, text);
    return false;
}

static float read_float(struct loader *loader, uint32_t at)
{
    uint32_t bits = flat_u32(&loader->flat, at);
    float value;

    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

bool tensor_buffer(struct loader *loader, uint32_t index, struct flatvector *data)
{
    struct flatbuffer *flat = &loader->flat;
    uint32_t buffer, offset;

    if (index >= loader->buffers.count) {
        return load_fail(loader, LOAD_MISSING);
    }
    buffer = flat_element(flat, loader->buffers, index);
    flat_vector(flat, buffer, BUFFER_DATA, data);
    /* 1 is what a writer puts down before it knows. */
    offset = flat_field(flat, buffer, BUFFER_OFFSET);
    if (offset && (flat_u32(flat, offset) > 1 || flat_u32(flat, offset + 4) != 0)) {
        return load_fail(loader, "weights that lie behind the model are not supported");
    }
    return !flat->broken;
}

static bool read_shape(struct loader *loader, struct tensor *tensor, struct flatvector shape)
{
    tensor->rows = tensor->cols = 1;
    tensor->rank = (uint8_t)shape.count;
    if (shape.count > MOST_DIMENSIONS) {
        return fail_tensor(loader, tensor->index, WRONG_SHAPE);
    }
    for (uint32_t i = 0; i < shape.count; i++) {
        uint32_t extent = flat_u32(&loader->flat, shape.at + 4 * i);

        if (extent == 0 || extent > WIDEST || tensor->rows > WIDEST / tensor->cols) {
            return fail_tensor(loader, tensor->index, WRONG_SHAPE);
        }
        tensor->rows *= tensor->cols;
        tensor->cols = extent;
    }
    return !loader->flat.broken;
}

static bool read_quant(struct loader *loader, struct tensor *tensor, uint32_t table,
                       struct flatvector shape)
{
    struct flatbuffer *flat = &loader->flat;
    uint32_t quant = flat_table(flat, table, TENSOR_QUANT);
    uint32_t axis = flat_scalar(flat, quant, QUANT_AXIS), scales;

    flat_vector(flat, quant, QUANT_SCALE, &tensor->scales);
    flat_vector(flat, quant, QUANT_ZERO, &tensor->zeros);
    scales = tensor->scales.count;
    if (flat_scalar(flat, quant, QUANT_DETAILS)) {
        return fail_tensor(loader, tensor->index, WRONG_QUANT);
    }
    if (scales == 0) {
        return !flat->broken;
    }
    if (scales != tensor->zeros.count || axis != 0 || shape.count == 0 ||
        (scales > 1 && scales != flat_u32(flat, shape.at))) {
        return fail_tensor(loader, tensor->index, WRONG_QUANT);
    }
    for (uint32_t i = 0; i < scales; i++) {
        float scale = read_float(loader, tensor->scales.at + 4 * i);

        if (!(scale >= __FLT_MIN__ && scale <= LARGEST_SCALE)) {
            return fail_tensor(loader, tensor->index, WRONG_QUANT);
        }
    }
    return !flat->broken;
}

bool tensor_read(struct loader *loader, uint32_t index, struct tensor *tensor)
{
    static const uint8_t numbers[] = {[TYPE_F32] = TFLITE_F32,
                                      [TYPE_F16] = TFLITE_F16,
                                      [TYPE_I32] = TFLITE_I32,
                                      [TYPE_I8] = TFLITE_I8};
    static const uint8_t widths[] = {
        [TFLITE_F32] = 4, [TFLITE_F16] = 2, [TFLITE_I32] = 4, [TFLITE_I8] = 1};
    struct flatbuffer *flat = &loader->flat;
    struct flatvector data, shape;
    uint32_t table, type, width;

    memset(tensor, 0, sizeof *tensor);
    tensor->index = index;
    if (index >= loader->tensors.count) {
        return load_fail(loader, LOAD_MISSING);
    }
    table = flat_element(flat, loader->tensors, index);
    type = flat_scalar(flat, table, TENSOR_TYPE);
    if (type < sizeof numbers) {
        tensor->number = numbers[type];
    }
    if (tensor->number == TFLITE_NONE) {
        return fail_tensor(loader, index, WRONG_TYPE);
    }
    if (flat_scalar(flat, table, TENSOR_VARIABLE) | flat_scalar(flat, table, TENSOR_SPARSE) |
        flat_scalar(flat, table, TENSOR_VARIANT) | flat_scalar(flat, table, TENSOR_EXTERNAL)) {
        return fail_tensor(loader, index, " is of a kind that is not supported");
    }
    flat_vector(flat, table, TENSOR_SHAPE, &shape);
    if (!read_shape(loader, tensor, shape) || !read_quant(loader, tensor, table, shape) ||
        !tensor_buffer(loader, flat_scalar(flat, table, TENSOR_BUFFER), &data)) {
        return false;
    }
    width = widths[tensor->number];
    tensor->at = data.at;
    tensor->bytes = data.count;
    if (data.count != 0 &&
        (data.count % width != 0 || data.count / width / tensor->cols != tensor->rows ||
         data.count / width % tensor->cols != 0)) {
        return fail_tensor(loader, index, " has not as much data as its shape says");
    }
    if (data.count != 0 && data.at % width != 0) {
        return fail_tensor(loader, index, " is not aligned");
    }
    return !flat->broken;
}

bool tensor_activation(struct loader *loader, uint32_t index, struct tensor *tensor,
                       struct tflite_quant *quant)
{
    quant->scale = 0;
    quant->zero = 0;
    if (!tensor_read(loader, index, tensor)) {
        return false;
    }
    if (tensor->bytes != 0) {
        return load_fail(loader, "an operator on constants only is not supported");
    }
    if (loader->written[index / 8] & 1 << index % 8) {
        return fail_tensor(loader, index, " is computed twice");
    }
    loader->written[index / 8] |= (uint8_t)(1 << index % 8);
    if (tensor->number == TFLITE_F32) {
        return true;
    }
    if (tensor->number != TFLITE_I8) {
        return fail_tensor(loader, index, WRONG_TYPE);
    }
    if (tensor->scales.count != 1) {
        return fail_tensor(loader, index, WRONG_QUANT);
    }
    quant->scale = read_float(loader, tensor->scales.at);
    quant->zero = (int32_t)flat_u32(&loader->flat, tensor->zeros.at);
    if (quant->zero < -128 || quant->zero > 127) {
        return fail_tensor(loader, index, WRONG_QUANT);
    }
    return true;
}
