/* The whole of what plays: four tracks, one clock, one reset, one set of outputs.
 *
 * From interrupts: rack_jack or rack_clock, rack_reset (never one inside the other; on the module
 * both are interrupts of the same priority) and rack_tick (which either may interrupt). None of
 * them waits, allocates, or asks what time it is: time comes in, in microseconds, and wraps at
 * 2^32. From Python (the producer): all of track.h, and rack_ask_reset, rack_pause, rack_ask_level,
 * rack_calibrate, rack_set.
 *
 * What an edge does. In the order of the tracks: if the track's division is up, its position moves
 * on, at position 0 (with TAKE at any) the pattern published last takes over, and the step's levels
 * are written. Then
 * all gates are written at once: low first those that still stand and are triggered again, then
 * high all that are triggered; then the outputs are flushed (outputs.h), once. So no trigger
 * swallows another's: if two tracks trigger a channel at one edge there is one gate, as long as the
 * longer; a later trigger ends the gate that stood and begins its own. Then tracks in step mode
 * decode their coming step. At the first edge step 0 is played.
 *
 * Which step plays. At position p of a bar of n steps the direction leads to p, or in reverse to
 * n - 1 - p; of a pendulum the bars go there and back in turn; at random it is the throw
 * THROW_STEP, for p and the bar's number modulo 256, times n. Rotation is added to that, round the
 * bar. A channel with a length or a shift of its own is not triggered by that step, but by another
 * of the pattern: it goes round in its length (0: the bar's), SHIFT steps ahead, and counts the
 * steps since the reset; the direction holds for its way as for a bar, which its rounds are. Its
 * level, feel and ratchet come with it. (In step mode only the bar's step is decoded anew.) Of a
 * channel that is muted neither the trigger nor the level that belongs to it is put out.
 *
 * How long a step is: the shorter of the last two intervals between clock edges (so that a pause
 * does not make the next gate endless), times the track's division, over its MULTIPLY (tempo.h).
 * Before there was an interval
 * it is not known, nor after a pause of more than 2^30 us (18 minutes): rack_tick then forgets the
 * last edge, before the time wraps.
 *
 * Hits away from their edge. A trigger's offset, in steps, is the swing's delay (2 SWING / 100 - 1
 * at odd positions of the bar) plus FEEL times its timing, kept within less than a step; 0 as long
 * as it is not known how long the step is. That is predicted: the clock may be swung itself, so the
 * interval that comes is the one before the last, unless one of the two is more than four times the
 * other, a pause: then the shorter one. A step of more clocks takes both in turn.
 *
 * With offset 0 it plays at its edge. A late one is queued at its edge, and plays at the latest at
 * the edge of the next step, before that step's own triggers. An early one is queued at the edge of
 * the step before, by that step's length, and plays at the latest at its own edge; where it could
 * not be queued it plays at its edge. Whatever then plays there, a channel that was queued is not
 * triggered again. Nothing is queued early of step 0 while a pattern waits to take over there.
 *
 * Ratchets and flams. What follows a hit within its step is queued at the step's edge, if its
 * length is known: of a ratchet of h hits each next one after 1/h of what is left of the step,
 * behind a late hit of what is left behind it; of a flam one hit after FLAM_US, or after a quarter
 * of what is left if that is sooner. Behind an early hit they are counted from its edge. Their
 * gates are at most 3/4 as long as they are apart, the first one's too. What has not come by the
 * next step's edge does not come. They have the velocity and the level of the first.
 *
 * What is queued is played at the nearest tick. The level of a trigger goes out with it, levels
 * without one at the edge; the length of its gate is worked out when it rises. Two hits of one
 * channel at the same time are two gates. The dice for a step with early hits are thrown when they
 * are queued.
 *
 * What becomes of what is queued: when the clock stops or there is a pause, late hits play, and so
 * do early ones until the next edge, which drops them if there is a pause. A reset drops early hits
 * of all steps but 0; those of step 0 are dropped at the next edge if the clock was stopped, too. A
 * reset that belongs to the last edge drops all that the wrong step made wait. What has been
 * dropped claims no channel.
 *
 * Reset. The next clock edge plays step 0, on all tracks, whatever their division. But a reset that
 * comes together with a clock edge is often seen just after it; the edge was then meant to play
 * step 0. So a reset that comes no later than RESET_WINDOW_US after an edge, and no later than half
 * a clock interval after it, belongs to that edge: tracks that did not play step 0 at it play it
 * now. Channels that the wrong step triggered and step 0 does not go low at once, channels that
 * both trigger are not triggered again, and the next edge plays step 1. But if the next edge comes
 * only after more than four such intervals, the clock was stopped with that reset, and the edge
 * plays step 0. Otherwise nothing is put out at a reset, and a reset just before its edge needs no
 * window at all.
 */
#ifndef LATENTRACK_RACK_H
#define LATENTRACK_RACK_H

#include "outputs.h"
#include "track.h"

