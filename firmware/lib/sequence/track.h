/* One of the four that play at once: a model, the way it follows, and where it is in its bar.
 *
 * Everything here is called by the producer (Python), never by an interrupt; what interrupts do is
 * rack.h's. Parameters are set one at a time and each takes hold when it is next looked at: those
 * marked P when the next pattern (or, in step mode, the next step) is built, the others at the next
 * step.
 */
#ifndef LATENTRACK_TRACK_H
#define LATENTRACK_TRACK_H

#include "exchange.h"
#include "latents.h"
#include "model.h"

enum follow {
    FOLLOW_BAR,  /* the pattern published last takes over at step 0 */
    FOLLOW_STEP, /* the same, and after every step the coming one is decoded anew from the latents
                    posted last */
    FOLLOW_HOLD, /* what plays goes on; patterns and latents wait (the very first is taken) */
};

enum track_param {
    TRACK_THRESHOLD, /* P  0..1      probability above which a cell sounds (0.5). It goes to the
                                     model in use (track_use), not to one that only plays on. */
    TRACK_MODE,      /* P  0..3      enum voicing_mode (MODE_AUTO) */
    TRACK_NOTES,     /* P  1..8      notes at once (4) */
    TRACK_FOLLOW,    /*    0..2      enum follow (FOLLOW_BAR) */
    TRACK_LENGTH,    /*    0..255    steps until the bar begins anew; 0: as many as the pattern
                                     has (0). More: the pattern repeats within the bar. */
    TRACK_ROTATION,  /*    0..254    the bar begins this many steps later in the pattern (0) */
    TRACK_DIVISION,  /*    1..255    clock edges a step (1), counted from the step before */
    TRACK_GATE_US,   /*    1..1e7    length of a gate in microseconds (10,000); never more than 3/4
                                     of the step, as far as the clock is known */
    TRACK_GATE_PART, /*    0..100    if not 0: length of a gate in % of the step instead; 100 ties
                                     (0). While the clock is not known: TRACK_GATE_US. */
    TRACK_SKIP,      /*    0..100    how probable it is, in %, that a step is left out: it counts,
                                     but puts out neither triggers nor levels (0) */
    TRACK_KEEP,      /* P  0..1      in notes mode, a note that goes on stays where it is (0) */
    TRACK_FEEL,      /*    0..200    how much of the learned timing, in % (100) */
    TRACK_DYNAMICS,  /* P  0..200    how much of the learned velocities' range, in % (100) */
    TRACK_SWING,     /*    50..75    what the first of two steps takes of both, in % (50) */
    TRACK_ACCENT,    /* P  0..1      enum accent_mode (ACCENT_VELOCITY) */
    TRACK_GATE_VELOCITY, /* 0..100   how far a gate's length follows its velocity, in % (0) */
    TRACK_TAKE,      /*    0..1      new patterns take over at step 0, or at the next step (0) */
    TRACK_DIRECTION, /*    0..3      enum direction (DIRECTION_FORWARD) */
    TRACK_DRAW,      /* P  0..255    which throw decides what sounds, ratchets and flams (0) */
    TRACK_RATCHET,   /* P  1..4      most hits of a ratchet (1: none) */
    TRACK_RATCHET_CHANCE, /* P 0..100 how probable a ratchet is, in % (25) */
    TRACK_RATCHET_BY,     /* P 0..1   enum ratchet_by (RATCHET_BY_THROW) */
    TRACK_FLAM,     /* P  0..100    how probable it is that a hit without ratchet is a flam, in %
                                    (0) */
    TRACK_MUTES,    /*    0..255    channels that are not triggered, one bit each (0) */
    TRACK_MUTE_AT,  /*    0..1      mutes take hold at the next step, or at step 0 (0) */
    TRACK_MULTIPLY, /*   1..8      steps for each that the division has (1), see tempo.h */
    TRACK_VELOCITY_OUT, /* 0..8    channel + 1 of a level that says how loud hits are; 0: none (0)
                         */
    TRACK_LENGTHS,      /*    0..255    eight: the length in steps that a channel goes round in by
                                        itself; 0: the bar's (0) */
    TRACK_SHIFTS = TRACK_LENGTHS + OUTPUT_CHANNELS, /* 0..255 eight: a channel is so many steps
                                     ahead in its way (0) */
    TRACK_PARAMS = TRACK_SHIFTS + OUTPUT_CHANNELS,
};

enum direction {
    DIRECTION_FORWARD,
    DIRECTION_REVERSE,
    DIRECTION_PENDULUM, /* forward in the first bar after a reset, back in the second, and so on */
    DIRECTION_RANDOM,   /* any step, by the throw */
};

#define TRACK_NO_SWING 32768u /* TRACK_SWING of 50 %, as it is kept */

/* A hit that waits for its time, with all that it puts out. */
struct hit {
    uint32_t due_us;
    uint16_t code;
    uint8_t level;       /* its channel; OUTPUT_CHANNELS and above: none */
    uint8_t velocity;    /* 0 to 127 */
    uint8_t repeats;     /* how often it comes again after this time ... */
    uint32_t spacing_us; /* ... so much later each; 0: it is alone */
};

/* Hits of a track: late ones of the step that plays, one a channel, then early ones of the step
   that comes. Bits of track.hits: */
