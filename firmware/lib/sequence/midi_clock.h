/* The clock that comes by MIDI: 24 a beat, smoothed, and the edges that are made of it.
 *
 * A line is laid through the times of the clocks: where the last one should have been, and how
 * long the interval is. Each clock corrects both, the less the more clocks the line already has
 * (the gains of a least-squares line through n points, n up to MIDI_CLOCK_WINDOW). Jitter of the
 * sender, of a computer's USB and of the millisecond in which bytes are read is averaged away so.
 * When clocks are on one side of the line for long the tempo has changed: n begins small again.
 *
 * Edges are due at times of the line, so an edge may come some milliseconds before the clock that
 * it belongs to. The first after a start or a continue waits for its clock.
 *
 * All of this is the tick's.
 */
#ifndef LATENTRACK_MIDI_CLOCK_H
#define LATENTRACK_MIDI_CLOCK_H

#include <stdint.h>

/* The most clocks that the line remembers: some ten beats. */
#define MIDI_CLOCK_WINDOW 256u

struct midi_clock {
    uint32_t runs;       /* from start or continue to stop */
    uint32_t clocks;     /* since the start, but for those that came while it was stopped */
    uint32_t edges;      /* that the clocks since the start have made */
    uint32_t first;      /* clocks at the last start or continue: the next one is waited for */
    uint32_t points;     /* of the line; 0: no clock has come, 1: the interval is not known */
    uint32_t at_us;      /* where the last clock is on the line */
    float interval_us;   /* of the line */
    float drift_us;      /* how far the last clocks were from the line, averaged */
    uint32_t was_missed; /* the last clock stood for missing ones, too */
};

/* What the time of a clock says. */
enum midi_arrival {
    ARRIVAL_TIMED,    /* it came within the last millisecond */
    ARRIVAL_HELD_UP,  /* nothing: the reading was held up */
    ARRIVAL_IN_LUMPS, /* little: by USB clocks come several at once, but none is lost */
};

/* A clock, read at `now_us`. */
void midi_clock_came(struct midi_clock *clock, uint32_t now_us, enum midi_arrival arrival);

/* Start (from the beginning), continue, stop. */
void midi_clock_start(struct midi_clock *clock);
void midi_clock_continue(struct midi_clock *clock);
void midi_clock_stop(struct midi_clock *clock);

/* Whether the next edge is due at this tick, `per_edge` clocks after the last; then it counts as
   made, and `due_us` is its time, at most half a tick away from `now_us`, or long ago. */
uint32_t midi_clock_due(struct midi_clock *clock, uint32_t per_edge, uint32_t now_us,
                        uint32_t *due_us);

/* `per_edge` is another one than before, or edges were not made of this clock: none is owed. */
void midi_clock_align(struct midi_clock *clock, uint32_t per_edge);

#endif
