/* A reader of flatbuffers that trusts nothing.
 *
 * A position is an offset from the start of the buffer; 0 means "not there" (no table or vector can
 * lie at 0, the root's offset does). The first thing found wrong is kept in `broken` and everything
 * read after that is 0, so a caller may read on and ask once at the end.
 */
#ifndef TFLITE_FLATBUFFER_H
#define TFLITE_FLATBUFFER_H

#include <stdbool.h>
#include <stdint.h>

struct flatbuffer {
    const uint8_t *bytes;
    uint32_t size;
    const char *broken; /* NULL while all is well */
};

struct flatvector {
    uint32_t at;    /* position of the first element */
    uint32_t count; /* 0 when the vector is absent */
};

/* True when `size` bytes lie at `at`; else notes that the buffer is cut short. */
bool flat_holds(struct flatbuffer *flat, uint32_t at, uint32_t size);

/* Numbers at any position, aligned or not; like the file, the processor is little-endian. */
uint32_t flat_u16(struct flatbuffer *flat, uint32_t at);
uint32_t flat_u32(struct flatbuffer *flat, uint32_t at);

/* The root table, or 0. */
uint32_t flat_root(struct flatbuffer *flat);

/* A field of a table: its number, and the width of what lies there or of a vector's elements. */
#define FLAT_FIELD(number, width) ((number) << 4 | (width))

/* Where a field of a table lies, its width of bytes readable; 0 when absent. */
uint32_t flat_field(struct flatbuffer *flat, uint32_t table, uint32_t field);

/* A scalar field of 1 or 4 bytes, or 0 when the table leaves it out. */
uint32_t flat_scalar(struct flatbuffer *flat, uint32_t table, uint32_t field);

/* The table that a field points to, or 0. */
uint32_t flat_table(struct flatbuffer *flat, uint32_t table, uint32_t field);

/* Sets `vector` to the vector (or string) that a field points to, all its elements inside the
 * buffer. */
void flat_vector(struct flatbuffer *flat, uint32_t table, uint32_t field,
                 struct flatvector *vector);

/* Element `i` of a vector of tables, which must be there. */
uint32_t flat_element(struct flatbuffer *flat, struct flatvector vector, uint32_t i);

#endif
