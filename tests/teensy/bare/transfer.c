/* A transfer of 40 bytes, 0 to 39, on LPSPI4, register by register as stock firmware's driver makes
 * it. It is called like a native function: its result is the small integer 0. */
#include "bare.h"

enum { CR = LPSPI4 + 0x10, SR = LPSPI4 + 0x14, FSR = LPSPI4 + 0x5C, TCR = LPSPI4 + 0x60 };
enum { TDR = LPSPI4 + 0x64, CONT = 1 << 21, CONTC = 1 << 20, RXMSK = 1 << 19, TCF = 1 << 10 };

static inline __attribute__((always_inline)) void wait_for_room(void)
{
    while ((REG(FSR) & 31) == 16) {
    }
}

uint32_t transfer(void)
{
    REG(CR) &= ~1u;
    REG(CR) |= 0x300;
    REG(SR) = 0x3F00;
    REG(CR) |= 1;
    REG(TCR) = (REG(TCR) & ~(uint32_t)(CONT | CONTC | RXMSK)) | CONT | RXMSK;
    for (uint32_t byte = 0; byte < 40; byte++) {
        wait_for_room();
        REG(TDR) = byte;
    }
    wait_for_room();
    REG(TCR) &= ~(uint32_t)CONTC;
    while (!(REG(SR) & TCF)) {
    }
    return 1;
}
