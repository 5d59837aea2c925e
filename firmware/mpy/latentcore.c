/* latentcore: the sequencer as a MicroPython module.
 *
 * Python decides (which model, where in its latent space, which parameters) and calls the functions
 * here; the clock plays. `clock`, `reset` and `tick` are what interrupts call: native functions of
 * one argument that run no bytecode, allocate nothing, raise nothing and wait for nothing.
 *
 * The rack is the only state. It lies in the module's own image, and a model lies in a bytearray of
 * Python's: neither is an object that the garbage collector knows to be in use here, so the image
 * keeps itself alive (`_image`) and Python keeps the model's memory and file while `uses` says so.
 */
#include "channel.h"
#include "dac8164.h"
#include "gpio.h"
#include "rack.h"

#ifdef LATENTCORE_IN_FIRMWARE
#include "firmware.h"
#else
#include "native.h"
#endif

/* clang-format off */
#define FUNCTIONS(X)                                                                               \
    X(describe, PY_1) X(load, PY_3) X(uses, PY_2)                                                  \
    X(set, PY_3) X(get, PY_2) X(route, PY_3) X(density, PY_3) X(pitches, PY_2)                     \
    X(post, PY_2) X(decode, PY_2) X(silence, PY_1) X(cells, PY_1) X(playing, PY_1)                 \
    X(ask_reset, PY_0) X(pause, PY_0) X(paused, PY_0) X(triggered, PY_0) X(counts, PY_1)           \
    X(level, PY_2) X(clock, PY_1) X(reset, PY_1) X(trigger_3, PY_1) X(trigger_4, PY_1)             \
    X(tick, PY_1)                                                                                  \
    X(time_source, PY_1) X(channel_outputs, PY_1) X(gpio_output, PY_VAR) X(dac_outputs, PY_2)      \
    X(dac_output, PY_VAR) X(calibrate, PY_VAR)

/* The parameters of set() and get(), in the order of enum track_param. */
#define CONSTANTS(X)                                                                               \
    X(THRESHOLD) X(MODE) X(NOTES) X(FOLLOW) X(LENGTH) X(ROTATION) X(DIVISION) X(GATE_US)           \
    X(GATE_PART) X(SKIP) X(KEEP)
/* clang-format on */

#define EXCEPTIONS(X) X(ValueError)

PY_NAMES("latentcore.c", FUNCTIONS, CONSTANTS, EXCEPTIONS);

#define COUNT(name) +1
_Static_assert((0 CONSTANTS(COUNT)) == TRACK_PARAMS, "each parameter has a name");

static struct rack rack;
static struct gpio gpio;
static struct lpspi bus;
static struct dac8164 dac;
static const uint32_t no_time;
static const volatile uint32_t *now_us = &no_time;

static py_obj wrong(const char *what)
{
    py_raise(NAME_ValueError, what);
    return py_none();
}

static struct track *track_of(py_obj number)
{
    uintptr_t index = py_uint(number);
    if (index >= RACK_TRACKS) {
        wrong("tracks are numbered 0 to 3");
    }
    return &rack.track[index];
}

/* ---- interrupts -------------------------------------------------------------------------- */

static py_obj clock(py_obj pin)
{
    (void)pin;
    rack_clock(&rack, *now_us);
    return py_none();
}
PY_FUNCTION_1(clock);

static py_obj reset(py_obj pin)
{
    (void)pin;
    rack_reset(&rack, *now_us);
    return py_none();
}
PY_FUNCTION_1(reset);

/* The inputs that are no clock: how often, for Python to act on in its own time. */
static volatile uint32_t pulses[2];

static py_obj trigger_3(py_obj pin)
{
    (void)pin;
    pulses[0]++;
    return py_none();
}
PY_FUNCTION_1(trigger_3);

static py_obj trigger_4(py_obj pin)
{
    (void)pin;
    pulses[1]++;
    return py_none();
}
PY_FUNCTION_1(trigger_4);

static py_obj tick(py_obj timer)
{
    (void)timer;
    rack_tick(&rack, *now_us);
    return py_none();
}
PY_FUNCTION_1(tick);

/* ---- models ------------------------------------------------------------------------------ */

