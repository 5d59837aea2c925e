/* See asked.h. */
#include "asked.h"

#include "interrupts.h"
#include "swap.h"

int asked_put(struct asked *asked, uint32_t channel, uint16_t code, uint32_t gate)
{
    if (channel >= OUTPUT_CHANNELS) {
        return -1;
    }
    uint32_t word = 1u << 31 | (gate < OUTPUT_CHANNELS ? gate : OUTPUT_CHANNELS) << 16 | code;
    atomic_store_explicit(&asked->slot[channel], word, memory_order_relaxed);
    atomic_store_explicit(&asked->some, 1, memory_order_release);
    return 0;
}

void asked_tick(struct asked *asked, struct rack *rack, uint32_t now_us)
{
    if (!atomic_load_explicit(&asked->some, memory_order_acquire)) {
        return;
    }
    uint32_t masked = interrupts_mask();
    uint32_t set = 0;
    atomic_store_explicit(&asked->some, 0, memory_order_relaxed);
    for (uint32_t channel = 0; channel < OUTPUT_CHANNELS; channel++) {
        uint32_t word = SWAP(&asked->slot[channel], 0);
        uint32_t gate = word >> 16 & 15;
        if (!word) {
            continue;
        }
        rack->outputs->level(rack->outputs, channel, (uint16_t)word, now_us);
        if (gate < OUTPUT_CHANNELS) {
            set |= 1u << gate;
            rack->off_us[gate] = now_us + ASKED_GATE_US;
        }
    }
    rack_raise(rack, set, set & rack->high, now_us);
    interrupts_restore(masked);
}
