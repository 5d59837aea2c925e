/* The sequencer's rules, one by one, on numbers worked out by hand. */
#define REGISTERS_HOOKED

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#include "fake_tflite.h"
#include "rack.h"
#include "recorder.h"

/* The source itself, so that the recorder hears of its steps. */
#include "rack.c"

/* A pattern of one step, built from scores given by hand; cut-off 0 for every voice. */
static struct pattern_step row;
static uint8_t row_cells[32];
static float zeros[255];
static uint8_t always[255]; /* what chances are at first */

static void build(uint32_t mode, uint32_t notes, const float *scores, uint32_t voices,
                  const uint8_t *sizes, uint32_t groups, const uint16_t *pitches,
                  uint32_t pitch_count, const struct calibration *calibration)
{
    struct pattern pattern = {.steps = 1,
                              .voices = (uint16_t)voices,
                              .step = &row,
                              .cells = row_cells};
    struct voicing voicing = {.mode = (uint8_t)mode,
                              .notes = (uint8_t)notes,
                              .groups = (uint8_t)groups,
                              .group_size = sizes,
                              .triggers = ROUTE_STRAIGHT,
                              .levels = 0x43210765,
                              .cutoff = zeros,
                              .chance = always,
                              .pitches = pitches,
                              .pitch_count = pitch_count,
                              .calibration = calibration};
    pattern_build_step(&pattern, 0, scores, NULL, &voicing, 0);
}

static struct calibration plain[8]; /* code = 100 * pitch + channel; accents 0 to 6000 */

static void make_plain(void)
{
    memset(always, CHANCE_ALWAYS, sizeof always);
    for (uint32_t i = 0; i < 8; i++) {
        plain[i] = (struct calibration){.offset = (float)i, .slope = 100, .low = 0, .high = 6000};
    }
}

static void groups_give_triggers_and_accents(void)
{
    static const uint8_t sizes[] = {1, 1, 6, 2, 2};
    static const uint16_t pitch = 0;
    /*                      0   1  | 2   3  4  5   6  7 | 8  9 | 10  11 */
    const float scores[] = {1, -1, -5, 2, 9, -1, 9, 0, -1, 3, -2, -3};
    build(MODE_DRUMS, 4, scores, 12, sizes, 5, &pitch, 1, plain);
    CHECK(row_cells[0] == 0x59 && row_cells[1] == 0x02);
    CHECK(row.triggers == 0x0D); /* groups 0, 2, 3 */
    CHECK(row.levels == 0x60);   /* accents of the groups 2 and 3 on channels 5 and 6 */
    CHECK(row.code[5] == 2400);  /* voice 4, third of six: of two 9s the first */
    CHECK(row.code[6] == 6000);  /* voice 9, second of two */
}

static void a_group_of_one_has_no_accent(void)
{
    static const uint8_t sizes[] = {1, 1, 1};
    static const uint16_t pitch = 0;
    const float scores[] = {1, 2, 3};
    build(MODE_DRUMS, 4, scores, 3, sizes, 3, &pitch, 1, plain);
    CHECK(row.triggers == 0x07 && row.levels == 0);
}

static void a_silent_group_keeps_its_place_among_the_accents(void)
{
    static const uint8_t sizes[] = {2, 2};
    static const uint16_t pitch = 0;
    const float scores[] = {-1, -1, -1, 1};
    build(MODE_DRUMS, 4, scores, 4, sizes, 2, &pitch, 1, plain);
    CHECK(row.triggers == 0x02 && row.levels == 0x40 && row.code[6] == 6000);
}

static void notes_are_the_most_probable_in_order_of_pitch(void)
{
    static const uint16_t base = 36 * PITCH_SEMITONE;
    const float scores[] = {3, 8, -1, 5, 9, 5, 0, 4};
    build(MODE_NOTES, 4, scores, 8, NULL, 0, &base, 1, plain);
    CHECK(row_cells[0] == 0xBB);
    CHECK(row.triggers == 0x0F && row.levels == 0xE1); /* levels on 5, 6, 7, 0 */
    CHECK(row.code[5] == 3705 && row.code[6] == 3906); /* voices 1, 3 */
    CHECK(row.code[7] == 4007 && row.code[0] == 4100); /* voices 4, 5 */
    build(MODE_NOTES, 3, scores, 8, NULL, 0, &base, 1, plain);
    CHECK(row.triggers == 0x07 && row.code[6] == 3906); /* of the two 5s the lower */
    CHECK(row.code[7] == 4007 && row.levels == 0xE0);
}

