/* See pattern.h. */
#include "pattern.h"

#include "blend.h"
#include <stddef.h>

static uint16_t code_of(float value)
{
    if (!(value > 0)) {
        return 0;
    }
    return value >= 65535.0f ? 65535 : (uint16_t)(value + 0.5f);
}

/* A route's channel; OUTPUT_CHANNELS and above: nowhere. */
static uint32_t channel_of(uint32_t route, uint32_t index)
{
    return index < OUTPUT_CHANNELS ? route >> 4 * index & 15 : ROUTE_NOWHERE;
}

/* Where a step is built, and from what. `velocity` and `timing` are the cells' of this step. */
struct site {
    struct pattern_step *step;
    struct pattern_feel *feel; /* NULL: the model has none */
    uint8_t *velocity;
    int8_t *timing;
    const float *scores;
    const struct blend *blend;
    uint32_t cell;   /* number of its first cell */
    uint32_t number; /* of the step */
    const struct voicing *voicing;
};

static float with_dynamics(const struct site *site, float velocity)
{
    float v = DYNAMICS_PIVOT + site->voicing->dynamics * (velocity - DYNAMICS_PIVOT);
    return v > 1 ? 1 : v > 0 ? v : 0;
}

/* To the nearest of 127ths, away from zero; beyond 1 it is 1. */
static int32_t in_127ths(float value)
{
    float scaled = value < 0 ? 127 * -value : 127 * value;
    int32_t whole = scaled < 127 ? (int32_t)(scaled + 0.5f) : 127;
    return value < 0 ? -whole : whole;
}

/* How many hits follow the first of a cell within its step, or FLAM. */
static uint32_t ratchets_of(const struct site *site, uint32_t voice)
{
    const struct voicing *voicing = site->voicing;
    uint32_t draw = voicing->draw, step = site->number, more = 0;
    if (voicing->ratchet > 1 &&
        pattern_throw(draw, THROW_RATCHET, step, voice) < voicing->ratchet_chance) {
        uint32_t most = voicing->ratchet - 1u;
        if (voicing->ratchet_by == RATCHET_BY_THROW) {
            more = 1 + (pattern_throw(draw, THROW_HITS, step, voice) * most >> 16);
        } else {
            while (more < most && site->scores[voice] > voicing->sure[more]) {
                more++;
            }
        }
    }
    if (!more && pattern_throw(draw, THROW_FLAM, step, voice) < voicing->flam) {
        more = FLAM;
    }
    return more;
}

/* The trigger of a cell, whose level goes to a channel or nowhere. */
static void put_trigger(const struct site *site, uint32_t route, uint32_t level, uint32_t voice)
{
    uint32_t channel = channel_of(site->voicing->triggers, route);
    if (channel >= OUTPUT_CHANNELS) {
        return;
    }
    struct pattern_step *to = site->step;
    to->triggers |= (uint8_t)(1u << channel);
    to->level_of = (to->level_of & ~(15u << 4 * channel)) | level << 4 * channel;
    if (site->voicing->ratchet > 1 || site->voicing->flam) {
        to->ratchets = (to->ratchets & ~(15u << 4 * channel)) | ratchets_of(site, voice)
                                                                    << 4 * channel;
    }
    if (site->feel) {
        float learned = (float)site->velocity[voice] / 127;
        site->feel->timing[channel] = site->timing[voice];
        site->feel->velocity[channel] = (uint8_t)in_127ths(with_dynamics(site, learned));
    }
}

static void put_level(struct pattern_step *to, uint32_t channel, uint16_t code)
{
    to->levels |= (uint8_t)(1u << channel);
    to->code[channel] = code;
}

static uint16_t pitch_code(const struct voicing *voicing, uint32_t channel, uint32_t pitch)
{
    const struct calibration *set = &voicing->calibration[channel];
    float slope = atomic_load_float(&set->slope);
    return code_of(atomic_load_float(&set->offset) +
                   slope * ((float)pitch * (1.0f / PITCH_SEMITONE)));
}

static void put_pitch(const struct site *site, uint32_t route, uint32_t pitch, uint32_t voice)
{
    uint32_t channel = channel_of(site->voicing->levels, route);
    put_trigger(site, route, channel, voice);
    if (channel < OUTPUT_CHANNELS) {
        put_level(site->step, channel, pitch_code(site->voicing, channel, pitch));
    }
}

/* Whether this route still stands at this pitch, from one of the steps from `first` on. */
static int has_pitch(const struct pattern_step *to, const struct pattern_step *first,
                     const struct voicing *voicing, uint32_t route, uint32_t pitch)
{
    uint32_t channel = channel_of(voicing->levels, route);
    while (channel < OUTPUT_CHANNELS && to-- > first) {
        if (to->levels >> channel & 1) {
            return to->code[channel] == pitch_code(voicing, channel, pitch);
        }
    }
    return 0;
}

