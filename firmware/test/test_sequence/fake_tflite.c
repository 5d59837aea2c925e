/* A decoder whose scores anyone can work out by hand, in place of lib/tflite.
 *
 * Latents are whole numbers. The score of output i is a multiple of 10 from -100 to 100 (so that
 * some are equal):
 *     ((7 * l0 + 10 * l1 + 13 * l2 + ...) * 31 + i * i * 17 + i * 29) mod 211 / 10 * 10 - 100
 * and its probability (score + 100.5) / 201. Of a decoder with a feel, the velocity of cell i is
 *     ((7 * l0 + 10 * l1 + 13 * l2 + ...) * 5 + i * 37) mod 128 / 127
 * and its timing
 *     (((7 * l0 + 10 * l1 + 13 * l2 + ...) * 3 + i * 53) mod 255 - 127) / 127
 */
#include <math.h>
#include <string.h>

#include "tflite.h"

uint32_t tflite_workspace(const struct tflite_decoder *decoder)
{
    (void)decoder;
    return 16;
}

/* Room for two scores: some models keep theirs there, others have their own. */
uint32_t tflite_room(const struct tflite_decoder *decoder, uint32_t *size)
{
    (void)decoder;
    *size = 8;
    return 8;
}

void tflite_hidden(const struct tflite_decoder *decoder, const float *latents, void *workspace)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < decoder->latents; i++) {
        sum += (7 + 3 * i) * (int32_t)latents[i];
    }
    memcpy(workspace, &sum, sizeof sum);
}

void tflite_scores(const struct tflite_decoder *decoder, const void *workspace, unsigned first,
                   unsigned count, float *scores)
{
    int32_t sum;
    memcpy(&sum, workspace, sizeof sum);
    for (unsigned i = first; i < first + count && i < decoder->outputs; i++) {
        int64_t value = (int64_t)sum * 31 + (int64_t)i * i * 17 + (int64_t)i * 29;
        scores[i - first] = (float)((value % 211 + 211) % 211 / 10 * 10 - 100);
    }
}

float tflite_cutoff(const struct tflite_decoder *decoder, float threshold)
{
    (void)decoder;
    return threshold < 0 ? -INFINITY : 201 * threshold - 100.5f;
}

float tflite_probability(const struct tflite_decoder *decoder, float score)
{
    (void)decoder;
    return (score + 100.5f) / 201;
}

float tflite_value(const struct tflite_decoder *decoder, const void *workspace,
                   enum tflite_output output, unsigned cell)
{
    int32_t sum, value;
    (void)decoder;
    memcpy(&sum, workspace, sizeof sum);
    if (output == TFLITE_VELOCITY) {
        value = ((sum * 5 + (int32_t)cell * 37) % 128 + 128) % 128;
    } else {
        value = ((sum * 3 + (int32_t)cell * 53) % 255 + 255) % 255 - 127;
    }
    return (float)value / 127;
}
