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
#include "gpio.h"
#include "native.h"
#include "rack.h"

#define NAMES(X)                                                                                   \
    X(describe) X(load) X(uses) X(set) X(get) X(route) X(density) X(pitches) X(post) X(decode)     \
    X(silence) X(calibrate) X(cells) X(playing) X(ask_reset) X(clock) X(reset) X(tick)             \
    X(time_source) X(channel_outputs) X(gpio_output) X(_image) X(ValueError)                       \
    X(THRESHOLD) X(MODE) X(NOTES) X(FOLLOW) X(LENGTH) X(ROTATION) X(DIVISION) X(GATE_US)           \
    X(GATE_PART)

PY_NAMES("latentcore.c", NAMES);

enum { PARAMETERS = NAME_GATE_PART - NAME_THRESHOLD + 1 };
_Static_assert((int)PARAMETERS == (int)TRACK_PARAMS, "each parameter has a name, in order");

static struct rack rack;
static struct gpio gpio;
static const volatile uint32_t *now_us;

static py_obj wrong(const char *what) {
    py_raise(NAME_ValueError, what);
    return py_none();
}

static struct track *track_of(py_obj number) {
    uintptr_t index = py_uint(number);
    if (index >= RACK_TRACKS) {
        wrong("tracks are numbered 0 to 3");
    }
    return &rack.track[index];
}

/* ---- interrupts -------------------------------------------------------------------------- */

static py_obj clock(py_obj pin) {
    (void)pin;
    rack_clock(&rack, *now_us);
    return py_none();
}
PY_FUNCTION(clock);

static py_obj reset(py_obj pin) {
    (void)pin;
    rack_reset(&rack, *now_us);
    return py_none();
}
PY_FUNCTION(reset);

static py_obj tick(py_obj timer) {
    (void)timer;
    rack_tick(&rack, *now_us);
    return py_none();
}
PY_FUNCTION(tick);

/* ---- models ------------------------------------------------------------------------------ */

