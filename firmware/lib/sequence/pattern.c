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

/* A route's channel; OUTPUT_CHANNELS and above: nowhere. */
static uint32_t channel_of(uint32_t route, uint32_t index)
{
    return index < OUTPUT_CHANNELS ? route >> 4 * index & 15 : ROUTE_NOWHERE;
}

static void put_trigger(struct pattern_step *to, uint32_t channel)
{
    if (channel < OUTPUT_CHANNELS) {
        to->triggers |= (uint8_t)(1u << channel);
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
    return code_of(atomic_load_float(&set->offset) + slope * (float)pitch);
}

static void put_pitch(struct pattern_step *to, const struct voicing *voicing, uint32_t route,
                      uint32_t pitch)
{
    uint32_t channel = channel_of(voicing->levels, route);
    put_trigger(to, channel_of(voicing->triggers, route));
    if (channel < OUTPUT_CHANNELS) {
        put_level(to, channel, pitch_code(voicing, channel, pitch));
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

static void put_accent(struct pattern_step *to, const struct voicing *voicing, uint32_t route,
                       uint32_t position, uint32_t last)
{
    uint32_t channel = channel_of(voicing->levels, route);
    if (channel < OUTPUT_CHANNELS) {
        const struct calibration *set = &voicing->calibration[channel];
        float low = __atomic_load_n(&set->low, __ATOMIC_RELAXED);
        float high = __atomic_load_n(&set->high, __ATOMIC_RELAXED);
        put_level(to, channel, code_of(low + (high - low) * ((float)position / (float)last)));
    }
}

/* The voices of a step that are above their cut-off, in order. */
struct cells {
    uint32_t count;
    uint8_t voice[255];
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

static void build_drums(struct pattern_step *to, const struct cells *cells, const float *scores,
                        const struct voicing *voicing)
{
    uint32_t group = 0, accents = 0;
    uint32_t first = 0, end = 0; /* voices of the group before `group` */
    for (uint32_t i = 0; i < cells->count;) {
        uint32_t best = cells->voice[i];
        while (best >= end) {
            accents += end - first > 1;
            first = end;
            end += group < voicing->groups ? voicing->group_size[group] : 1;
            group++;
        }
        while (++i < cells->count && cells->voice[i] < end) {
            best = scores[cells->voice[i]] > scores[best] ? cells->voice[i] : best;
        }
        put_trigger(to, channel_of(voicing->triggers, group - 1));
        if (end - first > 1) {
            put_accent(to, voicing, accents, best - first, end - first - 1);
        }
    }
}

static uint32_t pitch_of(const struct voicing *voicing, uint32_t voice)
{
    uint32_t last = voicing->pitch_count - 1;
    return voice <= last ? atomic_load_byte(&voicing->pitches[voice])
                         : atomic_load_byte(&voicing->pitches[last]) + voice - last;
}

/* `first` is the pattern's first step, for keep, or NULL. */
static void build_notes(struct pattern_step *to, const struct pattern_step *first,
                        const struct cells *cells, const float *scores,
                        const struct voicing *voicing)
{
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
               !((left >> route & 1) && has_pitch(to, first, voicing, route, pitch))) {
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
    for (uint32_t i = 0; i < cells->count; i++, hits++) {
        put_pitch(to, voicing, cells->voice[i],
                  atomic_load_byte(&voicing->pitches[hits % voicing->pitch_count]));
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
    find_cells(&cells, row, pattern->voices, scores, voicing->cutoff);
    to->triggers = 0;
    to->levels = 0;
    if (voicing->mode == MODE_NOTES) {
        build_notes(to, voicing->keep ? pattern->step : NULL, &cells, scores, voicing);
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
