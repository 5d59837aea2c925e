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
#include "asked.h"
#include "dac8164.h"
#include "encoder.h"
#include "fit.h"
#include "glide.h"
#include "gpio.h"
#include "interrupts.h"
#include "locks.h"
#include "midi.h"
#include "midi_notes.h"
#include "rack.h"
#include "registers.h"
#include "taps.h"

#ifdef LATENTCORE_IN_FIRMWARE
#include "firmware.h"
#elif defined(__wasm__)
#include "web.h"
#else
#include "native.h"
#endif

/* clang-format off */
#define FUNCTIONS(X)                                                                               \
    X(describe, PY_1) X(load, PY_3) X(partner, PY_3) X(uses, PY_2) X(move, PY_VAR)                 \
    X(locks, PY_2) X(lock, PY_3) X(fit, PY_VAR) X(run_gate, PY_3) X(tap_track, PY_1) X(tapped, PY_1) X(nearest, PY_1) \
    X(set, PY_3) X(route, PY_3) X(density, PY_3) X(chance, PY_3) X(pitches, PY_2)                                  \
    X(post, PY_2) X(decode, PY_2) X(silence, PY_1) X(cells, PY_1) X(read_cells, PY_2)              \
    X(read_feel, PY_2)                                                                             \
    X(ask_reset, PY_0) X(clock_set, PY_2) X(pause, PY_0) X(paused, PY_0) X(triggered, PY_0) X(count, PY_2)            \
    X(level, PY_2) X(slew, PY_2) X(put, PY_3) X(levels, PY_2) X(clock, PY_1) X(reset, PY_1) X(trigger_3, PY_1) X(trigger_4, PY_1)             \
    X(tick, PY_1) X(guard, PY_1) X(guard_code, PY_VAR)                                             \
    X(time_source, PY_1) X(gpio_output, PY_VAR) X(dac_outputs, PY_3) X(dac_output, PY_VAR)         \
    X(calibrate, PY_VAR) X(encoder, PY_VAR) X(turned, PY_1) X(cycles, PY_2)                        \
    X(midi_port, PY_2) X(midi_clock, PY_2) X(midi_receive, PY_0) X(midi_send, PY_1)                \
    X(midi_feed, PY_1) X(midi_fetch, PY_1) X(midi_note, PY_2)

/* The parameters of set(), in the order of enum track_param; LENGTHS is the first of eight, behind
   which eight SHIFTS are. */
#define CONSTANTS(X)                                                                               \
    X(THRESHOLD) X(MODE) X(NOTES) X(FOLLOW) X(LENGTH) X(ROTATION) X(DIVISION) X(GATE_US)           \
    X(GATE_PART) X(SKIP) X(KEEP) X(FEEL) X(DYNAMICS) X(SWING) X(ACCENT) X(GATE_VELOCITY)           \
    X(TAKE) X(DIRECTION) X(DRAW) X(RATCHET) X(RATCHET_CHANCE) X(RATCHET_BY) X(FLAM) X(MUTES)       \
    X(MUTE_AT) X(MULTIPLY) X(VELOCITY_OUT) X(LENGTHS)
/* clang-format on */

/* The .mpy for x64 finds the model of the chip, which the module `virtualboard` provides. */
#if defined(__x86_64__) && defined(LATENTRACK_VIRTUAL)
#define HAS_BUS
#define GLOBALS(X) X(ValueError) X(__import__) X(modules) X(get) X(bus)
#else
#define GLOBALS(X) X(ValueError)
#endif

PY_NAMES("latentcore.c", FUNCTIONS, CONSTANTS, GLOBALS);

#define PLUS_ONE(name) +1
_Static_assert((0 CONSTANTS(PLUS_ONE)) == TRACK_LENGTHS + 1, "each parameter has a name");

#define SMALL_INT 0x3FFFFFFFu /* the largest small integer where a word has 32 bits */

static struct rack rack;
static struct gpio gpio;
static struct lpspi bus;
static struct dac8164 dac;
static struct glide glide;
static struct asked asked;
static struct encoder encoders[2];
static struct midi midi;
static struct midi_notes notes;
static uint32_t time_address; /* 0: the board has not named its clock yet */

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

/* A register's address, as the chip has it: 32 bits. */
static uint32_t address_of(py_obj number)
{
    uintptr_t address = py_uint(number);
    if (address > UINT32_MAX) {
        wrong("a register's address has 32 bits: take it from the chip's manual");
    }
    return (uint32_t)address;
}

static uint32_t now_us(void)
{
    return time_address ? reg_read(time_address) : 0;
}

/* ---- interrupts -------------------------------------------------------------------------- */

/* Measures clock edges while `slots` is not NULL; see cycles(). */
static struct {
    uint32_t counter; /* its address */
    uint32_t room;
    uint32_t *_Atomic slots;
} measured;

