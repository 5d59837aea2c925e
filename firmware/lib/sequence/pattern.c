/* See pattern.h. */
#include "pattern.h"

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

static void put_pitch(struct pattern_step *to, const struct voicing *voicing, uint32_t route,
                      uint32_t pitch)
{
    uint32_t bit = channel_bit(voicing->levels, route);
    to->triggers |= (uint8_t)channel_bit(voicing->triggers, route);
    if (bit) {
        const struct calibration *set = &voicing->calibration[__builtin_ctz(bit)];
        float slope = whole_float(&set->slope);
        put_level(to, bit, code_of(whole_float(&set->offset) + slope * (float)pitch));
    }
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

/* The row of cells, and how many there are. */
static uint32_t build_cells(uint8_t *row, uint32_t voices, const float *scores,
                            const float *cutoff)
{
    uint32_t cells = 0;
    for (uint32_t first = 0; first < voices; first += 8) {
        uint32_t end = voices - first < 8 ? voices - first : 8;
        uint32_t byte = 0;
        for (uint32_t i = 0; i < end; i++) {
            byte |= (uint32_t)(scores[first + i] > whole_float(&cutoff[first + i])) << i;
        }
        whole_byte_set(&row[first / 8], (uint8_t)byte);
        for (; byte; byte &= byte - 1) {
            cells++;
        }
    }
    return cells;
}

/* The next cell at or after voice, or end. */
static uint32_t next_cell(const uint8_t *row, uint32_t voice, uint32_t end)
{
    while (voice < end) {
        uint32_t rest = (uint32_t)row[voice >> 3] >> (voice & 7);
        if (rest) {
            voice += (uint32_t)__builtin_ctz(rest);
            return voice < end ? voice : end;
        }
        voice = (voice | 7) + 1;
    }
    return end;
}

static void build_drums(struct pattern_step *to, const uint8_t *row, uint32_t voices,
                        const float *scores, const struct voicing *voicing)
{
    uint32_t accents = 0;
    for (uint32_t group = 0, first = 0, end; first < voices; group++, first = end) {
        uint32_t size = group < voicing->groups ? voicing->group_size[group] : 1;
        end = voices - first < size ? voices : first + size;
        uint32_t best = next_cell(row, first, end);
        if (best < end) {
            uint32_t voice = best;
            while ((voice = next_cell(row, voice + 1, end)) < end) {
                best = scores[voice] > scores[best] ? voice : best;
            }
            to->triggers |= (uint8_t)channel_bit(voicing->triggers, group);
            if (size > 1) {
                put_accent(to, voicing, accents, best - first, size - 1);
            }
        }
        accents += size > 1;
    }
}

static uint32_t pitch_of(const struct voicing *voicing, uint32_t voice)
{
    uint32_t last = voicing->pitch_count - 1;
    return voice <= last ? whole_byte(&voicing->pitches[voice])
                         : whole_byte(&voicing->pitches[last]) + voice - last;
}

static void build_notes(struct pattern_step *to, const uint8_t *row, uint32_t voices,
                        const float *scores, const struct voicing *voicing)
{
    uint32_t chosen[OUTPUT_CHANNELS];
    uint32_t count = 0;
    /* Most probable first; a voice later in the row goes behind its equals. */
    for (uint32_t voice = next_cell(row, 0, voices); voice < voices;
         voice = next_cell(row, voice + 1, voices)) {
        uint32_t place = count < voicing->notes ? count++ : count;
        if (place == count && !(scores[voice] > scores[chosen[--place]])) {
            continue;
        }
        while (place && scores[voice] > scores[chosen[place - 1]]) {
            chosen[place] = chosen[place - 1];
            place--;
        }
        chosen[place] = voice;
    }
    for (uint32_t i = 1; i < count; i++) {
        uint32_t voice = chosen[i];
        uint32_t key = pitch_of(voicing, voice) << 8 | voice;
        uint32_t place = i;
        while (place && (pitch_of(voicing, chosen[place - 1]) << 8 | chosen[place - 1]) > key) {
            chosen[place] = chosen[place - 1];
            place--;
        }
        chosen[place] = voice;
    }
    for (uint32_t i = 0; i < count; i++) {
        put_pitch(to, voicing, i, pitch_of(voicing, chosen[i]));
    }
}

static void build_rhythm(struct pattern_step *to, const uint8_t *row, uint32_t voices,
                         const struct voicing *voicing, uint32_t hits)
{
    for (uint32_t voice = next_cell(row, 0, voices); voice < voices;
         voice = next_cell(row, voice + 1, voices)) {
        put_pitch(to, voicing, voice, whole_byte(&voicing->pitches[hits++ % voicing->pitch_count]));
    }
}

uint32_t pattern_build_step(struct pattern *pattern, uint32_t step, const float *scores,
                            const struct voicing *voicing, uint32_t hits)
{
    struct pattern_step *to = &pattern->step[step];
    uint32_t voices = pattern->voices;
    uint8_t *row = pattern->cells + step * pattern_row(voices);
    uint32_t cells = build_cells(row, voices, scores, voicing->cutoff);
    to->triggers = 0;
    to->levels = 0;
    if (voicing->mode == MODE_NOTES) {
        build_notes(to, row, voices, scores, voicing);
    } else if (voicing->mode == MODE_RHYTHM) {
        build_rhythm(to, row, voices, voicing, hits);
    } else {
        build_drums(to, row, voices, scores, voicing);
    }
    return cells;
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
