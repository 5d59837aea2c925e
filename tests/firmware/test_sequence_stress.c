/* Python's side and the interrupt's side at full speed against each other, for ThreadSanitizer.
 *
 * Track 0 follows bar by bar: its models take turns (so that patterns of different shapes change
 * hands) and the n-th pattern is made from the latents (n, n, n), n modulo PLACES. So the consumer
 * knows from a pattern's number what every step of it must be: a torn or overwritten one shows.
 * Track 1 decodes step by step from posted latents (k, k, k): a row must belong to one such k;
 * latents torn between two posts give sums that no k has.
 *
 * usage: stress BARS. Prints what happened; exit status 1 when anything was wrong.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_tflite.h"
#include "rack.h"
#include "registers.h"

enum { PLACES = 97, MODELS = 2, STEPS = 16 };

static struct rack rack;
static struct outputs outputs;
static struct model *models[MODELS], *stepped, *references[MODELS], *stepped_reference;
static struct pattern_step expected[MODELS][PLACES][STEPS], stepped_expected[PLACES][STEPS];
static const uint8_t steps_of[MODELS] = {16, 11};
static atomic_uint bars, wrong, done;

static struct model *make_model(const char *kind, uint8_t steps, uint8_t voices)
{
    static struct tflite_decoder decoder;
    fake_decoder(&decoder, kind, 3, steps, voices, NULL, 0);
    decoder.has_feel = true;
    uint32_t size = model_size(&decoder);
    return model_init(aligned_alloc(8, size), size, &decoder);
}

static void fill(float *latents, uint32_t place)
{
    for (int i = 0; i < 3; i++) {
        latents[i] = (float)(place % PLACES);
    }
}

/* What each pattern must be, from models that nothing else touches. */
static void expect(struct model *model, struct pattern_step (*table)[STEPS])
{
    struct voicing voicing;
    float latents[3];
    model_voicing(model, &voicing, MODE_AUTO, 4, ROUTE_AUTO, ROUTE_AUTO, rack.calibration);
    for (uint32_t place = 0; place < PLACES; place++) {
        fill(latents, place);
        model_build(model, &model->pattern[0], latents, &voicing);
        memcpy(table[place], model->pattern[0].step,
               model->pattern[0].steps * sizeof(struct pattern_step));
    }
}

static int same(const struct pattern_step *one, const struct pattern_step *other)
{
    if (one->triggers != other->triggers || one->levels != other->levels) {
        return 0;
    }
    for (int i = 0; i < OUTPUT_CHANNELS; i++) {
        if (one->levels >> i & 1 && one->code[i] != other->code[i]) {
            return 0;
        }
    }
    return 1;
}

static void complain(const char *words, unsigned detail)
{
    if (atomic_fetch_add(&wrong, 1) < 5) {
        fprintf(stderr, "%s (%u)\n", words, detail);
    }
}

/* Called by the consumer when a track plays a step: checks all of the pattern that it plays. */
/* No UART is connected here, so nothing is read or written. */
uint32_t reg_read(uintptr_t address)
{
    (void)address;
    return 0;
}

void reg_write(uintptr_t address, uint32_t value)
{
    (void)address;
    (void)value;
}

void reg_trace(uint32_t index, uint32_t step)
{
    static uint32_t newest;
    const struct pattern *pattern = track_playing(&rack.track[index]);
    if (index == 1) {
        uint32_t place = 0;
        while (place < PLACES && !same(&pattern->step[step], &stepped_expected[place][step])) {
            place++;
        }
        if (place == PLACES) {
            complain("a step of torn latents", step);
        }
        return;
    }
    uint32_t number = pattern->number;
    uint32_t which = pattern->model == models[1];
    if (number < newest) {
        complain("an older pattern came back", number);
    }
    if (which != number / 3 % MODELS || pattern->steps != steps_of[which]) {
        complain("a pattern of the wrong model", number);
        return;
    }
    newest = number;
    if (step == 0) {
        atomic_fetch_add(&bars, 1);
    }
    for (uint32_t i = 0; i < pattern->steps; i++) {
        if (!same(&pattern->step[i], &expected[which][number % PLACES][i])) {
            complain("a torn pattern", number);
            return;
        }
    }
}