/* accent: 0 to 1. */
static void put_accent(const struct site *site, uint32_t channel, float accent)
{
    const struct calibration *set = &site->voicing->calibration[channel];
    float low = __atomic_load_n(&set->low, __ATOMIC_RELAXED);
    float high = __atomic_load_n(&set->high, __ATOMIC_RELAXED);
    put_level(site->step, channel, code_of(low + (high - low) * accent));
}

/* The voices of a step that are above their cut-off, in order. */
struct cells {
    uint32_t count;
    uint8_t voice[255];
    float velocity[255]; /* as learned, of a model with a feel */
};

static uint32_t bits_of(float value)
{
    union {
        float value;
        uint32_t bits;
    } both = {value};
    return both.bits;
}

/* Finds the cells and writes their row. Score > cut-off: the sign of cut-off - score says it
   without a branch, for infinite cut-offs too; it needs gradual underflow (the default everywhere
   here) and cut-offs that are not -0 (model.c sees to that). */
static void find_cells(struct cells *cells, uint8_t *row, uint32_t voices, const float *scores,
                       const float *cutoff)
{
    uint32_t count = 0;
    for (uint32_t first = 0; first < voices; first += 32) {
        uint32_t voice = voices - first < 32 ? voices : first + 32;
        uint32_t word = 0;
        int32_t left = (int32_t)(voice - first);
        while (voice & 3) {
            voice--;
            word = word << 1 | bits_of(atomic_load_float(&cutoff[voice]) - scores[voice]) >> 31;
        }
        while (voice > first) {
            voice -= 4;
            const float *score = &scores[voice];
            const float *cut = &cutoff[voice];
            word = word << 1 | bits_of(atomic_load_float(&cut[3]) - score[3]) >> 31;
            word = word << 1 | bits_of(atomic_load_float(&cut[2]) - score[2]) >> 31;
            word = word << 1 | bits_of(atomic_load_float(&cut[1]) - score[1]) >> 31;
            word = word << 1 | bits_of(atomic_load_float(&cut[0]) - score[0]) >> 31;
        }
        for (uint32_t rest = word; rest; rest &= rest - 1) {
            cells->voice[count++] = (uint8_t)(first + (uint32_t)__builtin_ctz(rest));
        }
        for (; left > 0; left -= 8, word >>= 8) {
            atomic_store_byte(row++, (uint8_t)word);
        }
    }
    cells->count = count;
}

/* Takes the cells away that do not sound by their chance. */
static void draw_cells(struct cells *cells, uint8_t *row, uint32_t step,
                       const struct voicing *voicing)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < cells->count; i++) {
        uint32_t voice = cells->voice[i];
        uint32_t chance = atomic_load_byte(&voicing->chance[voice]);
        if (chance == CHANCE_ALWAYS || pattern_throw(voicing->draw, THROW_SOUNDS, step, voice) <
                                           chance * 65536 / CHANCE_ALWAYS) {
            cells->voice[count++] = (uint8_t)voice;
        } else {
            uint8_t *byte = &row[voice >> 3];
            atomic_store_byte(byte, (uint8_t)(*byte & ~(1u << (voice & 7))));
        }
    }
    cells->count = count;
}

/* Velocity and timing of the cells that sound, and only of those: it is the rows of the last layers
   that cost. */
static void find_feel(const struct site *site, struct cells *cells)
{
    for (uint32_t i = 0; i < cells->count; i++) {
        uint32_t voice = cells->voice[i], cell = site->cell + voice;
        float velocity = blend_value(site->blend, TFLITE_VELOCITY, cell);
        float timing = blend_value(site->blend, TFLITE_TIMING, cell);
        cells->velocity[i] = velocity > 0 ? velocity : 0;
        atomic_store_byte(&site->velocity[voice], (uint8_t)in_127ths(cells->velocity[i]));
        atomic_store_byte((uint8_t *)&site->timing[voice], (uint8_t)in_127ths(timing));
    }
}

static void build_drums(const struct site *site, const struct cells *cells)
{
    const struct voicing *voicing = site->voicing;
    const float *scores = site->scores;
    uint32_t group = 0, accents = 0;
    uint32_t first = 0, end = 0; /* voices of the group before `group` */
    for (uint32_t i = 0; i < cells->count;) {
        uint32_t best = cells->voice[i], cell = i;
        while (best >= end) {
            accents += end - first > 1;
            first = end;
            end += group < voicing->groups ? voicing->group_size[group] : 1;
            group++;
        }
        while (++i < cells->count && cells->voice[i] < end) {
            if (scores[cells->voice[i]] > scores[best]) {
                best = cells->voice[i];
                cell = i;
            }
        }
        uint32_t level = end - first > 1 ? channel_of(voicing->levels, accents) : ROUTE_NOWHERE;
        put_trigger(site, group - 1, level, best);
        if (level < OUTPUT_CHANNELS) {
            put_accent(site, level,
                       site->feel && voicing->accent == ACCENT_VELOCITY
                           ? with_dynamics(site, cells->velocity[cell])
                           : (float)(best - first) / (float)(end - first - 1));
        }
    }
}

