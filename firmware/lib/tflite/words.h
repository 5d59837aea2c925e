/* One line of words put together in a fixed room, without printf. */
#ifndef TFLITE_WORDS_H
#define TFLITE_WORDS_H

#include <stdint.h>

struct words {
    char *text;
    uint32_t room, length;
};

/* Appends; what does not fit is left out, the text always ends in NUL. */
static inline void words_text(struct words *words, const char *text)
{
    while (*text && words->length + 1 < words->room)
        words->text[words->length++] = *text++;
    words->text[words->length] = 0;
}

static inline void words_number(struct words *words, uint32_t number)
{
    char digits[11];
    char *digit = digits + sizeof digits - 1;

    *digit = 0;
    do
        *--digit = (char)('0' + number % 10);
    while (number /= 10);
    words_text(words, digit);
}

#endif