/* Reads a model file's tables; raises if it cannot be played. Returns what model_init needs. */
static uint32_t open_decoder(struct tflite_decoder *decoder, py_obj file)
{
    struct py_buffer buffer = py_buffer(file, BUFFER_READ);
    const char *error = tflite_load(decoder, buffer.data, (uint32_t)buffer.size);
    if (error != NULL) {
        wrong(error);
    }
    if (!decoder->has_metadata) {
        wrong("the model says nothing of its steps and voices (no metadata): export it again");
    }
    uint32_t size = model_size(decoder);
    if (size == 0) {
        wrong("the model's steps and voices do not make up its outputs");
    }
    return size;
}

/* describe(file) -> (kind, latents, steps, voices, latent scale, group sizes, bytes of memory) */
static py_obj describe(py_obj file)
{
    struct tflite_decoder decoder;
    uint32_t size = open_decoder(&decoder, file);
    py_obj items[] = {
        py_new_str(decoder.kind, 6),        py_small_int(decoder.latents),
        py_small_int(decoder.steps),        py_small_int(decoder.voices),
        py_small_int(decoder.latent_scale), py_new_bytes(decoder.group_size, decoder.groups),
        py_small_int((intptr_t)size),
    };
    return py_new_tuple(sizeof items / sizeof items[0], items);
}
PY_FUNCTION_1(describe);

/* load(track, file, memory): both must stay as long as `uses` says. */
static py_obj load(py_obj number, py_obj file, py_obj memory)
{
    struct track *track = track_of(number);
    struct tflite_decoder decoder;
    open_decoder(&decoder, file);
    struct py_buffer block = py_buffer(memory, BUFFER_WRITE);
    struct model *model = model_init(block.data, (uint32_t)block.size, &decoder);
    if (model == NULL) {
        return wrong("memory smaller than describe() says, or not aligned to 8 bytes");
    }
    track_use(track, model);
    return py_none();
}
PY_FUNCTION_3(load);

/* uses(track, memory) -> True while the clock may still play from it */
static py_obj uses(py_obj number, py_obj memory)
{
    const struct model *model = py_buffer(memory, BUFFER_READ).data;
    return py_bool(track_uses(track_of(number), model) != 0);
}
PY_FUNCTION_2(uses);

/* ---- playing ----------------------------------------------------------------------------- */

/* set(track, parameter, value) */
static py_obj set(py_obj number, py_obj parameter, py_obj value)
{
    if (track_set(track_of(number), (uint32_t)py_uint(parameter), py_float(value)) != 0) {
        return wrong("no such parameter, or a value out of its range");
    }
    return py_none();
}
PY_FUNCTION_3(set);

/* get(track, parameter) -> float */
static py_obj get(py_obj number, py_obj parameter)
{
    struct track *track = track_of(number);
    uintptr_t index = py_uint(parameter);
    if (index >= TRACK_PARAMS) {
        return wrong("no such parameter");
    }
    return py_new_float(track_get(track, (uint32_t)index));
}
PY_FUNCTION_2(get);

/* route(track, triggers, levels): eight channel numbers of four bits each. */
static py_obj route(py_obj number, py_obj triggers, py_obj levels)
{
    track_route(track_of(number), (uint32_t)py_uint(triggers), (uint32_t)py_uint(levels));
    return py_none();
}
PY_FUNCTION_3(route);

static struct model *model_of(struct track *track)
{
    if (track->model == NULL) {
        wrong("the track has no model");
    }
    return track->model;
}

/* density(track, voice, 0..1) */
static py_obj density(py_obj number, py_obj voice, py_obj value)
{
    struct model *model = model_of(track_of(number));
    if (model_set_density(model, (uint32_t)py_uint(voice), py_float(value)) != 0) {
        return wrong("no such voice");
    }
    return py_none();
}
PY_FUNCTION_3(density);

/* pitches(track, bytes of MIDI note numbers) */
static py_obj pitches(py_obj number, py_obj notes)
{
    struct model *model = model_of(track_of(number));
    struct py_buffer buffer = py_buffer(notes, BUFFER_READ);
    if (model_set_pitches(model, buffer.data, (uint32_t)buffer.size) != 0) {
        return wrong("the list of pitches is empty or too long");
    }
    return py_none();
}
PY_FUNCTION_2(pitches);

