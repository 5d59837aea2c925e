/* Turns a .tflite file into a decoder, or says what is wrong with it.
 *
 * The file's first subgraph must be one chain of operators from the only input to the only output.
 * Everything that running the decoder will touch is checked here, once: afterwards nothing can go
 * out of bounds, whatever the file holds.
 */
#include <stddef.h>
#include <string.h>

#include "flatbuffer.h"
#include "metadata.h"
#include "operators.h"
#include "tensor.h"
#include "tflite.h"

/* Field numbers of the file format's tables (schema version 3). */
enum { MODEL_CODES = 1, MODEL_GRAPHS = 2, MODEL_BUFFERS = 4, MODEL_METADATA = 6 };
enum { CODE_SHORT = 0, CODE_CUSTOM = 1, CODE_LONG = 3 };
enum { GRAPH_TENSORS = 0, GRAPH_INPUTS = 1, GRAPH_OUTPUTS = 2, GRAPH_OPERATORS = 3 };
enum { OPERATOR_CODE = 0, OPERATOR_INPUTS = 1, OPERATOR_OUTPUTS = 2, OPERATOR_OPTIONS = 4 };
enum { DENSE_ACTIVATION = 0, DENSE_FORMAT = 1 };
enum { METADATA_NAME = 0, METADATA_BUFFER = 1 };

enum { ACT_NONE = 0, ACT_RELU = 1, ACT_RELU_N1_TO_1 = 2, ACT_RELU6 = 3, ACT_TANH = 4 };

enum { NO_TENSOR = UINT32_MAX };

/* A damaged file may name the same thing over and over: bounds on how long reading can take. */
enum { MOST_TENSORS = 255, MOST_OPERATORS = 255 };

/* Always false. */
static bool fail_dense(struct loader *loader, const char *text)
{
    if (!loader->flat.broken)
        words_text(&loader->words, "FULLY_CONNECTED: ");
    return load_fail(loader, text);
}

static const void *pointer(const struct loader *loader, uint32_t at)
{
    return loader->flat.bytes + at;
}

/* The constant that a tensor is, or the float16 constant behind a DEQUANTIZE that made it. */
static bool read_constant(struct loader *loader, uint32_t index, struct tensor *tensor,
                          struct flatvector operators)
{
    struct flatbuffer *flat = &loader->flat;

    if (!tensor_read(loader, index, tensor))
        return false;
    for (uint32_t i = 0; i < operators.count && tensor->bytes == 0; i++) {
        uint32_t operator = flat_element(flat, operators, i);
        struct flatvector inputs = flat_vector(flat, operator, OPERATOR_INPUTS, 4);
        struct flatvector outputs = flat_vector(flat, operator, OPERATOR_OUTPUTS, 4);
        struct tensor source;

        if (inputs.count != 1 || outputs.count != 1 || flat_u32(flat, outputs.at) != index)
            continue;
        if (!tensor_read(loader, flat_u32(flat, inputs.at), &source))
            return false;
        if (source.number == TFLITE_F16 && source.rows == tensor->rows &&
            source.cols == tensor->cols)
            *tensor = source;
        break;
    }
    if (tensor->bytes == 0)
        return load_fail(loader, "weights that are computed are not supported");
    return !flat->broken;
}

static bool read_scales(struct loader *loader, struct tflite_dense *dense,
                        const struct tensor *weights)
{
    if (weights->scales.count != 1 &&
        (weights->scales.count != weights->rows || weights->axis != 0))
        return fail_dense(loader, "int8 weights need one scale, or one per row");
    if (weights->scales.at % 4 != 0)
        return fail_dense(loader, "scales are not aligned");
    for (uint32_t i = 0; i < weights->zeros.count; i++)
        if (flat_u32(&loader->flat, weights->zeros.at + 8 * i) != 0)
            return fail_dense(loader, "int8 weights need the zero point 0");
    dense->scales = pointer(loader, weights->scales.at);
    dense->per_row = weights->scales.count > 1;
    return !loader->flat.broken;
}