#define RACK_TRACKS 4
enum rack_param {
    RACK_SOURCE, /* 0..2      enum clock_source (SOURCE_JACK) */
    RACK_TEMPO,  /* 20..400   beats a minute of the own clock, four edges each (120) */
    RACK_RUN,    /* 0..1      the own clock runs (0) */
    RACK_BRIDGE, /* 0..4      lost edges in a row that are made up for (0) */
    RACK_OUTS,   /* 0..257    eight: what a channel carries for others; 0: nothing (0) */
    RACK_PARAMS = RACK_OUTS + OUTPUT_CHANNELS,
};

enum clock_source { SOURCE_JACK, SOURCE_OWN, SOURCE_MIDI, SOURCE_NONE };
enum clock_out { OUT_RESET = 256, OUT_RUN }; /* below: a clock of every so many edges */

#define RESET_WINDOW_US 1000u
#define FLAM_US 30000u
/* An edge this long ago is forgotten, before the time wraps. */
#define RACK_LONG_AGO_US 0x40000000u

struct rack {
    struct outputs *outputs;
    struct track track[RACK_TRACKS];
    struct calibration calibration[OUTPUT_CHANNELS];
    _Atomic uint32_t reset_asked;
    _Atomic uint32_t paused;
    _Atomic uint32_t level_asked;        /* code, channel << 16, and 1 << 31: it is asked for */
    _Atomic uint32_t param[RACK_PARAMS]; /* whole numbers; the tempo as 1/256 us an edge */
    _Atomic uint32_t outs;               /* channels with one of RACK_OUTS, one bit each */
    _Atomic uint32_t source;             /* RACK_SOURCE, or SOURCE_NONE: the run gate is low */

    /* The interrupts'. */
    uint32_t missed; /* an edge came at the jack while the run gate was low: missed_us says when */
    uint32_t missed_us;
    uint32_t clocked; /* an edge has come, and clock_us says when */
    uint32_t clock_us;
    uint32_t interval_us; /* between the last two edges; 0: not known */
    uint32_t earlier_us;  /* the interval before that; 0: not known */
    uint32_t period_us;   /* the shorter of the last two intervals; 0: not known */
    uint32_t edge;        /* counts edges */
    uint32_t reset_edge;  /* the last edge that a reset belonged to */
    uint32_t rewound;     /* a reset has come since the last edge, and belonged to none */
    uint32_t waiting;     /* tracks with hits that wait, one bit each (or have had them) */
    uint32_t dice;        /* thrown for TRACK_SKIP: x * 1664525 + 1013904223, its upper 16 bits */
    uint32_t triggered;   /* channels triggered at this edge */
    uint32_t high;        /* channels that are high */
    uint32_t off_us[OUTPUT_CHANNELS]; /* when each goes low */
    uint32_t between;     /* tracks with steps to come before their next edge, one bit each */
    uint32_t bridged;     /* edges in a row that were lost and made up for */
    uint32_t own_us;      /* when the own clock's next edge is due ... */
    uint32_t own_part;    /* ... and 1/256 us behind that */
    uint32_t own_period;  /* 1/256 us; 0: it does not run */
    uint32_t since_reset; /* edges */
};

/* All tracks empty, parameters as track.h says, calibration of 1 V/octave on a converter of 10 V
   with note 0 at 0 V (65535 / 120 a semitone), accents over the whole range. The rack must not
   move after this. */
void rack_init(struct rack *rack, struct outputs *outputs);

/* An edge of the clock, and one at the jack, which is played if the clock comes from there. */
void rack_clock(struct rack *rack, uint32_t now_us);
void rack_jack(struct rack *rack, uint32_t now_us);
void rack_reset(struct rack *rack, uint32_t now_us);

/* Ends gates whose time is up, plays the hits whose time is nearer than the next tick's, and
   flushes the outputs: what found a busy bus at an edge is written now. Call it about every
   millisecond. */
void rack_tick(struct rack *rack, uint32_t now_us);

/* Before each tick: whether the run gate is high, see tempo.h. */
void rack_gate(struct rack *rack, uint32_t high, uint32_t now_us);

/* Producer: the next clock edge plays step 0. For buttons and for code; no window. (In step mode
   step 0 is then played as it was last decoded; rack_reset decodes it anew.) */
void rack_ask_reset(struct rack *rack);

/* Producer: clock edges are counted, but no track moves on until the next reset, asked or not. That
   a reset belongs to the edge before it holds here too. */
void rack_pause(struct rack *rack);

/* Producer: sets one of enum rack_param, see tempo.h. Returns 0, or -1: no such parameter, or a
   value outside its range (which leaves it as it was). */
int rack_set(struct rack *rack, uint32_t param, float value);

/* Producer: puts a level out at the next tick, whatever plays: for calibration. Channels 0 to 7. */
void rack_ask_level(struct rack *rack, uint32_t channel, uint16_t code);

/* Producer: how a channel's converter is set (see struct calibration); heard in what is built from
   now on. Returns 0, or -1: no such channel. */
int rack_calibrate(struct rack *rack, uint32_t channel, float offset, float slope, uint16_t low,
                   uint16_t high);

/* For hits.c: how long a track's gate of this velocity (0 to 127) is; raises `set` after it has
   dropped `clear`, and flushes. */
uint32_t rack_gate_length(const struct rack *rack, const struct track *track, uint32_t velocity);
void rack_raise(struct rack *rack, uint32_t set, uint32_t clear, uint32_t now_us);

#endif
