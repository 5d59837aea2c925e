/* MIDI: bytes that become messages, clocks that become edges, edges that become clocks. */
#define REGISTERS_HOOKED

#include <string.h>

#include "check.h"

#include "../test_sequence/recorder.c"
#include "lpuart.h"
#include "midi.h"

/* The sources themselves, so that their registers are the model's below. */
#include "lpuart.c"
#include "midi.c"
#include "midi_out.c"
#include "rack.c"

enum { BASE = 0x40198000, FIFO = 4 };

/* ---- a UART: bytes that wait to be read, bytes that were written -------------------------- */

static struct {
    uint32_t control, status;
    uint8_t received[256];
    uint32_t count, taken;
    uint8_t sent[1024];
    uint32_t written, held;
} wire;

uint32_t reg_read(uintptr_t address)
{
    switch (address - BASE) {
    case 0x14:
        return wire.status;
    case 0x18:
        return wire.control;
    case 0x1C:
        return wire.received[wire.taken++];
    case 0x2C: {
        uint32_t waiting = wire.count - wire.taken;
        return (waiting > FIFO ? FIFO : waiting) << 24 | wire.held << 8;
    }
    default:
        return 0;
    }
}

void reg_write(uintptr_t address, uint32_t value)
{
    switch (address - BASE) {
    case 0x14:
        wire.status &= ~value;
        break;
    case 0x18:
        wire.control = value;
        break;
    case 0x1C:
        wire.sent[wire.written++ % sizeof wire.sent] = (uint8_t)value;
        wire.held++;
        break;
    default:
        break;
    }
}

static struct rack rack;
static struct midi midi;
static uint32_t now;

static void start(void)
{
    memset(&wire, 0, sizeof wire);
    wire.control = 0x0FF00000 | 3u << 18;
    rack_init(&rack, recorder_start());
    midi_init(&midi);
    lpuart_init(&midi.uart, BASE, 1);
    rack_set(&rack, RACK_SOURCE, SOURCE_MIDI);
    now = 1000;
}

static void receive(uint32_t byte)
{
    wire.received[wire.count++] = (uint8_t)byte;
}

static void tick(void)
{
    now += 1000;
    wire.held = 0; /* three bytes leave in a millisecond; the FIFO is empty for the test's sake */
    midi_tick(&midi, &rack, now);
    if (wire.count == wire.taken) {
        wire.count = wire.taken = 0;
    }
}

/* ---- bytes -------------------------------------------------------------------------------- */

static uint32_t parsed(const char *bytes, uint32_t count, uint32_t *messages)
{
    struct midi_parser parser = {0, 0};
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t message = midi_parse(&parser, (uint8_t)bytes[i]);
        if (message) {
            messages[found++] = message;
        }
    }
    return found;
}

static void bytes_become_messages(void)
{
    uint32_t got[8];
    CHECK(parsed("\x90\x3C\x64\xC5\x07\xB0\x4A\x01", 8, got) == 3);
    CHECK(got[0] == 0x643C90 && got[1] == 0x07C5 && got[2] == 0x014AB0);
}

static void a_status_holds_for_the_messages_that_follow(void)
{
    uint32_t got[8];
    CHECK(parsed("\x91\x3C\x64\x3E\x65\x40\x00", 7, got) == 3);
    CHECK(got[1] == 0x653E91 && got[2] == 0x4091);
}

static void realtime_comes_between_any_two_bytes(void)
{
    uint32_t got[8];
    CHECK(parsed("\xF8\x90\xF8\x3C\xFA\x64\xFC\x3E\xFE\x65", 10, got) == 7);
    CHECK(got[0] == 0xF8 && got[1] == 0xF8 && got[2] == 0xFA && got[3] == 0x643C90);
    CHECK(got[4] == 0xFC && got[5] == 0xFE && got[6] == 0x653E90);
}

static void system_messages_end_what_was_begun(void)
{
    uint32_t got[8];
    /* Data without a status, system exclusive with data, its end, data again; a half note. */
    CHECK(parsed("\x3C\x64\xF0\x7E\x7F\x09\xF7\x3C\x64\x90\x3C\xF6\x64", 13, got) == 1);
    CHECK(got[0] == 0xF6);
    CHECK(parsed("\xF2\x01\x02\x03\x04\xF1\x05\x06", 8, got) == 2);
    CHECK(got[0] == 0x0201F2 && got[1] == 0x05F1);
}

/* ---- the UART ------------------------------------------------------------------------------ */

static void the_drivers_interrupts_are_switched_off(void)
{
    start();
    CHECK(wire.control == 3u << 18);
    lpuart_init(&midi.uart, BASE, 0);
    CHECK(wire.control == 1u << 19);
}

