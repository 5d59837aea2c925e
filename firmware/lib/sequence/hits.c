/* See hits.h. */
#include "hits.h"

#include "position.h"
#include "velocity.h"

/* Offsets are in 1/65536 step. */
#define ONE_STEP 65536
#define TIMING_UNIT 254 /* of a step, in a pattern */

/* The interval that comes, and the one behind it. The clock may be swung itself, so what comes is
   the interval before the last; but a pause is no interval. */
struct intervals {
    uint32_t coming, last;
};

static struct intervals intervals_of(const struct rack *rack)
{
    uint32_t last = rack->interval_us;
    uint32_t coming = rack->earlier_us ? rack->earlier_us : last;
    if (last >> 2 > coming) {
        last = coming;
    } else if (coming >> 2 > last) {
        coming = last;
    }
    return (struct intervals){coming, last};
}

uint32_t hits_interval(const struct rack *rack)
{
    return intervals_of(rack).coming;
}

uint32_t hits_group_length(const struct rack *rack, const struct track *track)
{
    struct intervals both = intervals_of(rack);
    uint32_t division = track_param(track, TRACK_DIVISION);
    uint64_t length = (uint64_t)(both.last + both.coming) * (division >> 1);
    if (division & 1) {
        length += both.coming;
    }
    return length < RACK_LONG_AGO_US ? (uint32_t)length : RACK_LONG_AGO_US;
}

/* From this step to the next, in microseconds; 0: not known. */
static uint32_t step_length(const struct rack *rack, const struct track *track)
{
    uint32_t length = hits_group_length(rack, track);
    return track->multiple > 1 ? length / track->multiple : length;
}

/* How far a channel's hit is from its edge. */
static int32_t offset_of(const struct track *track, const struct pattern_feel *feel,
                         uint32_t position, uint32_t channel)
{
    int32_t offset = 0;
    if (position & 1) {
        offset = 2 * (int32_t)(track_param(track, TRACK_SWING) - TRACK_NO_SWING);
    }
    if (feel) {
        offset += (int32_t)track_param(track, TRACK_FEEL) * feel->timing[channel] / TIMING_UNIT;
    }
    return offset >= ONE_STEP ? ONE_STEP - 1 : offset <= -ONE_STEP ? 1 - ONE_STEP : offset;
}

static uint32_t level_of(const struct pattern_step *row, uint32_t channel)
{
    return row->level_of >> 4 * channel & 15;
}

/* A hit of a ratchet has played: when it comes again. */
static void come_again(struct track *track, uint32_t i)
{
    struct hit *hit = &track->hit[i];
    hit->due_us += hit->spacing_us;
    hit->repeats--;
    track->again |= 1u << i;
}

/* Makes a hit wait until `part` of a step of this length has gone since the step. `early`:
   OUTPUT_CHANNELS, or 0 for a late one. */
static struct hit *queue(struct rack *rack, uint32_t index, uint32_t early, struct row row,
                         uint32_t channel, uint32_t length, uint32_t part)
{
    struct track *track = &rack->track[index];
    struct hit *hit = &track->hit[early + channel];
    uint32_t level = level_of(row.step, channel);
    hit->due_us = track->step_us + (uint32_t)((uint64_t)length * part / ONE_STEP);
    hit->level = (uint8_t)level;
    hit->code = row.step->code[level % OUTPUT_CHANNELS];
    hit->velocity = row.feel ? row.feel->velocity[channel] : 127;
    hit->repeats = 0;
    hit->spacing_us = 0;
    track->again &= ~(1u << (early + channel));
    track->hits |= 1u << (early + channel);
    rack->waiting |= 1u << index;
    return hit;
}

/* Makes a channel's hit wait that plays at `part` of its step (0: has played at its edge), and what
   follows it: a ratchet divides what is left of the step, of a flam the second comes shortly. */
static void queue_late(struct rack *rack, uint32_t index, struct row row, uint32_t channel,
                       uint32_t length, uint32_t part)
{
    uint32_t more = row.step->ratchets >> 4 * channel & 15;
    if (!part && !more) {
        return;
    }
    struct hit *hit = queue(rack, index, 0, row, channel, length, part);
    if (more) {
        uint32_t rest = length - (hit->due_us - rack->track[index].step_us);
        uint32_t flam = rest / 4 < FLAM_US ? rest / 4 : FLAM_US;
        hit->spacing_us = more == FLAM ? flam : rest / (more + 1);
        hit->repeats = more == FLAM ? 1 : (uint8_t)more;
        if (!part) {
            come_again(&rack->track[index], channel);
        }
    }
}

static void put_level(const struct rack *rack, const struct hit *hit, uint32_t now_us)
{
    if (hit->level < OUTPUT_CHANNELS) {
        rack->outputs->level(rack->outputs, hit->level, hit->code, now_us);
    }
}

/* Whether a step is left out; throws the dice, unless they have been thrown for it. */
static int left_out(struct rack *rack, struct track *track)
{
    uint32_t thrown = track->hits & (HITS_PLAY | HITS_LEFT_OUT);
    uint32_t skip = track_param(track, TRACK_SKIP);
    track->hits ^= thrown;
    if (thrown) {
        return thrown == HITS_LEFT_OUT;
    }
    if (!skip) {
        return 0;
    }
    rack->dice = rack->dice * 1664525u + 1013904223u;
    return rack->dice >> 16 < skip;
}

/* Which of the step's hits are at its edge (track->triggered), and which levels go out there
   (track->put); the others are made to wait. */
