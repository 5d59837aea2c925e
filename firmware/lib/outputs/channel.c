/* See channel.h. */
#include "channel.h"

static void put(struct outputs *self, uint32_t time_us, uint32_t what)
{
    struct channel *channel = (struct channel *)self;
    uint32_t head = atomic_load_explicit(&channel->head, memory_order_relaxed);
    uint32_t tail = atomic_load_explicit(&channel->tail, memory_order_acquire);
    if (head - tail > channel->mask) {
        uint32_t lost = atomic_load_explicit(&channel->lost, memory_order_relaxed);
        atomic_store_explicit(&channel->lost, lost + 1, memory_order_relaxed);
        return;
    }
    channel->ring[head & channel->mask].time_us = time_us;
    channel->ring[head & channel->mask].what = what;
    atomic_store_explicit(&channel->head, head + 1, memory_order_release);
}

static void channel_gates(struct outputs *self, uint32_t set, uint32_t clear, uint32_t now_us)
{
    put(self, now_us, (uint32_t)CHANNEL_GATES << 24 | clear << 8 | set);
}

static void channel_level(struct outputs *self, uint32_t channel, uint16_t code, uint32_t now_us)
{
    put(self, now_us, (uint32_t)CHANNEL_LEVEL << 24 | channel << 16 | code);
}

static void channel_step(struct outputs *self, uint32_t track, uint32_t step, uint32_t now_us)
{
    put(self, now_us, (uint32_t)CHANNEL_STEP << 24 | track << 16 | step);
}

void channel_init(struct channel *channel, struct channel_record *ring, uint32_t count)
{
    uint32_t size = 1;
    while (size <= count / 2) {
        size *= 2;
    }
    channel->base.gates = channel_gates;
    channel->base.level = channel_level;
    channel->base.step = channel_step;
    channel->mask = size - 1;
    channel->ring = ring;
    atomic_init(&channel->head, 0);
    atomic_init(&channel->tail, 0);
    atomic_init(&channel->lost, 0);
}

uint32_t channel_read(struct channel *channel, struct channel_record *records, uint32_t count)
{
    uint32_t tail = atomic_load_explicit(&channel->tail, memory_order_relaxed);
    uint32_t head = atomic_load_explicit(&channel->head, memory_order_acquire);
    uint32_t taken = 0;
    while (taken < count && tail != head) {
        records[taken++] = channel->ring[tail++ & channel->mask];
    }
    atomic_store_explicit(&channel->tail, tail, memory_order_release);
    return taken;
}