static py_obj clock(py_obj pin)
{
    (void)pin;
    uint32_t *slots = atomic_load_explicit(&measured.slots, memory_order_acquire);
    uint32_t before = slots ? reg_read(measured.counter) : 0;
    rack_jack(&rack, now_us());
    if (slots) {
        uint32_t taken = reg_read(measured.counter) - before;
        uint32_t stored = slots[0] + 1;
        if (stored < measured.room) {
            slots[stored] = taken;
            __atomic_store_n(&slots[0], stored, __ATOMIC_RELEASE);
        }
    }
    return py_none();
}
PY_FUNCTION_1(clock);

static py_obj reset(py_obj pin)
{
    (void)pin;
    atomic_store_explicit(&midi.out.restarts, 1, memory_order_relaxed);
    rack_reset(&rack, now_us());
    return py_none();
}
PY_FUNCTION_1(reset);

/* Pulses at the inputs other than the clock: Python polls these counts. */
static volatile uint32_t pulses[2];

/* The step of one track at which each of them came. */
static struct taps taps[2];
static volatile uint32_t tapped_track;

/* When the last of them came. */
static volatile uint32_t pulsed_us[2];

static py_obj pulse(uint32_t input)
{
    uint32_t now = now_us();
    pulses[input]++;
    pulsed_us[input] = now;
    taps_put(&taps[input], taps_step(&rack, &rack.track[tapped_track], now));
    return py_none();
}

static py_obj trigger_3(py_obj pin)
{
    (void)pin;
    return pulse(0);
}
PY_FUNCTION_1(trigger_3);

static py_obj trigger_4(py_obj pin)
{
    (void)pin;
    return pulse(1);
}
PY_FUNCTION_1(trigger_4);

/* The pin whose level is the run gate; without one (mask 0) it is high where `inverted`. */
static struct {
    uint32_t address, mask, inverted;
} gate = {.inverted = 1};

static uint32_t gate_is_high(void)
{
    uint32_t level = gate.mask ? reg_read(gate.address) & gate.mask : 0;
    return (level != 0) != gate.inverted;
}

static volatile uint32_t ticks;

/* Python code that runs in a frame, where nothing else could end it. Python writes `number` last
   and first clears it; the tick reads it first. */
static volatile struct {
    uint32_t number, begun;  /* what runs, 0: nothing; the tick at its beginning */
    uint8_t *const *address; /* bytes of bytecode, and what makes them raise */
    uint32_t addresses, raise;
    uint32_t stop, reset; /* ticks until the bytes are written, until the chip is reset */
    uint32_t kept;        /* address of a register that a reset leaves alone; 0: none */
} guarded;

/* The number of what runs between frames: nothing that is known, so it has four times as long. */
#define BETWEEN_FRAMES 4095u
#define BETWEEN_SHIFT 2

#define AIRCR 0xE000ED0Cu
#define SYSTEM_RESET 0x05FA0004u

static uint32_t guard_taken(void)
{
    return reg_real_time() ? ticks - guarded.begun : 0;
}

static void guard_tick(void)
{
    uint32_t number = guarded.number;
    uint32_t taken = guard_taken() >> (number == BETWEEN_FRAMES ? BETWEEN_SHIFT : 0);
    if (!number || taken < guarded.stop) {
        return;
    }
    for (uint32_t i = 0; i < guarded.addresses; i++) {
        *guarded.address[i] = (uint8_t)guarded.raise;
    }
    if (taken >= guarded.reset) {
        if (guarded.kept) {
            reg_write(guarded.kept, number);
        }
        reg_write(AIRCR, SYSTEM_RESET);
    }
}

static py_obj tick(py_obj timer)
{
    (void)timer;
    uint32_t now = now_us();
    ticks++;
    guard_tick();
    asked_tick(&asked, &rack, now);
    rack_gate(&rack, gate_is_high(), now);
    rack_tick(&rack, now);
    midi_tick(&midi, &rack, now);
    encoder_read(&encoders[0]);
    encoder_read(&encoders[1]);
    return py_none();
}
PY_FUNCTION_1(tick);

/* guard(number): what runs from now on, a small integer, 0: nothing that is to be ended. Returns
   the ticks since the last call. */
static py_obj guard(py_obj number)
{
    uint32_t taken = guard_taken();
    guarded.number = 0;
    guarded.begun = ticks;
    guarded.number = (uint32_t)py_uint(number);
    /* Not that one: a start after any other reset would leave all behaviours out. */
    if (guarded.kept && guarded.number != BETWEEN_FRAMES) {
        reg_write(guarded.kept, guarded.number);
    }
    return py_small_int((intptr_t)(taken & SMALL_INT));
}
PY_FUNCTION_1(guard);

