/* Whole files through semihosting, into memory from malloc (aligned to 8). */
#ifndef BENCH_FILES_H
#define BENCH_FILES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The file's bytes, followed by a NUL; ends the program when there is no such file. */
static inline void *read_file(const char *path, uint32_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long length;

    if (file && fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) >= 0) {
        bytes = malloc((size_t)length + 1);
        rewind(file);
        if (bytes && fread(bytes, 1, (size_t)length, file) == (size_t)length) {
            bytes[length] = 0;
            *size = (uint32_t)length;
            fclose(file);
            return bytes;
        }
    }
    printf("cannot read %s\n", path);
    exit(1);
}

#endif
