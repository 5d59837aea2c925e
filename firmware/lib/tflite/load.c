/* Turns a .tflite file into a decoder, or says what is wrong with it.
 *
 * The file's only subgraph must be a tree of operators from the only input to one output or to
 * three. Everything that running the decoder will touch is checked here, once: afterwards nothing
 * can go out of bounds, whatever the file holds.
 */
#include <stddef.h>
#include <string.h>

#include "dot.h"
#include "flatbuffer.h"
#include "metadata.h"
#include "operators.h"
#include "tensor.h"
#include "tflite.h"

/* Field numbers of the file format's tables (schema version 3). */
enum { SCHEMA = 3 };
enum {
    MODEL_VERSION = FLAT_FIELD(0, 4),
    MODEL_CODES = FLAT_FIELD(1, 4),
    MODEL_GRAPHS = FLAT_FIELD(2, 4),
    MODEL_BUFFERS = FLAT_FIELD(4, 4),
    MODEL_METADATA = FLAT_FIELD(6, 4)
};
enum {
    CODE_SHORT = FLAT_FIELD(0, 1),
    CODE_CUSTOM = FLAT_FIELD(1, 1),
    CODE_VERSION = FLAT_FIELD(2, 4),
    CODE_LONG = FLAT_FIELD(3, 4)
};
enum {
    GRAPH_TENSORS = FLAT_FIELD(0, 4),
    GRAPH_INPUTS = FLAT_FIELD(1, 4),
    GRAPH_OUTPUTS = FLAT_FIELD(2, 4),
    GRAPH_OPERATORS = FLAT_FIELD(3, 4)
};
enum {
    OPERATOR_CODE = FLAT_FIELD(0, 4),
    OPERATOR_INPUTS = FLAT_FIELD(1, 4),
    OPERATOR_OUTPUTS = FLAT_FIELD(2, 4)
};
enum { OPERATOR_OPTIONS_ARE = FLAT_FIELD(3, 1), OPERATOR_OPTIONS = FLAT_FIELD(4, 4) };
enum {
    DENSE_ACTIVATION = FLAT_FIELD(0, 1),
    DENSE_FORMAT = FLAT_FIELD(1, 1),
    DENSE_KEEPS = FLAT_FIELD(2, 1),
    DENSE_BIAS = FLAT_FIELD(4, 1),
    DENSE_SPEC = FLAT_FIELD(5, 4)
};
enum {
    MODEL_SIGNATURES = FLAT_FIELD(7, 4),
    SIGNATURE_OUTPUTS = FLAT_FIELD(1, 4),
    SIGNATURE_KEY = FLAT_FIELD(2, 4)
};
enum { MAP_NAME = FLAT_FIELD(0, 1), MAP_TENSOR = FLAT_FIELD(1, 4) };
enum { RESHAPE_SHAPE = FLAT_FIELD(0, 4) };
enum { METADATA_NAME = FLAT_FIELD(0, 1), METADATA_BUFFER = FLAT_FIELD(1, 4) };

enum { ACT_NONE = 0, ACT_RELU = 1, ACT_RELU_N1_TO_1 = 2, ACT_RELU6 = 3 };

/* The highest number type that LiteRT knows for a bias: int32. */
enum { MOST_BIAS = 2 };

enum { NO_TENSOR = UINT32_MAX };

/* A damaged file may name the same thing over and over: a bound on how long reading can take. */
enum { MOST_OPERATORS = 255 };

/* No latent is greater: the metadata's latent scale is a byte. */
#define MOST_LATENT 255.0f
/* Sums that may grow beyond this could become infinite, and then be no number at all; LiteRT's
 * sigmoid gives up even here. */
#define MOST_SUM 1e26f
/* What LiteRT's kernels take as the factor from a layer's int8 sums to its int8 output. */
#define MOST_FACTOR 256.0f

/* Shared, as each sentence takes its room in the .mpy; the computer says more before it sends a
 * file (host/latentrack/decoder/playable.py). */
static const char WRONG_SHAPE[] = "the weights or the bias do not fit";
static const char WRONG_SCALES[] = "the scales or zero points do not fit";
static const char WRONG_TYPES[] = "this mixture of number types is not supported";
static const char WRONG_OPTIONS[] = "its options are not supported";
static const char NO_CHAIN[] = "the operators are not one chain from input to output";
static const char NO_NAMES[] = "its outputs are not called hits, velocity and timing";

static inline bool fail_operator(struct loader *loader)
{
    return load_fail(loader, "damaged: an operator does not fit its tensors or options");
}

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

