/* The decoder as a shared object, and what tells valgrind which instructions to count. */
#include <valgrind/callgrind.h>

#include "tflite.h"

void counted_start(void);
void counted_report(const char *name);
void counted_decode(const struct tflite_decoder *decoder, const float *latents, void *workspace,
                    float *scores, float cutoff, uint8_t *gates, unsigned times);

void counted_start(void)
{
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
}

/* Writes the count since the start under this name. */
void counted_report(const char *name)
{
    CALLGRIND_DUMP_STATS_AT(name);
    CALLGRIND_STOP_INSTRUMENTATION;
}

/* What the module does for a new bar: scores, and which of them are above the cut-off. */
void counted_decode(const struct tflite_decoder *decoder, const float *latents, void *workspace,
                    float *scores, float cutoff, uint8_t *gates, unsigned times)
{
    while (times--) {
        tflite_hidden(decoder, latents, workspace);
        tflite_scores(decoder, workspace, 0, decoder->outputs, scores);
        for (unsigned i = 0; i < decoder->outputs; i++) {
            gates[i] = scores[i] > cutoff;
        }
    }
}
