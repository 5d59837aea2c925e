/* See midi.h. */
#include "midi.h"

#include <string.h>

#include "interrupts.h"

/* The reading was held up if the last tick was so long ago: the FIFO may hold bytes of that time.
 */
#define HELD_UP_US 2500u
#define DEFAULT_PER_EDGE 6u

static uint32_t moves_rack(const struct rack *rack)
{
    return atomic_load_explicit(&rack->param[RACK_SOURCE], memory_order_relaxed) == SOURCE_MIDI;
}

static void take_message(struct midi *midi, struct rack *rack, uint32_t message, uint32_t now_us,
                         enum midi_arrival arrival)
{
    switch (message) {
    case MIDI_CLOCK:
        midi_clock_came(&midi->clock, now_us, arrival);
        break;
    case MIDI_START:
        midi_clock_start(&midi->clock);
        if (moves_rack(rack)) {
            rack_ask_reset(rack);
            atomic_store_explicit(&midi->out.restarts, 1, memory_order_relaxed);
        }
        break;
    case MIDI_CONTINUE:
        midi_clock_continue(&midi->clock);
        break;
    case MIDI_STOP:
        midi_clock_stop(&midi->clock);
        break;
    default:
        if (message < MIDI_CLOCK || message > 0xFF) {
            midi_ring_put(&midi->received, message);
        }
    }
}

static void read_all(struct midi *midi, struct rack *rack, uint32_t now_us)
{
    uint32_t held_up = now_us - midi->ticked_us > HELD_UP_US;
    enum midi_arrival arrival = held_up ? ARRIVAL_HELD_UP : ARRIVAL_TIMED;
    uint32_t message;
    int32_t byte;
    while ((byte = lpuart_get(&midi->uart)) >= 0) {
        message = midi_parse(&midi->parser, (uint32_t)byte);
        if (message) {
            take_message(midi, rack, message, now_us, arrival);
        }
    }
    while ((message = midi_ring_take(&midi->from_usb))) {
        take_message(midi, rack, message, now_us, ARRIVAL_IN_LUMPS);
    }
}

void midi_tick(struct midi *midi, struct rack *rack, uint32_t now_us)
{
    uint32_t per_edge = atomic_load_explicit(&midi->per_edge, memory_order_relaxed);
    uint32_t sends = atomic_load_explicit(&midi->sends_clock, memory_order_relaxed);
    uint32_t due_us;
    if (midi->aligned != per_edge) {
        midi->aligned = per_edge;
        midi_clock_align(&midi->clock, per_edge);
    }
    read_all(midi, rack, now_us);
    midi->ticked_us = now_us;
    if (midi_clock_due(&midi->clock, per_edge, now_us, &due_us) &&
        atomic_load_explicit(&rack->source, memory_order_relaxed) == SOURCE_MIDI) {
        uint32_t masked = interrupts_mask();
        rack_clock(rack, due_us);
        interrupts_restore(masked);
    }
    midi_out_tick(&midi->out, &midi->uart, rack, sends ? per_edge : 0, now_us);
}

void midi_init(struct midi *midi)
{
    memset(midi, 0, sizeof *midi);
    midi->per_edge = DEFAULT_PER_EDGE;
    midi->aligned = DEFAULT_PER_EDGE;
}