static void lost_bytes_are_counted_and_acknowledged(void)
{
    start();
    wire.status = 1u << 19;
    tick();
    CHECK(midi.uart.lost == 1 && wire.status == 0);
    tick();
    CHECK(midi.uart.lost == 1);
}

/* ---- the clock that comes ------------------------------------------------------------------ */

static uint32_t dice;

/* -1 to 1, evenly. */
static double noise(void)
{
    dice = dice * 1664525 + 1013904223;
    return (double)(int32_t)dice / 2147483648.0;
}

enum { EDGES = 2048 };
static double edge_us[EDGES];

/* Plays clocks of this interval with that much jitter, until so many edges have come; `missing`:
   this clock is not sent. When each edge came, by the tick's time. */
static uint32_t play_clocks(uint32_t first, uint32_t count, double begins_us, double interval_us,
                            double jitter_us, uint32_t missing)
{
    uint32_t next = first;
    uint32_t edges = 0, seen = rack.edge;
    double at = begins_us + jitter_us * noise();
    while (next < first + count) {
        while (next < first + count && at <= now + 1000) {
            if (next != missing) {
                receive(0xF8);
            }
            next++;
            at = begins_us + interval_us * (next - first) + jitter_us * noise();
        }
        tick();
        if (rack.edge != seen && edges < EDGES) {
            seen = rack.edge;
            edge_us[edges++] = now;
        }
    }
    return edges;
}

/* How far the edges from `first` on are from an even grid of `spacing_us`, at the most. */
static double unevenness(uint32_t first, uint32_t edges, double spacing_us)
{
    double least = 1e9, most = -1e9;
    for (uint32_t i = first; i < edges; i++) {
        double away = edge_us[i] - edge_us[first] - spacing_us * (i - first);
        least = away < least ? away : least;
        most = away > most ? away : most;
    }
    return (most - least) / 2;
}

static void jitter_of_3_ms_becomes_1_ms(void)
{
    static const double bpm[] = {40, 93.7, 120, 174, 300};
    for (uint32_t i = 0; i < sizeof bpm / sizeof bpm[0]; i++) {
        double interval = 60e6 / bpm[i] / 24;
        start();
        dice = i;
        receive(0xFA);
        tick();
        uint32_t edges = play_clocks(0, 24 * 100, now + 2000, interval, 3000, ~0u);
        CHECK(edges >= 399 && edges <= 401);
        /* After eight beats the line is known well enough. */
        CHECK(unevenness(32, edges, 6 * interval) <= 1000);
    }
}

static void without_jitter_edges_are_even_from_the_first(void)
{
    start();
    receive(0xFA);
    tick();
    uint32_t edges = play_clocks(0, 24 * 20, now + 2500, 20833.3, 0, ~0u);
    CHECK(edges == 80);
    CHECK(unevenness(0, edges, 125000) <= 1000);
}

static void another_tempo_is_followed_within_a_beat(void)
{
    start();
    receive(0xFA);
    tick();
    double begins = now + 2500;
    play_clocks(0, 24 * 32, begins, 20833.3, 1000, ~0u);
    /* From 120 to 132. */
    uint32_t edges = play_clocks(24 * 32, 24 * 32, begins + 24 * 32 * 20833.3, 18939.4, 1000, ~0u);
    CHECK(edges == 128);
    CHECK(unevenness(4, edges, 6 * 18939.4) <= 3000);
    CHECK(unevenness(32, edges, 6 * 18939.4) <= 1000);
}

static void a_clock_that_is_lost_costs_no_step(void)
{
    start();
    receive(0xFA);
    tick();
    uint32_t edges = play_clocks(0, 24 * 40, now + 2500, 20833.3, 1000, 24 * 20 + 3);
    CHECK(edges == 160);
    CHECK(unevenness(32, edges, 125000) <= 1000);
}

static void nothing_plays_before_a_start_or_after_a_stop(void)
{
    start();
    CHECK(play_clocks(0, 48, now + 2500, 20833.3, 0, ~0u) == 0);
    receive(0xFA);
    CHECK(play_clocks(48, 48, now + 20833.3, 20833.3, 0, ~0u) == 8);
    CHECK(rack.reset_asked == 0); /* the first edge has taken the reset */
    receive(0xFC);
    CHECK(play_clocks(96, 48, now + 20833.3, 20833.3, 0, ~0u) == 0);
    receive(0xFB);
    CHECK(play_clocks(144, 48, now + 20833.3, 20833.3, 0, ~0u) == 8);
}

