/* Touches an address where the chip has nothing. */
#include "bare.h"

void hard_fault(void)
{
    say("hard fault\n");
    for (;;) {
    }
}

int main(void)
{
    say("before\n");
    line("never", REG(0x400F0024));
    return 0;
}
