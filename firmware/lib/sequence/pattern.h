/* A pattern: what the steps of a bar put out, ready to be played without another thought.
 *
 * Everything that costs time is done when a pattern is built: which voices exceed their cut-off,
 * which notes are the most probable, which channel each goes to, what code the converter needs for
 * its pitch, how hard and how late each is. A step that is played is then a mask of triggers and a
 * few 16-bit codes.
 *
 * Scores are the decoder's values before its sigmoid (tflite.h), in logits: score > cut-off is
 * exactly probability > threshold.
 */
#ifndef LATENTRACK_PATTERN_H
#define LATENTRACK_PATTERN_H

#include <stdint.h>

#include "atomic.h"
#include "outputs.h"

struct model;
struct blend;

struct pattern_step {
    uint8_t triggers; /* bit i: channel i gets a trigger */
    uint8_t levels;   /* bit i: channel i goes to code[i]; the others keep what they have */
    uint16_t code[OUTPUT_CHANNELS];
    uint32_t level_of; /* four bits a channel, of those in `triggers`: the channel of the level that
                          goes out with its trigger, ROUTE_NOWHERE: none */
    uint32_t ratchets; /* four bits a channel, of those in `triggers`: how many hits follow within
                          the step, 0 to 3, or FLAM */
};

#define RATCHET_MOST 4 /* hits */
#define FLAM 4u        /* one hit follows shortly */

/* The feel of a step, of the channels in its `triggers` only. */
struct pattern_feel {
    int8_t timing[OUTPUT_CHANNELS];    /* as learned, in 1/254 step, + is late */
    uint8_t velocity[OUTPUT_CHANNELS]; /* with the dynamics, 0 to 127 */
};

struct pattern {
    struct model *model;       /* the decoder it came from; NULL: a silent one of no model */
    uint32_t number;           /* counts what was published on its track, from 1 */
    uint16_t steps, voices;    /* 1 to 255 each */
    struct pattern_step *step; /* one per step */
    uint8_t *cells;            /* steps rows of pattern_row(voices) bytes; bit v & 7 of byte v >> 3:
                                  voice v is above its threshold in that step */
    /* Of a model with a feel, else NULL. */
    struct pattern_feel *feel; /* one per step */
    uint8_t *velocity; /* of each cell as learned, steps rows of voices, 0 to 127; 0: silent */
    int8_t *timing;    /* of each cell as learned, in 1/254 step; silent: 0 */
};

/* Bytes of one row of cells. */
static inline uint32_t pattern_row(uint32_t voices)
{
    return (voices + 7) / 8;
}

static inline int pattern_cell(const struct pattern *pattern, uint32_t step, uint32_t voice)
{
    const uint8_t *row = pattern->cells + step * pattern_row(pattern->voices);
    return atomic_load_byte(&row[voice >> 3]) >> (voice & 7) & 1;
}

enum voicing_mode {
    MODE_AUTO,   /* by the model's kind: "per…" drums, "seq…" notes, "rhy…" rhythm, else drums */
    MODE_DRUMS,  /* groups of voices: a trigger each, and an accent where a group has a choice */
    MODE_NOTES,  /* the most probable notes of a step: a trigger and a pitch each */
    MODE_RHYTHM, /* voices that trigger, each hit with the next pitch of the list */
};

/* Channel numbers, four bits each, the first in the lowest; 8 and above: goes nowhere. */
#define ROUTE_NOWHERE 0xFu
#define ROUTE_STRAIGHT 0x76543210u
#define ROUTE_AUTO 0xFFFFFFFEu /* triggers from channel 0, levels behind the last trigger */

/* Velocities that dynamics leave as they are: 0.6, the middle of those that players use. */
#define DYNAMICS_PIVOT 0.6f

enum accent_mode {
    ACCENT_VELOCITY, /* an accent is how hard its drum is struck, if the model has a feel ... */
    ACCENT_DRUM,     /* ... or which drum of the group it is */
};

enum ratchet_by {
    RATCHET_BY_THROW,     /* two or more hits, up to the most, each as probable as the other ... */
    RATCHET_BY_CERTAINTY, /* ... or the more the surer the model is of the hit */
};

#define CHANCE_ALWAYS 200u

/* Pitches are semitones above MIDI note 0 in 1/256, so that tunings of any kind are exact to a
   third of a cent. */
#define PITCH_SEMITONE 256u

/* How a converter is set: code = offset + slope * semitones. Accents are 0 to 1:
   code = low + (high - low) * accent. Rounded to nearest, kept in 0 to 65535. */
struct calibration {
    float offset, slope;
    uint16_t low, high;
};