static void notes_follow_the_list_and_go_on_in_semitones(void)
{
    static const uint16_t list[] = {60 * 256, 40 * 256, 50 * 256};
    const float scores[] = {1, 1, -1, -1, 1, -1, -1, -1};
    build(MODE_NOTES, 4, scores, 8, NULL, 0, list, 3, plain);
    CHECK(row.code[5] == 4005 && row.code[6] == 5206 && row.code[7] == 6007);
}

static void a_pitch_is_exact_to_256ths_of_a_semitone(void)
{
    static const struct calibration one_to_one[8] = {[5] = {.slope = 256}};
    const float scores[] = {1};
    for (uint32_t i = 0; i < 65536; i += 255) {
        uint16_t pitch = (uint16_t)i;
        build(MODE_NOTES, 1, scores, 1, NULL, 0, &pitch, 1, one_to_one);
        CHECK(row.levels == 0x20 && row.code[5] == i);
    }
}

static void a_note_that_goes_on_may_keep_its_channel(void)
{
    static struct pattern_step steps[3];
    static const uint16_t base = 36 * PITCH_SEMITONE;
    /* Voices 5 and 7; then 2, 5 and 7; the step before step 0 is nobody's. */
    static const float scores[2][8] = {{-1, -1, -1, -1, -1, 1, -1, 1},
                                       {-1, -1, 1, -1, -1, 1, -1, 1}};
    for (uint32_t keep = 0; keep < 2; keep++) {
        struct pattern pattern = {.steps = 2, .voices = 8, .step = steps + 1, .cells = row_cells};
        struct voicing voicing = {.mode = MODE_NOTES,
                                  .notes = 4,
                                  .keep = (uint8_t)keep,
                                  .triggers = ROUTE_STRAIGHT,
                                  .levels = 0xFFFF7654,
                                  .cutoff = zeros,
                                  .chance = always,
                                  .pitches = &base,
                                  .pitch_count = 1,
                                  .calibration = plain};
        steps[0] = (struct pattern_step){.levels = 0xF0, .code = {[5] = 4105, [4] = 4304}};
        pattern_build_step(&pattern, 0, scores[0], NULL, &voicing, 0);
        pattern_build_step(&pattern, 1, scores[1], NULL, &voicing, 0);
        CHECK(steps[1].triggers == 3 && steps[1].code[4] == 4104 && steps[1].code[5] == 4305);
        CHECK(steps[2].triggers == 7 && steps[2].levels == 0x70);
        CHECK(steps[2].code[4] == (keep ? 4104 : 3804));
        CHECK(steps[2].code[5] == (keep ? 4305 : 4105));
        CHECK(steps[2].code[6] == (keep ? 3806 : 4306));
    }
}

static void cells_are_exactly_those_above_their_cut_off(void)
{
    static const float values[] = {0.0f,  -0.0f,  1e-45f, -1e-45f,   1e-38f,
                                   3e38f, -3e38f, 1,      1.0000001f};
    static const uint16_t pitch = 0;
    static float scores[81], cutoff[81];
    for (uint32_t i = 0; i < 81; i++) {
        scores[i] = values[i / 9];
        cutoff[i] = i % 9 == 1 ? INFINITY : i % 9 == 6 ? -INFINITY : values[i % 9]; /* never -0 */
    }
    for (uint32_t voices = 1; voices <= 81; voices++) {
        struct pattern pattern = {.steps = 1,
                                  .voices = (uint16_t)voices,
                                  .step = &row,
                                  .cells = row_cells};
        struct voicing voicing = {.mode = MODE_DRUMS,
                                  .triggers = ROUTE_STRAIGHT,
                                  .levels = ROUTE_STRAIGHT,
                                  .cutoff = cutoff,
                                  .chance = always,
                                  .pitches = &pitch,
                                  .pitch_count = 1,
                                  .calibration = plain};
        pattern_build_step(&pattern, 0, scores, NULL, &voicing, 0);
        for (uint32_t voice = 0; voice < voices; voice++) {
            CHECK(pattern_cell(&pattern, 0, voice) == (scores[voice] > cutoff[voice]));
        }
    }
}

