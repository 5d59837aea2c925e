/* Patterns on their way from the one who builds them to the clock that plays them.
 *
 * The consumer has the pattern it plays; the producer publishes another by exchanging it into
 * `ready`; the consumer takes it at its bar by exchanging NULL into `ready`. Neither waits, and a
 * pattern once published is never withdrawn: a bar that begins while the next pattern is being
 * built still gets the one published before. That takes three patterns: one plays, one is ready,
 * one is being built.
 *
 * What the producer gets back when it publishes tells it who has what. A pattern: it was never
 * taken, and is free. NULL: it was taken, so it is what plays now, and what played before is free.
 * The consumer has finished with what it played before it takes another (release), and the
 * producer sees that when it sees NULL (acquire). So a pattern that is neither `playing` nor
 * `published` in the producer's books is the producer's to write.
 *
 * A model is used, and its memory and its file must stay, as long as either of the two is its.
 */
#ifndef LATENTRACK_EXCHANGE_H
#define LATENTRACK_EXCHANGE_H

#include <stdatomic.h>
#include <stddef.h>

#include "pattern.h"
#include "swap.h"

struct exchange {
    struct pattern *_Atomic ready;
    /* The producer's books. */
    struct pattern *published; /* the one published last: ready or already playing */
    struct pattern *playing;   /* may be playing still; NULL: none */
    uint32_t number;
};

/* Producer: notes what the consumer has taken meanwhile. */
static inline void exchange_look(struct exchange *exchange)
{
    if (!atomic_load_explicit(&exchange->ready, memory_order_acquire) && exchange->published) {
        exchange->playing = exchange->published;
    }
}

/* Producer: one of these patterns that nobody else can reach. Of three there always is one; of two
   if neither is the one published last. */
static inline struct pattern *exchange_free(const struct exchange *exchange, struct pattern *some)
{
    while (some == exchange->published || some == exchange->playing) {
        some++;
    }
    return some;
}

/* Producer: from now on the consumer may have it. */
static inline void exchange_publish(struct exchange *exchange, struct pattern *pattern)
{
    pattern->number = ++exchange->number;
    if (!SWAP(&exchange->ready, pattern)) {
        exchange->playing = exchange->published;
    }
    exchange->published = pattern;
}

/* Consumer: the pattern published last, or NULL when there is none new. The one it played before
   must not be touched after this. */
static inline struct pattern *exchange_take(struct exchange *exchange)
{
    if (!atomic_load_explicit(&exchange->ready, memory_order_relaxed)) {
        return NULL;
    }
    return SWAP(&exchange->ready, NULL);
}

#endif
