/* What the Python tests need besides lib/tflite itself: sizes, fields and loops over many latents. */
#include <stdlib.h>
#include <string.h>

#include "tflite.h"

struct tflite_decoder *shim_new(void)
{
    return calloc(1, sizeof(struct tflite_decoder));
}

uint32_t shim_decoder_bytes(void)
{
    return sizeof(struct tflite_decoder);
}

/* latents, outputs, has_metadata, steps, voices, latent_scale, groups, trailing_size, feel latents,
   has_feel */
void shim_fields(const struct tflite_decoder *decoder, uint32_t *fields)
{
    fields[0] = decoder->latents;
    fields[1] = decoder->outputs;
    fields[2] = decoder->has_metadata;
    fields[3] = decoder->steps;
    fields[4] = decoder->voices;
    fields[5] = decoder->latent_scale;
    fields[6] = decoder->groups;
    fields[7] = decoder->trailing_size;
    fields[8] = decoder->feel;
    fields[9] = decoder->has_feel;
}

const char *shim_kind(const struct tflite_decoder *decoder)
{
    return decoder->kind;
}

const uint8_t *shim_groups(const struct tflite_decoder *decoder)
{
    return decoder->group_size;
}

const uint8_t *shim_trailing(const struct tflite_decoder *decoder)
{
    return decoder->trailing;
}

/* The scores of `count` latents, each in pieces of `piece` outputs (0: all at once). */
void shim_scores(const struct tflite_decoder *decoder, const float *latents, unsigned count,
                 unsigned piece, float *scores)
{
    void *workspace = malloc(tflite_workspace(decoder));

    memset(workspace, 0xff, tflite_workspace(decoder));
    for (; count--; latents += decoder->latents) {
        tflite_hidden(decoder, latents, workspace);
        for (unsigned at = 0; at < decoder->outputs; at += piece ? piece : decoder->outputs) {
            unsigned rows = piece ? piece : decoder->outputs;

            if (rows > decoder->outputs - at)
                rows = decoder->outputs - at;
            tflite_scores(decoder, workspace, at, rows, scores);
            scores += rows;
        }
    }
    free(workspace);
}

void shim_probabilities(const struct tflite_decoder *decoder, float *scores, unsigned count)
{
    for (; count--; scores++)
        *scores = tflite_probability(decoder, *scores);
}

/* One of the model's own outputs for every cell of `count` latents, each cell by itself, the last
   one first. */
void shim_values(const struct tflite_decoder *decoder, const float *latents, unsigned count,
                 unsigned output, float *values)
{
    void *workspace = malloc(tflite_workspace(decoder));

    memset(workspace, 0xff, tflite_workspace(decoder));
    for (; count--; latents += decoder->latents, values += decoder->outputs) {
        tflite_hidden(decoder, latents, workspace);
        for (unsigned cell = decoder->outputs; cell--;) {
            values[cell] = tflite_value(decoder, workspace, (enum tflite_output)output, cell);
        }
    }
    free(workspace);
}
