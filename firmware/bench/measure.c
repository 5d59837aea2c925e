/* Counts what decoding and playing cost on the emulated Cortex-M7.
 *
 * Reads `jobs.txt` in the folder it is started in: pairs of a name and a model's file. Prints lines
 * of a name and a number. Instruction counts are the most that any of several latents took.
 */
#include <string.h>

#include "dac8164.h"
#include "files.h"
#include "gpio.h"
#include "instructions.h"
#include "model.h"
#include "rack.h"

enum { SETS = 16 };

static uint32_t overhead; /* of an empty measurement */

static float latents[SETS][TFLITE_MAX_LATENTS];

/* Evenly spread over the whole range of a latent scale of 3, the same every time. */
static void make_latents(void)
{
    uint32_t state = 1;

    for (unsigned i = 0; i < SETS * TFLITE_MAX_LATENTS; i++) {
        state = state * 1664525u + 1013904223u;
        latents[i / TFLITE_MAX_LATENTS][i % TFLITE_MAX_LATENTS] =
            (float)(state >> 8) * (6.0f / (1 << 24)) - 3.0f;
    }
}

#define MEASURE(most, call)                                                                        \
    do {                                                                                           \
        uint32_t before_ = timer_now(), taken_;                                                    \
        call;                                                                                      \
        taken_ = instructions(before_, timer_now()) - overhead;                                    \
        most = taken_ > most ? taken_ : most;                                                      \
    } while (0)

/* Bytes that one of a model's patterns takes. */
static uint32_t pattern_bytes(const struct pattern *pattern)
{
    return sizeof *pattern +
           pattern->steps * (sizeof *pattern->step + pattern_row(pattern->voices));
}

static void measure_model(const char *name, const char *path)
{
    static struct tflite_decoder decoder;
    static struct calibration calibration[OUTPUT_CHANNELS];
    uint32_t size, block_size, load = 0, hidden = 0, scores = 0, whole = 0, step = 0, cutoff = 0;
    uint32_t cells = 0;
    void *file = read_file(path, &size);
    const char *wrong = NULL;
    struct voicing voicing;
    struct model *model;

    MEASURE(load, wrong = tflite_load(&decoder, file, size));
    if (wrong) {
        printf("%s: %s\n", path, wrong);
        exit(1);
    }
    block_size = model_size(&decoder);
    model = model_init(malloc(block_size), block_size, &decoder);
    if (!model) {
        printf("%s: no model\n", path);
        exit(1);
    }
    MEASURE(cutoff, model_set_threshold(model, 0.3f));
    model_voicing(model, &voicing, MODE_AUTO, 4, ROUTE_AUTO, ROUTE_AUTO, calibration);
    for (unsigned i = 0; i < SETS; i++) {
        struct pattern *pattern = &model->pattern[i % 2];
        float *all = malloc(decoder.outputs * sizeof *all);

        MEASURE(hidden, tflite_hidden(&decoder, latents[i], model->workspace[0]));
        MEASURE(scores, tflite_scores(&decoder, model->workspace[0], 0, decoder.outputs, all));
        MEASURE(whole, model_build(model, pattern, latents[i], &voicing));
        MEASURE(step, model_build_step(model, pattern, i % decoder.steps, latents[i], &voicing));
        cells += pattern_hits(pattern, pattern->steps);
        free(all);
    }
    printf("%s.load %u\n", name, (unsigned)load);
    printf("%s.threshold %u\n", name, (unsigned)cutoff);
    printf("%s.decode %u\n", name, (unsigned)(hidden + scores));
    printf("%s.pattern %u\n", name, (unsigned)whole);
    printf("%s.step %u\n", name, (unsigned)step);
    printf("%s.cells %u\n", name, (unsigned)(cells / SETS));
    printf("%s.ram %u\n", name,
           (unsigned)(sizeof(struct rack) + block_size - 2 * pattern_bytes(&model->pattern[0])));
    free(model);
    free(file);
}

static struct gpio gpio;
static volatile uint32_t registers[2];
static uint32_t last_write; /* the timer when the outputs had been written */

static void write_gates(struct outputs *self, uint32_t set, uint32_t clear, uint32_t now_us)
{
    (void)self;
    gpio.base.gates(&gpio.base, set, clear, now_us);
    last_write = timer_now();
}

static void write_level(struct outputs *self, uint32_t channel, uint16_t code, uint32_t now_us)
{
    (void)self;
    (void)channel;
    (void)code;
    (void)now_us;
}

/* All that a performance may have on: a voice muted, the others with ways of their own, back and
   forth, every hit a ratchet, swing, two steps an edge, a clock and a run gate for others. */
static void perform(struct rack *rack)
{
    struct track *track = &rack->track[0];

    track_set(track, TRACK_MUTES, 1);
    for (unsigned i = 0; i < OUTPUT_CHANNELS; i++) {
        track_set(track, TRACK_LENGTHS + i, (float)(9 + i));
        track_set(track, TRACK_SHIFTS + i, (float)i);
    }
    track_set(track, TRACK_DIRECTION, DIRECTION_PENDULUM);
    track_set(track, TRACK_RATCHET, RATCHET_MOST);
    track_set(track, TRACK_RATCHET_CHANCE, 100);
    track_set(track, TRACK_SWING, 60);
    track_set(track, TRACK_MULTIPLY, 2);
    rack_set(rack, RACK_OUTS, 1);
    rack_set(rack, RACK_OUTS + 1, OUT_RUN);
}

enum { EDGES = 64 };

static int ascending(const void *one, const void *other)
{
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return (a > b) - (a < b);
}

