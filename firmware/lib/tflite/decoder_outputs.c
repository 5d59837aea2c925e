/* See decoder_outputs.h. */
#include "decoder_outputs.h"

#include <stddef.h>

/* Field numbers of the file format's tables (schema version 3). */
enum { SIGNATURE_OUTPUTS = FLAT_FIELD(1, 4) };
enum { MAP_NAME = FLAT_FIELD(0, 1), MAP_TENSOR = FLAT_FIELD(1, 4) };

enum { NO_TENSOR = UINT32_MAX };

static const char NO_NAMES[] = "its outputs are not called hits, velocity and timing";

struct flow *outputs_find(struct loader *loader, uint32_t tensor)
{
    for (uint32_t i = 0; i <= loader->decoder->dense; i++) {
        if (loader->flows[i].tensor == tensor) {
            return &loader->flows[i];
        }
    }
    return NULL;
}

/* The layer that ends in this tensor is that output's. */
static bool end_branch(struct loader *loader, uint32_t output, uint32_t tensor)
{
    struct tflite_decoder *decoder = loader->decoder;
    struct flow *flow = outputs_find(loader, tensor);

    if (!flow || flow->read || flow == loader->flows) {
        return load_fail(loader, LOAD_NO_CHAIN);
    }
    flow->read = true; /* so that no other output is this one */
    decoder->last[output] = (uint8_t)(flow - loader->flows - 1);
    if (decoder->outputs != 0 && decoder->outputs != flow->width) {
        return load_fail(loader, "the outputs differ in size");
    }
    decoder->outputs = flow->width;
    return true;
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
        if (load_is_called(loader, name, wanted, length)) {
            return flat_scalar(flat, entry, MAP_TENSOR);
        }
    }
    return NO_TENSOR;
}

bool outputs_read(struct loader *loader, struct flatvector outputs)
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

void outputs_lay_out(struct tflite_decoder *decoder)
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
