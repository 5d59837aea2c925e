/* Hits away from their edge, one rule at a time: patterns made by hand, ticks every millisecond. */
#define REGISTERS_HOOKED

#include <string.h>

#include "check.h"

#include "../test_sequence/recorder.c"
#include "rack.h"

/* The source itself, so that the recorder hears of its steps. */
#include "rack.c"

enum { STEPS = 4, CLOCK = 100000, BIT_0 = 1, BIT_1 = 2 };

static struct rack rack;
static struct track *track;
static struct pattern_step steps[STEPS];
static struct pattern_feel feels[STEPS];
static struct pattern pattern;
static uint32_t now;

/* Every step triggers channel 0, on its edge. */
static void start(void)
{
    rack_init(&rack, recorder_start());
    track = &rack.track[0];
    now = 0;
    memset(feels, 0, sizeof feels);
    for (uint32_t i = 0; i < STEPS; i++) {
        steps[i] = (struct pattern_step){.triggers = BIT_0, .level_of = ~0u};
        memset(feels[i].velocity, 127, sizeof feels[i].velocity);
    }
    pattern = (struct pattern){.steps = STEPS, .voices = 1, .step = steps, .feel = feels};
    exchange_publish(&track->exchange, &pattern);
}

static void ticks_until(uint32_t until)
{
    while (now + 1000 <= until) {
        now += 1000;
        rack_tick(&rack, now);
    }
    now = until;
}

static void edge_after(uint32_t us)
{
    ticks_until(now + us);
    rack_clock(&rack, now);
}

/* When channels went high since the last call: (time, channels), without what went low. */
static struct record rises[64];
static uint32_t count;

static void listen(void)
{
    struct record got[256];
    uint32_t told = recorder_read(got, 256);
    count = 0;
    for (uint32_t i = 0; i < told && count < 64; i++) {
        if (got[i].what >> 24 == RECORD_GATES && (got[i].what & 255)) {
            rises[count++] = (struct record){got[i].time_us, got[i].what & 255};
        }
    }
}

static int rose(uint32_t index, uint32_t time_us, uint32_t channels)
{
    return index < count && rises[index].time_us == time_us && rises[index].what == channels;
}

/* Three edges, so that the clock is known: at 0, 100 and 200 ms; the next is step 3's. */
static void get_to_step_2(void)
{
    rack_clock(&rack, now);
    edge_after(CLOCK);
    edge_after(CLOCK);
    listen();
}

static void swing_delays_every_other_step(void)
{
    start();
    track_set(track, TRACK_SWING, 75);
    rack_clock(&rack, now);
    for (uint32_t edge = 1; edge < 6; edge++) {
        edge_after(CLOCK);
    }
    ticks_until(560000);
    listen();
    CHECK(count == 6);
    CHECK(rose(0, 0, BIT_0) && rose(1, 150000, BIT_0)); /* a half of 100 ms is known by then */
    CHECK(rose(2, 200000, BIT_0) && rose(3, 350000, BIT_0));
    CHECK(rose(4, 400000, BIT_0) && rose(5, 550000, BIT_0));
}

static void swing_counts_from_the_bars_beginning(void)
{
    start();
    track_set(track, TRACK_SWING, 60);
    track_set(track, TRACK_LENGTH, 3);
    rack_clock(&rack, now);
    for (uint32_t edge = 1; edge < 6; edge++) {
        edge_after(CLOCK);
    }
    ticks_until(560000);
    listen();
    CHECK(rose(2, 200000, BIT_0) && rose(3, 300000, BIT_0)); /* positions 2 and 0 */
    CHECK(rose(4, 420000, BIT_0) && rose(5, 500000, BIT_0));
}

static void late_and_early_hits_are_where_they_were_learned(void)
{
    start();
    feels[3].timing[0] = -127; /* half a step early */
    feels[0].timing[0] = 127;  /* half a step late */
    get_to_step_2();
    edge_after(CLOCK); /* step 3 */
    edge_after(CLOCK); /* step 0 */
    ticks_until(460000);
    listen();
    CHECK(count == 2 && rose(0, 250000, BIT_0) && rose(1, 450000, BIT_0));
}

static void feel_scales_the_timing(void)
{
    start();
    feels[0].timing[0] = 127;
    track_set(track, TRACK_FEEL, 20);
    get_to_step_2();
    edge_after(CLOCK);
    edge_after(CLOCK);
    ticks_until(460000);
    listen();
    CHECK(count == 2 && rose(0, 300000, BIT_0) && rose(1, 410000, BIT_0));
    track_set(track, TRACK_FEEL, 0);
    for (uint32_t edge = 0; edge < 4; edge++) {
        edge_after(edge ? CLOCK : 40000);
    }
    listen();
    CHECK(count == 4 && rose(3, 800000, BIT_0));
}