/* How scores become steps. One for a whole pattern, made by model_voicing. */
struct voicing {
    uint8_t mode;   /* enum voicing_mode, not MODE_AUTO */
    uint8_t notes;  /* MODE_NOTES: at most this many at once, 1 to 8 */
    uint8_t keep;   /* MODE_NOTES: a note that goes on stays where it is */
    uint8_t accent; /* MODE_DRUMS: enum accent_mode */
    float dynamics; /* 0 to 2; 1: velocities as learned */
    uint8_t groups; /* MODE_DRUMS */
    const uint8_t *group_size;
    uint8_t draw;                          /* which throw */
    uint8_t ratchet;                       /* most hits, 1: none */
    uint8_t ratchet_by;                    /* enum ratchet_by */
    uint32_t ratchet_chance, flam;         /* of 65536 */
    float sure[RATCHET_MOST - 1];          /* RATCHET_BY_CERTAINTY: the scores above which a hit is
                                              two, three, four */
    uint32_t triggers, levels;             /* routes */
    const float *cutoff;                   /* per voice */
    const uint8_t *chance;                 /* per voice, of CHANCE_ALWAYS */
    const uint16_t *pitches;               /* see model.h */
    uint32_t pitch_count;                  /* at least 1 */
    const struct calibration *calibration; /* per channel */
};

/* Builds one step from the scores of its voices. The rules:
 * cells    every voice whose score is above its cut-off, and that sounds by its chance: the throw
 *          THROW_SOUNDS is below chance / 200.
 * drums    a group triggers when any of its voices is a cell. Group g's trigger goes where route
 *          g of `triggers` says. The a-th group of more than one voice also puts an accent out
 *          where route a of `levels` says, of its most probable cell (of equals the first): its
 *          velocity, or, without a feel or with ACCENT_DRUM, its position in the group (0 first, 1
 *          last). Voices beyond the groups are groups of one.
 * notes    of the cells the `notes` most probable (of equals the lower voice), ordered by pitch
 *          (of equals the lower voice); the k-th takes route k for its trigger and its pitch.
 *          With keep, notes at which a route still stands (by the code it was sent last since step
 *          0) take that route, and the others, in their order, the routes that are left.
 *          Voice v plays pitches[v]; beyond the list it goes on in semitones from its last.
 * rhythm   voice v takes route v for its trigger and its pitch. The cells of the pattern, step by
 *          step and within a step voice by voice, take the pitches of the list in turn, starting
 *          with the first in step 0. `hits` is how many cells came before this step.
 * What has no route (the ninth group, or ROUTE_NOWHERE) is not heard. If two share a channel, the
 * later one's level stays, and of the trigger the later one's level, timing and velocity.
 * feel     a trigger has timing and velocity of its cell; a group's, of its most probable cell.
 * ratchets of the same cell: if ratchet is more than 1 and the throw THROW_RATCHET is below
 *          ratchet_chance, it is as many hits as the throw THROW_HITS says, 2 to ratchet, all
 *          equally probable; or, by certainty, one and one more for each k from 1 to ratchet - 1
 *          whose t + (1 - t) k / ratchet its probability exceeds, t being the model's threshold. Of
 *          one hit it is a flam if the throw THROW_FLAM is below flam.
 * With dynamics D a velocity v is 0.6 + D (v - 0.6), kept in 0 to 1. `blend` is where the scores
 * come from (blend.h); only the feel needs it. Returns the `hits` for the step after it (of a
 * rhythm; in other modes it stays). */
uint32_t pattern_build_step(struct pattern *pattern, uint32_t step, const float *scores,
                            const struct blend *blend, const struct voicing *voicing,
                            uint32_t hits);

/* A throw of the dice, 0 to 65535: the same every time for the same numbers, all below 256, so that
   what it decides repeats until another `draw` is asked for. (An integer hash with little bias: two
   rounds of xor-shift and multiply.) */
enum throw_for { THROW_SOUNDS, THROW_RATCHET, THROW_HITS, THROW_FLAM, THROW_STEP };

static inline uint32_t pattern_throw(uint32_t draw, enum throw_for what, uint32_t step,
                                     uint32_t voice)
{
    uint32_t x = draw << 24 | (uint32_t)what << 16 | step << 8 | voice;
    x = (x ^ x >> 16) * 0x7FEB352Du;
    x = (x ^ x >> 15) * 0x846CA68Bu;
    return (x ^ x >> 16) >> 16;
}

/* How many cells lie before this step. */
uint32_t pattern_hits(const struct pattern *pattern, uint32_t step);

#endif