static const float *latents_of(struct track *track, py_obj latents, uint32_t *count)
{
    struct py_buffer buffer = py_buffer(latents, BUFFER_READ);
    *count = (uint32_t)(buffer.size / sizeof(float));
    if (buffer.typecode != 'f' || *count != model_of(track)->decoder.latents) {
        wrong("latents are an array('f') with as many as the model has");
    }
    return buffer.data;
}

/* post(track, latents): for step mode, read by the interrupt. */
static py_obj post(py_obj number, py_obj latents)
{
    struct track *track = track_of(number);
    uint32_t count;
    const float *values = latents_of(track, latents, &count);
    track_post(track, values, count);
    return py_none();
}
PY_FUNCTION_2(post);

/* decode(track, latents) -> the number of the pattern that is now ready for the next bar */
static py_obj decode(py_obj number, py_obj latents)
{
    struct track *track = track_of(number);
    uint32_t count;
    const float *values = latents_of(track, latents, &count);
    return py_small_int((intptr_t)track_decode(track, values));
}
PY_FUNCTION_2(decode);

static py_obj silence(py_obj number)
{
    struct track *track = track_of(number);
    track_use(track, NULL);
    track_silence(track);
    return py_none();
}
PY_FUNCTION_1(silence);

/* cells(track) -> (steps, voices, bits) of the pattern that plays; None before the first. Each step
   is a row of whole bytes, voice v is bit v & 7 of byte v >> 3. */
static py_obj cells(py_obj number)
{
    const struct pattern *pattern = track_playing(track_of(number));
    if (pattern == NULL) {
        return py_none();
    }
    py_obj items[] = {
        py_small_int(pattern->steps),
        py_small_int(pattern->voices),
        py_new_bytes(pattern->cells, pattern->steps * pattern_row(pattern->voices)),
    };
    return py_new_tuple(3, items);
}
PY_FUNCTION_1(cells);

/* playing(track) -> (number of the pattern, step played last); (0, 0) before the first */
static py_obj playing(py_obj number)
{
    struct track *track = track_of(number);
    const struct pattern *pattern = track_playing(track);
    uint32_t step = atomic_load_explicit(&track->step, memory_order_relaxed);
    py_obj items[] = {
        py_small_int(pattern == NULL ? 0 : (intptr_t)pattern->number),
        py_small_int(pattern == NULL ? 0 : (intptr_t)step),
    };
    return py_new_tuple(2, items);
}
PY_FUNCTION_1(playing);

static py_obj ask_reset(void)
{
    rack_ask_reset(&rack);
    return py_none();
}
PY_FUNCTION_0(ask_reset);

static py_obj pause(void)
{
    rack_pause(&rack);
    return py_none();
}
PY_FUNCTION_0(pause);

/* paused() -> True from pause() until the reset that ends it. */
static py_obj paused(void)
{
    return py_bool(atomic_load_explicit(&rack.paused, memory_order_relaxed) != 0);
}
PY_FUNCTION_0(paused);

/* triggered() -> the channels whose gates rose with the last clock edge: bit i is channel i. */
static py_obj triggered(void)
{
    return py_small_int((intptr_t)rack.triggered);
}
PY_FUNCTION_0(triggered);

/* counts(track) -> (clock edges, bars begun since the last reset, pulses at trigger inputs 3, 4).
   Each counts from 0 to 65535 and on from 0. */
static py_obj counts(py_obj number)
{
    const uint32_t count[4] = {rack.edge, track_of(number)->bars, pulses[0], pulses[1]};
    py_obj items[4];
    for (unsigned i = 0; i < 4; i++) {
        items[i] = py_small_int((intptr_t)(count[i] & 0xFFFF));
    }
    return py_new_tuple(4, items);
}
PY_FUNCTION_1(counts);

/* ---- the board --------------------------------------------------------------------------- */

/* calibrate(channel, offset, slope, low, high): codes of a 16-bit converter, see pattern.h. */
static py_obj calibrate(size_t count, const py_obj *arguments)
{
    (void)count;
    if (rack_calibrate(&rack, (uint32_t)py_uint(arguments[0]), py_float(arguments[1]),
                       py_float(arguments[2]), (uint16_t)py_uint(arguments[3]),
                       (uint16_t)py_uint(arguments[4])) != 0) {
        return wrong("channels are numbered 0 to 7");
    }
    return py_none();
}
PY_FUNCTION_VAR(calibrate, 5, 5);