/* guard_code(addresses, byte, ticks until stop, ticks until reset, address of a register or 0):
   while something runs for so long, `byte` goes to each address of the array('L'), which stays
   until the next call; and then the chip is reset, with the number in that register. Nothing may
   run now. */
static py_obj guard_code(size_t argument_count, const py_obj *arguments)
{
    (void)argument_count;
    struct py_buffer buffer = py_buffer(arguments[0], BUFFER_READ);
    guarded.number = 0;
    guarded.address = buffer.data;
    guarded.addresses = (uint32_t)(buffer.size / sizeof *guarded.address);
    guarded.raise = (uint32_t)py_uint(arguments[1]);
    guarded.stop = (uint32_t)py_uint(arguments[2]);
    guarded.reset = (uint32_t)py_uint(arguments[3]);
    guarded.kept = address_of(arguments[4]);
    return py_none();
}
PY_FUNCTION_VAR(guard_code, 5, 5);

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

/* describe(file) -> (kind, latents, steps, voices, latent scale, group sizes, bytes of memory, how
   many of the latents, the last ones, only the feel depends on, whether it has velocity and timing)
 */
static py_obj describe(py_obj file)
{
    struct tflite_decoder decoder;
    uint32_t size = open_decoder(&decoder, file);
    py_obj items[] = {
        py_new_str(decoder.kind, 6),        py_small_int(decoder.latents),
        py_small_int(decoder.steps),        py_small_int(decoder.voices),
        py_small_int(decoder.latent_scale), py_new_bytes(decoder.group_size, decoder.groups),
        py_small_int((intptr_t)size),       py_small_int(decoder.feel),
        py_bool(decoder.has_feel),
    };
    return py_new_tuple(sizeof items / sizeof items[0], items);
}
PY_FUNCTION_1(describe);

static const char NO_BLOCK[] = "memory smaller than describe() says, or not aligned to 8 bytes";

static struct model *model_of(struct track *track)
{
    if (track->model == NULL) {
        wrong("the track has no model");
    }
    return track->model;
}

/* load(track, file, memory): both must stay as long as `uses` says. */
static py_obj load(py_obj number, py_obj file, py_obj memory)
{
    struct track *track = track_of(number);
    struct tflite_decoder decoder;
    open_decoder(&decoder, file);
    struct py_buffer block = py_buffer(memory, BUFFER_WRITE);
    struct model *model = model_init(block.data, (uint32_t)block.size, &decoder);
    if (model == NULL) {
        return wrong(NO_BLOCK);
    }
    track_use(track, model);
    return py_none();
}
PY_FUNCTION_3(load);

/* partner(track, file, memory): a second model that the track's is blended into (blend.h). Only
   between load() and the first decode(); what load() asks of file and memory holds here. */
static py_obj partner(py_obj number, py_obj file, py_obj memory)
{
    struct track *track = track_of(number);
    struct model *model = model_of(track);
    struct tflite_decoder decoder;
    open_decoder(&decoder, file);
    struct py_buffer block = py_buffer(memory, BUFFER_WRITE);
    struct model *second = model_init(block.data, (uint32_t)block.size, &decoder);
    if (second == NULL) {
        return wrong(NO_BLOCK);
    }
    if (track_uses(track, model)) {
        return wrong("the model has been decoded: load it again first");
    }
    if (model_set_partner(model, second) != 0) {
        return wrong("the two models differ in steps or voices");
    }
    return py_none();
}
PY_FUNCTION_3(partner);

/* uses(track, memory) -> True while the clock may still play from it */
static py_obj uses(py_obj number, py_obj memory)
{
    const struct model *model = py_buffer(memory, BUFFER_READ).data;
    return py_bool(track_uses(track_of(number), model) != 0);
}
PY_FUNCTION_2(uses);

/* Models that a track may decode or play from, the one in use and those of its patterns, and the
   partners of these. */
#define MOST_MODELS 6

static unsigned models_of(const struct track *track, struct model *models[MOST_MODELS])
{
    const struct pattern *patterns[2] = {track->exchange.published, track->exchange.playing};
    unsigned count = 0;
    if (track->model != NULL) {
        models[count++] = track->model;
    }
    for (unsigned i = 0; i < 2; i++) {
        if (patterns[i] != NULL && patterns[i]->model != NULL) {
            models[count++] = patterns[i]->model;
        }
    }
    for (unsigned i = count; i-- > 0;) {
        if (models[i]->partner != NULL) {
            models[count++] = models[i]->partner;
        }
    }
    return count;
}

/* Copies downwards, where target and source may overlap. volatile: gcc would call memmove, which a
   native module does not have. */
static void copy_down(volatile uint32_t *target, const uint32_t *source, size_t words)
{
    while (words-- > 0) {
        *target++ = *source++;
    }
}

