/* What the outputs mean: steps, voices, groups, from the metadata that the training left in the
 * file. */
#ifndef TFLITE_METADATA_H
#define TFLITE_METADATA_H

#include "flatbuffer.h"
#include "tflite.h"

/* Reads `xen:` + type + bytes from the description in the metadata buffer (a flatbuffer of its own,
 * identifier M001). Returns NULL, or what is wrong. A description of another kind is not an error:
 * the decoder then has no metadata. */
const char *metadata_read(struct tflite_decoder *decoder, const uint8_t *bytes, uint32_t size);

#endif