static void a_jacks_clock_is_left_alone(void)
{
    start();
    rack_set(&rack, RACK_SOURCE, SOURCE_JACK);
    receive(0xFA);
    CHECK(play_clocks(0, 48, now + 2500, 20833.3, 0, ~0u) == 0);
    CHECK(rack.reset_asked == 0);
    /* Joining the clock that runs owes no edge of the past. */
    rack_set(&rack, RACK_SOURCE, SOURCE_MIDI);
    CHECK(play_clocks(48, 48, now + 20833.3, 20833.3, 0, ~0u) == 8);
}

static void clocks_of_an_edge_may_change_while_it_runs(void)
{
    start();
    receive(0xFA);
    CHECK(play_clocks(0, 48, now + 2500, 20833.3, 0, ~0u) == 8);
    midi.per_edge = 3;
    uint32_t edges = play_clocks(48, 48, now + 20833.3, 20833.3, 0, ~0u);
    CHECK(edges == 16);
    CHECK(unevenness(0, edges, 62500) <= 1000);
}

/* ---- the clock that goes out --------------------------------------------------------------- */

static uint32_t count_sent(uint32_t byte)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < wire.written; i++) {
        count += wire.sent[i] == byte;
    }
    return count;
}

static void edges_of_a_jack(uint32_t count, uint32_t spacing_ms)
{
    for (uint32_t i = 0; i < count; i++) {
        rack_clock(&rack, now + 300);
        for (uint32_t ms = 0; ms < spacing_ms; ms++) {
            tick();
        }
    }
}

static void edges_become_24_clocks_a_beat(void)
{
    start();
    rack_set(&rack, RACK_SOURCE, SOURCE_JACK);
    midi.sends_clock = 1;
    edges_of_a_jack(8, 125);
    CHECK(wire.sent[0] == 0xFA && wire.sent[1] == 0xF8);
    CHECK(count_sent(0xFA) == 1 && count_sent(0xFC) == 0);
    CHECK(count_sent(0xF8) == 8 * 6);
    /* The clock ceases: a stop; it comes again: a continue; after a reset a start. */
    for (uint32_t ms = 0; ms < 600; ms++) {
        tick();
    }
    CHECK(count_sent(0xFC) == 1 && count_sent(0xF8) == 8 * 6);
    edges_of_a_jack(4, 125);
    CHECK(count_sent(0xFB) == 1 && count_sent(0xFA) == 1);
    midi.out.restarts = 1;
    edges_of_a_jack(4, 125);
    CHECK(count_sent(0xFB) == 1 && count_sent(0xFA) == 2);
}

static void an_edge_that_comes_early_leaves_no_clock_out(void)
{
    start();
    rack_set(&rack, RACK_SOURCE, SOURCE_JACK);
    midi.sends_clock = 1;
    edges_of_a_jack(8, 125);
    edges_of_a_jack(4, 90);
    edges_of_a_jack(4, 200);
    CHECK(count_sent(0xF8) == 16 * 6);
}

static void messages_go_out_whole_and_share_their_status(void)
{
    start();
    midi_ring_put(&midi.out.asked, 0x07C5);
    midi_ring_put(&midi.out.played, 0x643C90);
    midi_ring_put(&midi.out.played, 0x653E90);
    tick();
    midi_ring_put(&midi.out.realtime, 0xF8);
    tick();
    tick();
    tick();
    CHECK(wire.written == 8);
    /* Notes first; four bytes a tick, the clock between two bytes of a message. */
    CHECK(memcmp(wire.sent, "\x90\x3C\x64\x3E\xF8\x65\xC5\x07", 8) == 0);
    midi_ring_put(&midi.out.played, 0x643C90);
    tick();
    CHECK(wire.written == 11 && wire.sent[8] == 0x90);
}

int main(void)
{
    RUN(bytes_become_messages);
    RUN(a_status_holds_for_the_messages_that_follow);
    RUN(realtime_comes_between_any_two_bytes);
    RUN(system_messages_end_what_was_begun);
    RUN(the_drivers_interrupts_are_switched_off);
    RUN(lost_bytes_are_counted_and_acknowledged);
    RUN(jitter_of_3_ms_becomes_1_ms);
    RUN(without_jitter_edges_are_even_from_the_first);
    RUN(another_tempo_is_followed_within_a_beat);
    RUN(a_clock_that_is_lost_costs_no_step);
    RUN(nothing_plays_before_a_start_or_after_a_stop);
    RUN(a_jacks_clock_is_left_alone);
    RUN(clocks_of_an_edge_may_change_while_it_runs);
    RUN(edges_become_24_clocks_a_beat);
    RUN(an_edge_that_comes_early_leaves_no_clock_out);
    RUN(messages_go_out_whole_and_share_their_status);
    return check_result();
}
