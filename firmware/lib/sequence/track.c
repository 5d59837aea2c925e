/* See track.h. */
#include "track.h"

#define WHOLE 65536.0f

void track_init(struct track *track, const struct calibration *calibration)
{
    latents_init(&track->latents);
    track->calibration = calibration;
    for (uint32_t i = 0; i < 2; i++) {
        track->silence[i].steps = 1;
        track->silence[i].voices = 1;
        track->silence[i].step = &track->silent_step;
        track->silence[i].cells = &track->silent_cells;
    }
    track->threshold = 0.5f;
    track_set(track, TRACK_NOTES, 4);
    track_set(track, TRACK_DIVISION, 1);
    track_set(track, TRACK_GATE_US, 10000);
    track_set(track, TRACK_FEEL, 100);
    track_set(track, TRACK_DYNAMICS, 100);
    track_set(track, TRACK_SWING, 50);
    track_set(track, TRACK_RATCHET, 1);
    track_set(track, TRACK_MULTIPLY, 1);
    track->multiple = 1;
    track_set(track, TRACK_RATCHET_CHANCE, 25);
    track_route(track, ROUTE_AUTO, ROUTE_AUTO);
}

static uint32_t param(const struct track *track, uint32_t which)
{
    return atomic_load_explicit(&track->param[which], memory_order_relaxed);
}

static uint32_t in_percent(uint32_t which)
{
    return (1u << TRACK_GATE_PART | 1u << TRACK_SKIP | 1u << TRACK_FEEL | 1u << TRACK_DYNAMICS |
            1u << TRACK_SWING | 1u << TRACK_GATE_VELOCITY | 1u << TRACK_RATCHET_CHANCE |
            1u << TRACK_FLAM) >>
               (which & 31) &
           (which < TRACK_LENGTHS);
}

int track_set(struct track *track, uint32_t which, float value)
{
    static const struct {
        uint16_t least, most;
    } range[TRACK_LENGTHS] = {
        [TRACK_THRESHOLD] = {0, 1},
        [TRACK_MODE] = {0, MODE_RHYTHM},
        [TRACK_NOTES] = {1, 8},
        [TRACK_FOLLOW] = {0, 2},
        [TRACK_LENGTH] = {0, 255},
        [TRACK_ROTATION] = {0, 254},
        [TRACK_DIVISION] = {1, 255},
        [TRACK_GATE_US] = {1, 0},
        [TRACK_GATE_PART] = {0, 100},
        [TRACK_SKIP] = {0, 100},
        [TRACK_KEEP] = {0, 1},
        [TRACK_FEEL] = {0, 200},
        [TRACK_DYNAMICS] = {0, 200},
        [TRACK_SWING] = {50, 75},
        [TRACK_ACCENT] = {0, 1},
        [TRACK_GATE_VELOCITY] = {0, 100},
        [TRACK_TAKE] = {0, 1},
        [TRACK_DIRECTION] = {0, DIRECTION_RANDOM},
        [TRACK_DRAW] = {0, 255},
        [TRACK_RATCHET] = {1, RATCHET_MOST},
        [TRACK_RATCHET_BY] = {0, 1},
        [TRACK_RATCHET_CHANCE] = {0, 100},
        [TRACK_FLAM] = {0, 100},
        [TRACK_MUTES] = {0, 255},
        [TRACK_MUTE_AT] = {0, 1},
        [TRACK_MULTIPLY] = {1, 8},
        [TRACK_VELOCITY_OUT] = {0, OUTPUT_CHANNELS},
    };
    if (which >= TRACK_PARAMS) {
        return -1;
    }
    float least = which < TRACK_LENGTHS ? range[which].least : 0;
    float most = which == TRACK_GATE_US ? 1e7f : which < TRACK_LENGTHS ? range[which].most : 255;
    if (!(value >= least && value <= most)) {
        return -1;
    }
    if (which == TRACK_THRESHOLD) {
        track->threshold = value;
        if (track->model) {
            model_set_threshold(track->model, value);
        }
        return 0;
    }
    if (in_percent(which)) {
        value = value / 100 * WHOLE;
    }
    atomic_store_explicit(&track->param[which], (uint32_t)(value + 0.5f), memory_order_relaxed);
    uint32_t own = 0;
    for (uint32_t i = 0; i < OUTPUT_CHANNELS; i++) {
        own |= (uint32_t)((param(track, TRACK_LENGTHS + i) | param(track, TRACK_SHIFTS + i)) != 0)
               << i;
    }
    atomic_store_explicit(&track->own, own, memory_order_relaxed);
    uint32_t special = own | param(track, TRACK_MUTES) | param(track, TRACK_SKIP) |
                       param(track, TRACK_VELOCITY_OUT) |
                       (param(track, TRACK_SWING) - TRACK_NO_SWING);
    atomic_store_explicit(&track->special, special, memory_order_relaxed);
    uint32_t changes = atomic_load_explicit(&track->changes, memory_order_relaxed);
    atomic_store_explicit(&track->changes, changes + 1, memory_order_release);
    return 0;
}

