/* A model: one decoder with everything that turns its scores into patterns, in one block of memory.
 *
 * The block is the caller's, model_size(decoder) bytes, aligned to 8. It holds the decoder, three
 * patterns (exchange.h says why three), a workspace for each of the two who decode (the producer,
 * and the clock interrupt in step mode), and what is set voice by voice: cut-offs, densities,
 * chances, pitches. One model belongs to one track at a time.
 *
 * The setters are the producer's. The interrupt may build a step at any time with what is there:
 * every value is read and written atomically (atomic.h).
 *
 * A model may have a partner, into which it is blended (blend.h): another model in a block of its
 * own, of which only the decoder, the workspaces and the cut-offs are used. The two stay together
 * as long as the model is used. Locks (locks.h) come once and stay, too.
 */
#ifndef LATENTRACK_MODEL_H
#define LATENTRACK_MODEL_H

#include <stdatomic.h>

#include "pattern.h"
#include "tflite.h"

#define MODEL_PATTERNS 3
#define MODEL_PITCHES 32 /* at least this many fit in the list of pitches, and one per voice */

struct locks;

struct model {
    struct tflite_decoder decoder;
    struct pattern pattern[MODEL_PATTERNS];
    float threshold;
    float *cutoff;     /* per voice */
    uint8_t *density;  /* per voice, 0 to 200; 100 is neutral */
    uint8_t *chance;   /* per voice, 0 to 200; 200: always */
    uint16_t *pitches; /* in 1/256 semitone, see pattern.h */
    uint32_t pitch_count, pitch_room;
    uint32_t batch;     /* steps the producer decodes at a time */
    void *workspace[2]; /* 0 the producer's, 1 the interrupt's */
    float *scores[2];   /* where a workspace has room, in it: hidden layers are done with by then */
    struct model *partner;       /* NULL: none */
    struct locks *_Atomic locks; /* NULL: no voice has been locked yet */
};

/* How many floats a position of the model is: its latents, and with a partner those of the partner
   and the amount. */
static inline uint32_t model_position(const struct model *model)
{
    const struct model *partner = model->partner;
    return model->decoder.latents + (partner ? partner->decoder.latents + 1u : 0);
}

/* Bytes for a model of this decoder; 0 when its steps and voices are not known (no metadata and
   not filled in by the caller) or do not make up its outputs. */
uint32_t model_size(const struct tflite_decoder *decoder);

/* Makes a model in the block. The decoder is copied; its file must stay. Threshold 0.5, densities
   neutral, pitches {0}: voice v plays note v. Returns the model, or NULL when the block is too
   small, not aligned to 8, or model_size is 0. */
struct model *model_init(void *block, uint32_t size, const struct tflite_decoder *decoder);

/* Probability above which a cell sounds, 0 to 1. Costs a cut-off per different density. */
void model_set_threshold(struct model *model, float threshold);

/* How readily one voice sounds, 0 to 1. 0.5 is the threshold as it is; towards 0 the voice's own
   threshold rises in a straight line to 1 (never sounds), towards 1 it falls to 0 (always). Kept in
   steps of 1/200. Returns 0, or -1: no such voice. */
int model_set_density(struct model *model, uint32_t voice, float density);

/* How probable it is, 0 to 1, that a cell of one voice sounds; 1 at first. Kept in steps of 1/200.
   Returns 0, or -1: no such voice. */
int model_set_chance(struct model *model, uint32_t voice, float chance);

/* The list of pitches, in 1/256 semitone (see pattern_build_step): what a scale does to each note,
   or what a rhythm steps through. Returns 0, or -1: none, or more than pitch_room. */
int model_set_pitches(struct model *model, const uint16_t *pitches, uint32_t count);

/* Makes another model the partner; it gets the threshold and the densities, now and whenever they
   are set. Only before the first pattern of the model is published: afterwards the interrupt may
   read both. Returns 0, or -1: steps or voices differ. */
int model_set_partner(struct model *model, struct model *partner);

/* How this model makes patterns for a track with these parameters. mode may be MODE_AUTO, routes
   ROUTE_AUTO. */
void model_voicing(const struct model *model, struct voicing *voicing, uint32_t mode,
                   uint32_t notes, uint32_t triggers, uint32_t levels,
                   const struct calibration *calibration);

/* Latents to a finished pattern: the producer's. `pattern` is one of the model's, not in use.
   `latents` holds model_position() floats. */
void model_build(struct model *model, struct pattern *pattern, const float *latents,
                 const struct voicing *voicing);

/* The same for one step only: the interrupt's. Only the hidden layers and that step's rows are
   computed. */
void model_build_step(struct model *model, struct pattern *pattern, uint32_t step,
                      const float *latents, const struct voicing *voicing);

#endif
