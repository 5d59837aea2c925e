/* See pattern.h. */
#include "pattern.h"

#include <stddef.h>

static uint16_t code_of(float value)
{
    if (!(value > 0)) {
        return 0;
    }
    return value >= 65535.0f ? 65535 : (uint16_t)(value + 0.5f);
}

/* A route's channel as a bit; 0: nowhere. */
static uint32_t channel_bit(uint32_t route, uint32_t index)
{
    uint32_t channel = index < OUTPUT_CHANNELS ? route >> 4 * index & 15 : ROUTE_NOWHERE;
    return channel < OUTPUT_CHANNELS ? 1u << channel : 0;
}

static void put_level(struct pattern_step *to, uint32_t bit, uint16_t code)
{
    if (bit) {
        to->levels |= (uint8_t)bit;
        to->code[__builtin_ctz(bit)] = code;
    }
}

static uint16_t pitch_code(const struct voicing *voicing, uint32_t bit, uint32_t pitch)
{
    const struct calibration *set = &voicing->calibration[__builtin_ctz(bit)];
    float slope = whole_float(&set->slope);
    return code_of(whole_float(&set->offset) + slope * (float)pitch);
}

static void put_pitch(struct pattern_step *to, const struct voicing *voicing, uint32_t route,
                      uint32_t pitch)
{
    uint32_t bit = channel_bit(voicing->levels, route);
    to->triggers |= (uint8_t)channel_bit(voicing->triggers, route);
    if (bit) {
        put_level(to, bit, pitch_code(voicing, bit, pitch));
    }
}

/* Whether this step has sent this pitch out by this route. */
static int has_pitch(const struct pattern_step *step, const struct voicing *voicing,
                     uint32_t route, uint32_t pitch)
{
    uint32_t bit = channel_bit(voicing->levels, route);
    return (step->levels & bit)
           && step->code[__builtin_ctz(bit)] == pitch_code(voicing, bit, pitch);
}

static void put_accent(struct pattern_step *to, const struct voicing *voicing, uint32_t route,
                       uint32_t place, uint32_t last)
{
    uint32_t bit = channel_bit(voicing->levels, route);
    if (bit) {
        const struct calibration *set = &voicing->calibration[__builtin_ctz(bit)];
        float low = __atomic_load_n(&set->low, __ATOMIC_RELAXED);
        float high = __atomic_load_n(&set->high, __ATOMIC_RELAXED);
        put_level(to, bit, code_of(low + (high - low) * ((float)place / (float)last)));
    }
}

/* A step's cells as 32-bit words, so that silent stretches cost nothing. */
struct cells {
    uint32_t voices;
    uint32_t word[8];
};

static uint32_t bits_of(float value)
{
    union {
        float value;
        uint32_t bits;
    } both = {value};
    return both.bits;
}

/* Voice by voice: score > cut-off. The sign of cut-off - score says it without a branch, for
   infinite cut-offs too; it needs gradual underflow (the default everywhere here) and cut-offs that
   are not -0 (model.c sees to that). */
static void find_cells(struct cells *cells, const float *scores, const float *cutoff)
{
    uint32_t voice = cells->voices;
    while (voice) {
        uint32_t first = (voice - 1) & ~31u;
        uint32_t word = 0;
        while (voice & 3) {
            voice--;
            word = word << 1 | bits_of(whole_float(&cutoff[voice]) - scores[voice]) >> 31;
        }
        while (voice > first) {
            voice -= 4;
            const float *score = &scores[voice];
            const float *cut = &cutoff[voice];
            word = word << 1 | bits_of(whole_float(&cut[3]) - score[3]) >> 31;
            word = word << 1 | bits_of(whole_float(&cut[2]) - score[2]) >> 31;
            word = word << 1 | bits_of(whole_float(&cut[1]) - score[1]) >> 31;
            word = word << 1 | bits_of(whole_float(&cut[0]) - score[0]) >> 31;
        }
        cells->word[first / 32] = word;
    }
}

/* The next cell at or after voice; cells->voices when there is none. */
static inline uint32_t next_cell(const struct cells *cells, uint32_t voice)
{
    while (voice < cells->voices) {
        uint32_t rest = cells->word[voice / 32] >> voice % 32;
        if (rest) {
            return voice + (uint32_t)__builtin_ctz(rest);
        }
        voice = (voice | 31) + 1;
    }
    return cells->voices;
}

