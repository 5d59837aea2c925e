/* What the test programs for the emulated Teensy share: registers, the UART, and start.c's
 * handlers.
 *
 * A program defines main() and the handlers that it needs. It prints to LPUART1, where stock
 * firmware's machine.UART(6) is. */
#ifndef BARE_H
#define BARE_H

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))
#define REG16(address) (*(volatile uint16_t *)(address))
#define REG8(address) (*(volatile uint8_t *)(address))
#define FAST __attribute__((section(".fast"), noinline, long_call))

enum {
    GPIO2 = 0x401BC000,
    GPIO4 = 0x401C4000,
    GPT2 = 0x401F0000,
    LPUART1 = 0x40184000,
    LPSPI4 = 0x403A0000,
    FLEXSPI = 0x402A8000,
};

int main(void);
void put(char c);
void say(const char *text);
void hex(uint32_t value);
void line(const char *name, uint32_t value);

static inline void enable_interrupt(unsigned number)
{
    REG(0xE000E100 + 4 * (number / 32)) = 1u << (number % 32);
}

#endif
