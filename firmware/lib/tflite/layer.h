/* Dense layers of a file, checked. */
#ifndef TFLITE_LAYER_H
#define TFLITE_LAYER_H

#include "tensor.h"

/* Adds a FULLY_CONNECTED operator that reads loader->flow; loader->flow becomes the layer's own.
 * `outputs` and `quant`: how wide its output is, and how written. False, and why noted, if not. */
bool layer_read(struct loader *loader, uint32_t options, struct flatvector inputs, uint32_t outputs,
                struct tflite_quant quant);

#endif