static void codes_stay_in_range_and_round(void)
{
    static const uint16_t base = 100 * PITCH_SEMITONE;
    struct calibration set[8];
    const float scores[] = {1, 1, 1};
    memcpy(set, plain, sizeof set);
    set[5] = (struct calibration){.offset = -20000, .slope = 100};
    set[6] = (struct calibration){.offset = 0, .slope = 1000};
    set[7] = (struct calibration){.offset = 0.5f, .slope = 1};
    build(MODE_NOTES, 3, scores, 3, NULL, 0, &base, 1, set);
    CHECK(row.code[5] == 0 && row.code[6] == 65535 && row.code[7] == 103);
}

/* Code 0 is +5 V and 65535 is -5 V: 6553.5 codes a volt, downwards. */
static void behind_an_inverting_amplifier_codes_fall(void)
{
    static const uint8_t sizes[] = {3};
    static const uint16_t base = 48 * PITCH_SEMITONE;
    const float scores[] = {1, 1, 1};
    const float middle[] = {-1, 1, -1}, last[] = {-1, -1, 1};
    struct calibration set[8];
    for (uint32_t i = 0; i < 8; i++) {
        /* 0 V at note 60, 1 V an octave; accents from 0 to 3 V. */
        set[i] = (struct calibration){65535, -546.125f, 32768, 13107};
    }
    build(MODE_NOTES, 3, scores, 3, NULL, 0, (const uint16_t[]){60 * 256, 72 * 256, 120 * 256}, 3,
          set);
    CHECK(row.code[5] == 32768); /* 32767.5 */
    CHECK(row.code[6] == 26214); /* +1 V */
    CHECK(row.code[7] == 0);     /* +5 V */
    build(MODE_NOTES, 3, scores, 3, NULL, 0, (const uint16_t[]){0, 36 * 256, 121 * 256}, 3, set);
    CHECK(row.code[5] == 65535); /* -5 V */
    CHECK(row.code[6] == 45875); /* -2 V: 45874.5 */
    CHECK(row.code[7] == 0);     /* no more than +5 V */
    build(MODE_DRUMS, 4, scores, 3, sizes, 1, &base, 1, set);
    CHECK(row.code[5] == 32768); /* of three equal ones the first: 0 V */
    build(MODE_DRUMS, 4, middle, 3, sizes, 1, &base, 1, set);
    CHECK(row.code[5] == 22938); /* 22937.5 */
    build(MODE_DRUMS, 4, last, 3, sizes, 1, &base, 1, set);
    CHECK(row.code[5] == 13107); /* 3 V */
}

/* A whole rack that plays made-up scores, and what came out of it last. */
static struct rack rack;
static struct record got[1024];
static uint32_t count;

static void start(void)
{
    rack_init(&rack, recorder_start());
}

static struct model *new_model(const struct tflite_decoder *decoder)
{
    uint32_t size = model_size(decoder);
    return model_init(malloc(size), size, decoder);
}

static struct model *make_model(const char *kind, uint8_t steps, uint8_t voices,
                                const uint8_t *sizes, uint8_t groups)
{
    static struct tflite_decoder decoder;
    fake_decoder(&decoder, kind, 3, steps, voices, sizes, groups);
    return new_model(&decoder);
}

static struct model *make_feeling_model(const char *kind, uint8_t steps, uint8_t voices,
                                        const uint8_t *sizes, uint8_t groups)
{
    static struct tflite_decoder decoder;
    fake_decoder(&decoder, kind, 3, steps, voices, sizes, groups);
    decoder.has_feel = true;
    return new_model(&decoder);
}

/* Every voice in every step, one trigger each. */
static struct model *play_everything(uint32_t track, uint8_t steps, uint8_t voices)
{
    static const float latents[3];
    struct model *model = make_model("perdec", steps, voices, NULL, 0);
    track_use(&rack.track[track], model);
    track_set(&rack.track[track], TRACK_THRESHOLD, 0);
    track_decode(&rack.track[track], latents);
    return model;
}

