/* Which layers are a decoder's outputs. */
#ifndef TFLITE_DECODER_OUTPUTS_H
#define TFLITE_DECODER_OUTPUTS_H

#include "tensor.h"

/* The branch of the tree that has reached this tensor, or NULL. */
struct flow *outputs_find(struct loader *loader, uint32_t tensor);

/* Finds the layer of each output. One output is the hits. Three are told apart by their names in
 * the only signature, and the hits are the first of them. False, and why noted, if they are not so.
 */
bool outputs_read(struct loader *loader, struct flatvector outputs);

/* Lays out the workspace. What the outputs' layers read comes last: all that is before it is free
 * once they can be computed (tflite_room). */
void outputs_lay_out(struct tflite_decoder *decoder);

#endif
