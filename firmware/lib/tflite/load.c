/* Turns a .tflite file into a decoder, or says what is wrong with it.
 *
 * The file's only subgraph must be a tree of operators from the only input to one output or to
 * three. Everything that running the decoder will touch is checked here, once: afterwards nothing
 * can go out of bounds, whatever the file holds.
 */
#include <stddef.h>
#include <string.h>

#include "decoder_outputs.h"
#include "flatbuffer.h"
#include "layer.h"
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
    OPERATOR_OPTIONS_ARE = FLAT_FIELD(3, 1),
    OPERATOR_OPTIONS = FLAT_FIELD(4, 4)
};
enum { MODEL_SIGNATURES = FLAT_FIELD(7, 4), SIGNATURE_KEY = FLAT_FIELD(2, 4) };
enum { RESHAPE_SHAPE = FLAT_FIELD(0, 4) };
enum { METADATA_NAME = FLAT_FIELD(0, 1), METADATA_BUFFER = FLAT_FIELD(1, 4) };

/* A damaged file may name the same thing over and over: a bound on how long reading can take. */
enum { MOST_OPERATORS = 255 };

/* No latent is greater: the metadata's latent scale is a byte. */
#define MOST_LATENT 255.0f

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
        return load_fail_operator(loader);
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
        return load_fail(loader, LOAD_NO_CHAIN);
    }
    if (outputs != flow->width) {
        return load_fail_operator(loader);
    }
    if (op == OP_RESHAPE) {
        return quant.scale == flow->quant.scale && quant.zero == flow->quant.zero
                   ? true
                   : load_fail_operator(loader);
    }
    if (op == OP_QUANTIZE     ? from_int8 || !to_int8
        : op == OP_DEQUANTIZE ? to_int8 || !from_int8
                              : from_int8 != to_int8) {
        return load_fail_operator(loader);
    }
    /* The format gives LOGISTIC and TANH a fixed int8 output, and not every reader looks at what
     * the file says. To a coarser scale LiteRT's RELU rounds twice; no converter asks for that. */
    if (from_int8 && to_int8 &&
        (op == OP_LOGISTIC ? quant.scale != 0x1p-8f || quant.zero != -128
         : op == OP_TANH   ? quant.scale != 0x1p-7f || quant.zero != 0
                           : quant.scale > flow->quant.scale)) {
        return load_fail_operator(loader);
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
        return load_fail_operator(loader);
    }
    kind = read_code(loader, which);
    if (!kind) {
        return false;
    }
    if (inputs.count < 1 || inputs.count > kind->inputs || outputs.count != 1) {
        return load_fail_operator(loader);
    }
    if (options != 0 && options != kind->options) {
        return load_fail_operator(loader);
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
    loader->flow = outputs_find(loader, in.index);
    if (!loader->flow) {
        return load_fail(loader, LOAD_NO_CHAIN);
    }
    width = out.rows * out.cols;
    if (kind->op == OP_FULLY_CONNECTED
            ? !layer_read(loader, options, inputs, out.rows == 1 ? width : 0, quant)
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
    if (!outputs_read(loader, outputs)) {
        return false;
    }
    for (uint32_t i = 1; i <= loader->decoder->dense; i++) {
        if (!loader->flows[i].read) {
            return load_fail(loader, LOAD_NO_CHAIN);
        }
    }
    outputs_lay_out(loader->decoder);
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
        if (load_is_called(loader, name, "LATENTRACK_FEEL", 15) && !read_feel(loader, data)) {
            return false;
        }
        if (!load_is_called(loader, name, "TFLITE_METADATA", 15)) {
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
