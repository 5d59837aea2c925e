/* A queue of words for one producer and one consumer, neither of which waits.
 *
 * The producer writes the word and then `head` (release); the consumer reads `head` (acquire), the
 * word, and then writes `tail` (release). A full ring takes no more. Several interrupts may be one
 * producer, as far as none of them can come in the middle of another's midi_ring_put.
 */
#ifndef LATENTRACK_MIDI_RING_H
#define LATENTRACK_MIDI_RING_H

#include <stdatomic.h>
#include <stdint.h>

#define MIDI_RING_WORDS 32u

struct midi_ring {
    _Atomic uint32_t head, tail; /* counts of words put and taken */
    uint32_t word[MIDI_RING_WORDS];
};

static inline uint32_t midi_ring_room(struct midi_ring *ring)
{
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    return MIDI_RING_WORDS - (atomic_load_explicit(&ring->head, memory_order_relaxed) - tail);
}

/* Producer. Returns 1, or 0: the ring is full and the word is lost. */
static inline uint32_t midi_ring_put(struct midi_ring *ring, uint32_t word)
{
    if (!midi_ring_room(ring)) {
        return 0;
    }
    uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    ring->word[head % MIDI_RING_WORDS] = word;
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
    return 1;
}

/* Consumer. Returns the oldest word, or 0: the ring is empty. No word is 0. */
static inline uint32_t midi_ring_take(struct midi_ring *ring)
{
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    if (atomic_load_explicit(&ring->head, memory_order_acquire) == tail) {
        return 0;
    }
    uint32_t word = ring->word[tail % MIDI_RING_WORDS];
    atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
    return word;
}

#endif
