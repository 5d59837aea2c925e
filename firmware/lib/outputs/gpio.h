/* Gates on GPIO pins, through registers that set and clear bits.
 *
 * On the i.MX RT these are DR_SET (base + 0x84) and DR_CLEAR (base + 0x88) of GPIO6..9: writing a
 * mask changes just those pins, so nothing has to be read and no other pin is disturbed. Pins of
 * several ports may be mixed; each port is written once for low and once for high.
 */
#ifndef LATENTRACK_GPIO_H
#define LATENTRACK_GPIO_H

#include "outputs.h"

#define GPIO_PORTS 4

struct gpio_port {
    uint32_t set, clear; /* addresses of the registers */
    uint32_t channels;   /* those that have their pin here */
};

struct gpio {
    struct outputs base;
    struct outputs *levels; /* writes the levels (a DAC), or NULL */
    uint32_t ports;
    struct gpio_port port[GPIO_PORTS];
    uint32_t pins[2][16]; /* the pins of any of channels 0 to 3, and of 4 to 7, in their port */
};

void gpio_init(struct gpio *gpio, struct outputs *levels);

/* `levels` (a DAC) writes the levels from now on; NULL: they are dropped. It is flushed before
 * gates are written. */
void gpio_use_levels(struct gpio *gpio, struct outputs *levels);

/* Gives a channel its pin: `mask` has one bit, `set` and `clear` are the addresses of the port's
   registers. Returns 0, or -1 when the channel or a fifth port is asked for. Not while a clock
   runs. */
int gpio_connect(struct gpio *gpio, uint32_t channel, uint32_t set, uint32_t clear, uint32_t mask);

#endif
