/* See encoder.h. */
#include "encoder.h"

#include "registers.h"

static uint32_t contacts(const struct encoder *encoder, uint32_t a_mask)
{
    uint32_t a = (reg_read(encoder->a) & a_mask) != 0;
    uint32_t b = (reg_read(encoder->b) & encoder->b_mask) != 0;
    return a << 1 | b;
}

void encoder_connect(struct encoder *encoder, uint32_t a, uint32_t a_mask, uint32_t b,
                     uint32_t b_mask)
{
    /* The mask of A goes first and comes last: a tick in between reads nothing. */
    atomic_store_explicit(&encoder->a_mask, 0, memory_order_seq_cst);
    encoder->a = a;
    encoder->b = b;
    encoder->b_mask = b_mask;
    encoder->contacts = contacts(encoder, a_mask);
    atomic_store_explicit(&encoder->a_mask, a_mask, memory_order_release);
}

void encoder_read(struct encoder *encoder)
{
    /* By the contacts before (high bits) and now: a quarter right, left, or none. */
    static const int8_t quarter[16] = {0, -1, 1, 0, 1, 0, 0, -1, -1, 0, 0, 1, 0, 1, -1, 0};
    uint32_t a_mask = atomic_load_explicit(&encoder->a_mask, memory_order_acquire);
    if (!a_mask) {
        return;
    }
    uint32_t now = contacts(encoder, a_mask);
    int32_t count = atomic_load_explicit(&encoder->quarters, memory_order_relaxed);
    count = (int32_t)((uint32_t)count + (uint32_t)quarter[encoder->contacts << 2 | now]);
    atomic_store_explicit(&encoder->quarters, count, memory_order_relaxed);
    encoder->contacts = now;
}

int32_t encoder_turned(const struct encoder *encoder)
{
    return atomic_load_explicit(&encoder->quarters, memory_order_relaxed);
}
