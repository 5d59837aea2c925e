/* One position brought through a model, or through a model and its partner, blended.
 *
 * A partner is a second model of the same steps and voices (model_set_partner). A position of such
 * a pair is one array: the latents of the model, those of the partner, and the amount, 0 to 1. The
 * rules:
 * scores   before the threshold, cell by cell: a + amount (b - a). Amount 0 is the model's scores
 * as they are, and the partner is not computed; 1 the partner's, and the model is not. cut-offs the
 * same way, voice by voice; where one is infinite (always, or never), it holds until the other's
 * end. feel     the same, where both have one; else it is the model's own. locked   a voice that is
 * locked (locks.h) has the scores, the feel and the amount that were stored with it.
 *
 * Scores are logits here: what an int8 decoder computes is converted, and so are its cut-offs, so
 * that any two decoders can be blended and what is above a cut-off stays so.
 */
#ifndef LATENTRACK_BLEND_H
#define LATENTRACK_BLEND_H

#include "model.h"

struct blend {
    const struct model *model; /* whose pattern is built */
    const struct locks *locks; /* NULL: no voice is locked */
    uint32_t user;             /* 0 the producer, 1 the interrupt: whose workspaces are used */
    float amount;
    float cutoffs[255]; /* of model and partner, blended */
};

/* Runs the hidden layers at `position` (model_position() floats). */
void blend_open(struct blend *blend, const struct model *model, uint32_t user,
                const float *position);

/* How many steps blend_scores computes at a time, at most. */
uint32_t blend_batch(const struct blend *blend);

/* Scores of `count` steps from `step` on, a row of voices each. Valid until the next call. */
const float *blend_scores(const struct blend *blend, uint32_t step, uint32_t count);

/* Cut-offs of the voices, to which those scores are compared. Valid as long as the blend. */
const float *blend_cutoffs(struct blend *blend);

/* TFLITE_VELOCITY or TFLITE_TIMING of a cell, step * voices + voice, of a model with a feel. */
float blend_value(const struct blend *blend, enum tflite_output output, uint32_t cell);

/* A decoder's cut-off (tflite_cutoff), for scores in logits. */
float blend_cutoff_in_logits(const struct tflite_decoder *decoder, float cutoff);

#endif