/* move(memory, to, from, size): moves a model file towards the beginning of the bytearray `memory`,
   and every model that reads it; offsets are multiples of 4, as is the room behind the file. Raises
   ValueError when one of them is in step mode, for then the clock interrupt reads the file; nothing
   has moved then. In the other modes it plays finished patterns only. */
static py_obj move(size_t argument_count, const py_obj *arguments)
{
    (void)argument_count;
    struct py_buffer buffer = py_buffer(arguments[0], BUFFER_WRITE);
    size_t to = py_uint(arguments[1]), from = py_uint(arguments[2]), size = py_uint(arguments[3]);
    size_t words = (size + 3) / 4;
    if (from > buffer.size || words * 4 > buffer.size - from || to > from || (to | from) % 4 != 0) {
        return wrong("expected aligned offsets within the memory, the new one first");
    }
    uint8_t *source = (uint8_t *)buffer.data + from, *target = (uint8_t *)buffer.data + to;
    struct model *moving[MOST_MODELS * RACK_TRACKS];
    unsigned count = 0;
    for (unsigned i = 0; i < RACK_TRACKS; i++) {
        struct model *models[MOST_MODELS];
        unsigned found = models_of(&rack.track[i], models);
        for (unsigned j = 0; j < found; j++) {
            if ((uintptr_t)models[j]->decoder.layer[0].weights - (uintptr_t)source >= size) {
                continue;
            }
            if (track_get(&rack.track[i], TRACK_FOLLOW) == FOLLOW_STEP) {
                return wrong("the file is being read: the track follows each step");
            }
            moving[count++] = models[j];
        }
    }
    copy_down((void *)target, (const void *)source, words);
    struct tflite_decoder decoder;
    if (count != 0 && tflite_load(&decoder, target, (uint32_t)size) == NULL) {
        for (unsigned i = 0; i < count; i++) {
            moving[i]->decoder = decoder;
        }
    }
    return py_none();
}
PY_FUNCTION_VAR(move, 4, 4);

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

/* route(track, triggers, levels): eight channel numbers of four bits each. */
static py_obj route(py_obj number, py_obj triggers, py_obj levels)
{
    track_route(track_of(number), (uint32_t)py_uint(triggers), (uint32_t)py_uint(levels));
    return py_none();
}
PY_FUNCTION_3(route);

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

/* chance(track, voice, 0..1): how probable it is that a cell of the voice sounds. */
static py_obj chance(py_obj number, py_obj voice, py_obj value)
{
    struct model *model = model_of(track_of(number));
    if (model_set_chance(model, (uint32_t)py_uint(voice), py_float(value)) != 0) {
        return wrong("no such voice");
    }
    return py_none();
}
PY_FUNCTION_3(chance);

/* pitches(track, array('H') of pitches in 1/256 semitone above MIDI note 0) */
static py_obj pitches(py_obj number, py_obj notes)
{
    struct model *model = model_of(track_of(number));
    struct py_buffer buffer = py_buffer(notes, BUFFER_READ);
    if (buffer.typecode != 'H') {
        return wrong("pitches are an array('H') of 1/256 semitones");
    }
    if (model_set_pitches(model, buffer.data, (uint32_t)(buffer.size / sizeof(uint16_t))) != 0) {
        return wrong("the list of pitches is empty or too long");
    }
    return py_none();
}
PY_FUNCTION_2(pitches);

