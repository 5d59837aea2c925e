/* The i.MX RT1062 of the virtual module, as far as latentcore touches it: GPIO1 to GPIO4, LPSPI4,
 * LPUART1 to LPUART8 (uart.h), GPT2, the cycle counter, the reset, and a register that a reset
 * leaves alone.
 *
 * Reference: NXP, i.MX RT1060 Processor Reference Manual, chapters GPIO, LPSPI, GPT. Addresses come
 * from rt1062.def. An address without a register here is a bus fault, as on the chip.
 *
 * The model has no lock: the caller makes sure that one thread at a time is in it. Time comes from
 * the listener; the bus moves on by CHIP_BUS_BITS bits with each register access, so that code
 * that waits sees time pass, and code that does not wait gets it wrong.
 */
#ifndef LATENTRACK_CHIP_H
#define LATENTRACK_CHIP_H

#include <stdint.h>

#define CHIP_PORTS 5u /* GPIO1 to GPIO4; 0 is not used */
#define CHIP_BUS_BITS 3u
#define CHIP_FIFO 16u

/* What the world does at a pin, and what the pin itself does while the world does nothing. */
enum chip_drive { DRIVE_LOW = 0, DRIVE_HIGH = 1, DRIVE_FLOATS = 2 };
enum chip_pull { PULL_NONE = 0, PULL_UP = 1, PULL_DOWN = 2 };

struct chip_listener {
    /* The chip drives a pin to another level, or begins to drive it. */
    void (*pin)(uint32_t port, uint32_t bit, uint32_t level);
    /* LPSPI4 has shifted a word out: `bits` 1 to 32, `mode` CPOL << 1 | CPHA. */
    void (*word)(uint32_t word, uint32_t bits, uint32_t mode);
    /* LPUART<uart> sends a byte from `begins_us` on, at its pin. */
    void (*byte)(uint32_t uart, uint32_t byte, uint32_t baud, uint64_t begins_us);
    /* Does not return. */
    void (*fault)(uint32_t address, uint32_t is_write);
    uint64_t (*time_us)(void);
    /* The program has asked for a reset; `kept` is what SNVS_LPGPR3 holds. Does not return. */
    void (*reset)(uint32_t kept);
};

void chip_power_on(const struct chip_listener *listener);

/* What an instruction of the processor does. Both call `fault` for an unknown address. */
uint32_t chip_read(uint32_t address);
void chip_write(uint32_t address, uint32_t value);

/* From outside: what the board does at a pin. Returns 1 if the pin's level has changed. */
uint32_t chip_drive(uint32_t port, uint32_t bit, enum chip_drive drive);

/* What the pad's control register (IOMUXC) does. Returns as chip_drive. */
uint32_t chip_pull(uint32_t port, uint32_t bit, enum chip_pull pull);

/* What the pad's multiplexer (IOMUXC) does: the pin is the GPIO's (0) or a UART's (1). The pin of a
   UART that sends is high between its bytes. */
void chip_mux(uint32_t port, uint32_t bit, uint32_t to_uart);
uint32_t chip_muxed(uint32_t port, uint32_t bit);

/* The level at a pin. An input that floats without a pull reads 0, always. */
uint32_t chip_level(uint32_t port, uint32_t bit);

#endif
