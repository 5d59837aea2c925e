/* Vector table and reset handler of the test programs; see bare.h. */
#include "bare.h"

extern uint32_t fast_start[], fast_end[], fast_stored[], data_start[], data_end[], data_stored[];
extern uint32_t bss_start[], bss_end[], stack_top[];

static void copy(uint32_t *to, const uint32_t *end, const uint32_t *from)
{
    while (to < end) {
        *to++ = *from++;
    }
}

__attribute__((noreturn)) void reset_handler(void)
{
    copy(fast_start, fast_end, fast_stored);
    copy(data_start, data_end, data_stored);
    for (uint32_t *word = bss_start; word < bss_end; word++) {
        *word = 0;
    }
    main();
    for (;;) {
        __asm volatile("wfi");
    }
}

static void stay(void)
{
    for (;;) {
    }
}

#define HANDLER(name) __attribute__((weak, alias("stay"))) void name(void)
HANDLER(hard_fault);
HANDLER(svcall);
HANDLER(pendsv);
HANDLER(systick);
HANDLER(lpuart1);
HANDLER(lpspi4);
HANDLER(gpio2_16_31);
HANDLER(gpt2);

__attribute__((section(".vectors"), used)) void *const vectors[16 + 160] = {
    [0] = stack_top,    [1] = reset_handler,     [2] = stay,        [3] = hard_fault,
    [11] = svcall,      [14] = pendsv,           [15] = systick,    [16 + 20] = lpuart1,
    [16 + 35] = lpspi4, [16 + 83] = gpio2_16_31, [16 + 101] = gpt2,
};

#ifndef NO_HEADER
__attribute__((section(".header"), used)) static const void *const header[8] = {
    (void *)0x402000D1,
    vectors,
};
#endif

void put(char c)
{
    REG(LPUART1 + 0x1C) = (uint32_t)c;
}

void say(const char *text)
{
    while (*text) {
        put(*text++);
    }
}

void hex(uint32_t value)
{
    for (int shift = 28; shift >= 0; shift -= 4) {
        put("0123456789abcdef"[value >> shift & 15]);
    }
}

void line(const char *name, uint32_t value)
{
    say(name);
    put(' ');
    hex(value);
    put('\n');
}