static void a_clock_that_is_swung_itself_is_met(void)
{
    start();
    for (uint32_t i = 0; i < STEPS; i++) {
        feels[i].timing[0] = 127;
    }
    rack_clock(&rack, now);
    edge_after(150000);
    edge_after(50000);
    listen();
    for (uint32_t edge = 0; edge < 4; edge++) {
        edge_after(edge % 2 ? 50000 : 150000);
    }
    ticks_until(now + 80000);
    listen();
    /* Half of what each step really is: 150, 50, 150, 50, 150. */
    CHECK(count == 5 && rose(0, 275000, BIT_0) && rose(1, 375000, BIT_0));
    CHECK(rose(2, 475000, BIT_0) && rose(3, 575000, BIT_0) && rose(4, 675000, BIT_0));
}

static void a_pause_of_the_clock_is_no_length_of_a_step(void)
{
    start();
    feels[0].timing[0] = 127;
    get_to_step_2();
    edge_after(5000000); /* step 3, after five seconds */
    edge_after(CLOCK);   /* step 0: the interval before the last were those five */
    ticks_until(now + 60000);
    listen();
    CHECK(rose(count - 1, 5350000, BIT_0));
}

static void an_early_hit_is_played_once_when_the_edge_comes_sooner(void)
{
    start();
    feels[3].timing[0] = -25; /* a tenth of a step: due at 290 ms */
    get_to_step_2();
    edge_after(CLOCK / 2);
    listen();
    CHECK(count == 1 && rose(0, 250000, BIT_0));
    ticks_until(320000);
    listen();
    CHECK(count == 0);
}

static void a_late_hit_comes_before_the_next_step_as_a_gate_of_its_own(void)
{
    start();
    feels[3].timing[0] = 127;
    get_to_step_2();
    edge_after(CLOCK);     /* step 3: due at 350 ms */
    edge_after(CLOCK / 5); /* step 0, at 320 */
    listen();
    CHECK(count == 2 && rose(0, 320000, BIT_0) && rose(1, 320000, BIT_0));
    ticks_until(360000);
    listen();
    CHECK(count == 0);
}

static void two_hits_of_a_channel_in_one_tick_are_two_gates(void)
{
    start();
    feels[3].timing[0] = 64;  /* late: 0.252 of 100 ms after 300 ms */
    feels[0].timing[0] = -95; /* early, with twice the feel: 0.748 before 400 ms */
    track_set(track, TRACK_FEEL, 200);
    feels[3].timing[0] = 32;
    get_to_step_2();
    edge_after(CLOCK);
    ticks_until(330000);
    listen();
    CHECK(count == 2 && rose(0, 325000, BIT_0) && rose(1, 325000, BIT_0));
}

static void a_reset_drops_early_hits_but_those_of_step_0(void)
{
    start();
    feels[3].timing[0] = feels[0].timing[0] = -64; /* a quarter of a step */
    get_to_step_2();
    ticks_until(250000);
    rack_reset(&rack, now); /* step 3 does not come */
    edge_after(CLOCK / 2);  /* step 0, whose hit could not be queued */
    listen();
    CHECK(count == 1 && rose(0, 300000, BIT_0));
    edge_after(CLOCK);
    edge_after(CLOCK);
    edge_after(CLOCK);
    ticks_until(690000);
    rack_reset(&rack, now); /* step 0 comes anyway, and its hit has been played */
    edge_after(10000);
    listen();
    CHECK(count == 4 && rose(1, 500000, BIT_0));
    CHECK(rose(2, 575000, BIT_0) && rose(3, 675000, BIT_0)); /* of the steps 3 and 0 */
}

static void a_reset_of_a_stopped_clock_gives_step_0_all_its_hits(void)
{
    start();
    feels[0].timing[0] = -64;
    get_to_step_2();
    edge_after(CLOCK); /* step 3; the hit of step 0 is played at 375 ms, and then nothing comes */
    ticks_until(2000000);
    rack_reset(&rack, now);
    edge_after(CLOCK);
    listen();
    CHECK(count == 3 && rose(1, 375000, BIT_0) && rose(2, 2100000, BIT_0));
}

static void a_reset_that_belongs_to_the_edge_drops_what_the_wrong_step_made_wait(void)
{
    start();
    feels[3].timing[0] = 127;
    feels[0].timing[0] = 10;
    get_to_step_2();
    edge_after(CLOCK); /* step 3, half a step late */
    ticks_until(now + 500);
    rack_reset(&rack, now); /* step 0 instead: 3,937 us after that edge */
    edge_after(CLOCK - 500);
    listen();
    CHECK(count == 2 && rose(0, 303500, BIT_0) && rose(1, 400000, BIT_0));
}

static void a_pause_plays_late_hits_and_drops_early_ones(void)
{
    start();
    feels[3].timing[0] = 100;
    feels[0].timing[0] = -20;
    get_to_step_2();
    edge_after(CLOCK); /* step 3: due at 339; step 0's: at 392 */
    rack_pause(&rack);
    edge_after(CLOCK / 2);
    ticks_until(600000);
    listen();
    CHECK(count == 1 && rose(0, 339000, BIT_0));
}

