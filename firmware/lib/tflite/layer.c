/* See layer.h. */
#include "layer.h"

#include "dot.h"
#include "operators.h"

/* Field numbers of the file format's tables (schema version 3). */
enum {
    DENSE_ACTIVATION = FLAT_FIELD(0, 1),
    DENSE_FORMAT = FLAT_FIELD(1, 1),
    DENSE_KEEPS = FLAT_FIELD(2, 1),
    DENSE_BIAS = FLAT_FIELD(4, 1),
    DENSE_SPEC = FLAT_FIELD(5, 4)
};

enum { ACT_NONE = 0, ACT_RELU = 1, ACT_RELU_N1_TO_1 = 2, ACT_RELU6 = 3 };

/* The highest number type that LiteRT knows for a bias: int32. */
enum { MOST_BIAS = 2 };

enum { NO_TENSOR = UINT32_MAX };

/* Sums that may grow beyond this could become infinite, and then be no number at all; LiteRT's
 * sigmoid gives up even here. */
#define MOST_SUM 1e26f
/* What LiteRT's kernels take as the factor from a layer's int8 sums to its int8 output. */
#define MOST_FACTOR 256.0f

static const char WRONG_SHAPE[] = "the weights or the bias do not fit";
static const char WRONG_SCALES[] = "the scales or zero points do not fit";
static const char WRONG_TYPES[] = "this mixture of number types is not supported";
static const char WRONG_OPTIONS[] = "its options are not supported";

static void note_dense(struct loader *loader, const char *text)
{
    if (!loader->flat.broken) {
        words_text(&loader->words, "FULLY_CONNECTED: ");
    }
    load_note(loader, text);
}

static inline bool fail_dense(struct loader *loader, const char *text)
{
    note_dense(loader, text);
    return false;
}

static const void *pointer(const struct loader *loader, uint32_t at)
{
    return loader->flat.bytes + at;
}

/* The constant that a tensor is, or the float16 constant behind a DEQUANTIZE that has made it. */
static bool read_constant(struct loader *loader, uint32_t index, struct tensor *tensor)
{
    struct flatbuffer *flat = &loader->flat;

    if (!tensor_read(loader, index, tensor)) {
        return false;
    }
    if (tensor->bytes != 0 && tensor->number != TFLITE_F16) {
        return true;
    }
    for (uint32_t i = 0; i < loader->done; i++) {
        uint32_t operator = flat_element(flat, loader->operators, i);
        struct flatvector vector;
        struct tensor source;

        flat_vector(flat, operator, OPERATOR_OUTPUTS, &vector);
        if (flat_u32(flat, vector.at) != index) {
            continue;
        }
        flat_vector(flat, operator, OPERATOR_INPUTS, &vector);
        if (!tensor_read(loader, flat_u32(flat, vector.at), &source)) {
            return false;
        }
        if (source.number == TFLITE_F16 && source.rows == tensor->rows &&
            source.cols == tensor->cols) {
            source.rank = tensor->rank;
            *tensor = source;
            return true;
        }
    }
    return load_fail(loader, "weights that are computed are not supported");
}

/* The greatest magnitude of a constant's numbers; infinite if one is infinite or not a number. As
 * integers without their sign, floats are in their order, and those two above all others. */
static float greatest(const struct loader *loader, const struct tensor *tensor)
{
    const void *numbers = pointer(loader, tensor->at);
    uint32_t count = tensor->rows * tensor->cols, most = 0;
    float value;

    if (tensor->number == TFLITE_I8) {
        numbers = pointer(loader, tensor->scales.at);
        count = tensor->scales.count;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t bits = tensor->number == TFLITE_F16
                            ? (uint32_t)(((const uint16_t *)numbers)[i] & 0x7fff)
                            : ((const uint32_t *)numbers)[i] & 0x7fffffff;

        if (bits > most) {
            most = bits;
        }
    }
    if (tensor->number == TFLITE_F16) {
        return half_to_float((uint16_t)most);
    }
    __builtin_memcpy(&value, &most, sizeof value);
    return tensor->number == TFLITE_I8 ? 128 * value : value;
}

static bool no_zeros(struct loader *loader, const struct tensor *tensor)
{
    for (uint32_t i = 0; i < tensor->zeros.count; i++) {
        if (flat_u32(&loader->flat, tensor->zeros.at + 8 * i) != 0) {
            return fail_dense(loader, WRONG_SCALES);
        }
    }
    return true;
}