static bool add_map(struct loader *loader, uint32_t op, struct tflite_quant out)
{
    struct tflite_decoder *decoder = loader->decoder;
    struct tflite_map *map;

    if (decoder->maps == TFLITE_MAX_MAPS)
        return load_fail(loader, "too many operators");
    map = &decoder->map[decoder->maps++];
    map->op = (uint8_t)op;
    map->in = loader->quant;
    map->out = out;
    if (decoder->dense)
        decoder->layer[decoder->dense - 1].maps++;
    else
        decoder->head++;
    return true;
}

/* The fused activation as a range of the output, rounded as LiteRT does where it is int8. */
static bool set_range(struct loader *loader, struct tflite_dense *dense, uint32_t activation)
{
    const float infinity = __builtin_inff();

    dense->low = -infinity;
    dense->high = infinity;
    if (activation == ACT_RELU || activation == ACT_RELU6)
        dense->low = 0;
    if (activation == ACT_RELU6)
        dense->high = 6;
    if (activation == ACT_RELU_N1_TO_1)
        dense->low = -1, dense->high = 1;
    if (dense->out.scale != 0) {
        dense->low = quantise(dense->low, dense->out);
        dense->high = quantise(dense->high, dense->out);
    }
    if (activation == ACT_TANH && dense->out.scale == 0)
        return add_map(loader, OP_TANH, dense->out);
    if (activation >= ACT_TANH)
        return fail_dense(loader, "the fused activation is not supported");
    return true;
}

static bool read_dense(struct loader *loader, uint32_t operator, struct flatvector inputs,
                       struct flatvector operators, uint32_t outputs, struct tflite_quant quant)
{
    struct tflite_decoder *decoder = loader->decoder;
    struct flatbuffer *flat = &loader->flat;
    uint32_t options = flat_table(flat, operator, OPERATOR_OPTIONS);
    struct tensor weights, bias;
    struct tflite_dense *dense;
    bool int8 = loader->quant.scale != 0;

    if (inputs.count < 2 || inputs.count > 3)
        return fail_dense(loader, "needs an input, weights and perhaps a bias");
    if (decoder->dense == TFLITE_MAX_DENSE)
        return load_fail(loader, "too many layers");
    if (flat_scalar(flat, options, DENSE_FORMAT, 1, 0))
        return fail_dense(loader, "shuffled weights are not supported");
    if (!read_constant(loader, flat_u32(flat, inputs.at + 4), &weights, operators))
        return false;
    if (weights.cols != loader->flow.cols || weights.rows != outputs)
        return fail_dense(loader, "the weights do not fit between input and output");
    dense = &decoder->layer[decoder->dense++];
    dense->weights = pointer(loader, weights.at);
    dense->weights_are = weights.number;
    dense->rows = (uint16_t)weights.rows;
    dense->cols = (uint16_t)weights.cols;
    dense->in = loader->quant;
    dense->out = quant;
    if (weights.number == TFLITE_I32 || (int8 && weights.number != TFLITE_I8) ||
        int8 != (dense->out.scale != 0))
        return fail_dense(loader, "this mixture of number types is not supported");
    if (weights.number == TFLITE_I8 && !read_scales(loader, dense, &weights))
        return false;
    if (inputs.count == 3 && flat_u32(flat, inputs.at + 8) != NO_TENSOR) {
        if (!read_constant(loader, flat_u32(flat, inputs.at + 8), &bias, operators))
            return false;
        if (bias.rows * bias.cols != weights.rows)
            return fail_dense(loader, "the bias does not fit the weights");
        if (bias.number == TFLITE_I8 || int8 != (bias.number == TFLITE_I32))
            return fail_dense(loader, "the bias is of another number type");
        dense->bias = pointer(loader, bias.at);
        dense->bias_are = bias.number;
    }
    return set_range(loader, dense, flat_scalar(flat, options, DENSE_ACTIVATION, 1, ACT_NONE));
}

/* A supported operator that treats every element alike, or changes only the shape. */
static bool read_map(struct loader *loader, uint32_t op, uint32_t outputs,
                     struct tflite_quant quant)
{
    bool from_int8 = loader->quant.scale != 0, to_int8 = quant.scale != 0;