static void drain(void)
{
    count = recorder_read(got, 1024);
}

static void clock_at(uint32_t now_us)
{
    rack_clock(&rack, now_us);
    drain();
}

/* The step that track 0 played, -1: none. */
static int step_played(void)
{
    return count && got[0].what >> 24 == RECORD_STEP ? (int)(got[0].what & 255) : -1;
}

static int gates_put(uint32_t set, uint32_t clear)
{
    return count && got[count - 1].what == (clear << 8 | set);
}

static void steps_follow_the_clock_and_wrap(void)
{
    start();
    struct model *model = play_everything(0, 5, 3);
    for (int edge = 0; edge < 12; edge++) {
        clock_at((uint32_t)edge * 1000);
        CHECK(step_played() == edge % 5);
        CHECK(gates_put(7, edge ? 7 : 0));
    }
    free(model);
}

static void a_reset_just_before_its_edge_neither_skips_nor_doubles(void)
{
    start();
    struct model *model = play_everything(0, 16, 2);
    for (uint32_t edge = 0; edge < 5; edge++) {
        clock_at(edge * 100000);
    }
    rack_reset(&rack, 499990);
    drain();
    CHECK(count == 0);
    clock_at(500000);
    CHECK(step_played() == 0);
    clock_at(600000);
    CHECK(step_played() == 1);
    free(model);
}

static void a_reset_just_after_its_edge_neither_skips_nor_doubles(void)
{
    start();
    struct model *model = play_everything(0, 16, 2);
    for (uint32_t edge = 0; edge < 5; edge++) {
        clock_at(edge * 100000);
    }
    clock_at(500000);
    CHECK(step_played() == 5);
    rack_reset(&rack, 501000);
    drain();
    CHECK(step_played() == 0 && count == 1); /* both steps trigger the same: no second trigger */
    clock_at(600000);
    CHECK(step_played() == 1);
    rack_reset(&rack, 601001); /* too late to belong to that edge */
    drain();
    CHECK(count == 0);
    clock_at(700000);
    CHECK(step_played() == 0);
    rack_reset(&rack, 700100); /* that edge has played step 0 */
    drain();
    CHECK(count == 0);
    clock_at(800000);
    CHECK(step_played() == 1);
    free(model);
}

static void a_late_reset_corrects_the_wrong_step(void)
{
    static const float latents[3] = {1, 0, 0};
    start();
    struct model *model = make_model("perdec", 8, 3, NULL, 0);
    track_use(&rack.track[0], model);
    track_decode(&rack.track[0], latents);
    /* Sum 7: scores of output i are (217 + 17 i i + 29 i) mod 211 / 10 * 10 - 100:
       outputs 0..2 (step 0): -100, -50, 30; 3..5 (step 1): -70, 80, 50. Above 0 at 0.5. */
    clock_at(0);
    CHECK(step_played() == 0 && gates_put(4, 0));
    rack_tick(&rack, 50000);
    drain();
    clock_at(100000);
    CHECK(step_played() == 1 && gates_put(6, 0));
    rack_reset(&rack, 100500);
    drain();
    CHECK(step_played() == 0 && count == 2 && gates_put(0, 2)); /* 1 goes low, 2 is not doubled */
    rack_reset(&rack, 100600);
    drain();
    CHECK(count == 0);
    rack_tick(&rack, 110000);
    drain();
    CHECK(gates_put(0, 4)); /* 10,000 us after its edge, not after the reset */
    clock_at(200000);
    CHECK(step_played() == 1 && gates_put(6, 0));
    /* Rotated by one, the bar begins with step 1 (triggers 1 and 2); now comes step 3 (0 only). */
    rack_tick(&rack, 250000);
    track_set(&rack.track[0], TRACK_ROTATION, 1);
    drain();
    clock_at(300000);
    CHECK(step_played() == 3 && gates_put(1, 0));
    rack_reset(&rack, 300001);
    drain();
    CHECK(step_played() == 1 && gates_put(6, 1));
    rack_reset(&rack, 300002);
    drain();
    CHECK(count == 0);
    free(model);
}