/* Reads a model file's tables; raises if it cannot be played. Returns what model_init needs. */
static uint32_t open_decoder(struct tflite_decoder *decoder, py_obj file) {
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
static py_obj describe(py_obj file) {
    struct tflite_decoder decoder;
    uint32_t size = open_decoder(&decoder, file);
    py_obj items[] = {
        py_new_str(decoder.kind, 6),       py_small_int(decoder.latents),
        py_small_int(decoder.steps),       py_small_int(decoder.voices),
        py_small_int(decoder.latent_scale), py_new_bytes(decoder.group_size, decoder.groups),
        py_small_int((intptr_t)size),
    };
    return py_new_tuple(sizeof items / sizeof items[0], items);
}
PY_FUNCTION(describe);

/* load(track, file, memory): both must stay as long as `uses` says. */
static py_obj load(py_obj number, py_obj file, py_obj memory) {
    struct track *track = track_of(number);
    struct tflite_decoder decoder;
    open_decoder(&decoder, file);
    struct py_buffer block = py_buffer(memory, BUFFER_WRITE);
    struct model *model = model_init(block.data, (uint32_t)block.size, &decoder);
    if (model == NULL) {
        return wrong("the memory is smaller than describe() says, or not aligned to 8 bytes");
    }
    track_use(track, model);
    return py_none();
}
PY_FUNCTION(load);

/* uses(track, memory) -> True while the clock may still play from it */
static py_obj uses(py_obj number, py_obj memory) {
    const struct model *model = py_buffer(memory, BUFFER_READ).data;
    return py_bool(track_uses(track_of(number), model) != 0);
}
PY_FUNCTION(uses);

/* ---- playing ----------------------------------------------------------------------------- */

/* set(track, parameter, value) */
static py_obj set(py_obj number, py_obj parameter, py_obj value) {
    if (track_set(track_of(number), (uint32_t)py_uint(parameter), py_float(value)) != 0) {
        return wrong("no such parameter, or a value out of its range");
    }
    return py_none();
}
PY_FUNCTION(set);

/* get(track, parameter) -> float */
static py_obj get(py_obj number, py_obj parameter) {
    struct track *track = track_of(number);
    uintptr_t index = py_uint(parameter);
    if (index >= TRACK_PARAMS) {
        return wrong("no such parameter");
    }
    return py_new_float(track_get(track, (uint32_t)index));
}
PY_FUNCTION(get);

/* route(track, triggers, levels): eight channel numbers of four bits each. */
static py_obj route(py_obj number, py_obj triggers, py_obj levels) {
    track_route(track_of(number), (uint32_t)py_uint(triggers), (uint32_t)py_uint(levels));
    return py_none();
}
PY_FUNCTION(route);

static struct model *model_of(struct track *track) {
    if (track->model == NULL) {
        wrong("the track has no model");
    }
    return track->model;
}

/* density(track, voice, 0..1) */
static py_obj density(py_obj number, py_obj voice, py_obj value) {
    struct model *model = model_of(track_of(number));
    if (model_set_density(model, (uint32_t)py_uint(voice), py_float(value)) != 0) {
        return wrong("no such voice");
    }
    return py_none();
}
PY_FUNCTION(density);

/* pitches(track, bytes of MIDI note numbers) */
static py_obj pitches(py_obj number, py_obj notes) {
    struct model *model = model_of(track_of(number));
    struct py_buffer buffer = py_buffer(notes, BUFFER_READ);
    if (model_set_pitches(model, buffer.data, (uint32_t)buffer.size) != 0) {
        return wrong("a list of pitches has at least one and not more than there is room for");
    }
    return py_none();
}
PY_FUNCTION(pitches);

static const float *latents_of(struct track *track, py_obj latents, uint32_t *count) {
    struct py_buffer buffer = py_buffer(latents, BUFFER_READ);
    *count = (uint32_t)(buffer.size / sizeof(float));
    if (buffer.typecode != 'f' || *count != model_of(track)->decoder.latents) {
        wrong("latents are an array('f') with as many as the model has");
    }
    return buffer.data;
}

/* post(track, latents): for step mode, read by the interrupt. */
static py_obj post(py_obj number, py_obj latents) {
    struct track *track = track_of(number);
    uint32_t count;
    const float *values = latents_of(track, latents, &count);
    track_post(track, values, count);
    return py_none();
}
PY_FUNCTION(post);

/* decode(track, latents) -> the number of the pattern that is now ready for the next bar */
static py_obj decode(py_obj number, py_obj latents) {
    struct track *track = track_of(number);
    uint32_t count;
    const float *values = latents_of(track, latents, &count);
    return py_small_int((intptr_t)track_decode(track, values));
}
PY_FUNCTION(decode);

static py_obj silence(py_obj number) {
    track_silence(track_of(number));
    return py_none();
}
PY_FUNCTION(silence);

/* cells(track) -> (steps, voices, bits) of the pattern that plays; None before the first. Each step
   is a row of whole bytes, voice v is bit v & 7 of byte v >> 3. */
static py_obj cells(py_obj number) {
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
PY_FUNCTION(cells);

/* playing(track) -> (number of the pattern, step played last); (0, 0) before the first */
static py_obj playing(py_obj number) {
    struct track *track = track_of(number);
    const struct pattern *pattern = track_playing(track);
    uint32_t step = atomic_load_explicit(&track->step, memory_order_relaxed);
    py_obj items[] = {
        py_small_int(pattern == NULL ? 0 : (intptr_t)pattern->number),
        py_small_int(pattern == NULL ? 0 : (intptr_t)step),
    };
    return py_new_tuple(2, items);
}
PY_FUNCTION(playing);

static py_obj ask_reset(void) {
    rack_ask_reset(&rack);
    return py_none();
}
PY_FUNCTION(ask_reset);

/* ---- the board --------------------------------------------------------------------------- */

/* calibrate(channel, offset, slope, low, high): codes of a 16-bit converter, see pattern.h. */
static py_obj calibrate(size_t count, const py_obj *arguments) {
    (void)count;
    if (rack_calibrate(&rack, (uint32_t)py_uint(arguments[0]), py_float(arguments[1]),
                       py_float(arguments[2]), (uint16_t)py_uint(arguments[3]),
                       (uint16_t)py_uint(arguments[4])) != 0) {
        return wrong("channels are numbered 0 to 7");
    }
    return py_none();
}
PY_FUNCTION_VAR(calibrate, 5, 5);

/* time_source(address): a 32-bit word that counts microseconds. */
static py_obj time_source(py_obj address) {
    now_us = (const volatile uint32_t *)py_uint(address);
    return py_none();
}
PY_FUNCTION(time_source);

/* channel_outputs(memory): outputs go, as records, to who reads the channel in that memory. */
static py_obj channel_outputs(py_obj memory) {
    struct py_buffer buffer = py_buffer(memory, BUFFER_WRITE);
    if (buffer.size < sizeof(struct channel) + sizeof(struct channel_record)) {
        return wrong("the memory is too small for a channel");
    }
    struct channel *channel = buffer.data;
    channel_init(channel, (struct channel_record *)(channel + 1),
                 (uint32_t)((buffer.size - sizeof *channel) / sizeof(struct channel_record)));
    rack.outputs = &channel->base;
    return py_none();
}
PY_FUNCTION(channel_outputs);

/* gpio_output(channel, address of the set register, of the clear register, mask) */
static py_obj gpio_output(size_t count, const py_obj *arguments) {
    (void)count;
    if (gpio_connect(&gpio, (uint32_t)py_uint(arguments[0]),
                     (volatile uint32_t *)py_uint(arguments[1]),
                     (volatile uint32_t *)py_uint(arguments[2]),
                     (uint32_t)py_uint(arguments[3])) != 0) {
        return wrong("channels are numbered 0 to 7, on four GPIO ports at the most");
    }
    rack.outputs = &gpio.base;
    return py_none();
}
PY_FUNCTION_VAR(gpio_output, 4, 4);

/* ---- the module -------------------------------------------------------------------------- */

extern char image_start[], image_end[] __attribute__((visibility("hidden")));

__attribute__((section(".text.entry"), visibility("default"))) py_obj
entry(const void *self, size_t count, size_t keywords, const py_obj *arguments) {
    (void)count, (void)keywords, (void)arguments;
    static const uint32_t no_time;
    now_us = &no_time;
    gpio_init(&gpio, NULL);
    rack_init(&rack, &gpio.base);

    void *globals = py_enter_module(self);
    PY_EXPORT(describe, 1);
    PY_EXPORT(load, 3);
    PY_EXPORT(uses, 2);
    PY_EXPORT(set, 3);
    PY_EXPORT(get, 2);
    PY_EXPORT(route, 3);
    PY_EXPORT(density, 3);
    PY_EXPORT(pitches, 2);
    PY_EXPORT(post, 2);
    PY_EXPORT(decode, 2);
    PY_EXPORT(silence, 1);
    PY_EXPORT(cells, 1);
    PY_EXPORT(playing, 1);
    PY_EXPORT(ask_reset, 0);
    PY_EXPORT(clock, 1);
    PY_EXPORT(reset, 1);
    PY_EXPORT(tick, 1);
    PY_EXPORT(time_source, 1);
    PY_EXPORT(channel_outputs, 1);
    PY_EXPORT_VAR(calibrate);
    PY_EXPORT_VAR(gpio_output);
    for (unsigned i = 0; i < PARAMETERS; i++) {
        py_store_global(NAME_THRESHOLD + i, py_small_int(i));
    }
    /* On a board the image lies in the garbage-collected heap, and function objects that point
       into its middle do not keep it: this view of its first byte does. */
    py_store_global(NAME__image, py_new_view(image_start, (size_t)(image_end - image_start)));
    py_leave_module(globals);
    return py_none();
}