    if (outputs != loader->flow.cols)
        return load_fail(loader, "damaged: an operator changes the number of elements");
    if (op == OP_RESHAPE)
        return quant.scale == loader->quant.scale && quant.zero == loader->quant.zero
                   ? true
                   : load_fail(loader, "RESHAPE: changes the numbers");
    if ((op == OP_QUANTIZE && !to_int8) || (op == OP_DEQUANTIZE && (to_int8 || !from_int8)) ||
        (op != OP_QUANTIZE && op != OP_DEQUANTIZE && from_int8 != to_int8))
        return load_fail(loader, "damaged: an operator's output is of another number type");
    return add_map(loader, op, quant);
}

/* Always false. */
static bool refuse_operator(struct loader *loader, uint32_t code, uint32_t op)
{
    const char *name = operator_name(op);
    struct flatvector custom = flat_vector(&loader->flat, code, CODE_CUSTOM, 1);

    if (loader->flat.broken)
        return false;
    words_text(&loader->words, "operator ");
    if (name) {
        words_text(&loader->words, name);
    } else if (op == OP_CUSTOM && custom.count) {
        for (uint32_t i = 0; i < custom.count && i < 40; i++) {
            char letter[2] = {(char)loader->flat.bytes[custom.at + i], 0};

            words_text(&loader->words, letter[0] > ' ' && letter[0] < 127 ? letter : "?");
        }
    } else {
        words_number(&loader->words, op);
    }
    return load_fail(loader, " is not supported");
}

/* The file format's number of an operator that is supported. */
static bool read_op(struct loader *loader, uint32_t operator, uint32_t *op)
{
    struct flatbuffer *flat = &loader->flat;
    uint32_t which = flat_scalar(flat, operator, OPERATOR_CODE, 4, 0);
    uint32_t code = flat_element(flat, loader->codes, which);
    uint32_t old = flat_scalar(flat, code, CODE_SHORT, 1, 0);

    if (which >= loader->codes.count)
        return load_fail(loader, "damaged: an operator is of no kind");
    /* Older writers know only the short field; newer ones put 127 there when it overflows. */
    *op = flat_scalar(flat, code, CODE_LONG, 4, 0);
    if (*op < old)
        *op = old;
    if (*op != OP_FULLY_CONNECTED && *op != OP_RESHAPE && !is_map(*op))
        return refuse_operator(loader, code, *op);
    return !flat->broken;
}

static bool read_operator(struct loader *loader, uint32_t operator, struct flatvector operators)
{
    struct flatbuffer *flat = &loader->flat;
    struct flatvector inputs = flat_vector(flat, operator, OPERATOR_INPUTS, 4);
    struct flatvector outputs = flat_vector(flat, operator, OPERATOR_OUTPUTS, 4);
    struct tflite_quant quant;
    struct tensor in, out;
    uint32_t op;

    if (!read_op(loader, operator, &op))
        return false;
    if (inputs.count < 1 || outputs.count != 1)
        return load_fail(loader, "damaged: an operator without input or output");
    if (!tensor_read(loader, flat_u32(flat, inputs.at), &in))
        return false;
    if (op == OP_DEQUANTIZE && in.bytes != 0)
        return true; /* float16 weights: read where they are used */
    if (in.index != loader->flow.index)
        return load_fail(loader, "the operators are not one chain from input to output");
    if (!tensor_activation(loader, flat_u32(flat, outputs.at), &out, &quant))
        return false;
    if (op == OP_FULLY_CONNECTED ? !read_dense(loader, operator, inputs, operators, out.cols, quant)
                                 : !read_map(loader, op, out.cols, quant))
        return false;
    loader->flow = out;
    loader->quant = quant;
    return true;
}