static bool add_map(struct loader *loader, uint32_t op, struct tflite_quant out)
{
    struct tflite_decoder *decoder = loader->decoder;
    struct tflite_map *map;

    if (decoder->maps == TFLITE_MAX_MAPS) {
        return load_fail(loader, "too many operators");
    }
    map = &decoder->map[decoder->maps++];
    map->op = (uint8_t)op;
    map->of = (uint8_t)(loader->flow - loader->flows);
    map->in = loader->flow->quant;
    map->out = out;
    return true;
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

static bool read_dense(struct loader *loader, uint32_t options, struct flatvector inputs,
                       uint32_t outputs, struct tflite_quant quant)
{
    struct tflite_decoder *decoder = loader->decoder;
    struct flatbuffer *flat = &loader->flat;
    struct tensor weights, bias;
    struct tflite_dense *dense;
    struct flow *flow = loader->flow;
    bool int8 = flow->quant.scale != 0;
    float range;

    if (inputs.count < 2) {
        return fail_operator(loader);
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

/* The shape that a RESHAPE makes, from its second input or its options. One dimension may be -1:
 * whatever is left. */
static bool read_reshape(struct loader *loader, uint32_t options, struct flatvector inputs)
{
    struct flatbuffer *flat = &loader->flat;
    struct flow *flow = loader->flow;
    struct flatvector shape;
    uint32_t product = 1, open = 0, extent = 1;

    flat_vector(flat, options, RESHAPE_SHAPE, &shape);
    if (inputs.count == 2) {
        struct tensor tensor;

        if (!tensor_read(loader, flat_u32(flat, inputs.at + 4), &tensor)) {
            return false;
        }
        shape.at = tensor.at;
        shape.count = tensor.number == TFLITE_I32 && tensor.rank == 1 ? tensor.bytes / 4 : 0;
    }
    for (uint32_t i = 0; i < shape.count && product <= flow->width; i++) {
        extent = flat_u32(flat, shape.at + 4 * i);
        if (extent == UINT32_MAX) {
            open++;
        } else {
            product = extent > flow->width ? UINT32_MAX : product * extent;
        }
    }
    if (open > 1 || product == 0 || shape.count == 0 || product > flow->width ||
        (open ? flow->width % product != 0 : flow->width != product)) {
        return fail_operator(loader);
    }
    flow->last = extent == UINT32_MAX ? flow->width / product : extent;
    return true;
}

/* A supported operator that treats every element alike, or changes only the shape. */
static bool read_map(struct loader *loader, uint32_t op, uint32_t outputs,
                     struct tflite_quant quant)
{
    struct flow *flow = loader->flow;
    bool from_int8 = flow->quant.scale != 0, to_int8 = quant.scale != 0;

    if (flow->read) {
        return load_fail(loader, NO_CHAIN);
    }
    if (outputs != flow->width) {
        return fail_operator(loader);
    }
    if (op == OP_RESHAPE) {
        return quant.scale == flow->quant.scale && quant.zero == flow->quant.zero
                   ? true
                   : fail_operator(loader);
    }
    if (op == OP_QUANTIZE     ? from_int8 || !to_int8
        : op == OP_DEQUANTIZE ? to_int8 || !from_int8
                              : from_int8 != to_int8) {
        return fail_operator(loader);
    }
    /* The format gives LOGISTIC and TANH a fixed int8 output, and not every reader looks at what
     * the file says. To a coarser scale LiteRT's RELU rounds twice; no converter asks for that. */
    if (from_int8 && to_int8 &&
        (op == OP_LOGISTIC ? quant.scale != 0x1p-8f || quant.zero != -128
         : op == OP_TANH   ? quant.scale != 0x1p-7f || quant.zero != 0
                           : quant.scale > flow->quant.scale)) {
        return fail_operator(loader);
    }
    if (op == OP_DEQUANTIZE) {
        flow->range = 256 * flow->quant.scale;
    }
    return add_map(loader, op, quant);
}

static void refuse_operator(struct loader *loader, uint32_t code, uint32_t op)
{
    const char *name = operator_name(op);
    struct flatvector custom;

    flat_vector(&loader->flat, code, CODE_CUSTOM, &custom);
    if (loader->flat.broken) {
        return;
    }
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
    load_note(loader, " is not supported");
}

/* What is known of the operator of an entry of the operator codes, or NULL. */
static const struct operator_kind *read_code(struct loader *loader, uint32_t which)
{
    struct flatbuffer *flat = &loader->flat;
    uint32_t code = flat_element(flat, loader->codes, which);
    /* Older writers know only the short field; newer ones put 127 there when it overflows. */
    uint32_t old = flat_scalar(flat, code, CODE_SHORT);
    uint32_t op = flat_scalar(flat, code, CODE_LONG);
    uint32_t field = flat_field(flat, code, CODE_VERSION);
    uint32_t version = field ? flat_u32(flat, field) : 1;
    const struct operator_kind *kind = operator_kind(op < old ? old : op);

    if (!kind) {
        refuse_operator(loader, code, op < old ? old : op);
    } else if (version > 15 || !(kind->versions >> version & 1)) {
        load_note(loader, "an operator's version is not supported");
    }
    return flat->broken ? NULL : kind;
}

/* The branch that has reached this tensor, or NULL. */
static struct flow *find_flow(struct loader *loader, uint32_t tensor)
{
    for (uint32_t i = 0; i <= loader->decoder->dense; i++) {
        if (loader->flows[i].tensor == tensor) {
            return &loader->flows[i];
        }
    }
    return NULL;
}

static bool read_operator(struct loader *loader, uint32_t operator)
{
    struct flatbuffer *flat = &loader->flat;
    struct flatvector inputs, outputs;
    uint32_t which = flat_scalar(flat, operator, OPERATOR_CODE);
    uint32_t options = flat_scalar(flat, operator, OPERATOR_OPTIONS_ARE);
    const struct operator_kind *kind;
    struct tflite_quant quant;
    struct tensor in, out;
    uint32_t width;

    flat_vector(flat, operator, OPERATOR_INPUTS, &inputs);
    flat_vector(flat, operator, OPERATOR_OUTPUTS, &outputs);
    if (which >= loader->codes.count) {
        return fail_operator(loader);
    }
    kind = read_code(loader, which);
    if (!kind) {
        return false;
    }
    if (inputs.count < 1 || inputs.count > kind->inputs || outputs.count != 1) {
        return fail_operator(loader);
    }
    if (options != 0 && options != kind->options) {
        return fail_operator(loader);
    }
    if (options != 0) {
        options = flat_table(flat, operator, OPERATOR_OPTIONS);
    }
    if (!tensor_read(loader, flat_u32(flat, inputs.at), &in) ||
        !tensor_activation(loader, flat_u32(flat, outputs.at), &out, &quant)) {
        return false;
    }
    if (kind->op == OP_DEQUANTIZE && in.number == TFLITE_F16 && in.bytes != 0 && quant.scale == 0) {
        return true; /* float16 weights: read where they are used */
    }
    loader->flow = find_flow(loader, in.index);
    if (!loader->flow) {
        return load_fail(loader, NO_CHAIN);
    }
    width = out.rows * out.cols;
    if (kind->op == OP_FULLY_CONNECTED
            ? !read_dense(loader, options, inputs, out.rows == 1 ? width : 0, quant)
            : !read_map(loader, kind->op, width, quant)) {
        return false;
    }
    if (kind->op == OP_RESHAPE && !read_reshape(loader, options, inputs)) {
        return false;
    }
    loader->flow->tensor = out.index;
    loader->flow->width = width;
    loader->flow->quant = quant;
    return true;
}

/* The layer that ends in this tensor is that output's. */
static bool end_branch(struct loader *loader, uint32_t output, uint32_t tensor)
{
    struct tflite_decoder *decoder = loader->decoder;
    struct flow *flow = find_flow(loader, tensor);

    if (!flow || flow->read || flow == loader->flows) {
        return load_fail(loader, NO_CHAIN);
    }
    flow->read = true; /* so that no other output is this one */
    decoder->last[output] = (uint8_t)(flow - loader->flows - 1);
    if (decoder->outputs != 0 && decoder->outputs != flow->width) {
        return load_fail(loader, "the outputs differ in size");
    }
    decoder->outputs = flow->width;
    return true;
}

static bool is_called(const struct loader *loader, struct flatvector name, const char *wanted,
                      uint32_t length)
{
    return name.count == length && memcmp(loader->flat.bytes + name.at, wanted, length) == 0;
}

/* The tensor that the first signature calls so, or NO_TENSOR. */
static uint32_t named_output(struct loader *loader, const char *wanted, uint32_t length)
{
    struct flatbuffer *flat = &loader->flat;
    struct flatvector entries, name;

    flat_vector(flat, flat_element(flat, loader->signatures, 0), SIGNATURE_OUTPUTS, &entries);
    for (uint32_t i = 0; i < entries.count; i++) {
        uint32_t entry = flat_element(flat, entries, i);

        flat_vector(flat, entry, MAP_NAME, &name);
        if (is_called(loader, name, wanted, length)) {
            return flat_scalar(flat, entry, MAP_TENSOR);
        }
    }
    return NO_TENSOR;
}

/* One output is the hits. Three are told apart by their names in the only signature, and the hits
 * are the first of them. */
static bool read_outputs(struct loader *loader, struct flatvector outputs)
{
    static const char names[TFLITE_OUTPUTS][9] = {"hits", "velocity", "timing"};
    static const uint8_t lengths[TFLITE_OUTPUTS] = {4, 8, 6};
    struct flatbuffer *flat = &loader->flat;

    if (outputs.count == 1) {
        return end_branch(loader, TFLITE_HITS, flat_u32(flat, outputs.at));
    }
    for (uint32_t i = 0; i < TFLITE_OUTPUTS; i++) {
        uint32_t tensor = named_output(loader, names[i], lengths[i]);
        uint32_t at = i ? 4 : 0;

        if (outputs.count != TFLITE_OUTPUTS || loader->signatures.count != 1 ||
            (tensor != flat_u32(flat, outputs.at + at) &&
             tensor != flat_u32(flat, outputs.at + 2 * at))) {
            return load_fail(loader, NO_NAMES);
        }
        if (!end_branch(loader, i, tensor)) {
            return false;
        }
    }
    loader->decoder->has_feel = true;
    return true;
}

static uint32_t take_room(struct tflite_decoder *decoder, uint32_t floats)
{
    uint32_t at = decoder->workspace;

    decoder->workspace += (4 * floats + 7) & ~UINT32_C(7);
    return at;
}

/* Where each layer's output lies in a workspace. What the outputs' layers read comes last: all that
 * is before it is free once they can be computed (tflite_room). */
static void lay_out(struct tflite_decoder *decoder)
{
    uint32_t kept = 0; /* a bit for each layer, above one for the latents */

    for (unsigned i = 0; i < (decoder->has_feel ? TFLITE_OUTPUTS : 1); i++) {
        decoder->layer[decoder->last[i]].room = TFLITE_NO_ROOM;
        kept |= 1u << decoder->layer[decoder->last[i]].from;
    }
    take_room(decoder, decoder->latents);
    decoder->room = kept & 1 ? decoder->workspace : 0;
    for (unsigned keep = 0; keep < 2; keep++) {
        for (unsigned i = 0; i < decoder->dense; i++) {
            struct tflite_dense *dense = &decoder->layer[i];

            if (dense->room != TFLITE_NO_ROOM && (kept >> (i + 1) & 1) == keep) {
                dense->room = take_room(decoder, dense->rows);
            }
        }
        if (!keep) {
            decoder->room_size = decoder->workspace - decoder->room;
        }
    }
}

static bool read_graph(struct loader *loader, uint32_t graph)
{
    struct flatbuffer *flat = &loader->flat;
    struct flatvector inputs, outputs;
    struct flow *latents = loader->flows;
    struct tensor tensor;

    /* First, as it says most about a model of another kind. */
    for (uint32_t i = 0; i < loader->codes.count; i++) {
        if (!read_code(loader, i)) {
            return false;
        }
    }
    flat_vector(flat, graph, GRAPH_INPUTS, &inputs);
    flat_vector(flat, graph, GRAPH_OUTPUTS, &outputs);
    flat_vector(flat, graph, GRAPH_TENSORS, &loader->tensors);
    flat_vector(flat, graph, GRAPH_OPERATORS, &loader->operators);
    if (loader->operators.count > MOST_OPERATORS || loader->tensors.count > MOST_TENSORS) {
        return load_fail(loader, "not a decoder: it has too many parts");
    }
    for (uint32_t i = 0; i < loader->tensors.count; i++) {
        if (!tensor_read(loader, i, &tensor)) {
            return false;
        }
    }
    if (inputs.count != 1 || outputs.count < 1) {
        return load_fail(loader, "not a decoder: it has not one input and one output");
    }
    if (!tensor_activation(loader, flat_u32(flat, inputs.at), &tensor, &latents->quant)) {
        return false;
    }
    latents->tensor = tensor.index;
    latents->width = tensor.rows * tensor.cols;
    latents->last = tensor.cols;
    latents->range = MOST_LATENT;
    if (latents->width > TFLITE_MAX_LATENTS) {
        load_note_number(loader, "not a decoder: it has ", latents->width,
                         " inputs, more than 8 latents");
        return false;
    }
    loader->decoder->latents = (uint8_t)latents->width;
    loader->decoder->in = latents->quant;
    for (; loader->done < loader->operators.count; loader->done++) {
        if (!read_operator(loader, flat_element(flat, loader->operators, loader->done))) {
            return false;
        }
    }
    if (loader->decoder->dense == 0) {
        return load_fail(loader, "not a decoder: it has no dense layer");
    }
    if (!read_outputs(loader, outputs)) {
        return false;
    }
    for (uint32_t i = 1; i <= loader->decoder->dense; i++) {
        if (!loader->flows[i].read) {
            return load_fail(loader, NO_CHAIN);
        }
    }
    lay_out(loader->decoder);
    return !flat->broken;
}

/* The entry of our own: its version, and how many latents only the feel depends on. */
static bool read_feel(struct loader *loader, struct flatvector data)
{
    const uint8_t *bytes = loader->flat.bytes + data.at;
    struct tflite_decoder *decoder = loader->decoder;

    if (data.count != 2 || bytes[0] != 1 || bytes[1] > TFLITE_MAX_FEEL ||
        bytes[1] >= decoder->latents || (bytes[1] && !decoder->has_feel)) {
        return load_fail(loader, "metadata: the feel does not fit");
    }
    decoder->feel = bytes[1];
    return true;
}

static bool read_metadata(struct loader *loader, struct flatvector entries)
{
    struct flatbuffer *flat = &loader->flat;

    for (uint32_t i = 0; i < entries.count; i++) {
        uint32_t entry = flat_element(flat, entries, i);
        struct flatvector name, data;
        const char *wrong;

        flat_vector(flat, entry, METADATA_NAME, &name);
        if (!tensor_buffer(loader, flat_scalar(flat, entry, METADATA_BUFFER), &data)) {
            return false;
        }
        if (is_called(loader, name, "LATENTRACK_FEEL", 15) && !read_feel(loader, data)) {
            return false;
        }
        if (!is_called(loader, name, "TFLITE_METADATA", 15)) {
            continue;
        }
        wrong = metadata_read(loader->decoder, flat->bytes + data.at, data.count);
        if (wrong) {
            return load_fail(loader, wrong);
        }
    }
    return !flat->broken;
}

/* LiteRT wants each signature to have a name. */
static bool read_signatures(struct loader *loader)
{
    struct flatbuffer *flat = &loader->flat;

    for (uint32_t i = 0; i < loader->signatures.count; i++) {
        if (!flat_field(flat, flat_element(flat, loader->signatures, i), SIGNATURE_KEY)) {
            return load_fail(loader, LOAD_MISSING);
        }
    }
    return !flat->broken;
}

const char *tflite_load(struct tflite_decoder *decoder, const void *file, uint32_t size)
{
    struct loader loader = {.flat = {file, size, NULL},
                            .decoder = decoder,
                            .words = {decoder->message, sizeof decoder->message, 0}};
    struct flatbuffer *flat = &loader.flat;
    struct flatvector graphs, metadata;
    uint32_t model;

    memset(decoder, 0, sizeof *decoder);
    if ((uintptr_t)file % 4 != 0) {
        return "the file does not lie at an address divisible by 4";
    }
    if (size < 8 || memcmp((const uint8_t *)file + 4, "TFL3", 4) != 0) {
        return "not a .tflite file";
    }
    model = flat_root(flat);
    if (flat_scalar(flat, model, MODEL_VERSION) != SCHEMA && !flat->broken) {
        return "not of the schema's version 3";
    }
    flat_vector(flat, model, MODEL_CODES, &loader.codes);
    flat_vector(flat, model, MODEL_BUFFERS, &loader.buffers);
    flat_vector(flat, model, MODEL_GRAPHS, &graphs);
    flat_vector(flat, model, MODEL_METADATA, &metadata);
    flat_vector(flat, model, MODEL_SIGNATURES, &loader.signatures);
    if (flat->broken) {
        return flat->broken;
    }
    if (graphs.count != 1) {
        return "not a decoder: it has not one graph";
    }
    if (!read_graph(&loader, flat_element(flat, graphs, 0)) || !read_signatures(&loader) ||
        !read_metadata(&loader, metadata) || flat->broken) {
        return flat->broken;
    }
    return NULL;
}
