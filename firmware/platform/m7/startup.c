/* From reset to main on an emulated Cortex-M7, with the C library's files and exit status passed to
 * the computer by semihosting. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

extern uint32_t data_start[], data_end[], data_load[], bss_start[], bss_end[], stack_top[];

int main(void);
void initialise_monitor_handles(void);
void reset(void);

static void fault(void)
{
    abort(); /* the exit status tells */
}

/* Devices' interrupts: a program that wants one defines it. */
__attribute__((weak)) void interrupt(void)
{
    fault();
}

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*handlers[15 + 32])(void);
} vectors = {stack_top,
             {reset, fault, fault, fault, fault, fault, [10] = fault, [13] = fault, [14] = fault,
              [15 ... 46] = interrupt}};

__attribute__((used, noreturn)) void reset(void)
{
    /* The floating point unit is off after reset: full access to coprocessors 10 and 11. */
    *(volatile uint32_t *)0xe000ed88 |= 0xfu << 20;
    __asm volatile("dsb\n\tisb" ::: "memory");
    memcpy(data_start, data_load, (size_t)((char *)data_end - (char *)data_start));
    memset(bss_start, 0, (size_t)((char *)bss_end - (char *)bss_start));
    initialise_monitor_handles();
    exit(main());
}