static const float *latents_of(struct track *track, py_obj latents, uint32_t *count)
{
    struct py_buffer buffer = py_buffer(latents, BUFFER_READ);
    *count = (uint32_t)(buffer.size / sizeof(float));
    if (buffer.typecode != 'f' || *count != model_position(model_of(track))) {
        wrong("latents are an array('f') with as many as the model has (and its partner, and the "
              "amount)");
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

/* locks(track, memory): its model has locks from now on, once; the memory stays as long as the
   model's. It needs 64 bytes, 5 for each voice, and 4 for each cell (12 with a feel). */
static py_obj locks(py_obj number, py_obj memory)
{
    struct model *model = model_of(track_of(number));
    struct py_buffer block = py_buffer(memory, BUFFER_WRITE);
    if (locks_attach(model, block.data, (uint32_t)block.size) != 0) {
        return wrong("the model has locks, or their memory is too small or not aligned to 8 bytes");
    }
    return py_none();
}
PY_FUNCTION_2(locks);

/* The bytes of an object, which are `size` or more. */
static const uint8_t *bytes_of(py_obj object, uint32_t size)
{
    struct py_buffer buffer = py_buffer(object, BUFFER_READ);
    if (buffer.size < size) {
        wrong("expected a byte for each voice, or for each step");
    }
    return buffer.data;
}

/* lock(track, voices, latents): voices that are not 0 in the bytes `voices` keep what they play at
   `latents`; None: they follow again. Only with locks(). */
static py_obj lock(py_obj number, py_obj voices, py_obj latents)
{
    struct track *track = track_of(number);
    struct model *model = model_of(track);
    const float *values = NULL;
    uint32_t count;
    if (latents != py_none()) {
        values = latents_of(track, latents, &count);
    }
    locks_set(model, bytes_of(voices, model->decoder.voices), values);
    return py_none();
}
PY_FUNCTION_3(lock);

/* fit(track, latents, groups, bar, result): how well that position plays a bar (fit.h). `result`,
   an array('f') of two, gets the loss and how many steps are wrong. Allocates nothing. */
static py_obj fit(size_t argument_count, const py_obj *arguments)
{
    (void)argument_count;
    struct track *track = track_of(arguments[0]);
    const struct model *model = model_of(track);
    uint32_t count;
    const float *values = latents_of(track, arguments[1], &count);
    struct py_buffer result = py_buffer(arguments[4], BUFFER_WRITE);
    struct fit found;
    if (result.size < 2 * sizeof(float)) {
        return wrong("the result is an array('f') of two");
    }
    fit_position(&found, model, values, bytes_of(arguments[2], model->decoder.voices),
                 bytes_of(arguments[3], model->decoder.steps));
    ((float *)result.data)[0] = found.loss;
    ((float *)result.data)[1] = (float)found.wrong;
    return py_none();
}
PY_FUNCTION_VAR(fit, 5, 5);

/* run_gate(address, mask, inverted): the register and bit of the pin whose level lets the clock
   run, high or, with `inverted` 1, low. Mask 0: no pin; it runs where `inverted` is 1. */
static py_obj run_gate(py_obj address, py_obj mask, py_obj inverted)
{
    uint32_t masked = interrupts_mask();
    gate.address = address_of(address);
    gate.mask = (uint32_t)py_uint(mask);
    gate.inverted = (uint32_t)py_uint(inverted) & 1;
    interrupts_restore(masked);
    return py_none();
}
PY_FUNCTION_3(run_gate);

/* tap_track(track): pulses at inputs 3 and 4 are taps in time with this track. */
static py_obj tap_track(py_obj number)
{
    tapped_track = (uint32_t)(track_of(number) - rack.track);
    return py_none();
}
PY_FUNCTION_1(tap_track);

/* tapped(input) -> the step at which the oldest pulse at input 3 or 4 came that has not been
   returned yet, 255: nothing played; -1: there is none. */
static py_obj tapped(py_obj input)
{
    uintptr_t index = py_uint(input) - 3;
    if (index > 1) {
        return wrong("inputs are numbered 3 and 4");
    }
    return py_small_int(taps_waits(&taps[index]) ? (intptr_t)taps_take(&taps[index]) : -1);
}
PY_FUNCTION_1(tapped);

/* nearest(track) -> the step nearest in time to now; 255: nothing plays. */
static py_obj nearest(py_obj number)
{
    struct track *track = track_of(number);
    uint32_t masked = interrupts_mask();
    uint32_t step = taps_step(&rack, track, now_us());
    interrupts_restore(masked);
    return py_small_int((intptr_t)step);
}
PY_FUNCTION_1(nearest);

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

/* read_cells(track, bytearray) -> how many bytes it wrote, laid out as in cells(); 0 if no pattern
   plays or it does not fit. Allocates nothing. */
static py_obj read_cells(py_obj number, py_obj into)
{
    const struct pattern *pattern = track_playing(track_of(number));
    struct py_buffer buffer = py_buffer(into, BUFFER_WRITE);
    uint32_t size = pattern == NULL ? 0 : pattern->steps * pattern_row(pattern->voices);
    if (size > buffer.size) {
        size = 0;
    }
    for (uint32_t i = 0; i < size; i++) {
        ((uint8_t *)buffer.data)[i] = atomic_load_byte(&pattern->cells[i]);
    }
    return py_small_int((intptr_t)size);
}
PY_FUNCTION_2(read_cells);

/* read_feel(track, bytearray) -> how many bytes it wrote: of each cell, step by step, its velocity
   as learned (0 to 127), then of each its timing (int8, in 1/254 step), silent ones 0; 0 if nothing
   plays that has a feel, or it does not fit. Allocates nothing. */
static py_obj read_feel(py_obj number, py_obj into)
{
    const struct pattern *pattern = track_playing(track_of(number));
    struct py_buffer buffer = py_buffer(into, BUFFER_WRITE);
    uint32_t cells = pattern == NULL || !pattern->feel ? 0 : pattern->steps * pattern->voices;
    uint8_t *to = buffer.data;
    if (2 * cells > buffer.size) {
        cells = 0;
    }
    for (uint32_t i = 0; i < cells; i++) {
        to[i] = atomic_load_byte(&pattern->velocity[i]);
        to[cells + i] = atomic_load_byte((const uint8_t *)&pattern->timing[i]);
    }
    return py_small_int((intptr_t)(2 * cells));
}
PY_FUNCTION_2(read_feel);

static py_obj ask_reset(void)
{
    atomic_store_explicit(&midi.out.restarts, 1, memory_order_relaxed);
    rack_ask_reset(&rack);
    return py_none();
}
PY_FUNCTION_0(ask_reset);

/* clock_set(parameter, value): of all tracks, see enum rack_param and tempo.h. */
static py_obj clock_set(py_obj parameter, py_obj value)
{
    if (rack_set(&rack, (uint32_t)py_uint(parameter), py_float(value)) != 0) {
        return wrong("no such parameter of the clock, or a value out of its range");
    }
    return py_none();
}
PY_FUNCTION_2(clock_set);

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

/* In the order of count(). Those before COUNT_PATTERN wrap at 16 bits. */
enum count {
    COUNT_EDGES,
    COUNT_BARS,
    COUNT_PULSES_3,
    COUNT_PULSES_4,
    COUNT_PATTERN,
    COUNT_STEP,
    COUNT_LATE,
    COUNT_LOST,
    COUNT_STEPS,
    COUNT_VOICES,
    COUNT_HITS,
    COUNT_TICKS,
    COUNT_LEFT,
    COUNT_PULSED_3,
    COUNT_PULSED_4,
    COUNT_NOW,
    COUNTS,
};

static py_obj count(py_obj number, py_obj which)
{
    struct track *track = track_of(number);
    const struct pattern *pattern = track_playing(track);
    const struct pattern *newest = track->exchange.published;
    uintptr_t index = py_uint(which);
    if (index >= COUNTS) {
        return wrong("counts are numbered 0 to 15");
    }
    const uint32_t found[COUNTS] = {
        [COUNT_EDGES] = rack.edge,
        [COUNT_BARS] = track->bars,
        [COUNT_PULSES_3] = pulses[0],
        [COUNT_PULSES_4] = pulses[1],
        [COUNT_PATTERN] = pattern ? pattern->number : 0,
        [COUNT_STEP] = pattern ? atomic_load_explicit(&track->step, memory_order_relaxed) : 0,
        [COUNT_LATE] = dac.late,
        [COUNT_LOST] = dac.lost,
        [COUNT_STEPS] = pattern ? pattern->steps : 0,
        [COUNT_VOICES] = pattern ? pattern->voices : 0,
        [COUNT_HITS] = newest ? pattern_hits(newest, newest->steps) : 0,
        [COUNT_TICKS] = ticks,
        [COUNT_LEFT] = track_steps_left(track),
        [COUNT_PULSED_3] = pulsed_us[0],
        [COUNT_PULSED_4] = pulsed_us[1],
        [COUNT_NOW] = now_us(),
    };
    return py_small_int((intptr_t)(found[index] & (index < COUNT_PATTERN ? 0xFFFF : SMALL_INT)));
}
PY_FUNCTION_2(count);

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

/* slew(channel, microseconds): how long its level takes to a new code, see glide.h. */
static py_obj slew(py_obj channel, py_obj us)
{
    if (glide_set(&glide, &notes.inner, (uint32_t)py_uint(channel), (uint32_t)py_uint(us)) != 0) {
        return wrong("channels are numbered 0 to 7, and a slew is up to a second");
    }
    return py_none();
}
PY_FUNCTION_2(slew);

/* put(channel, code, gate): at the next tick, beside what tracks play; then a gate of 10 ms at the
   channel `gate`, 8 and above: none. */
static py_obj put(py_obj channel, py_obj code, py_obj gate)
{
    if (asked_put(&asked, (uint32_t)py_uint(channel), (uint16_t)py_uint(code),
                  (uint32_t)py_uint(gate)) != 0) {
        return wrong("channels are numbered 0 to 7");
    }
    return py_none();
}
PY_FUNCTION_3(put);

/* levels(track, array('H') of 8) -> the channels that get a level in the step played last, whose
   codes are in the array; 0: no pattern plays. Allocates nothing. */
static py_obj levels(py_obj number, py_obj into)
{
    const struct track *track = track_of(number);
    const struct pattern *pattern = track_playing(track);
    struct py_buffer buffer = py_buffer(into, BUFFER_WRITE);
    if (buffer.typecode != 'H' || buffer.size != OUTPUT_CHANNELS * sizeof(uint16_t)) {
        return wrong("expected an array('H') of 8");
    }
    uint32_t step = atomic_load_explicit(&track->step, memory_order_relaxed);
    if (pattern == NULL || step >= pattern->steps) {
        return py_small_int(0);
    }
    uint16_t *codes = buffer.data;
    for (uint32_t i = 0; i < OUTPUT_CHANNELS; i++) {
        codes[i] = pattern->step[step].code[i];
    }
    return py_small_int(pattern->step[step].levels);
}
PY_FUNCTION_2(levels);

/* time_source(address): a 32-bit register that counts microseconds. */
static py_obj time_source(py_obj address)
{
    time_address = address_of(address);
    return py_none();
}
PY_FUNCTION_1(time_source);

/* gpio_output(channel, address of the set register, of the clear register, mask): gates on pins. */
static py_obj gpio_output(size_t count, const py_obj *arguments)
{
    (void)count;
    if (gpio_connect(&gpio, (uint32_t)py_uint(arguments[0]), address_of(arguments[1]),
                     address_of(arguments[2]), (uint32_t)py_uint(arguments[3])) != 0) {
        return wrong("channels are 0 to 7, on at most four ports");
    }
    midi_notes_outputs(&notes, &gpio.base);
    return py_none();
}
PY_FUNCTION_VAR(gpio_output, 4, 4);

/* dac_outputs(base address of the LPSPI, pins, code): two DAC8164, all of whose jacks get `code` at
   once. pins is an array('I') of three times (DR, DR_SET and DR_CLEAR addresses, mask): the chips'
   selects, and the select of the display that shares the bus (mask 0: none). All outputs go there,
   or, with gpio_output, only the levels. */
static py_obj dac_outputs(py_obj base, py_obj pins, py_obj code)
{
    struct py_buffer buffer = py_buffer(pins, BUFFER_READ);
    if (buffer.size != 12 * sizeof(uint32_t)) {
        return wrong("three pins of four words are needed");
    }
    const uint32_t *word = buffer.data;
    struct output_pin pin[3];
    for (unsigned i = 0; i < 3; i++, word += 4) {
        pin[i] = (struct output_pin){word[0], word[1], word[2], word[3]};
    }
    lpspi_init(&bus, address_of(base), &pin[2]);
    dac8164_init(&dac, &bus, pin);
    uint16_t level = (uint16_t)py_uint(code);
    uint32_t masked = interrupts_mask();
    int failed = dac8164_write_all(&dac, level);
    interrupts_restore(masked);
    if (failed) {
        return wrong("the converters' bus is off or busy: create its machine.SPI first");
    }
    gpio_use_levels(&gpio, &dac.base);
    if (gpio.ports == 0) {
        midi_notes_outputs(&notes, &dac.base);
    }
    return py_none();
}
PY_FUNCTION_3(dac_outputs);

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

static struct encoder *encoder_of(py_obj number)
{
    uintptr_t index = py_uint(number);
    if (index > 1) {
        wrong("encoders are numbered 0 and 1");
    }
    return &encoders[index];
}

/* encoder(number, address of A's PSR, A's mask, address of B's PSR, B's mask): from now on tick
   reads it. */
static py_obj encoder(size_t count, const py_obj *arguments)
{
    (void)count;
    encoder_connect(encoder_of(arguments[0]), address_of(arguments[1]),
                    (uint32_t)py_uint(arguments[2]), address_of(arguments[3]),
                    (uint32_t)py_uint(arguments[4]));
    return py_none();
}
PY_FUNCTION_VAR(encoder, 5, 5);

/* turned(number) -> quarter steps turned to the right since the start, a small integer. */
static py_obj turned(py_obj number)
{
    return py_small_int(encoder_turned(encoder_of(number)));
}
PY_FUNCTION_1(turned);

/* cycles(address of a counter, bytearray): from now on each clock edge puts how far the counter
   went into the next slot of 32 bits, until all are full; slot 0 says how many there are. The
   bytearray must stay until cycles(0, None) ends it. */
static py_obj cycles(py_obj counter, py_obj array)
{
    uint32_t address = address_of(counter);
    atomic_store_explicit(&measured.slots, NULL, memory_order_seq_cst);
    if (address) {
        struct py_buffer buffer = py_buffer(array, BUFFER_WRITE);
        uint32_t *slots = buffer.data;
        if ((uintptr_t)slots % sizeof *slots != 0 || buffer.size < 2 * sizeof *slots) {
            return wrong("expected two slots of 4 bytes, or more");
        }
        slots[0] = 0;
        measured.counter = address;
        measured.room = (uint32_t)(buffer.size / sizeof *slots);
        atomic_store_explicit(&measured.slots, slots, memory_order_release);
    }
    return py_none();
}
PY_FUNCTION_2(cycles);

/* ---- MIDI -------------------------------------------------------------------------------- */

/* midi_port(base address of an LPUART, whether it receives): its machine.UART has been made; from
   now on tick reads and writes it. */
static py_obj midi_port(py_obj base, py_obj receives)
{
    uint32_t address = address_of(base);
    uint32_t masked = interrupts_mask();
    lpuart_init(&midi.uart, address, (uint32_t)py_uint(receives));
    interrupts_restore(masked);
    return py_none();
}
PY_FUNCTION_2(midi_port);

/* midi_clock(clocks, sends): an edge is that many MIDI clocks; whether a clock goes out by MIDI.
   Whether edges come from MIDI is clock_set's. */
static py_obj midi_clock(py_obj clocks, py_obj sends)
{
    uintptr_t per_edge = py_uint(clocks);
    if (per_edge - 1 >= MIDI_MOST_PER_EDGE) {
        return wrong("an edge is 1 to 24 MIDI clocks");
    }
    atomic_store_explicit(&midi.per_edge, (uint32_t)per_edge, memory_order_relaxed);
    atomic_store_explicit(&midi.sends_clock, (uint32_t)py_uint(sends), memory_order_relaxed);
    return py_none();
}
PY_FUNCTION_2(midi_clock);

/* midi_receive() -> the next message, status | first data byte << 8 | second << 16, a small
   integer; 0: none has come. */
static py_obj midi_receive(void)
{
    return py_small_int((intptr_t)midi_ring_take(&midi.received));
}
PY_FUNCTION_0(midi_receive);

/* midi_note(channel, settings): what note the channel's gates are; see midi_notes.h. 0: none. */
static py_obj midi_note(py_obj channel, py_obj settings)
{
    uintptr_t index = py_uint(channel);
    if (index >= OUTPUT_CHANNELS) {
        return wrong("channels are numbered 0 to 7");
    }
    atomic_store_explicit(&notes.setting[index], (uint32_t)py_uint(settings), memory_order_relaxed);
    return py_none();
}
PY_FUNCTION_2(midi_note);

/* midi_send(message) -> True; False: too many wait. */
static py_obj midi_send(py_obj message)
{
    uintptr_t word = py_uint(message);
    if (word >> 24 || (word & 0x808000) || !(word & 0x80) || (word & 0xFF) == MIDI_SYSEX) {
        return wrong("a message is a status and up to two data bytes, the status lowest");
    }
    return py_bool(midi_ring_put(&midi.out.asked, (uint32_t)word) != 0);
}
PY_FUNCTION_1(midi_send);

/* midi_feed(bytes) -> how many were taken: what a computer sends, as if it came by the UART. */
static py_obj midi_feed(py_obj bytes)
{
    static struct midi_parser parser;
    struct py_buffer buffer = py_buffer(bytes, BUFFER_READ);
    const uint8_t *byte = buffer.data;
    size_t taken = 0;
    while (taken < buffer.size && midi_ring_room(&midi.from_usb)) {
        uint32_t message = midi_parse(&parser, byte[taken++]);
        if (message) {
            midi_ring_put(&midi.from_usb, message);
        }
    }
    return py_small_int((intptr_t)taken);
}
PY_FUNCTION_1(midi_feed);

/* midi_fetch(bytearray) -> how many bytes it wrote: whole messages that went out since the last
   call, for a computer. An empty bytearray ends it: nothing is kept for the computer any more. */
static py_obj midi_fetch(py_obj into)
{
    struct py_buffer buffer = py_buffer(into, BUFFER_WRITE);
    uint8_t *to = buffer.data;
    size_t written = 0;
    uint32_t message;
    atomic_store_explicit(&midi.out.watched, buffer.size != 0, memory_order_relaxed);
    while (buffer.size - written >= 3 && (message = midi_ring_take(&midi.out.to_usb))) {
        uint32_t bytes = 1 + midi_data_bytes(message & 0xFF);
        for (; bytes; bytes--, message >>= 8) {
            to[written++] = (uint8_t)message;
        }
    }
    return py_small_int((intptr_t)written);
}
PY_FUNCTION_1(midi_fetch);

#ifdef HAS_BUS
const struct reg_bus *reg_bus;

static py_obj call_1(py_obj function, const char *text, size_t length)
{
    py_obj argument = py_new_str(text, length);
    return py_call(function, 1, &argument);
}

/* reg_bus = sys.modules.get("virtualboard").bus, if there is such a module. Looked up rather than
   imported: a plain runtime has no virtualboard, and then there is no chip. */
static void find_bus(void)
{
    py_obj sys = call_1(py_global(NAME___import__), "sys", 3);
    py_obj get = py_attribute(py_attribute(sys, NAME_modules), NAME_get);
    py_obj board = call_1(get, "virtualboard", 12);
    if (board != py_none()) {
        reg_bus = (const struct reg_bus *)py_uint(py_attribute(board, NAME_bus));
    }
}
#endif

static void start(void)
{
#ifdef HAS_BUS
    find_bus();
#endif
    gpio_init(&gpio, NULL);
    glide_init(&glide);
    rack_init(&rack, &gpio.base);
    midi_init(&midi);
    midi_notes_init(&notes, &rack, &midi.out.played);
}

PY_MODULE(latentcore, FUNCTIONS, CONSTANTS, start)
