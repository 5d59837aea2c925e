/* One line of words put together in a fixed room, without printf. */
#ifndef TFLITE_WORDS_H
#define TFLITE_WORDS_H

#include <stdint.h>

struct words {
    char *text;
    uint32_t room, length;
};

/* Appends; what does not fit is left out, the text always ends in NUL. */
void words_text(struct words *words, const char *text);
void words_number(struct words *words, uint32_t number);

#endif