static void two_tracks_on_one_channel_lose_no_trigger(void)
{
    start();
    struct model *one = play_everything(0, 4, 1);
    struct model *other = play_everything(1, 4, 1);
    track_set(&rack.track[0], TRACK_GATE_US, 2000);
    track_set(&rack.track[1], TRACK_GATE_US, 5000);
    track_set(&rack.track[1], TRACK_DIVISION, 2);
    clock_at(0); /* both: one gate, as long as the longer */
    CHECK(gates_put(1, 0));
    rack_tick(&rack, 4999);
    drain();
    CHECK(count == 0);
    clock_at(4999); /* track 0 alone: what stood ends, its own begins */
    CHECK(gates_put(1, 1));
    rack_tick(&rack, 6998);
    drain();
    CHECK(count == 0);
    rack_tick(&rack, 6999);
    drain();
    CHECK(gates_put(0, 1));
    free(one);
    free(other);
}

static void gates_end_when_they_should(void)
{
    start();
    struct model *model = play_everything(0, 4, 1);
    struct track *track = &rack.track[0];
    track_set(track, TRACK_GATE_PART, 50);
    const uint32_t begin = 0xFFFFFF00u; /* the time wraps on the way */
    rack_clock(&rack, begin);           /* the clock is not known yet: 10,000 us */
    drain();
    rack_tick(&rack, begin + 9999);
    drain();
    CHECK(count == 0);
    rack_tick(&rack, begin + 10000);
    drain();
    CHECK(gates_put(0, 1));
    rack_clock(&rack, begin + 20000); /* 50 % of 20,000 */
    drain();
    rack_tick(&rack, begin + 29999);
    drain();
    CHECK(count == 0);
    rack_tick(&rack, begin + 30000);
    drain();
    CHECK(gates_put(0, 1));
    track_set(track, TRACK_GATE_PART, 0);
    track_set(track, TRACK_GATE_US, 100000); /* never more than 3/4 of a step */
    rack_clock(&rack, begin + 40000);
    drain();
    rack_tick(&rack, begin + 54999);
    drain();
    CHECK(count == 0);
    rack_tick(&rack, begin + 55000);
    drain();
    CHECK(gates_put(0, 1));
    free(model);
}

static void a_pause_does_not_make_the_next_gate_endless(void)
{
    start();
    struct model *model = play_everything(0, 4, 1);
    track_set(&rack.track[0], TRACK_GATE_PART, 100);
    clock_at(0);
    clock_at(10000);
    clock_at(60010000);
    rack_tick(&rack, 60019999);
    drain();
    CHECK(count == 0);
    rack_tick(&rack, 60020000);
    drain();
    CHECK(gates_put(0, 1));
    free(model);
}

static void the_coming_step_follows_the_latents_posted_last(void)
{
    static const float still[3] = {0, 0, 0}, moved[3] = {1, 0, 0};
    start();
    struct model *model = make_model("perdec", 8, 3, NULL, 0);
    struct model *twin = make_model("perdec", 8, 3, NULL, 0);
    struct voicing voicing;
    model_voicing(twin, &voicing, MODE_AUTO, 4, ROUTE_AUTO, ROUTE_AUTO, plain);
    model_build(twin, &twin->pattern[0], still, &voicing);
    model_build(twin, &twin->pattern[1], moved, &voicing);
    track_use(&rack.track[0], model);
    track_set(&rack.track[0], TRACK_FOLLOW, FOLLOW_STEP);
    track_decode(&rack.track[0], still);
    for (uint32_t edge = 0; edge < 16; edge++) {
        uint32_t source = edge > 5 ? 1 : 0; /* heard at the edge after the next */
        clock_at(edge * 1000);
        uint32_t triggers = twin->pattern[source].step[edge % 8].triggers;
        CHECK(track_playing(&rack.track[0])->step[edge % 8].triggers == triggers);
        if (edge == 4) {
            track_post(&rack.track[0], moved, 3);
        }
    }
    free(model);
    free(twin);
}

/* Outputs that keep the order of what they are told in letters: level, gates, flush. */
static char told[16];
static uint32_t told_count, cells_at_flush;

static void tell(char what)
{
    if (told_count < sizeof told - 1) {
        told[told_count++] = what;
        told[told_count] = 0;
    }
}

static void tell_gates(struct outputs *self, uint32_t set, uint32_t clear, uint32_t now_us)
{
    (void)self, (void)set, (void)clear, (void)now_us;
    tell('g');
}

