/* See midi_clock.h. */
#include "midi_clock.h"

/* How many clocks may be missing in a row: bytes that were lost. */
#define MOST_MISSING 3
/* The mean distance from the line, of some eight clocks, that is a change of tempo. */
#define DRIFT_US 2500
#define DRIFT_POINTS 8
/* Points of the line after that: the present interval is nearly right. */
#define POINTS_AFTER_DRIFT 6u
/* An edge is played at the nearest tick: half of 1 ms. */
#define NEAR_US 500
/* Without a clock for so long the line is forgotten. */
#define LONGEST_PAUSE_US 2000000

/* The line begins anew with this clock. */
static void begin(struct midi_clock *clock, uint32_t now_us)
{
    clock->points = 1;
    clock->at_us = now_us;
    clock->drift_us = 0;
    clock->was_missed = 0;
}

/* Moves the line on by one clock that was `error_us` late of it. */
static void correct(struct midi_clock *clock, float error_us)
{
    clock->drift_us += (error_us - clock->drift_us) / DRIFT_POINTS;
    if (clock->drift_us > DRIFT_US || clock->drift_us < -DRIFT_US) {
        clock->points = POINTS_AFTER_DRIFT;
        clock->drift_us = 0;
    }
    clock->points += clock->points < MIDI_CLOCK_WINDOW;
    float n = (float)clock->points;
    float gain = 2 * (2 * n - 1) / (n * (n + 1));
    clock->at_us += (uint32_t)(int32_t)(clock->interval_us + gain * error_us);
    clock->interval_us += 6 / (n * (n + 1)) * error_us;
}

void midi_clock_came(struct midi_clock *clock, uint32_t now_us, enum midi_arrival arrival)
{
    uint32_t since_us = now_us - clock->at_us;
    clock->clocks += clock->runs;
    if (clock->points < 2) {
        uint32_t known = clock->points;
        begin(clock, now_us);
        if (known && since_us) {
            clock->points = 2;
            clock->interval_us = (float)since_us;
        }
        return;
    }
    float interval = clock->interval_us;
    /* Signed: the line may be ahead of the clock. */
    float error_us = (float)(int32_t)since_us - interval;
    uint32_t missing = error_us > 0 ? (uint32_t)(error_us / interval + 0.5f) : 0;
    if (arrival == ARRIVAL_HELD_UP) {
        error_us = missing = 0;
    } else if (arrival == ARRIVAL_IN_LUMPS) {
        error_us = error_us > interval ? interval : error_us < -interval ? -interval : error_us;
        missing = 0;
    } else if (error_us < -interval / 2 || missing > MOST_MISSING ||
               (missing && clock->was_missed)) {
        begin(clock, now_us);
        return;
    }
    clock->was_missed = missing;
    for (; missing; missing--) {
        clock->clocks += clock->runs;
        clock->at_us += (uint32_t)interval;
        error_us -= interval;
    }
    correct(clock, error_us);
}

void midi_clock_start(struct midi_clock *clock)
{
    clock->clocks = 0;
    clock->edges = 0;
    midi_clock_continue(clock);
}

void midi_clock_continue(struct midi_clock *clock)
{
    clock->runs = 1;
    clock->first = clock->clocks;
}

void midi_clock_stop(struct midi_clock *clock)
{
    clock->runs = 0;
}

uint32_t midi_clock_due(struct midi_clock *clock, uint32_t per_edge, uint32_t now_us,
                        uint32_t *due_us)
{
    if ((int32_t)(now_us - clock->at_us) > LONGEST_PAUSE_US) {
        clock->points = 0;
    }
    /* How many clocks are missing until the edge's has come. */
    int32_t missing = (int32_t)(clock->edges * per_edge + 1 - clock->clocks);
    if (!clock->runs || !clock->points || missing > 1 ||
        (missing == 1 && (clock->points < 3 || clock->clocks == clock->first))) {
        return 0;
    }
    int32_t away_us = (int32_t)((float)missing * clock->interval_us);
    uint32_t due = clock->at_us + (uint32_t)(clock->points < 2 ? 0 : away_us);
    if ((int32_t)(now_us - due) < -NEAR_US) {
        return 0;
    }
    *due_us = due;
    clock->edges++;
    return 1;
}

void midi_clock_align(struct midi_clock *clock, uint32_t per_edge)
{
    clock->edges = (clock->clocks + per_edge - 1) / per_edge;
}
