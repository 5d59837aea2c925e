/* Reads the description `xen:` + six characters + voices, steps, latent scale, groups.
 *
 * The reference project wrote those bytes as UTF-8, so that 128 and more became two bytes. A file
 * is read as plain bytes first; if that does not fit the model, as UTF-8.
 */
#include "metadata.h"

#include <string.h>

enum { DESCRIPTION = FLAT_FIELD(1, 1), PREFIX = 4, KIND = 6 };

static const char NO_FIT[] = "metadata: steps times voices is not the number of outputs";
static const char NO_GROUPS[] = "metadata: the groups do not add up to the voices";
static const char TOO_SHORT[] = "metadata: cut short";

struct byte_source {
    const uint8_t *next, *end;
    bool utf8, empty;
};

static uint8_t take(struct byte_source *source)
{
    uint8_t byte;

    if (source->next == source->end) {
        source->empty = true;
        return 0;
    }
    byte = *source->next++;
    if (source->utf8 && (byte & 0xfe) == 0xc2 && source->next < source->end) {
        byte = (uint8_t)(byte << 6 | (*source->next++ & 0x3f));
    }
    return byte;
}

static const char *read_fields(struct tflite_decoder *decoder, struct byte_source source)
{
    uint32_t sum = 0;

    decoder->voices = take(&source);
    decoder->steps = take(&source);
    decoder->latent_scale = take(&source);
    if (source.empty) {
        return TOO_SHORT;
    }
    if (decoder->outputs != (uint32_t)decoder->steps * decoder->voices) {
        return NO_FIT;
    }
    decoder->groups = 0;
    if (memcmp(decoder->kind, "perdec", KIND) != 0) {
        decoder->trailing = source.next;
        decoder->trailing_size = (uint32_t)(source.end - source.next);
        return NULL;
    }
    decoder->groups = take(&source);
    for (unsigned i = 0; i < decoder->groups; i++) {
        uint8_t size = take(&source);

        if (size == 0) {
            return source.empty ? TOO_SHORT : NO_GROUPS;
        }
        decoder->group_size[i] = size;
        sum += size;
    }
    return sum == decoder->voices ? NULL : NO_GROUPS;
}

const char *metadata_read(struct tflite_decoder *decoder, const uint8_t *bytes, uint32_t size)
{
    struct flatbuffer flat = {bytes, size, NULL};
    struct byte_source source;
    struct flatvector text;
    const char *plain_wrong, *utf8_wrong;

    if (size < 8 || memcmp(bytes + 4, "M001", 4) != 0) {
        return "metadata: not of the kind M001";
    }
    flat_vector(&flat, flat_root(&flat), DESCRIPTION, &text);
    if (flat.broken) {
        return flat.broken;
    }
    if (text.count < PREFIX + KIND || memcmp(bytes + text.at, "xen:", PREFIX) != 0) {
        return NULL;
    }
    memcpy(decoder->kind, bytes + text.at + PREFIX, KIND);
    source.next = bytes + text.at + PREFIX + KIND;
    source.end = bytes + text.at + text.count;
    source.empty = source.utf8 = false;
    plain_wrong = read_fields(decoder, source);
    if (plain_wrong) {
        source.utf8 = true;
        utf8_wrong = read_fields(decoder, source);
        if (utf8_wrong) {
            return plain_wrong;
        }
    }
    decoder->has_metadata = true;
    return NULL;
}
