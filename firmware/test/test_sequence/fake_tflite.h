/* A made-up decoder for fake_tflite.c. */
#ifndef FAKE_TFLITE_H
#define FAKE_TFLITE_H

#include <string.h>

#include "tflite.h"

static inline void fake_decoder(struct tflite_decoder *decoder, const char *kind, uint8_t latents,
                                uint8_t steps, uint8_t voices, const uint8_t *sizes, uint8_t groups)
{
    memset(decoder, 0, sizeof *decoder);
    memcpy(decoder->kind, kind, 6);
    decoder->latents = latents;
    decoder->steps = steps;
    decoder->voices = voices;
    decoder->outputs = (uint32_t)steps * voices;
    decoder->has_metadata = true;
    decoder->groups = groups;
    if (groups) {
        memcpy(decoder->group_size, sizes, groups);
    }
}

#endif