static bool read_scales(struct loader *loader, struct tflite_dense *dense,
                        const struct tensor *weights)
{
    uint32_t count = weights->scales.count;

    if (count == 0 || weights->scales.at % 4 != 0) {
        return fail_dense(loader, WRONG_SCALES);
    }
    dense->scales = pointer(loader, weights->scales.at);
    dense->per_row = count > 1;
    for (uint32_t i = 0; i < count && dense->in.scale != 0; i++) {
        if (!(dense->in.scale * dense->scales[i] / dense->out.scale < MOST_FACTOR)) {
            return fail_dense(loader, WRONG_SCALES);
        }
    }
    return no_zeros(loader, weights);
}

/* The fused activation as a range of the output, rounded as LiteRT does where it is int8. */
static bool set_range(struct loader *loader, struct tflite_dense *dense, uint32_t activation)
{
    static const float ranges[][2] = {[ACT_NONE] = {-__builtin_inff(), __builtin_inff()},
                                      [ACT_RELU] = {0, __builtin_inff()},
                                      [ACT_RELU_N1_TO_1] = {-1, 1},
                                      [ACT_RELU6] = {0, 6}};

    if (activation > ACT_RELU6) {
        return fail_dense(loader, WRONG_OPTIONS);
    }
    dense->low = ranges[activation][0];
    dense->high = ranges[activation][1];
    if (dense->out.scale != 0) {
        dense->low = quantise(dense->low, dense->out);
        dense->high = quantise(dense->high, dense->out);
    }
    return true;
}

bool layer_read(struct loader *loader, uint32_t options, struct flatvector inputs, uint32_t outputs,
                struct tflite_quant quant)
{
    struct tflite_decoder *decoder = loader->decoder;
    struct flatbuffer *flat = &loader->flat;
    struct tensor weights, bias;
    struct tflite_dense *dense;
    struct flow *flow = loader->flow;
    bool int8 = flow->quant.scale != 0;
    float range;

    if (inputs.count < 2) {
        return load_fail_operator(loader);
    }
    if (decoder->dense == TFLITE_MAX_DENSE) {
        return load_fail(loader, "too many layers");
    }
    if (flat_scalar(flat, options, DENSE_FORMAT) ||
        flat_scalar(flat, options, DENSE_BIAS) > MOST_BIAS ||
        flat_scalar(flat, options, DENSE_SPEC)) {
        return fail_dense(loader, WRONG_OPTIONS);
    }
    if (!read_constant(loader, flat_u32(flat, inputs.at + 4), &weights)) {
        return false;
    }
    if (weights.cols != flow->width || weights.rows != outputs || weights.rank != 2 ||
        (flat_scalar(flat, options, DENSE_KEEPS) && flow->last != flow->width)) {
        return fail_dense(loader, WRONG_SHAPE);
    }
    dense = &decoder->layer[decoder->dense++];
    dense->weights = pointer(loader, weights.at);
    dense->weights_are = weights.number;
    dense->rows = (uint16_t)weights.rows;
    dense->cols = (uint16_t)weights.cols;
    dense->from = (uint8_t)(flow - loader->flows);
    dense->in = flow->quant;
    dense->out = quant;
    flow->read = true;
    loader->flow = &loader->flows[decoder->dense];
    if (weights.number == TFLITE_I32 || (int8 && weights.number != TFLITE_I8) ||
        int8 != (dense->out.scale != 0)) {
        return fail_dense(loader, WRONG_TYPES);
    }
    if (weights.number == TFLITE_I8 && !read_scales(loader, dense, &weights)) {
        return false;
    }
    range = flow->range * (float)weights.cols * greatest(loader, &weights);
    if (inputs.count == 3 && flat_u32(flat, inputs.at + 8) != NO_TENSOR) {
        if (!read_constant(loader, flat_u32(flat, inputs.at + 8), &bias)) {
            return false;
        }
        if (bias.rows * bias.cols != weights.rows) {
            return fail_dense(loader, WRONG_SHAPE);
        }
        if (bias.number == TFLITE_I8 || int8 != (bias.number == TFLITE_I32)) {
            return fail_dense(loader, WRONG_TYPES);
        }
        dense->bias = pointer(loader, bias.at);
        dense->bias_are = bias.number;
        range += greatest(loader, &bias);
        if (int8 && (bias.scales.count != weights.scales.count || !no_zeros(loader, &bias))) {
            return fail_dense(loader, WRONG_SCALES);
        }
    }
    loader->flow->range = range;
    loader->flow->last = outputs;
    if (!int8 && !(range < MOST_SUM)) {
        return fail_dense(loader, "weights are too large, or not numbers");
    }
    return set_range(loader, dense, flat_scalar(flat, options, DENSE_ACTIVATION));
}
