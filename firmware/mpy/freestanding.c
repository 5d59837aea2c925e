/* What gcc calls behind our backs, for a native module that links no C library.
 *
 * Plain loops: what is copied here is small, and -O2 must not turn them back into calls.
 */
#include <stddef.h>

#define KEEP_LOOP __attribute__((optimize("no-tree-loop-distribute-patterns"), used))

KEEP_LOOP void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    char *target = to;
    const char *source = from;
    while (size-- > 0) {
        *target++ = *source++;
    }
    return to;
}

KEEP_LOOP void *memset(void *to, int value, size_t size)
{
    char *target = to;
    while (size-- > 0) {
        *target++ = (char)value;
    }
    return to;
}

KEEP_LOOP int memcmp(const void *left, const void *right, size_t size)
{
    const unsigned char *a = left, *b = right;
    for (; size > 0; size--, a++, b++) {
        if (*a != *b) {
            return *a < *b ? -1 : 1;
        }
    }
    return 0;
}
