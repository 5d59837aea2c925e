/* Fuzz target: any bytes as a model file, and what is accepted is played. The last bytes of the
 * file (weights, or nothing) also say how: which parameters, which edges, how much time. */
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "rack.h"
#include "tflite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_CELLS = 4096 }; /* larger ones are slow and no different */

static void gates(struct outputs *self, uint32_t set, uint32_t clear, uint32_t now_us)
{
    (void)self;
    (void)now_us;
    if ((set | clear) >> OUTPUT_CHANNELS) {
        abort();
    }
}

static void level(struct outputs *self, uint32_t channel, uint16_t code, uint32_t now_us)
{
    (void)self;
    (void)code;
    (void)now_us;
    if (channel >= OUTPUT_CHANNELS) {
        abort();
    }
}

static void play(struct model *model, const uint8_t *script, size_t length)
{
    static struct rack rack;
    static struct outputs outputs = {.gates = gates, .level = level};
    float latents[TFLITE_MAX_LATENTS] = {0};
    uint32_t now_us = 0xffff0000;

    rack_init(&rack, &outputs);
    track_use(&rack.track[1], model);
    track_decode(&rack.track[1], latents);
    for (size_t i = 0; i + 1 < length; i += 2) {
        uint8_t what = script[i], value = script[i + 1];

        latents[what % TFLITE_MAX_LATENTS] = (float)value / 42 - 3;
        now_us += 10u * what * value;
        switch (what % 8) {
        case 0:
            track_decode(&rack.track[1], latents);
            break;
        case 1:
            track_post(&rack.track[1], latents, TFLITE_MAX_LATENTS);
            break;
        case 2:
            track_set(&rack.track[1], value % TRACK_PARAMS, (float)(what >> 3) / 8);
            break;
        case 3:
            rack_reset(&rack, now_us);
            break;
        case 4:
            rack_tick(&rack, now_us);
            break;
        case 5:
            model_set_density(model, value, (float)(what >> 3) / 31);
            break;
        default:
            rack_clock(&rack, now_us);
            break;
        }
    }
    for (unsigned i = 0; i < 40; i++) {
        rack_clock(&rack, now_us += 20000);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tflite_decoder decoder;
    void *file = malloc(size ? size : 1), *block;
    size_t script = size < 64 ? size : 64;

    memcpy(file, data, size);
    if (!tflite_load(&decoder, file, (uint32_t)size) && decoder.outputs <= MOST_CELLS) {
        uint32_t block_size = model_size(&decoder);

        block = malloc(block_size + 1);
        if (block_size) {
            play(model_init(block, block_size, &decoder), data + size - script, script);
        }
        free(block);
    }
    free(file);
    return 0;
}