static void place(struct rack *rack, uint32_t index, struct row row, uint32_t now_us)
{
    struct track *track = &rack->track[index];
    uint32_t length = step_length(rack, track);
    uint32_t early = track->hits >> 8 & 0xFF, claimed = track->hits >> 16;
    uint32_t at_edge = early, with_hits = 0, levels = 0;
    track->hits = 0;
    track->flushed = early;
    for (uint32_t rest = row.step->triggers; rest; rest &= rest - 1) {
        uint32_t channel = (uint32_t)__builtin_ctz(rest), bit = rest & -rest;
        uint32_t level = 1u << level_of(row.step, channel);
        with_hits |= level;
        if (claimed & bit) {
            continue;
        }
        int32_t offset = length ? offset_of(track, row.feel, track->position, channel) : 0;
        if (offset > 0) {
            queue_late(rack, index, row, channel, length, (uint32_t)offset);
        } else {
            at_edge |= bit;
            levels |= level;
        }
    }
    for (; early; early &= early - 1) {
        put_level(rack, &track->hit[OUTPUT_CHANNELS + __builtin_ctz(early)], now_us);
    }
    track->triggered = at_edge;
    track->put = row.step->levels & (levels | ~with_hits);
}

const struct pattern_step *hits_place(struct rack *rack, uint32_t index,
                                      const struct pattern *pattern, uint32_t step, uint32_t length,
                                      uint32_t now_us)
{
    static const struct pattern_step nothing;
    struct track *track = &rack->track[index];
    uint32_t waiting = track->hits;
    /* Of two steps swing delays the second. */
    uint32_t swung = track->position & 1 && track_param(track, TRACK_SWING) != TRACK_NO_SWING;
    track->muted = row_muted(track, track->position);
    struct row row = row_of(track, pattern, step, length, track->muted);
    if (left_out(rack, track)) {
        row.step = &nothing;
    }
    track->heard = row.feel;
    if (waiting | swung || row.feel) {
        place(rack, index, row, now_us);
    } else {
        track->triggered = row.step->triggers;
        track->put = row.step->levels;
    }
    return row.step;
}

void hits_queue_ratchets(struct rack *rack, uint32_t index)
{
    const struct track *track = &rack->track[index];
    struct row row = {track->played, track->heard};
    uint32_t length = step_length(rack, track);
    if (!length) {
        return;
    }
    for (uint32_t rest = row.step->triggers & ~track->hits; rest; rest &= rest - 1) {
        queue_late(rack, index, row, (uint32_t)__builtin_ctz(rest), length, 0);
    }
}

void hits_look_ahead(struct rack *rack, uint32_t index)
{
    struct track *track = &rack->track[index];
    const struct pattern *pattern = pattern_playing(track);
    uint32_t bar;
    if (!pattern) {
        return;
    }
    uint32_t position = next_position(track, pattern, &bar);
    if (takes_over(track, position)) {
        return;
    }
    struct row row = row_of(track, pattern, step_at(track, pattern, position, bar), bar,
                            row_muted(track, position));
    uint32_t length = row.feel ? step_length(rack, track) : 0;
    if (!length) {
        return;
    }
    for (uint32_t rest = row.step->triggers; rest; rest &= rest - 1) {
        uint32_t channel = (uint32_t)__builtin_ctz(rest);
        int32_t offset = offset_of(track, row.feel, position, channel);
        if (offset < 0) {
            queue(rack, index, OUTPUT_CHANNELS, row, channel, length,
                  (uint32_t)(ONE_STEP + offset));
        }
    }
    uint32_t early = track->hits & HITS_EARLY;
    if (early) {
        track->coming = position;
        if (left_out(rack, track)) {
            track->hits = (track->hits & HITS_LATE) | HITS_LEFT_OUT;
        } else {
            track->hits |= early << 8 | HITS_PLAY;
        }
    }
}

uint32_t hits_play(struct rack *rack, uint32_t index, uint32_t which, int all, uint32_t set,
                   uint32_t now_us)
{
    struct track *track = &rack->track[index];
    uint32_t played = 0, loudest = 0; /* since the last gates */
    if (all) {                        /* the step is over, and its ratchets with it */
        track->hits &= ~(track->again & which);
    }
    for (uint32_t rest = track->hits & which; rest; rest &= rest - 1) {
        uint32_t i = (uint32_t)__builtin_ctz(rest);
        uint32_t channel = i % OUTPUT_CHANNELS;
        struct hit *hit = &track->hit[i];
        if (!all && (int32_t)(hit->due_us - now_us) > HITS_NEAR_US) {
            continue;
        }
        if (set >> channel & 1) { /* two hits of one channel are two gates */
            if (played) {
                velocity_put(rack, track, loudest, now_us);
            }
            played = loudest = 0;
            rack_raise(rack, set, set & rack->high, now_us);
            set = 0;
        }
        put_level(rack, hit, now_us);
        uint32_t gate = rack_gate_length(rack, track, hit->velocity);
        rack->off_us[channel] = now_us + hits_gate(hit, gate);
        loudest = hit->velocity > loudest ? hit->velocity : loudest;
        played = 1;
        set |= 1u << channel;
        if (!all && hit->repeats) {
            come_again(track, i);
        } else {
            track->hits ^= 1u << i;
        }
    }
    if (played) {
        velocity_put(rack, track, loudest, now_us);
    }
    if (!(track->hits & (HITS_LATE | HITS_EARLY))) {
        rack->waiting &= ~(1u << index);
    }
    return set;
}