static void tell_level(struct outputs *self, uint32_t channel, uint16_t code, uint32_t now_us)
{
    (void)self, (void)channel, (void)code, (void)now_us;
    tell('l');
}

static uint32_t cells_of_coming_step(void)
{
    const struct pattern *pattern = track_playing(&rack.track[0]);
    return pattern ? pattern->cells[rack.track[0].next % pattern->steps] : 0;
}

static void tell_flush(struct outputs *self, uint32_t now_us)
{
    (void)self, (void)now_us;
    cells_at_flush = cells_of_coming_step();
    tell('f');
}

static int was_told(const char *expected)
{
    int same = strcmp(told, expected) == 0;
    told_count = told[0] = 0;
    return same;
}

static void outputs_are_flushed_once_at_each_edge_reset_and_tick(void)
{
    static const float still[3] = {0, 0, 0}, moved[3] = {1, 0, 0};
    static struct outputs outputs = {tell_gates, tell_level, tell_flush};
    rack_init(&rack, &outputs);
    was_told("");
    rack_clock(&rack, 0);
    CHECK(was_told("f"));
    rack_tick(&rack, 1000);
    CHECK(was_told("f"));
    struct model *model = make_model("seqdec", 8, 3, NULL, 0); /* a trigger and a level each */
    track_use(&rack.track[0], model);
    track_set(&rack.track[0], TRACK_FOLLOW, FOLLOW_STEP);
    track_set(&rack.track[0], TRACK_THRESHOLD, 0);
    track_decode(&rack.track[0], still);
    rack_clock(&rack, 100000);
    CHECK(was_told("lllgf"));
    rack_tick(&rack, 150000); /* the gates end */
    CHECK(was_told("gf"));
    rack_ask_level(&rack, 7, 1);
    rack_tick(&rack, 151000);
    CHECK(was_told("lf"));
    rack_clock(&rack, 200000);
    was_told("");
    rack_reset(&rack, 200500); /* belongs to that edge: step 0 plays, triggering the same */
    CHECK(was_told("lllf"));
    rack_reset(&rack, 290000); /* belongs to the next: nothing is put out */
    CHECK(was_told(""));
    track_set(&rack.track[0], TRACK_THRESHOLD, 1);
    track_post(&rack.track[0], moved, 3);
    rack_clock(&rack, 300000);
    CHECK(was_told("lllgf"));
    CHECK(cells_at_flush == 7 && cells_of_coming_step() == 0); /* decoded after the flush */
    free(model);
}

/* Of two cells the second, more probable one: velocity 37 of 127, timing -74 of 254 steps. */
static void an_accent_is_how_hard_its_drum_is_struck(void)
{
    static const float latents[3] = {0, 0, 0};
    static const uint8_t sizes[] = {2};
    static const struct {
        float dynamics;
        uint32_t accent;
        uint16_t code;
        uint8_t velocity;
    } expected[] = {
        {100, ACCENT_VELOCITY, 1748, 37}, /* 6000 * 37 / 127 = 1748.03 */
        {0, ACCENT_VELOCITY, 3600, 76},   /* all as the pivot: 0.6 */
        {50, ACCENT_VELOCITY, 2674, 57},  /* (0.6 + 37 / 127) / 2 = 0.44567 */
        {200, ACCENT_VELOCITY, 0, 0},     /* 0.6 + 2 (37 / 127 - 0.6) is below 0 */
        {200, ACCENT_DRUM, 6000, 0},      /* the last of its group */
    };
    start();
    struct model *model = make_feeling_model("perdec", 1, 2, sizes, 1);
    struct track *track = &rack.track[0];
    rack_calibrate(&rack, 1, 0, 1, 0, 6000);
    track_use(track, model);
    track_set(track, TRACK_THRESHOLD, 0);
    track_set(track, TRACK_FEEL, 0);
    for (unsigned i = 0; i < sizeof expected / sizeof *expected; i++) {
        track_set(track, TRACK_DYNAMICS, expected[i].dynamics);
        track_set(track, TRACK_ACCENT, (float)expected[i].accent);
        track_decode(track, latents);
        clock_at(i * 1000);
        const struct pattern *pattern = track_playing(track);
        CHECK(pattern->step->levels == 2 && pattern->step->code[1] == expected[i].code);
        CHECK(pattern->step->triggers == 1 && (pattern->step->level_of & 15) == 1);
        CHECK(pattern->feel->velocity[0] == expected[i].velocity);
        CHECK(pattern->feel->timing[0] == -74);
        /* As learned, whatever the dynamics. */
        CHECK(pattern->velocity[0] == 0 && pattern->timing[0] == -127);
        CHECK(pattern->velocity[1] == 37 && pattern->timing[1] == -74);
    }
    free(model);
}

