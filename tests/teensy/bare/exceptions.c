/* What a Cortex-M7 does with exceptions, printed line by line for test_machine.py. */
#include "bare.h"

static volatile uint32_t ticks, pended, supervised, edges, compares, depth, deepest;
static volatile uint32_t order;
static volatile uint32_t survived __attribute__((section(".noinit")));

static uint32_t ipsr(void)
{
    uint32_t value;
    __asm volatile("mrs %0, ipsr" : "=r"(value));
    return value;
}

static void spoil_floats(void)
{
    __asm volatile("vmov.f32 s0, #1.0\n vmov.f32 s1, #1.0\n vmov.f32 s2, #1.0\n"
                   "vmov.f32 s3, #1.0\n vcmp.f32 s0, s1\n vmrs apsr_nzcv, fpscr" ::
                       : "s0", "s1", "s2", "s3", "cc");
}

static void enter(void)
{
    if (++depth > deepest) {
        deepest = depth;
    }
}

void systick(void)
{
    enter();
    ticks++;
    spoil_floats();
    REG(0xE000ED04) = 1u << 28; /* PendSV */
    order = order << 4 | 1;
    depth--;
}

void pendsv(void)
{
    enter();
    pended++;
    order = order << 4 | 2;
    spoil_floats();
    depth--;
}

void svcall(void)
{
    supervised = ipsr();
}

void gpio2_16_31(void)
{
    REG(GPIO2 + 0x18) = 1u << 18;
    REG(GPIO4 + 0x84) = 1u << 4;
    edges++;
    REG(GPIO4 + 0x88) = 1u << 4;
}

void gpt2(void)
{
    REG(GPT2 + 0x08) = 1;
    compares++;
}

static uint32_t work(uint32_t rounds)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < rounds; i++) {
        __asm volatile("add %0, %0, %1" : "+r"(sum) : "r"(i));
    }
    return sum;
}

FAST static void wait_in_fast_memory(uint32_t until)
{
    while (ticks < until) {
        __asm volatile("wfe");
    }
}

int main(void)
{
    uint32_t value;
    if (survived == 0xC0FFEE) {
        line("restarted", REG(0x400F8008));
        survived = 0;
        for (;;) {
            __asm volatile("wfi");
        }
    }
    line("thread", ipsr());
    REG(0xE000ED20) = 0xF0u << 16; /* PendSV's priority: the lowest */
    REG(0xE000E014) = 600000 - 1;  /* SysTick: 1 ms at 600 MHz */
    REG(0xE000E010) = 7;
    while (ticks < 2) {
        __asm volatile("wfi");
    }
    line("ticks-wfi", ticks);
    wait_in_fast_memory(4);
    line("ticks-wfe", ticks);
    line("order", order & 0xFFFF);
    line("deepest", deepest);
    work(200000);
    line("worked-ticks", ticks > 6);

    __asm volatile("cpsid i");
    REG(0xE000ED04) = 1u << 28;
    value = pended;
    work(1000);
    __asm volatile("mrs %0, primask" : "=r"(supervised));
    line("primask", supervised);
    line("masked", pended - value);
    __asm volatile("cpsie i");
    work(1000);
    line("unmasked", pended != value);

    __asm volatile("msr basepri, %0" : : "r"(0xF0));
    REG(0xE000ED04) = 1u << 28;
    value = pended;
    work(1000);
    line("basepri-holds", pended - value);
    __asm volatile("msr basepri_max, %0" : : "r"(0x40));
    __asm volatile("mrs %0, basepri" : "=r"(supervised));
    line("basepri", supervised);
    __asm volatile("msr basepri, %0" : : "r"(0));
    work(1000);
    line("basepri-frees", pended != value);

    __asm volatile("svc #1");
    line("svcall", supervised);

    REG(0xE000E400 + 80) = 0; /* byte 83 of the priorities: GPIO2's upper half */
    REG(GPIO4 + 0x04) = 1u << 4;
    REG(GPIO2 + 0x10) = 2u << 4; /* a rising edge on bit 18: D36 */
    REG(GPIO2 + 0x14) = 1u << 18;
    enable_interrupt(83);
    say("ready\n");
    while (!edges) {
        __asm volatile("wfi");
    }
    line("edges", edges);

    REG(GPT2 + 0x10) = REG(GPT2 + 0x24) + 1500;
    REG(GPT2 + 0x0C) = 1;
    enable_interrupt(101);
    while (!compares) {
        __asm volatile("wfi");
    }
    line("compares", compares);

    survived = 0xC0FFEE;
    REG(0xE000ED0C) = 0x05FA0004;
    for (;;) {
    }
}