static void build_drums(struct pattern_step *to, const struct cells *cells, const float *scores,
                        const struct voicing *voicing)
{
    uint32_t group = 0, accents = 0;
    uint32_t first = 0, end = 0; /* voices of the group before `group` */
    uint32_t voice = next_cell(cells, 0);
    while (voice < cells->voices) {
        while (voice >= end) {
            accents += end - first > 1;
            first = end;
            end += group < voicing->groups ? voicing->group_size[group] : 1;
            group++;
        }
        uint32_t best = voice;
        while ((voice = next_cell(cells, voice + 1)) < end && voice < cells->voices) {
            best = scores[voice] > scores[best] ? voice : best;
        }
        to->triggers |= (uint8_t)channel_bit(voicing->triggers, group - 1);
        if (end - first > 1) {
            put_accent(to, voicing, accents, best - first, end - first - 1);
        }
    }
}

static uint32_t pitch_of(const struct voicing *voicing, uint32_t voice)
{
    uint32_t last = voicing->pitch_count - 1;
    return voice <= last ? whole_byte(&voicing->pitches[voice])
                         : whole_byte(&voicing->pitches[last]) + voice - last;
}

/* `before` is the step before, for keep, or NULL. */
static void build_notes(struct pattern_step *to, const struct pattern_step *before,
                        const struct cells *cells, const float *scores,
                        const struct voicing *voicing)
{
    uint32_t chosen[OUTPUT_CHANNELS]; /* voices, the most probable first; later pitches << 8 too */
    uint32_t count = 0;
    for (uint32_t voice = next_cell(cells, 0); voice < cells->voices;
         voice = next_cell(cells, voice + 1)) {
        uint32_t place = count;
        float score = scores[voice];
        if (count == voicing->notes) {
            if (!(score > scores[chosen[--place]])) {
                continue;
            }
        } else {
            count++;
        }
        /* Behind its equals: of those the lower voice comes first. */
        for (; place && score > scores[chosen[place - 1]]; place--) {
            chosen[place] = chosen[place - 1];
        }
        chosen[place] = voice;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t key = pitch_of(voicing, chosen[i]) << 8 | chosen[i];
        uint32_t place = i;
        for (; place && chosen[place - 1] > key; place--) {
            chosen[place] = chosen[place - 1];
        }
        chosen[place] = key;
    }
    uint32_t left = (1u << voicing->notes) - 1; /* routes not taken */
    uint32_t new = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t pitch = chosen[i] >> 8;
        uint32_t route = before ? 0 : voicing->notes;
        while (route < voicing->notes
               && !((left >> route & 1) && has_pitch(before, voicing, route, pitch))) {
            route++;
        }
        if (route == voicing->notes) {
            chosen[new++] = chosen[i];
        } else {
            put_pitch(to, voicing, route, pitch);
            left &= ~(1u << route);
        }
    }
    for (uint32_t i = 0; i < new; i++, left &= left - 1) {
        put_pitch(to, voicing, (uint32_t)__builtin_ctz(left), chosen[i] >> 8);
    }
}

static uint32_t build_rhythm(struct pattern_step *to, const struct cells *cells,
                             const struct voicing *voicing, uint32_t hits)
{
    for (uint32_t voice = next_cell(cells, 0); voice < cells->voices;
         voice = next_cell(cells, voice + 1)) {
        put_pitch(to, voicing, voice, whole_byte(&voicing->pitches[hits++ % voicing->pitch_count]));
    }
    return hits;
}

uint32_t pattern_build_step(struct pattern *pattern, uint32_t step, const float *scores,
                            const struct voicing *voicing, uint32_t hits)
{
    struct pattern_step *to = &pattern->step[step];
    struct cells cells;
    uint32_t bytes = pattern_row(pattern->voices);
    uint8_t *row = pattern->cells + step * bytes;
    cells.voices = pattern->voices;
    find_cells(&cells, scores, voicing->cutoff);
    for (uint32_t i = 0; i < bytes; i++) {
        whole_byte_set(&row[i], (uint8_t)(cells.word[i / 4] >> i % 4 * 8));
    }
    to->triggers = 0;
    to->levels = 0;
    if (voicing->mode == MODE_NOTES) {
        build_notes(to, voicing->keep && step ? to - 1 : NULL, &cells, scores, voicing);
    } else if (voicing->mode == MODE_RHYTHM) {
        hits = build_rhythm(to, &cells, voicing, hits);
    } else {
        build_drums(to, &cells, scores, voicing);
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
