/* What the C of this project takes from <string.h>; mpy/freestanding.c has it. */
#ifndef LATENTRACK_STRING_H
#define LATENTRACK_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *left, const void *right, size_t size);

#endif
