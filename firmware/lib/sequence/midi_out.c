/* See midi_out.h. */
#include "midi_out.h"

#include "midi_parser.h"
#include "swap.h"

/* Before an interval is known, one edge alone is a pause after that time. */
#define ALONE_US 2000000u
/* Without a UART messages go to the computer only, as many a tick as a fast UART would take. */
#define WITHOUT_UART 8u

static void send_realtime(struct midi_out *out, uint32_t byte)
{
    midi_ring_put(&out->realtime, byte);
}

static void finish_step(struct midi_out *out, uint32_t per_edge)
{
    for (; out->clocks < per_edge; out->clocks++) {
        send_realtime(out, MIDI_CLOCK);
    }
}

static void begin_step(struct midi_out *out, uint32_t edge, uint32_t per_edge)
{
    uint32_t restarts = SWAP(&out->restarts, 0);
    if (out->runs && !restarts) {
        finish_step(out, per_edge);
    } else {
        send_realtime(out, restarts || edge == 1 ? MIDI_START : MIDI_CONTINUE);
        out->runs = 1;
    }
    out->clocks = 0;
}

/* The clock that goes out. */
static void make_clock(struct midi_out *out, const struct rack *rack, uint32_t per_edge,
                       uint32_t now_us)
{
    uint32_t edge = rack->edge, begun_us = rack->clock_us, interval_us = rack->period_us;
    uint32_t paused = atomic_load_explicit(&rack->paused, memory_order_relaxed);
    uint32_t since_us = now_us - begun_us;
    if (edge != out->edge && !paused) {
        begin_step(out, edge, per_edge);
    } else if (out->runs && rack->reset_edge == edge &&
               atomic_load_explicit(&out->restarts, memory_order_relaxed)) {
        begin_step(out, edge, per_edge); /* the reset came just after its edge */
    }
    out->edge = edge;
    if (!out->runs) {
        return;
    }
    uint32_t pause_us = interval_us ? 4 * interval_us : ALONE_US;
    if (paused || ((int32_t)since_us > 0 && since_us > pause_us)) {
        send_realtime(out, MIDI_STOP);
        out->runs = 0;
        return;
    }
    /* Each at the first tick after its time, as the edge's own is. */
    uint32_t part_us = interval_us / per_edge;
    while (out->clocks < per_edge &&
           (!out->clocks || (interval_us && (int32_t)(since_us - part_us * out->clocks) >= 0))) {
        send_realtime(out, MIDI_CLOCK);
        out->clocks++;
    }
}

/* The next message, as the bytes that are to go out. Returns 0: there is none. */
static uint32_t next_message(struct midi_out *out)
{
    uint32_t message = midi_ring_take(&out->played);
    message = message ? message : midi_ring_take(&out->asked);
    if (!message) {
        out->running = 0;
        return 0;
    }
    uint32_t status = message & 0xFF;
    out->sending = message;
    out->left = 1 + midi_data_bytes(status);
    if (status == out->running) {
        out->sending >>= 8;
        out->left--;
    }
    out->running = status < MIDI_SYSEX ? status : 0;
    return message;
}

static void tell_usb(struct midi_out *out, uint32_t message)
{
    if (atomic_load_explicit(&out->watched, memory_order_relaxed)) {
        midi_ring_put(&out->to_usb, message);
    }
}

void midi_out_tick(struct midi_out *out, const struct lpuart *uart, const struct rack *rack,
                   uint32_t per_edge, uint32_t now_us)
{
    if (per_edge) {
        make_clock(out, rack, per_edge, now_us);
    }
    for (uint32_t room = uart->base ? lpuart_room(uart) : WITHOUT_UART; room; room--) {
        uint32_t byte = midi_ring_take(&out->realtime);
        if (byte) {
            tell_usb(out, byte);
        } else {
            if (!out->left) {
                uint32_t message = next_message(out);
                if (!message) {
                    break;
                }
                tell_usb(out, message);
            }
            byte = out->sending & 0xFF;
            out->sending >>= 8;
            out->left--;
        }
        if (uart->base) {
            lpuart_put(uart, byte);
        }
    }
}