static void no_gates(struct outputs *self, uint32_t set, uint32_t clear, uint32_t now_us)
{
    (void)self;
    (void)set;
    (void)clear;
    (void)now_us;
}

static void no_level(struct outputs *self, uint32_t index, uint16_t code, uint32_t now_us)
{
    (void)self;
    (void)index;
    (void)code;
    (void)now_us;
}

static void *interrupts(void *unused)
{
    for (uint32_t now = 0; !atomic_load(&done); now += 1000) {
        rack_clock(&rack, now);
        rack_tick(&rack, now + 500);
        if (now / 1000 % 37 == 0) {
            rack_reset(&rack, now + 700);
        }
    }
    return unused;
}

int main(int argc, char **argv)
{
    unsigned enough = argc > 1 ? (unsigned)atoi(argv[1]) : 1000;
    pthread_t thread;
    float latents[3];
    unsigned shown = 0;

    outputs = (struct outputs){.gates = no_gates, .level = no_level};
    rack_init(&rack, &outputs);
    models[0] = make_model("perdec", 16, 12);
    models[1] = make_model("seqdec", 11, 30);
    stepped = make_model("seqdec", 16, 24);
    references[0] = make_model("perdec", 16, 12);
    references[1] = make_model("seqdec", 11, 30);
    stepped_reference = make_model("seqdec", 16, 24);
    expect(references[0], expected[0]);
    expect(references[1], expected[1]);
    expect(stepped_reference, stepped_expected);
    fill(latents, 0);
    track_set(&rack.track[1], TRACK_FOLLOW, FOLLOW_STEP);
    track_use(&rack.track[1], stepped);
    track_decode(&rack.track[1], latents);
    pthread_create(&thread, NULL, interrupts, NULL);
    unsigned count = 0;
    while (atomic_load(&bars) < enough || count < enough) {
        struct track *track = &rack.track[0];
        count++;
        track_use(track, models[count / 3 % MODELS]); /* the same one three times in a row */
        fill(latents, count);
        if (track_decode(track, latents) != count) {
            complain("a pattern got the wrong number", count);
        }
        for (unsigned i = 0; i < 3; i++) {
            fill(latents, count + i);
            track_post(&rack.track[1], latents, 3);
        }
        /* What Python does meanwhile: parameters, calibration, a look at what plays. */
        track_set(&rack.track[1], TRACK_THRESHOLD, 0.5f);
        track_set(track, TRACK_GATE_US, (float)(count % 500 + 1));
        track_set(track, TRACK_ROTATION, (float)(count % 5));
        track_set(track, TRACK_SWING, (float)(count % 26 + 50));
        track_set(&rack.track[1], TRACK_FEEL, (float)(count % 201));
        rack_calibrate(&rack, 0, 0, 65535.0f / 120, 0, 65535);
        if (count % 50 == 0) {
            rack_ask_reset(&rack);
        }
        for (uint32_t i = 0; i < 2; i++) {
            const struct pattern *pattern = track_playing(&rack.track[i]);
            for (uint32_t cell = 0; pattern && cell < pattern->voices; cell++) {
                shown += (unsigned)pattern_cell(pattern, 3, cell);
                shown += atomic_load_byte(&pattern->velocity[3 * pattern->voices + cell]);
                shown += atomic_load_byte((const uint8_t *)&pattern->timing[cell]);
            }
        }
        if (track_uses(track, models[0]) + track_uses(track, models[1]) == 0) {
            complain("nothing is said to be used", count);
        }
    }
    atomic_store(&done, 1);
    pthread_join(thread, NULL);
    printf("%u patterns published, %u bars played, %u cells seen, %u wrong\n", count,
           atomic_load(&bars), shown, atomic_load(&wrong));
    for (int i = 0; i < MODELS; i++) {
        free(models[i]);
        free(references[i]);
    }
    free(stepped);
    free(stepped_reference);
    return atomic_load(&wrong) != 0;
}
