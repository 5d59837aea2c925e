/* A decoder whose scores anyone can work out by hand, in place of lib/tflite.
 *
 * Latents are whole numbers. The score of output i is a multiple of 10 from -100 to 100 (so that
 * some are equal):
 *     ((7 * l0 + 10 * l1 + 13 * l2 + ...) * 31 + i * i * 17 + i * 29) mod 211 / 10 * 10 - 100
 * and its probability (score + 100.5) / 201.
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