static void the_coming_bars_early_hits_wait_for_the_pattern_that_plays_it(void)
{
    static struct pattern other;
    start();
    feels[0].timing[0] = -64;
    get_to_step_2();
    other = pattern;
    exchange_publish(&track->exchange, &other);
    edge_after(CLOCK);
    edge_after(CLOCK);
    listen();
    CHECK(count == 2 && rose(1, 400000, BIT_0)); /* at its edge: nobody knew it before */
}

static void a_level_goes_out_with_its_trigger(void)
{
    struct record got[64];
    start();
    steps[3] = (struct pattern_step){.triggers = BIT_0 | BIT_1,
                                     .levels = 0x30 | 1 << 7,
                                     .code = {[4] = 444, [5] = 555, [7] = 777},
                                     .level_of = 0xFFFFFF54};
    feels[3].timing[0] = 64;  /* a quarter of a step late */
    feels[3].timing[1] = -64; /* ... and early */
    track_set(track, TRACK_GATE_US, 1);
    get_to_step_2();
    edge_after(CLOCK);
    ticks_until(330000);
    uint32_t told = recorder_read(got, 64), levels = 0;
    static const uint32_t expected[][2] = {{275000, 5u << 16 | 555},
                                           {300000, 7u << 16 | 777}, /* it belongs to no trigger */
                                           {325000, 4u << 16 | 444}};
    for (uint32_t i = 0; i < told; i++) {
        if (got[i].what >> 24 == RECORD_LEVEL && levels < 3) {
            CHECK(got[i].time_us == expected[levels][0]);
            CHECK((got[i].what & 0xFFFFFF) == expected[levels][1]);
            CHECK(levels == 1 || got[i + 1].what >> 24 == RECORD_GATES);
            levels++;
        }
    }
    CHECK(levels == 3);
}

/* When channel 0 fell last. */
static uint32_t fell(void)
{
    struct record got[256];
    uint32_t told = recorder_read(got, 256), when = 0;
    for (uint32_t i = 0; i < told; i++) {
        if (got[i].what >> 24 == RECORD_GATES && (got[i].what >> 8 & 1)) {
            when = got[i].time_us;
        }
    }
    return when;
}

static void a_gate_may_be_as_long_as_its_hit_is_hard(void)
{
    start();
    track_set(track, TRACK_GATE_US, 40000);
    track_set(track, TRACK_GATE_VELOCITY, 50);
    feels[3].velocity[0] = 0; /* 40 ms * (1 - 0.5) */
    feels[0].velocity[0] = 0;
    feels[0].timing[0] = 127;
    get_to_step_2();
    edge_after(CLOCK);
    ticks_until(now + 60000);
    CHECK(fell() == 320000);
    edge_after(CLOCK - 60000);
    ticks_until(now + 90000);
    CHECK(fell() == 470000);   /* it rose at 450 */
    edge_after(CLOCK - 90000); /* step 1: 127 of 127 */
    ticks_until(now + 60000);
    CHECK(fell() == 540000);
}

static void a_step_is_left_out_with_its_early_hits(void)
{
    start();
    feels[3].timing[0] = -64;
    get_to_step_2();
    ticks_until(280000);
    track_set(track, TRACK_SKIP, 100); /* too late: its early hit has been played */
    edge_after(20000);
    listen();
    CHECK(count == 1 && rose(0, 275000, BIT_0));
    for (uint32_t edge = 0; edge < 4; edge++) {
        edge_after(CLOCK);
    }
    track_set(track, TRACK_SKIP, 0); /* too late: the dice for step 0 were thrown without a hit */
    listen();
    CHECK(count == 0);
    edge_after(CLOCK);
    listen();
    CHECK(count == 1);
}

int main(void)
{
    RUN(swing_delays_every_other_step);
    RUN(swing_counts_from_the_bars_beginning);
    RUN(late_and_early_hits_are_where_they_were_learned);
    RUN(feel_scales_the_timing);
    RUN(a_clock_that_is_swung_itself_is_met);
    RUN(a_pause_of_the_clock_is_no_length_of_a_step);
    RUN(an_early_hit_is_played_once_when_the_edge_comes_sooner);
    RUN(a_late_hit_comes_before_the_next_step_as_a_gate_of_its_own);
    RUN(two_hits_of_a_channel_in_one_tick_are_two_gates);
    RUN(a_reset_drops_early_hits_but_those_of_step_0);
    RUN(a_reset_of_a_stopped_clock_gives_step_0_all_its_hits);
    RUN(a_reset_that_belongs_to_the_edge_drops_what_the_wrong_step_made_wait);
    RUN(a_pause_plays_late_hits_and_drops_early_ones);
    RUN(the_coming_bars_early_hits_wait_for_the_pattern_that_plays_it);
    RUN(a_level_goes_out_with_its_trigger);
    RUN(a_gate_may_be_as_long_as_its_hit_is_hard);
    RUN(a_step_is_left_out_with_its_early_hits);
    return check_result();
}