#define HITS_LATE 0x000000FFu     /* those of hit[] that wait: late ... */
#define HITS_EARLY 0x0000FF00u    /* ... and early ones */
#define HITS_CLAIMED 0x00FF0000u  /* channels that were queued early for the coming step */
#define HITS_PLAY 0x01000000u     /* the dice (TRACK_SKIP) have let it play ... */
#define HITS_LEFT_OUT 0x02000000u /* ... or have left it out */

struct track {
    _Atomic uint32_t param[TRACK_PARAMS]; /* whole numbers; what is in % in 1/65536 */
    _Atomic uint32_t triggers, levels;    /* routes */
    _Atomic uint32_t own;     /* channels with a length or a shift of their own, one bit each */
    _Atomic uint32_t special; /* 0: mutes, skip, swing, ways of channels and the like are all off */
    _Atomic uint32_t changes; /* how often a parameter was set; it counts after it */
    struct exchange exchange;
    struct latents latents;
    const struct calibration *calibration; /* the rack's */

    /* The producer's. */
    struct model *model;
    float threshold;
    struct pattern silence[2]; /* so that one is never both playing and published anew */
    struct pattern_step silent_step;
    uint8_t silent_cells;

    /* The interrupts'; the two marked atomic may be looked at by anyone. */
    struct pattern *_Atomic playing; /* NULL: none yet */
    _Atomic uint32_t step;           /* of the pattern, played last */
    uint32_t next;                   /* position in the bar of the next step */
    uint32_t position;               /* of the step played last */
    uint32_t count;                  /* clock edges from the last step on; 0: the next one plays */
    uint32_t edge;                   /* the clock edge at which it was played */
    uint32_t triggered;              /* channels it triggered at that edge */
    uint32_t coming;                 /* position of the step that is claimed or diced for */
    uint32_t hits;                   /* HITS_... */
    uint32_t again;                  /* those of hit[] that have played, and are a ratchet's rest */
    uint32_t put;                    /* levels that the last step put out at its edge */
    uint32_t flushed;                /* early hits that were played at the last step's edge */
    struct hit hit[2 * OUTPUT_CHANNELS];
    uint32_t bars;                     /* begun since the last reset */
    uint32_t steps;                    /* played since then */
    uint32_t muted;                    /* channels, one bit each, at the last step */
    const struct pattern_step *played; /* what the last step puts out, at its edge ... */
    const struct pattern_feel *heard;  /* ... and its feel; NULL: none */
    uint8_t multiple, left;   /* steps from an edge to the next, and those of them to come */
    uint32_t group_us;        /* the edge from which on they are */
    uint32_t group_length;    /* until the next, as predicted; 0: not known, or there are none */
    uint32_t step_us;         /* the last step's time */
    struct pattern_step row;  /* of a step with mutes or lengths of their own, what it puts out */
    struct pattern_feel feel; /* ... and its feel */
    const struct pattern *made_of; /* what they were made of (see row.h); NULL: nothing */
    uint32_t made_after, made_with;
};

/* Sets one parameter; whole numbers are rounded to. Returns 0, or -1: no such parameter, or a value
   outside its range (which leaves it as it was). */
int track_set(struct track *track, uint32_t param, float value);

/* What was set, as it is kept (whole numbers, what is in % to 1/656 %). */
float track_get(const struct track *track, uint32_t param);

/* P. Which channels it plays on: eight four-bit channel numbers each, see pattern.h. ROUTE_AUTO:
   triggers from channel 0 on, levels behind them (drums with 5 groups: triggers 0..4, accents
   5, 6, 7; 4 notes: triggers 0..3, pitches 4..7). */
void track_route(struct track *track, uint32_t triggers, uint32_t levels);

/* From now on patterns are built from this model, with the track's threshold; densities and
   pitches set on the one before are carried over, voice by voice. What plays goes on until a
   pattern is published. The model must not belong to another track. NULL: no model. */
void track_use(struct track *track, struct model *model);

/* Latents for step mode, read by the interrupt after its next step. `count` up to
   LATENTS_MAX. */
void track_post(struct track *track, const float *latents, uint32_t count);

/* Posts the latents, decodes them, and publishes the pattern. `latents` holds
   model_position() floats. Returns the pattern's number, from 1, or 0: no model. */
uint32_t track_decode(struct track *track, const float *latents);

/* Publishes a silent pattern: at its next bar the track stops sounding. (Not in hold.) */
void track_silence(struct track *track);

/* Whether the model's memory and file are still needed by what plays or is about to. Once 0 after
   another model has been put in its place (track_use), it may go. */
int track_uses(struct track *track, const struct model *model);

/* The pattern that plays, for screens; NULL: none. Good until the next track_decode or
   track_silence. In step mode its steps change as it plays. */
const struct pattern *track_playing(const struct track *track);

/* Steps of the bar that come after the one played last; 0: the next begins a bar, or none plays. */
uint32_t track_steps_left(const struct track *track);

/* For rack.c: an empty track, and its parameters as a model's voicing. */
void track_init(struct track *track, const struct calibration *calibration);
void track_voicing(const struct track *track, const struct model *model, struct voicing *voicing);

#endif
