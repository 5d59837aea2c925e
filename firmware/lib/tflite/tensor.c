/* Tensors: shape, number type, quantisation, and where their data lies. */
#include "tensor.h"

#include <string.h>

/* Field numbers of the file format's tables (schema version 3), and of number types. */
enum { TENSOR_SHAPE = 0, TENSOR_TYPE = 1, TENSOR_BUFFER = 2, TENSOR_QUANT = 4, TENSOR_SPARSE = 6 };
enum { QUANT_SCALE = 2, QUANT_ZERO = 3, QUANT_DETAILS = 4, QUANT_AXIS = 6 };
enum { BUFFER_DATA = 0, BUFFER_OFFSET = 1 };
enum { TYPE_F32 = 0, TYPE_F16 = 1, TYPE_I32 = 2, TYPE_I8 = 9 };

enum { WIDEST = 65535 };

/* A damaged file may name a dimension over and over: a bound on how long reading can take. */
enum { MOST_DIMENSIONS = 8 };

bool load_fail(struct loader *loader, const char *text)
{
    if (!loader->flat.broken) {
        words_text(&loader->words, text);
        loader->flat.broken = loader->words.text;
    }
    return false;
}

bool load_fail_number(struct loader *loader, const char *before, uint32_t number, const char *after)
{
    if (!loader->flat.broken) {
        words_text(&loader->words, before);
        words_number(&loader->words, number);
    }
    return load_fail(loader, after);
}

static bool fail_tensor(struct loader *loader, uint32_t index, const char *text)
{
    return load_fail_number(loader, "tensor ", index, text);
}

static float read_float(struct loader *loader, uint32_t at)
{
    uint32_t bits = flat_u32(&loader->flat, at);
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

bool tensor_buffer(struct loader *loader, uint32_t index, struct flatvector *data)
{
    struct flatbuffer *flat = &loader->flat;
    uint32_t buffer;

    if (index >= loader->buffers.count)
        return load_fail_number(loader, "damaged: there is no buffer ", index, "");
    buffer = flat_element(flat, loader->buffers, index);
    *data = flat_vector(flat, buffer, BUFFER_DATA, 1);
    if (flat_field(flat, buffer, BUFFER_OFFSET, 8) &&
        flat_u32(flat, flat_field(flat, buffer, BUFFER_OFFSET, 8)) > 1)
        return load_fail(loader, "weights that lie behind the model are not supported");
    return !flat->broken;
}

static bool read_shape(struct loader *loader, struct tensor *tensor, uint32_t table)
{
    struct flatvector shape = flat_vector(&loader->flat, table, TENSOR_SHAPE, 4);

    tensor->rows = tensor->cols = 1;
    if (shape.count > MOST_DIMENSIONS)
        return fail_tensor(loader, tensor->index, " has a shape out of range");
    for (uint32_t i = 0; i < shape.count; i++) {
        uint32_t extent = flat_u32(&loader->flat, shape.at + 4 * i);

        if (extent == 0 || extent > WIDEST || tensor->rows > WIDEST / tensor->cols)
            return fail_tensor(loader, tensor->index, " has a shape out of range");
        tensor->rows *= tensor->cols;
        tensor->cols = extent;
    }
    return !loader->flat.broken;
}

static bool read_quant(struct loader *loader, struct tensor *tensor, uint32_t table)
{
    struct flatbuffer *flat = &loader->flat;
    uint32_t quant = flat_table(flat, table, TENSOR_QUANT);

    tensor->scales = flat_vector(flat, quant, QUANT_SCALE, 4);
    tensor->zeros = flat_vector(flat, quant, QUANT_ZERO, 8);
    tensor->axis = flat_scalar(flat, quant, QUANT_AXIS, 4, 0);
    if (flat_scalar(flat, quant, QUANT_DETAILS, 1, 0))
        return load_fail(loader, "quantisation of another maker's kind is not supported");
    for (uint32_t i = 0; i < tensor->scales.count; i++) {
        float scale = read_float(loader, tensor->scales.at + 4 * i);

        if (!(scale > 0 && scale < __builtin_inff()))
            return fail_tensor(loader, tensor->index, " has a scale out of range");
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
    struct flatvector data;
    uint32_t table, type, width;

    memset(tensor, 0, sizeof *tensor);
    tensor->index = index;
    if (index >= loader->tensors.count)
        return load_fail(loader, "damaged: an operator names a tensor that is not there");
    table = flat_element(flat, loader->tensors, index);
    type = flat_scalar(flat, table, TENSOR_TYPE, 1, TYPE_F32);
    if (type < sizeof numbers)
        tensor->number = numbers[type];
    if (tensor->number == TFLITE_NONE)
        return fail_tensor(loader, index, " is of a number type that is not supported");
    if (flat_field(flat, table, TENSOR_SPARSE, 4))
        return load_fail(loader, "sparse weights are not supported");
    if (!read_shape(loader, tensor, table) || !read_quant(loader, tensor, table) ||
        !tensor_buffer(loader, flat_scalar(flat, table, TENSOR_BUFFER, 4, 0), &data))
        return false;
    width = widths[tensor->number];
    tensor->at = data.at;
    tensor->bytes = data.count;
    if (data.count != 0 &&
        (data.count % width != 0 || data.count / width / tensor->cols != tensor->rows ||
         data.count / width % tensor->cols != 0))
        return fail_tensor(loader, index, " has not as much data as its shape says");
    if (data.count != 0 && data.at % width != 0)
        return fail_tensor(loader, index, " is not aligned");
    return !flat->broken;
}

bool tensor_activation(struct loader *loader, uint32_t index, struct tensor *tensor,
                       struct tflite_quant *quant)
{
    quant->scale = 0;
    quant->zero = 0;
    if (!tensor_read(loader, index, tensor))
        return false;
    if (tensor->bytes != 0)
        return load_fail(loader, "an operator on constants only is not supported");
    tensor->cols *= tensor->rows; /* both fit in 16 bits */
    tensor->rows = 1;
    if (tensor->number == TFLITE_F32)
        return true;
    if (tensor->number != TFLITE_I8)
        return fail_tensor(loader, tensor->index, " is neither float32 nor int8");
    if (tensor->scales.count != 1 || tensor->zeros.count > 1)
        return fail_tensor(loader, tensor->index, " has not one scale");
    quant->scale = read_float(loader, tensor->scales.at);
    if (tensor->zeros.count)
        quant->zero = (int32_t)flat_u32(&loader->flat, tensor->zeros.at);
    if (quant->zero < -128 || quant->zero > 127)
        return fail_tensor(loader, tensor->index, " has a zero point out of range");
    return true;
}
