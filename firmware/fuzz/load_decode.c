/* Fuzz target: any bytes as a model file. What is accepted must run without leaving its bounds. */
#include <stdlib.h>
#include <string.h>

#include "tflite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tflite_decoder decoder;
    static const float latents[TFLITE_MAX_LATENTS] = {1.5f, -2, 0.25f, -0.0f, 3, -3, 1e30f, 1e-30f};
    void *file = malloc(size ? size : 1); /* as large as the file, so that a byte too far shows */
    float *scores;
    void *workspace;

    memcpy(file, data, size);
    if (!tflite_load(&decoder, file, (uint32_t)size)) {
        unsigned first = decoder.outputs / 3;

        workspace = malloc(tflite_workspace(&decoder));
        scores = malloc(decoder.outputs * sizeof *scores);
        tflite_hidden(&decoder, latents, workspace);
        tflite_scores(&decoder, workspace, 0, decoder.outputs, scores);
        tflite_probability(&decoder, scores[0]);
        for (unsigned i = 0; i < (decoder.has_feel ? TFLITE_OUTPUTS : 1); i++) {
            tflite_value(&decoder, workspace, (enum tflite_output)i, decoder.outputs - 1);
        }
        tflite_cutoff(&decoder, 0.5f);
        free(scores);
        scores = malloc((decoder.outputs - first) * sizeof *scores);
        tflite_scores(&decoder, workspace, first, decoder.outputs - first, scores);
        free(scores);
        free(workspace);
    }
    free(file);
    return 0;
}