static void a_rhythm_takes_the_pitches_in_turn(void)
{
    static const float latents[3] = {0, 0, 0};
    static const uint16_t list[] = {10 * 256, 20 * 256, 30 * 256};
    start();
    for (uint32_t i = 0; i < 8; i++) {
        rack_calibrate(&rack, i, 0, 100, 0, 0);
    }
    struct model *model = make_model("rhydec", 8, 1, NULL, 0);
    model_set_pitches(model, list, 3);
    track_use(&rack.track[0], model);
    track_set(&rack.track[0], TRACK_FOLLOW, FOLLOW_STEP);
    track_decode(&rack.track[0], latents);
    /* (17 i i + 29 i) mod 211 / 10 * 10 - 100 for i = 0..7: -100 -60 20 -80 70 40 50 90. The
       second bar is built step by step, and counts the same way. */
    static const uint32_t hit[] = {0, 0, 1, 0, 1, 1, 1, 1};
    static const uint32_t code[] = {0, 0, 10, 0, 20, 30, 10, 20};
    for (uint32_t edge = 0; edge < 16; edge++) {
        clock_at(edge * 20000);
        CHECK(step_played() == (int)edge % 8);
        CHECK(count == (hit[edge % 8] ? 3 : 1));
        CHECK(!hit[edge % 8] || got[1].what == (0x01010000 | code[edge % 8] * 100));
        rack_tick(&rack, edge * 20000 + 19999);
        drain();
    }
    free(model);
}

static void a_new_model_keeps_what_was_set_voice_by_voice(void)
{
    static const float latents[3] = {0, 0, 0};
    static const uint16_t list[] = {10 * 256, 20 * 256, 30 * 256};
    start();
    struct model *one = play_everything(0, 2, 4);
    struct model *other = make_model("perdec", 1, 3, NULL, 0);
    model_set_density(one, 1, 0);
    model_set_pitches(one, list, 3);
    clock_at(0);
    CHECK(track_uses(&rack.track[0], one));
    track_use(&rack.track[0], other);
    track_decode(&rack.track[0], latents);
    CHECK(track_uses(&rack.track[0], one) && track_uses(&rack.track[0], other));
    clock_at(1000);
    CHECK(gates_put(15, 15)); /* the old bar goes to its end */
    clock_at(2000);
    CHECK(gates_put(5, 5)); /* voice 1 silent, threshold 0 as before */
    CHECK(!track_uses(&rack.track[0], one) && track_uses(&rack.track[0], other));
    CHECK(other->pitch_count == 3 && other->pitches[2] == 30 * 256);
    track_silence(&rack.track[0]);
    clock_at(3000);
    CHECK(count == 1 && got[0].what >> 24 == RECORD_STEP);
    CHECK(!track_uses(&rack.track[0], other));
    free(one);
    free(other);
}

static void a_level_asked_for_comes_once_at_the_next_tick(void)
{
    start();
    rack_ask_level(&rack, 6, 0xFFFF);
    rack_tick(&rack, 5);
    rack_tick(&rack, 6);
    drain();
    CHECK(count == 1 && got[0].what == 0x0106FFFF && got[0].time_us == 5);
}

static void the_biggest_pattern_plays(void)
{
    start();
    struct model *model = play_everything(3, 255, 255);
    for (int edge = 0; edge < 257; edge++) {
        clock_at((uint32_t)edge * 1000);
        CHECK(count == 2 && got[0].what == (0x02030000u | (uint32_t)edge % 255));
        CHECK(gates_put(255, edge ? 255 : 0));
    }
    CHECK(pattern_hits(track_playing(&rack.track[3]), 255) == 255u * 255u);
    free(model);
}

