/* One line of words put together in a fixed room, without printf. */
#include "words.h"

void words_text(struct words *words, const char *text)
{
    while (*text && words->length + 1 < words->room) {
        words->text[words->length++] = *text++;
    }
    words->text[words->length] = 0;
}

void words_number(struct words *words, uint32_t number)
{
    char digits[11];
    char *digit = digits + sizeof digits - 1;

    *digit = 0;
    do {
        *--digit = (char)('0' + number % 10);
    } while (number /= 10);
    words_text(words, digit);
}