float track_get(const struct track *track, uint32_t which)
{
    if (which == TRACK_THRESHOLD || which >= TRACK_PARAMS) {
        return track->threshold;
    }
    float value = (float)param(track, which);
    return in_percent(which) ? value * (100 / WHOLE) : value;
}

void track_route(struct track *track, uint32_t triggers, uint32_t levels)
{
    atomic_store_explicit(&track->triggers, triggers, memory_order_relaxed);
    atomic_store_explicit(&track->levels, levels, memory_order_relaxed);
}

void track_use(struct track *track, struct model *model)
{
    const struct model *before = track->model;
    track->model = model;
    if (!model) {
        return;
    }
    if (before && before != model) {
        uint32_t voices = before->decoder.voices;
        uint32_t count = before->pitch_count;
        voices = voices < model->decoder.voices ? voices : model->decoder.voices;
        for (uint32_t voice = 0; voice < voices; voice++) {
            model->density[voice] = before->density[voice];
            model->chance[voice] = before->chance[voice];
        }
        model_set_pitches(model, before->pitches,
                          count < model->pitch_room ? count : model->pitch_room);
    }
    model_set_threshold(model, track->threshold);
}

void track_post(struct track *track, const float *latents, uint32_t count)
{
    latents_post(&track->latents, latents, count);
}

void track_voicing(const struct track *track, const struct model *model, struct voicing *voicing)
{
    model_voicing(model, voicing, param(track, TRACK_MODE), param(track, TRACK_NOTES),
                  atomic_load_explicit(&track->triggers, memory_order_relaxed),
                  atomic_load_explicit(&track->levels, memory_order_relaxed), track->calibration);
    voicing->keep = (uint8_t)param(track, TRACK_KEEP);
    voicing->accent = (uint8_t)param(track, TRACK_ACCENT);
    voicing->dynamics = (float)param(track, TRACK_DYNAMICS) * (1 / WHOLE);
    voicing->draw = (uint8_t)param(track, TRACK_DRAW);
    voicing->ratchet = (uint8_t)param(track, TRACK_RATCHET);
    voicing->ratchet_by = (uint8_t)param(track, TRACK_RATCHET_BY);
    voicing->ratchet_chance = param(track, TRACK_RATCHET_CHANCE);
    voicing->flam = param(track, TRACK_FLAM);
    for (uint32_t k = 1; voicing->ratchet_by && k < voicing->ratchet; k++) {
        float more = (1 - model->threshold) * (float)k / (float)voicing->ratchet;
        voicing->sure[k - 1] = tflite_cutoff(&model->decoder, model->threshold + more);
    }
}

uint32_t track_decode(struct track *track, const float *latents)
{
    struct voicing voicing;
    struct pattern *pattern;
    if (!track->model) {
        return 0;
    }
    latents_post(&track->latents, latents, model_position(track->model));
    pattern = exchange_free(&track->exchange, track->model->pattern);
    track_voicing(track, track->model, &voicing);
    model_build(track->model, pattern, latents, &voicing);
    exchange_publish(&track->exchange, pattern);
    return pattern->number;
}

void track_silence(struct track *track)
{
    const struct pattern *published = track->exchange.published;
    if (!published || published->model) {
        exchange_publish(&track->exchange, exchange_free(&track->exchange, track->silence));
    }
}

int track_uses(struct track *track, const struct model *model)
{
    struct exchange *exchange = &track->exchange;
    exchange_look(exchange);
    return (exchange->published && exchange->published->model == model) ||
           (exchange->playing && exchange->playing->model == model);
}

uint32_t track_steps_left(const struct track *track)
{
    const struct pattern *pattern = track_playing(track);
    uint32_t length = param(track, TRACK_LENGTH);
    uint32_t next = *(const volatile uint32_t *)&track->next;
    if (pattern && !length) {
        length = pattern->steps;
    }
    return pattern && next < length ? length - next : 0;
}

const struct pattern *track_playing(const struct track *track)
{
    return atomic_load_explicit(&track->playing, memory_order_acquire);
}