static void what_is_no_model_is_refused(void)
{
    static struct tflite_decoder decoder;
    static uint64_t block[8192];
    fake_decoder(&decoder, "perdec", 3, 4, 4, NULL, 0);
    uint32_t size = model_size(&decoder);
    CHECK(size && size <= sizeof block);
    CHECK(model_init(block, size - 1, &decoder) == NULL);
    CHECK(model_init((uint8_t *)block + 4, size, &decoder) == NULL);
    CHECK(model_init(block, size, &decoder) == (struct model *)block);
    decoder.outputs = 15;
    CHECK(model_size(&decoder) == 0);
    fake_decoder(&decoder, "perdec", 3, 0, 4, NULL, 0);
    CHECK(model_size(&decoder) == 0);
}

static void values_out_of_range_change_nothing(void)
{
    start();
    struct track *track = &rack.track[0];
    CHECK(track_set(track, TRACK_DIVISION, 7) == 0 && track_get(track, TRACK_DIVISION) == 7);
    CHECK(track_set(track, TRACK_DIVISION, 0) == -1 && track_get(track, TRACK_DIVISION) == 7);
    CHECK(track_set(track, TRACK_DIVISION, 256) == -1);
    CHECK(track_set(track, TRACK_NOTES, 9) == -1 && track_get(track, TRACK_NOTES) == 4);
    CHECK(track_set(track, TRACK_THRESHOLD, 1.5f) == -1);
    CHECK(track_set(track, TRACK_THRESHOLD, NAN) == -1);
    CHECK(track_set(track, TRACK_THRESHOLD, 0.25f) == 0);
    CHECK(track_get(track, TRACK_THRESHOLD) == 0.25f);
    CHECK(track_set(track, TRACK_PARAMS, 0) == -1);
    CHECK(track_set(track, TRACK_GATE_PART, 50) == 0 && track_get(track, TRACK_GATE_PART) == 50);
    struct model *model = play_everything(0, 2, 40);
    static const uint16_t many[41];
    CHECK(model_set_density(model, 40, 0.5f) == -1);
    CHECK(model_set_density(model, 39, 1.1f) == -1);
    CHECK(model_set_pitches(model, many, 0) == -1);
    CHECK(model_set_pitches(model, many, 41) == -1);
    CHECK(model_set_pitches(model, many, 40) == 0);
    CHECK(rack_calibrate(&rack, 8, 0, 1, 0, 1) == -1);
    free(model);
}

int main(void)
{
    make_plain();
    RUN(groups_give_triggers_and_accents);
    RUN(a_group_of_one_has_no_accent);
    RUN(a_silent_group_keeps_its_place_among_the_accents);
    RUN(notes_are_the_most_probable_in_order_of_pitch);
    RUN(notes_follow_the_list_and_go_on_in_semitones);
    RUN(a_pitch_is_exact_to_256ths_of_a_semitone);
    RUN(a_note_that_goes_on_may_keep_its_channel);
    RUN(cells_are_exactly_those_above_their_cut_off);
    RUN(codes_stay_in_range_and_round);
    RUN(behind_an_inverting_amplifier_codes_fall);
    RUN(steps_follow_the_clock_and_wrap);
    RUN(a_reset_just_before_its_edge_neither_skips_nor_doubles);
    RUN(a_reset_just_after_its_edge_neither_skips_nor_doubles);
    RUN(a_late_reset_corrects_the_wrong_step);
    RUN(two_tracks_on_one_channel_lose_no_trigger);
    RUN(gates_end_when_they_should);
    RUN(a_pause_does_not_make_the_next_gate_endless);
    RUN(the_coming_step_follows_the_latents_posted_last);
    RUN(outputs_are_flushed_once_at_each_edge_reset_and_tick);
    RUN(an_accent_is_how_hard_its_drum_is_struck);
    RUN(a_rhythm_takes_the_pitches_in_turn);
    RUN(a_new_model_keeps_what_was_set_voice_by_voice);
    RUN(a_level_asked_for_comes_once_at_the_next_tick);
    RUN(the_biggest_pattern_plays);
    RUN(what_is_no_model_is_refused);
    RUN(values_out_of_range_change_nothing);
    return check_result();
}