/* level(channel, code): puts it out at the next tick. */
static py_obj level(py_obj channel, py_obj code)
{
    rack_ask_level(&rack, (uint32_t)py_uint(channel), (uint16_t)py_uint(code));
    return py_none();
}
PY_FUNCTION_2(level);

/* time_source(address): a 32-bit word that counts microseconds. */
static py_obj time_source(py_obj address)
{
    now_us = (const volatile uint32_t *)py_uint(address);
    return py_none();
}
PY_FUNCTION_1(time_source);

/* channel_outputs(memory): outputs go, as records, to who reads the channel in that memory. */
static py_obj channel_outputs(py_obj memory)
{
    struct py_buffer buffer = py_buffer(memory, BUFFER_WRITE);
    if (buffer.size < sizeof(struct channel) + sizeof(struct channel_record)) {
        return wrong("too small for a channel");
    }
    struct channel *channel = buffer.data;
    channel_init(channel, (struct channel_record *)(channel + 1),
                 (uint32_t)((buffer.size - sizeof *channel) / sizeof(struct channel_record)));
    rack.outputs = &channel->base;
    return py_none();
}
PY_FUNCTION_1(channel_outputs);

/* gpio_output(channel, address of the set register, of the clear register, mask): gates on pins. */
static py_obj gpio_output(size_t count, const py_obj *arguments)
{
    (void)count;
    if (gpio_connect(&gpio, (uint32_t)py_uint(arguments[0]),
                     (volatile uint32_t *)py_uint(arguments[1]),
                     (volatile uint32_t *)py_uint(arguments[2]),
                     (uint32_t)py_uint(arguments[3])) != 0) {
        return wrong("channels are 0 to 7, on at most four ports");
    }
    rack.outputs = &gpio.base;
    return py_none();
}
PY_FUNCTION_VAR(gpio_output, 4, 4);

/* dac_outputs(base address of the LPSPI, pins): two DAC8164. pins is an array('I') of three times
   (DR, DR_SET and DR_CLEAR addresses, mask): the chips' selects, and the select of the display that
   shares the bus (mask 0: none). All outputs go there, or, with gpio_output, only the levels. */
static py_obj dac_outputs(py_obj base, py_obj pins)
{
    struct py_buffer buffer = py_buffer(pins, BUFFER_READ);
    if (buffer.size != 12 * sizeof(uint32_t)) {
        return wrong("three pins of four words are needed");
    }
    const uint32_t *word = buffer.data;
    struct output_pin pin[3];
    for (unsigned i = 0; i < 3; i++, word += 4) {
        pin[i].data = (volatile uint32_t *)(uintptr_t)word[0];
        pin[i].set = (volatile uint32_t *)(uintptr_t)word[1];
        pin[i].clear = (volatile uint32_t *)(uintptr_t)word[2];
        pin[i].mask = word[3];
    }
    lpspi_init(&bus, (volatile uint32_t *)py_uint(base), &pin[2]);
    dac8164_init(&dac, &bus, pin);
    gpio.levels = &dac.base;
    if (gpio.ports == 0) {
        rack.outputs = &dac.base;
    }
    return py_none();
}
PY_FUNCTION_2(dac_outputs);

/* dac_output(channel, chip, the chip's channel, code of a low gate, code of a high gate) */
static py_obj dac_output(size_t count, const py_obj *arguments)
{
    (void)count;
    if (dac8164_connect(&dac, (uint32_t)py_uint(arguments[0]), (uint32_t)py_uint(arguments[1]),
                        (uint32_t)py_uint(arguments[2]), (uint16_t)py_uint(arguments[3]),
                        (uint16_t)py_uint(arguments[4])) != 0) {
        return wrong("channels are 0 to 7, chips 0 and 1, their channels 0 to 3");
    }
    return py_none();
}
PY_FUNCTION_VAR(dac_output, 5, 5);

static void start(void)
{
    gpio_init(&gpio, NULL);
    rack_init(&rack, &gpio.base);
}

PY_MODULE(latentcore, FUNCTIONS, CONSTANTS, start)
