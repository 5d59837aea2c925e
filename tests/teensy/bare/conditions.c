/* Conditional instructions and floats, interrupted at many places by edges at D36. */
#include "bare.h"

static volatile uint32_t edges, wrong;

void gpio2_16_31(void)
{
    uint32_t value = 7;
    REG(GPIO2 + 0x18) = 1u << 18;
    edges++;
    /* Flags and conditions of the handler's own; it also spoils floats. */
    __asm volatile("cmp %0, #7\n ite eq\n moveq %0, #1\n movne %0, #2\n vmov.f32 s0, #31.0\n"
                   "vmov.f32 s13, #31.0\n vmov.f32 s14, #31.0\n vmov.f32 s15, #31.0\n"
                   "cmp %0, #9"
                   : "+r"(value)
                   :
                   : "cc", "s0", "s13", "s14", "s15");
    wrong += value != 1;
}

/* test_machine.py knows the answer. */
static uint32_t work(uint32_t rounds)
{
    uint32_t hash = 1;
    float sum = 0;
    for (uint32_t i = 0; i < rounds; i++) {
        __asm volatile("tst %0, #4\n ittee ne\n addne %0, %0, #5\n eorne %0, %0, %1\n"
                       "addeq %0, %0, %0\n addeq %0, %0, #3"
                       : "+r"(hash)
                       : "r"(i)
                       : "cc");
        sum += (float)(i & 7) * 0.5f;
    }
    return hash ^ (uint32_t)sum;
}

int main(void)
{
    REG(GPIO2 + 0x1C) = 1u << 18; /* both edges */
    REG(GPIO2 + 0x14) = 1u << 18;
    enable_interrupt(83);
    say("ready\n");
    line("work", work(200000));
    line("edges", edges);
    line("wrong", wrong);
    return 0;
}