static bool read_graph(struct loader *loader, uint32_t graph)
{
    struct flatbuffer *flat = &loader->flat;
    struct flatvector inputs = flat_vector(flat, graph, GRAPH_INPUTS, 4);
    struct flatvector outputs = flat_vector(flat, graph, GRAPH_OUTPUTS, 4);
    struct flatvector operators = flat_vector(flat, graph, GRAPH_OPERATORS, 4);
    struct tensor tensor;
    uint32_t op;

    /* First, as it says most about a model of another kind. */
    for (uint32_t i = 0; i < operators.count; i++)
        if (!read_op(loader, flat_element(flat, operators, i), &op))
            return false;
    loader->tensors = flat_vector(flat, graph, GRAPH_TENSORS, 4);
    if (operators.count > MOST_OPERATORS || loader->tensors.count > MOST_TENSORS)
        return load_fail(loader, "not a decoder: it has too many parts");
    for (uint32_t i = 0; i < loader->tensors.count; i++)
        if (!tensor_read(loader, i, &tensor))
            return false;
    if (inputs.count != 1 || outputs.count != 1)
        return load_fail(loader, "not a decoder: it has not one input and one output");
    if (!tensor_activation(loader, flat_u32(flat, inputs.at), &loader->flow, &loader->quant))
        return false;
    if (loader->flow.cols > TFLITE_MAX_LATENTS)
        return load_fail_number(loader, "not a decoder: it has ", loader->flow.cols,
                                " inputs, more than 8 latents");
    loader->decoder->latents = (uint8_t)loader->flow.cols;
    for (uint32_t i = 0; i < operators.count; i++)
        if (!read_operator(loader, flat_element(flat, operators, i), operators))
            return false;
    if (loader->decoder->dense == 0)
        return load_fail(loader, "not a decoder: it has no dense layer");
    if (loader->flow.index != flat_u32(flat, outputs.at))
        return load_fail(loader, "the operators are not one chain from input to output");
    loader->decoder->outputs = loader->flow.cols;
    return !flat->broken;
}

static bool read_metadata(struct loader *loader, struct flatvector entries)
{
    static const char wanted[] = "TFLITE_METADATA";
    struct flatbuffer *flat = &loader->flat;

    for (uint32_t i = 0; i < entries.count; i++) {
        uint32_t entry = flat_element(flat, entries, i);
        struct flatvector name = flat_vector(flat, entry, METADATA_NAME, 1), data;
        const char *wrong;

        if (!tensor_buffer(loader, flat_scalar(flat, entry, METADATA_BUFFER, 4, 0), &data))
            return false;
        if (name.count != sizeof wanted - 1 ||
            memcmp(flat->bytes + name.at, wanted, sizeof wanted - 1) != 0)
            continue;
        wrong = metadata_read(loader->decoder, flat->bytes + data.at, data.count);
        if (wrong)
            return load_fail(loader, wrong);
    }
    return !flat->broken;
}

/* Where odd layers' inputs lie: behind the widest input of an even layer. */
static uint32_t even_inputs(const struct tflite_decoder *decoder, unsigned parity)
{
    uint32_t widest = 0;

    for (unsigned i = parity; i < decoder->dense; i += 2)
        if (decoder->layer[i].cols > widest)
            widest = decoder->layer[i].cols;
    return (4 * widest + 7) & ~UINT32_C(7);
}

const char *tflite_load(struct tflite_decoder *decoder, const void *file, uint32_t size)
{
    struct loader loader = {.decoder = decoder,
                            .flat = {file, size, NULL},
                            .words = {decoder->message, sizeof decoder->message, 0}};
    struct flatbuffer *flat = &loader.flat;
    struct flatvector graphs;
    uint32_t model;

    memset(decoder, 0, sizeof *decoder);
    if ((uintptr_t)file % 4 != 0)
        return "the file does not lie at an address divisible by 4";
    if (size < 8 || memcmp((const uint8_t *)file + 4, "TFL3", 4) != 0)
        return "not a .tflite file";
    model = flat_root(flat);
    loader.codes = flat_vector(flat, model, MODEL_CODES, 4);
    loader.buffers = flat_vector(flat, model, MODEL_BUFFERS, 4);
    graphs = flat_vector(flat, model, MODEL_GRAPHS, 4);
    if (flat->broken)
        return flat->broken;
    if (graphs.count != 1)
        return "not a decoder: it has not one graph";
    if (!read_graph(&loader, flat_element(flat, graphs, 0)) ||
        !read_metadata(&loader, flat_vector(flat, model, MODEL_METADATA, 4)) || flat->broken)
        return flat->broken;
    decoder->odd = even_inputs(decoder, 0);
    return NULL;
}

uint32_t tflite_workspace(const struct tflite_decoder *decoder)
{
    return decoder->odd + even_inputs(decoder, 1);
}
