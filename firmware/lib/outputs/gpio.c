/* See gpio.h. */
#include "gpio.h"

#include <string.h>

#include "registers.h"

static uint32_t pins(const struct gpio *gpio, uint32_t channels)
{
    return gpio->pins[0][channels & 15] | gpio->pins[1][channels >> 4 & 15];
}

static void gpio_gates(struct outputs *self, uint32_t set, uint32_t clear, uint32_t now_us)
{
    const struct gpio *gpio = (struct gpio *)self;
    const struct gpio_port *end = gpio->port + gpio->ports;
    if (gpio->levels) {
        outputs_flush(gpio->levels, now_us); /* a pitch stands before its gate rises */
    }
    for (const struct gpio_port *port = gpio->port; port < end; port++) {
        uint32_t rising = set & port->channels;
        uint32_t falling = clear & port->channels;
        uint32_t high = pins(gpio, rising);
        if (falling) {
            reg_write(port->clear, falling == rising ? high : pins(gpio, falling));
        }
        if (rising) {
            reg_write(port->set, high);
        }
    }
}

static void gpio_level(struct outputs *self, uint32_t channel, uint16_t code, uint32_t now_us)
{
    struct outputs *levels = ((struct gpio *)self)->levels;
    if (levels) {
        levels->level(levels, channel, code, now_us);
    }
}

static void gpio_flush(struct outputs *self, uint32_t now_us)
{
    outputs_flush(((struct gpio *)self)->levels, now_us);
}

void gpio_init(struct gpio *gpio, struct outputs *levels)
{
    memset(gpio, 0, sizeof *gpio);
    gpio->base.gates = gpio_gates;
    gpio->base.level = gpio_level;
    gpio_use_levels(gpio, levels);
}

void gpio_use_levels(struct gpio *gpio, struct outputs *levels)
{
    gpio->levels = levels;
    gpio->base.flush = levels ? gpio_flush : NULL;
}

int gpio_connect(struct gpio *gpio, uint32_t channel, uint32_t set, uint32_t clear, uint32_t mask)
{
    uint32_t port = 0;
    if (channel >= OUTPUT_CHANNELS) {
        return -1;
    }
    while (port < gpio->ports && gpio->port[port].set != set) {
        port++;
    }
    if (port == GPIO_PORTS) {
        return -1;
    }
    if (port == gpio->ports) {
        gpio->port[port].set = set;
        gpio->port[port].clear = clear;
        gpio->ports++;
    }
    for (uint32_t i = 0; i < gpio->ports; i++) {
        gpio->port[i].channels &= ~(1u << channel);
    }
    gpio->port[port].channels |= 1u << channel;
    uint32_t *pins = gpio->pins[channel / 4], bit = 1u << channel % 4;
    for (uint32_t some = bit; some < 16; some++) {
        if (some & bit) {
            pins[some] = pins[some ^ bit] | mask;
        }
    }
    return 0;
}