static uint32_t pitch_of(const struct voicing *voicing, uint32_t voice)
{
    uint32_t last = voicing->pitch_count - 1;
    return voice <= last
               ? atomic_load_half(&voicing->pitches[voice])
               : atomic_load_half(&voicing->pitches[last]) + PITCH_SEMITONE * (voice - last);
}

/* `first` is the pattern's first step, for keep, or NULL. */
static void build_notes(const struct site *site, const struct pattern_step *first,
                        const struct cells *cells)
{
    const struct voicing *voicing = site->voicing;
    const float *scores = site->scores;
    uint32_t chosen[OUTPUT_CHANNELS]; /* voices, the most probable first; later pitches << 8 too */
    uint32_t count = 0;
    for (uint32_t i = 0; i < cells->count; i++) {
        uint32_t voice = cells->voice[i];
        uint32_t index = count;
        float score = scores[voice];
        if (count == voicing->notes) {
            if (!(score > scores[chosen[--index]])) {
                continue;
            }
        } else {
            count++;
        }
        /* Behind its equals: of those the lower voice comes first. */
        for (; index && score > scores[chosen[index - 1]]; index--) {
            chosen[index] = chosen[index - 1];
        }
        chosen[index] = voice;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t key = pitch_of(voicing, chosen[i]) << 8 | chosen[i];
        uint32_t index = i;
        for (; index && chosen[index - 1] > key; index--) {
            chosen[index] = chosen[index - 1];
        }
        chosen[index] = key;
    }
    uint32_t left = (1u << voicing->notes) - 1; /* routes not taken */
    uint32_t new = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t pitch = chosen[i] >> 8;
        uint32_t route = first ? 0 : voicing->notes;
        while (route < voicing->notes &&
               !((left >> route & 1) && has_pitch(site->step, first, voicing, route, pitch))) {
            route++;
        }
        if (route == voicing->notes) {
            chosen[new++] = chosen[i];
        } else {
            put_pitch(site, route, pitch, chosen[i] & 255);
            left &= ~(1u << route);
        }
    }
    for (uint32_t i = 0; i < new; i++, left &= left - 1) {
        put_pitch(site, (uint32_t)__builtin_ctz(left), chosen[i] >> 8, chosen[i] & 255);
    }
}

static uint32_t build_rhythm(const struct site *site, const struct cells *cells, uint32_t hits)
{
    const struct voicing *voicing = site->voicing;
    for (uint32_t i = 0; i < cells->count; i++, hits++) {
        uint32_t voice = cells->voice[i];
        put_pitch(site, voice, atomic_load_half(&voicing->pitches[hits % voicing->pitch_count]),
                  voice);
    }
    return hits;
}

/* Sites of a feel's cells, all silent yet. */
static void open_feel(struct site *site, const struct pattern *pattern, uint32_t step)
{
    site->cell = step * pattern->voices;
    site->feel = &pattern->feel[step];
    site->velocity = pattern->velocity + site->cell;
    site->timing = pattern->timing + site->cell;
    for (uint32_t voice = 0; voice < pattern->voices; voice++) {
        atomic_store_byte(&site->velocity[voice], 0);
        atomic_store_byte((uint8_t *)&site->timing[voice], 0);
    }
}

uint32_t pattern_build_step(struct pattern *pattern, uint32_t step, const float *scores,
                            const struct blend *blend, const struct voicing *voicing, uint32_t hits)
{
    struct site site = {.step = &pattern->step[step],
                        .number = step,
                        .scores = scores,
                        .blend = blend,
                        .voicing = voicing};
    struct cells cells;
    uint32_t bytes = pattern_row(pattern->voices);
    uint8_t *row = pattern->cells + step * bytes;
    find_cells(&cells, row, pattern->voices, scores, voicing->cutoff);
    draw_cells(&cells, row, step, voicing);
    if (pattern->feel) {
        open_feel(&site, pattern, step);
        find_feel(&site, &cells);
    }
    site.step->triggers = 0;
    site.step->levels = 0;
    site.step->ratchets = 0;
    if (voicing->mode == MODE_NOTES) {
        build_notes(&site, voicing->keep ? pattern->step : NULL, &cells);
    } else if (voicing->mode == MODE_RHYTHM) {
        hits = build_rhythm(&site, &cells, hits);
    } else {
        build_drums(&site, &cells);
    }
    return hits;
}

uint32_t pattern_hits(const struct pattern *pattern, uint32_t step)
{
    const uint8_t *row = pattern->cells;
    const uint8_t *end = row + step * pattern_row(pattern->voices);
    uint32_t hits = 0;
    while (row < end) {
        for (uint32_t byte = *row++; byte; byte &= byte - 1) {
            hits++;
        }
    }
    return hits;
}
