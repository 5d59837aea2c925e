/* See dac8164.h. */
#include "dac8164.h"

#include <string.h>

#define WRITE_AND_UPDATE (1u << 20)

static void send(struct dac8164 *dac, uint32_t channel, uint16_t code)
{
    uint32_t chip = dac->jack[channel] / 4;
    uint32_t frame = (uint32_t)dac->address[chip] << 22 | WRITE_AND_UPDATE |
                     (uint32_t)(dac->jack[channel] & 3) << 17 | code;
    lpspi_frame(dac->bus, &dac->select[chip], frame);
}

static void send_gates(struct dac8164 *dac, uint32_t channels, const uint16_t *codes)
{
    for (; channels; channels &= channels - 1) {
        uint32_t channel = (uint32_t)__builtin_ctz(channels);
        send(dac, channel, codes[channel]);
    }
}

static void dac8164_gates(struct outputs *self, uint32_t set, uint32_t clear, uint32_t now_us)
{
    struct dac8164 *dac = (struct dac8164 *)self;
    (void)now_us;
    if (lpspi_borrow(dac->bus) == 0) {
        send_gates(dac, clear, dac->low);
        send_gates(dac, set, dac->high);
        lpspi_return(dac->bus);
    }
}

static void dac8164_level(struct outputs *self, uint32_t channel, uint16_t code, uint32_t now_us)
{
    struct dac8164 *dac = (struct dac8164 *)self;
    (void)now_us;
    if (lpspi_borrow(dac->bus) == 0) {
        send(dac, channel, code);
        lpspi_return(dac->bus);
    }
}

void dac8164_init(struct dac8164 *dac, struct lpspi *bus, const struct output_pin select[2])
{
    memset(dac, 0, sizeof *dac);
    dac->base.gates = dac8164_gates;
    dac->base.level = dac8164_level;
    dac->bus = bus;
    dac->select[0] = select[0];
    dac->select[1] = select[1];
    for (uint32_t channel = 0; channel < OUTPUT_CHANNELS; channel++) {
        dac8164_connect(dac, channel, channel / 4, channel % 4, 0, 65535);
    }
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
