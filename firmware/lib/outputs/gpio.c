/* See gpio.h. */
#include "gpio.h"

#include <string.h>

#include "registers.h"

static void write_pins(struct gpio *gpio, uint32_t channels, int high)
{
    uint32_t masks[GPIO_PORTS] = {0};
    while (channels) {
        uint32_t channel = (uint32_t)__builtin_ctz(channels);
        channels &= channels - 1;
        masks[gpio->port_of[channel]] |= gpio->pin[channel];
    }
    for (uint32_t i = 0; i < gpio->ports; i++) {
        if (masks[i]) {
            register_write(high ? gpio->port[i].set : gpio->port[i].clear, masks[i]);
        }
    }
}

static void gpio_gates(struct outputs *self, uint32_t set, uint32_t clear, uint32_t now_us)
{
    struct gpio *gpio = (struct gpio *)self;
    (void)now_us;
    if (clear) {
        write_pins(gpio, clear, 0);
    }
    if (set) {
        write_pins(gpio, set, 1);
    }
}

static void gpio_level(struct outputs *self, uint32_t channel, uint16_t code, uint32_t now_us)
{
    struct outputs *levels = ((struct gpio *)self)->levels;
    if (levels) {
        levels->level(levels, channel, code, now_us);
    }
}

void gpio_init(struct gpio *gpio, struct outputs *levels)
{
    memset(gpio, 0, sizeof *gpio);
    gpio->base.gates = gpio_gates;
    gpio->base.level = gpio_level;
    gpio->levels = levels;
}

int gpio_connect(struct gpio *gpio, uint32_t channel, volatile uint32_t *set,
                 volatile uint32_t *clear, uint32_t mask)
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
    gpio->port_of[channel] = (uint8_t)port;
    gpio->pin[channel] = mask;
    return 0;
}
