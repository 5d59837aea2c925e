/* See dac8164.h. */
#include "dac8164.h"

#include <string.h>

#define WRITE_AND_UPDATE (1u << 20)

static uint32_t count_bits(uint32_t mask)
{
    uint32_t count = 0;
    for (; mask; mask &= mask - 1) {
        count++;
    }
    return count;
}

/* Writes the codes of some channels, on a borrowed bus. Returns 0, or -1: the bus stands still. */
static int send(struct dac8164 *dac, uint32_t channels, const uint16_t *codes)
{
    for (; channels; channels &= channels - 1) {
        uint32_t channel = (uint32_t)__builtin_ctz(channels);
        uint32_t chip = dac->jack[channel] / 4;
        uint32_t frame = (uint32_t)dac->address[chip] << 22 | WRITE_AND_UPDATE |
                         (uint32_t)(dac->jack[channel] & 3) << 17 | codes[channel];
        if (lpspi_frame(dac->bus, &dac->select[chip], frame) != 0) {
            return -1;
        }
    }
    return 0;
}

static void dac8164_gates(struct outputs *self, uint32_t set, uint32_t clear, uint32_t now_us)
{
    struct dac8164 *dac = (struct dac8164 *)self;
    (void)now_us;
    dac->lost += count_bits(set & dac->rising);
    /* Those that rise already are low, or have been told to go low first. */
    dac->low_first |= (uint8_t)(set & (clear | dac->falling) & ~dac->rising);
    dac->falling = (uint8_t)((dac->falling | clear) & ~set);
    dac->rising |= (uint8_t)set;
}

static void dac8164_level(struct outputs *self, uint32_t channel, uint16_t code, uint32_t now_us)
{
    struct dac8164 *dac = (struct dac8164 *)self;
    uint8_t others = (uint8_t)~(1u << channel);
    (void)now_us;
    dac->lost += dac->rising >> channel & 1;
    dac->rising &= others;
    dac->low_first &= others;
    dac->falling &= others;
    dac->levels |= (uint8_t)~others;
    dac->code[channel] = code;
}

static void dac8164_flush(struct outputs *self, uint32_t now_us)
{
    struct dac8164 *dac = (struct dac8164 *)self;
    uint32_t falling = (dac->falling & ~(uint32_t)dac->rising) | dac->low_first;
    uint32_t noted = falling | dac->levels | dac->rising;
    (void)now_us;
    if (!noted) {
        return;
    }
    int failed = lpspi_borrow(dac->bus);
    if (!failed) {
        failed = send(dac, dac->levels, dac->code) || send(dac, falling, dac->low) ||
                 send(dac, dac->rising, dac->high);
        lpspi_return(dac->bus);
    }
    if (failed) {
        dac->delayed |= (uint8_t)noted;
        return;
    }
    dac->late += count_bits(dac->delayed);
    dac->falling &= dac->rising;
    dac->levels = dac->low_first = dac->rising = dac->delayed = 0;
}

void dac8164_init(struct dac8164 *dac, struct lpspi *bus, const struct output_pin select[2])
{
    memset(dac, 0, sizeof *dac);
    dac->base.gates = dac8164_gates;
    dac->base.level = dac8164_level;
    dac->base.flush = dac8164_flush;
    dac->bus = bus;
    dac->select[0] = select[0];
    dac->select[1] = select[1];
    for (uint32_t channel = 0; channel < OUTPUT_CHANNELS; channel++) {
        dac8164_connect(dac, channel, channel / 4, channel % 4, 0, 65535);
    }
}

int dac8164_write_all(struct dac8164 *dac, uint16_t code)
{
    for (uint32_t channel = 0; channel < OUTPUT_CHANNELS; channel++) {
        dac8164_level(&dac->base, channel, code, 0);
    }
    dac8164_flush(&dac->base, 0);
    return dac->levels ? -1 : 0;
}

int dac8164_connect(struct dac8164 *dac, uint32_t channel, uint32_t chip, uint32_t chips_channel,
                    uint16_t low, uint16_t high)
{
    if (channel >= OUTPUT_CHANNELS || chip >= DAC8164_CHIPS || chips_channel > 3) {
        return -1;
    }
    dac->jack[channel] = (uint8_t)(chip * 4 + chips_channel);
    dac->low[channel] = low;
    dac->high[channel] = high;
    return 0;
}