/* A clock edge at which all eight channels trigger: from the call to the last register write. */
static void measure_clock_edge(const char *path, const char *name, int performed)
{
    static struct tflite_decoder decoder;
    static struct outputs outputs = {.gates = write_gates, .level = write_level};
    static struct rack rack;
    static uint32_t taken[EDGES];
    uint32_t size, block_size;
    void *file = read_file(path, &size);
    struct model *model;

    if (tflite_load(&decoder, file, size)) {
        exit(1);
    }
    /* Eight groups of one voice: a trigger each. */
    decoder.groups = 0;
    gpio_init(&gpio, NULL);
    for (unsigned i = 0; i < OUTPUT_CHANNELS; i++) {
        gpio_connect(&gpio, i, (uintptr_t)&registers[0], (uintptr_t)&registers[1], 1u << (2 * i));
    }
    rack_init(&rack, &outputs);
    block_size = model_size(&decoder);
    model = model_init(malloc(block_size), block_size, &decoder);
    track_use(&rack.track[0], model);
    track_set(&rack.track[0], TRACK_THRESHOLD, 0);
    if (performed) {
        perform(&rack);
    }
    track_decode(&rack.track[0], latents[0]);
    for (unsigned edge = 0; edge < EDGES; edge++) {
        uint32_t before;

        registers[0] = 0;
        before = timer_now();
        rack_clock(&rack, edge * 125000u);
        taken[edge] = instructions(before, last_write) - overhead;
        if (!performed && registers[0] != 0x5555) {
            printf("a clock edge set %x, not all eight outputs\n", (unsigned)registers[0]);
            exit(1);
        }
        rack_tick(&rack, edge * 125000u + 100000u);
    }
    qsort(taken, EDGES, sizeof *taken, ascending);
    printf("%s %u\n", name, (unsigned)taken[EDGES - 1]);
    printf("%s_median %u\n", name, (unsigned)taken[EDGES / 2]);
    free(file);
}

/* The converters' bus as plain memory: a word written is sent at once, and every flag reads as
   "idle". Offsets are the LPSPI's; the port's DR, DR_SET and DR_CLEAR stand behind them. */
enum { LPSPI_CR = 0x10 / 4, LPSPI_WORDS = 0x74 / 4, PORT_WORDS = 3 };
static volatile uint32_t bus_memory[LPSPI_WORDS + PORT_WORDS];
static struct lpspi bus;
static struct dac8164 dac;

static void dac_gates(struct outputs *self, uint32_t set, uint32_t clear, uint32_t now_us)
{
    (void)self;
    dac.base.gates(&dac.base, set, clear, now_us);
}

static void dac_level(struct outputs *self, uint32_t channel, uint16_t code, uint32_t now_us)
{
    (void)self;
    dac.base.level(&dac.base, channel, code, now_us);
}

static void dac_flush(struct outputs *self, uint32_t now_us)
{
    (void)self;
    dac.base.flush(&dac.base, now_us);
    last_write = timer_now();
}

/* A clock edge of five gates and three levels through the converters: from the call to the last
   register access, without the bus's own time. The model is the drums of the table. */
static void measure_dac_edge(const char *path)
{
    static struct tflite_decoder decoder;
    static struct outputs outputs = {dac_gates, dac_level, dac_flush};
    static struct rack rack;
    const uint32_t port = (uint32_t)(uintptr_t)&bus_memory[LPSPI_WORDS];
    const struct output_pin pins[3] = {
        {port, port + 4, port + 8, 1},
        {port, port + 4, port + 8, 2},
        {port, port + 4, port + 8, 4},
    };
    uint32_t size, block_size, most = 0;
    void *file = read_file(path, &size);
    struct model *model;

    if (tflite_load(&decoder, file, size)) {
        exit(1);
    }
    bus_memory[LPSPI_CR] = 1;
    lpspi_init(&bus, (uint32_t)(uintptr_t)bus_memory, &pins[2]);
    dac8164_init(&dac, &bus, pins);
    rack_init(&rack, &outputs);
    block_size = model_size(&decoder);
    model = model_init(malloc(block_size), block_size, &decoder);
    track_use(&rack.track[0], model);
    track_set(&rack.track[0], TRACK_THRESHOLD, 0);
    track_decode(&rack.track[0], latents[0]);
    for (unsigned edge = 0; edge < EDGES; edge++) {
        uint32_t before, taken;
        const struct pattern_step *step;

        before = timer_now();
        rack_clock(&rack, edge * 125000u);
        taken = instructions(before, last_write) - overhead;
        most = taken > most ? taken : most;
        step = &track_playing(&rack.track[0])->step[edge % decoder.steps];
        if (step->triggers != 0x1F || step->levels != 0xE0 || dac.delayed || dac.rising) {
            printf("not an edge of five gates and three levels\n");
            exit(1);
        }
        rack_tick(&rack, edge * 125000u + 100000u);
    }
    printf("dac_edge %u\n", (unsigned)most);
    free(file);
}

int main(void)
{
    uint32_t size, before;
    char *name = strtok(read_file("jobs.txt", &size), " \n");
    const char *edge_model = NULL;

    timer_start();
    before = timer_now();
    overhead = instructions(before, timer_now());
    make_latents();
    while (name) {
        char *path = strtok(NULL, " \n");

        if (!edge_model) {
            edge_model = path;
        }
        measure_model(name, path);
        name = strtok(NULL, " \n");
    }
    measure_clock_edge(edge_model, "clock_edge", 0);
    measure_clock_edge(edge_model, "clock_edge_performed", 1);
    measure_dac_edge(edge_model);
    return 0;
}
