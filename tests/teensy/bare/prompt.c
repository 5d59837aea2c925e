/* As much of MicroPython's raw REPL as a computer notices: it runs no code, it says how long it
 * was.
 *
 * Code with the word `forever` in it runs until Ctrl-C. */
#include "bare.h"

#define RECEIVED (REG(LPUART1 + 0x14) & 1u << 21)

static volatile uint8_t ring[512];
static volatile uint32_t head, tail, interrupted, running;
static char code[4096];

void lpuart1(void)
{
    while (RECEIVED) {
        uint8_t byte = (uint8_t)REG(LPUART1 + 0x1C);
        if (running && byte == 3) {
            interrupted = 1;
        } else {
            ring[head++ % sizeof ring] = byte;
        }
    }
}

static char take(void)
{
    while (head == tail) {
        __asm volatile("wfi");
    }
    return (char)ring[tail++ % sizeof ring];
}

static int contains(const char *text, uint32_t size, const char *word)
{
    for (uint32_t i = 0; i < size; i++) {
        uint32_t k = 0;
        while (word[k] && i + k < size && text[i + k] == word[k]) {
            k++;
        }
        if (!word[k]) {
            return 1;
        }
    }
    return 0;
}

static void run(uint32_t size)
{
    say("OK");
    if (contains(code, size, "forever")) {
        interrupted = 0;
        running = 1;
        while (!interrupted) {
        }
        running = 0;
        say("\x04KeyboardInterrupt: \r\n\x04>");
        return;
    }
    say("bytes ");
    hex(size);
    say("\r\n\x04\x04>");
}

static void raw(void)
{
    uint32_t size = 0;
    say("raw REPL; CTRL-B to exit\r\n>");
    for (;;) {
        char byte = take();
        if (byte == 2) {
            return;
        }
        if (byte == 1) {
            size = 0;
            say("raw REPL; CTRL-B to exit\r\n>");
        } else if (byte == 5) {
            take(), take();
            put('R'), put(0); /* no raw paste */
        } else if (byte == 4) {
            run(size);
            size = 0;
        } else if (byte == 3) {
            size = 0;
        } else if (size < sizeof code) {
            code[size++] = byte;
        }
    }
}

int main(void)
{
    REG(LPUART1 + 0x18) = 1u << 21;
    enable_interrupt(20);
    for (;;) {
        say("\r\nMicroPython of the tests\r\n>>> ");
        while (take() != 1) {
        }
        raw();
    }
}
