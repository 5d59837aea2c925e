/* A reader of flatbuffers that trusts nothing: every offset is checked before it is followed. */
#include "flatbuffer.h"

#include <stddef.h>
#include <string.h>

static const char CUT_SHORT[] = "cut short: an offset points outside the file";
static const char NO_TABLE[] = "damaged: a table's field list is not one";

bool flat_holds(struct flatbuffer *flat, uint32_t at, uint32_t size)
{
    if (flat->broken) {
        return false;
    }
    if (at <= flat->size && size <= flat->size - at) {
        return true;
    }
    flat->broken = CUT_SHORT;
    return false;
}

uint32_t flat_u16(struct flatbuffer *flat, uint32_t at)
{
    uint16_t value;

    if (!flat_holds(flat, at, 2)) {
        return 0;
    }
    __builtin_memcpy(&value, flat->bytes + at, sizeof value);
    return value;
}

uint32_t flat_u32(struct flatbuffer *flat, uint32_t at)
{
    uint32_t value;

    if (!flat_holds(flat, at, 4)) {
        return 0;
    }
    __builtin_memcpy(&value, flat->bytes + at, sizeof value);
    return value;
}

/* What the offset at `at` points to: something of at least 4 bytes. */
static uint32_t follow(struct flatbuffer *flat, uint32_t at)
{
    uint32_t offset = flat_u32(flat, at);

    if (flat->broken || !flat_holds(flat, at, offset)) {
        return 0;
    }
    if (offset == 0) {
        flat->broken = CUT_SHORT;
        return 0;
    }
    return flat_holds(flat, at + offset, 4) ? at + offset : 0;
}

uint32_t flat_root(struct flatbuffer *flat)
{
    return follow(flat, 0);
}

uint32_t flat_field(struct flatbuffer *flat, uint32_t table, uint32_t field)
{
    uint32_t back, list, length, offset, entry = 4 + 2 * (field >> 4);

    if (flat->broken || table == 0) {
        return 0;
    }
    /* A signed distance backwards; the list may lie on either side, so let it wrap and check. */
    back = flat_u32(flat, table);
    list = table - back;
    if (!flat_holds(flat, list, 4)) {
        return 0;
    }
    length = flat_u16(flat, list);
    if (length < 4 || length % 2 != 0) {
        flat->broken = NO_TABLE;
        return 0;
    }
    if (!flat_holds(flat, list, length) || entry + 2 > length) {
        return 0;
    }
    offset = flat_u16(flat, list + entry);
    if (offset == 0 || !flat_holds(flat, table, offset)) {
        return 0;
    }
    return flat_holds(flat, table + offset, field & 15) ? table + offset : 0;
}

uint32_t flat_scalar(struct flatbuffer *flat, uint32_t table, uint32_t field)
{
    uint32_t at = flat_field(flat, table, field);

    if (at == 0) {
        return 0;
    }
    return (field & 15) == 4 ? flat_u32(flat, at) : flat->bytes[at];
}

uint32_t flat_table(struct flatbuffer *flat, uint32_t table, uint32_t field)
{
    uint32_t at = flat_field(flat, table, (field & ~UINT32_C(15)) | 4);

    return at ? follow(flat, at) : 0;
}

void flat_vector(struct flatbuffer *flat, uint32_t table, uint32_t field, struct flatvector *vector)
{
    uint32_t at = flat_table(flat, table, field), element = field & 15, count;

    vector->at = at + 4;
    vector->count = 0;
    if (at == 0) {
        return;
    }
    count = flat_u32(flat, at);
    if (count > flat->size / element || !flat_holds(flat, at + 4, count * element)) {
        flat->broken = CUT_SHORT;
    } else {
        vector->count = count;
    }
}

uint32_t flat_element(struct flatbuffer *flat, struct flatvector vector, uint32_t i)
{
    return i < vector.count ? follow(flat, vector.at + 4 * i) : 0;
}
