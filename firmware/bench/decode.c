/* Runs decoders on the emulated Cortex-M7 for the tests, which compare what comes out.
 *
 * Reads `jobs.txt` in the folder it is started in. Each line names a model and three more files:
 * latents to read, and the scores and probabilities to write, all raw float32.
 */
#include <string.h>

#include "files.h"
#include "tflite.h"

static void decode(const char *model, const char *latents_path, const char *scores_path,
                   const char *probabilities_path)
{
    static struct tflite_decoder decoder;
    uint32_t size, latents_size;
    void *file = read_file(model, &size);
    const char *wrong = tflite_load(&decoder, file, size);
    float *latents = read_file(latents_path, &latents_size);
    uint32_t sets = latents_size / (decoder.latents * sizeof(float));
    FILE *scores_file = fopen(scores_path, "wb"), *probabilities_file = NULL;
    float *scores = malloc(decoder.outputs * sizeof *scores);
    void *workspace = malloc(tflite_workspace(&decoder));

    if (wrong) {
        printf("%s: %s\n", model, wrong);
        exit(1);
    }
    probabilities_file = fopen(probabilities_path, "wb");
    for (uint32_t i = 0; i < sets; i++) {
        tflite_hidden(&decoder, latents + i * decoder.latents, workspace);
        tflite_scores(&decoder, workspace, 0, decoder.outputs, scores);
        fwrite(scores, sizeof *scores, decoder.outputs, scores_file);
        for (uint32_t k = 0; k < decoder.outputs; k++) {
            scores[k] = tflite_probability(&decoder, scores[k]);
        }
        fwrite(scores, sizeof *scores, decoder.outputs, probabilities_file);
    }
    fclose(scores_file);
    fclose(probabilities_file);
    free(workspace);
    free(scores);
    free(latents);
    free(file);
}

int main(void)
{
    uint32_t size;
    char *word = strtok(read_file("jobs.txt", &size), " \n");
    const char *words[4];
    unsigned count = 0;

    for (; word; word = strtok(NULL, " \n")) {
        words[count++] = word;
        if (count == 4) {
            decode(words[0], words[1], words[2], words[3]);
            count = 0;
        }
    }
    puts("done");
    return 0;
}
