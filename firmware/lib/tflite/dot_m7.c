/* The innermost loops for the Cortex-M7, four rows at once, and of float32 one; their plain twins
 * are in dot.c.
 *
 * One input is loaded for four rows, several weights by one instruction, and the four sums take
 * turns, so that none waits for its own last addition.
 */
#include "dot.h"
#include "m7.h"

#ifdef TFLITE_M7

/* One instruction a line. */
/* clang-format off */

/* Whole functions: what a compiler would put around assembly inside one is neither needed nor sure
 * to leave the registers alone. */
#define FUNCTION(name, body)                                                                      \
    __asm__(".syntax unified\n"                                                                   \
            ".section .text." #name ",\"ax\",%progbits\n"                                         \
            ".p2align 2\n"                                                                        \
            ".global " #name "\n"                                                                 \
            ".hidden " #name "\n"                                                                 \
            ".type " #name ", %function\n"                                                        \
            ".thumb_func\n" #name ":\n" body ".size " #name ", . - " #name "\n"                   \
            ".text\n");

/* r0 weights, r1 input, r2 cols, s0 the sum. */
FUNCTION(dot_f32,
         "lsrs r3, r2, #2\n"
         "beq 2f\n"
         "1:\n"
         "vldmia r0!, {s4-s7}\n"
         "vldmia r1!, {s8-s11}\n"
         "vfma.f32 s0, s4, s8\n"
         "vfma.f32 s0, s5, s9\n"
         "vfma.f32 s0, s6, s10\n"
         "vfma.f32 s0, s7, s11\n"
         "subs r3, r3, #1\n"
         "bne 1b\n"
         "2:\n"
         "ands r2, r2, #3\n"
         "beq 4f\n"
         "3:\n"
         "vldmia r0!, {s4}\n"
         "vldmia r1!, {s8}\n"
         "vfma.f32 s0, s4, s8\n"
         "subs r2, r2, #1\n"
         "bne 3b\n"
         "4:\n"
         "bx lr\n")

/* One column of four rows: the weights are in the registers w0 to w3, the input in x. */
#define FOUR(w0, w1, w2, w3, x)                                                                   \
    "vfma.f32 s0, " #w0 ", " #x "\n"                                                              \
    "vfma.f32 s1, " #w1 ", " #x "\n"                                                              \
    "vfma.f32 s2, " #w2 ", " #x "\n"                                                              \
    "vfma.f32 s3, " #w3 ", " #x "\n"

/* Four columns of four rows from r0, r3, r4, r5 on. */
#define FOUR_BY_FOUR(x0, x1, x2, x3)                                                              \
    "vldmia r0!, {s4-s7}\n"                                                                       \
    "vldmia r3!, {s8-s11}\n"                                                                      \
    "vldmia r4!, {s12-s15}\n"                                                                     \
    "vldmia r5!, {s16-s19}\n"                                                                     \
    FOUR(s4, s8, s12, s16, x0)                                                                    \
    FOUR(s5, s9, s13, s17, x1)                                                                    \
    FOUR(s6, s10, s14, s18, x2)                                                                   \
    FOUR(s7, s11, s15, s19, x3)

/* r0 weights, r1 input, r2 cols, r3 bias, then sums and fours on the stack.
 * The rows stand at r0, r3, r4, r5; r7 bias, r8 sums, r9 fours, r10 the first input. */
FUNCTION(fours_f32,
         "push {r4-r10, lr}\n"
         "vpush {d8-d15}\n"
         "mov r7, r3\n"
         "ldrd r8, r9, [sp, #96]\n"
         "mov r10, r1\n"
         "0:\n"
         "mov r1, r10\n"
         "vldmia r7!, {s0-s3}\n"
         "add r3, r0, r2, lsl #2\n"
         "add r4, r0, r2, lsl #3\n"
         "add r5, r4, r2, lsl #2\n"
         "lsrs r6, r2, #3\n"
         "beq 2f\n"
         "1:\n"
         "vldmia r1!, {s24-s31}\n"
         FOUR_BY_FOUR(s24, s25, s26, s27)
         FOUR_BY_FOUR(s28, s29, s30, s31)
         "subs r6, r6, #1\n"
         "bne 1b\n"
         "2:\n"
         "ands r6, r2, #7\n"
         "beq 4f\n"
         "3:\n"
         "vldmia r1!, {s24}\n"
         "vldmia r0!, {s4}\n"
         "vldmia r3!, {s5}\n"
         "vldmia r4!, {s6}\n"
         "vldmia r5!, {s7}\n"
         FOUR(s4, s5, s6, s7, s24)
         "subs r6, r6, #1\n"
         "bne 3b\n"
         "4:\n"
         "vstmia r8!, {s0-s3}\n"
         "mov r0, r5\n" /* the end of the fourth row is the start of the fifth */
         "subs r9, r9, #1\n"
         "bne 0b\n"
         "vpop {d8-d15}\n"
         "pop {r4-r10, pc}\n")

/* One column of four rows: half number `half` (b or t) of the words w0 to w3, the input in x. */
#define FOUR_HALVES(half, w0, w1, w2, w3, x)                                                      \
    "vcvt" #half ".f32.f16 s20, " #w0 "\n"                                                        \
    "vcvt" #half ".f32.f16 s21, " #w1 "\n"                                                        \
    "vcvt" #half ".f32.f16 s22, " #w2 "\n"                                                        \
    "vcvt" #half ".f32.f16 s23, " #w3 "\n"                                                        \
    FOUR(s20, s21, s22, s23, x)

/* The next column of four rows, a half each. */
#define ONE_COLUMN                                                                                \
    "ldrh r6, [r0], #2\n"                                                                         \
    "ldrh r7, [r3], #2\n"                                                                         \
    "vmov s4, s5, r6, r7\n"                                                                       \
    "ldrh r6, [r4], #2\n"                                                                         \
    "ldrh r7, [r5], #2\n"                                                                         \
    "vmov s6, s7, r6, r7\n"                                                                       \
    "vldmia r1!, {s24}\n"                                                                         \
    FOUR_HALVES(b, s4, s5, s6, s7, s24)

/* r0 weights, r1 input, r2 cols, r3 bias, then sums, fours and step on the stack.
 * The rows stand at r0, r3, r4, r5, two rows r8 bytes apart; r9 bias, r10 sums, r11 step in words,
 * r12 the columns left, lr the first input. The first column by itself where the rows do not start
 * on a word. */
FUNCTION(fours_f16,
         "push {r4-r11, lr}\n"
         "vpush {d8-d15}\n"
         "mov r9, r3\n"
         "ldr r10, [sp, #100]\n"
         "ldr r11, [sp, #108]\n"
         "lsl r11, r11, #2\n"
         "mov lr, r1\n"
         "0:\n"
         "mov r1, lr\n"
         "vldr s0, [r9]\n"
         "add r9, r9, r11\n"
         "vldr s1, [r9]\n"
         "add r9, r9, r11\n"
         "vldr s2, [r9]\n"
         "add r9, r9, r11\n"
         "vldr s3, [r9]\n"
         "add r9, r9, r11\n"
         "mul r8, r2, r11\n"
         "add r3, r0, r8, lsr #1\n"
         "add r4, r0, r8\n"
         "add r5, r3, r8\n"
         "mov r12, r2\n"
         "tst r0, #2\n"
         "beq 1f\n"
         ONE_COLUMN
         "sub r12, r12, #1\n"
         "1:\n"
         "subs r12, r12, #8\n"
         "blo 3f\n"
         "2:\n"
         "vldmia r1!, {s24-s31}\n"
         "vldmia r0!, {s4-s7}\n"
         "vldmia r3!, {s8-s11}\n"
         "vldmia r4!, {s12-s15}\n"
         "vldmia r5!, {s16-s19}\n"
         FOUR_HALVES(b, s4, s8, s12, s16, s24)
         FOUR_HALVES(t, s4, s8, s12, s16, s25)
         FOUR_HALVES(b, s5, s9, s13, s17, s26)
         FOUR_HALVES(t, s5, s9, s13, s17, s27)
         FOUR_HALVES(b, s6, s10, s14, s18, s28)
         FOUR_HALVES(t, s6, s10, s14, s18, s29)
         FOUR_HALVES(b, s7, s11, s15, s19, s30)
         FOUR_HALVES(t, s7, s11, s15, s19, s31)
         "subs r12, r12, #8\n"
         "bhs 2b\n"
         "3:\n"
         "adds r12, r12, #8\n"
         "beq 5f\n"
         "4:\n"
         ONE_COLUMN
         "subs r12, r12, #1\n"
         "bne 4b\n"
         "5:\n"
         "vstr s0, [r10]\n"
         "add r10, r10, r11\n"
         "vstr s1, [r10]\n"
         "add r10, r10, r11\n"
         "vstr s2, [r10]\n"
         "add r10, r10, r11\n"
         "vstr s3, [r10]\n"
         "add r10, r10, r11\n"
         "add r0, r5, r8, lsr #1\n" /* behind the fourth row, and over those between */
         "sub r0, r0, r2, lsl #1\n"
         "ldr r6, [sp, #104]\n"
         "subs r6, r6, #1\n"
         "str r6, [sp, #104]\n"
         "bne 0b\n"
         "vpop {d8-d15}\n"
         "pop {r4-r11, pc}\n")

/* Four columns of one row, whose weights `load` gets: bytes 0 and 2 meet the inputs in r10, bytes 1
 * and 3 those in r11. */
#define BLOCK_OF_ROW(load, sum)                                                                   \
    "ldr r12, " load "\n"                                                                         \
    "sxtb16 lr, r12\n"                                                                            \
    "sxtb16 r12, r12, ror #8\n"                                                                   \
    "smlad " #sum ", lr, r10, " #sum "\n"                                                         \
    "smlad " #sum ", r12, r11, " #sum "\n"

/* The rows 0 and 1 stand at r0, 2 and 3 at r4, r2 bytes apart. Weights may lie at any address. */
#define BLOCK                                                                                     \
    "ldrd r10, r11, [r1], #8\n"                                                                   \
    BLOCK_OF_ROW("[r0, r2]", r6)                                                                  \
    BLOCK_OF_ROW("[r0], #4", r5)                                                                  \
    BLOCK_OF_ROW("[r4, r2]", r8)                                                                  \
    BLOCK_OF_ROW("[r4], #4", r7)

#define BYTE_OF_ROW(load, sum)                                                                    \
    "ldrsb r12, " load "\n"                                                                       \
    "smlabb " #sum ", r12, r10, " #sum "\n"

/* r0 weights, r1 input, r2 cols, r3 bias, then sums and fours on the stack. The sums are in r5 to
 * r8. */
FUNCTION(fours_i8,
         "push {r4-r11, lr}\n"
         "0:\n"
         "ldm r3!, {r5-r8}\n"
         "push {r1, r3}\n"
         "add r4, r0, r2, lsl #1\n"
         "tst r2, #4\n"
         "beq 1f\n"
         BLOCK
         "1:\n"
         "lsrs r9, r2, #3\n"
         "beq 3f\n"
         "2:\n"
         BLOCK
         BLOCK
         "subs r9, r9, #1\n"
         "bne 2b\n"
         "3:\n"
         "ands r9, r2, #3\n"
         "beq 5f\n"
         "4:\n"
         "ldrsh r10, [r1], #2\n"
         BYTE_OF_ROW("[r0, r2]", r6)
         BYTE_OF_ROW("[r0], #1", r5)
         BYTE_OF_ROW("[r4, r2]", r8)
         BYTE_OF_ROW("[r4], #1", r7)
         "subs r9, r9, #1\n"
         "bne 4b\n"
         "5:\n"
         "pop {r1, r3}\n"
         "ldrd r11, r12, [sp, #36]\n"
         "stm r11!, {r5-r8}\n"
         "add r0, r4, r2\n" /* behind the fourth row */
         "subs r12, r12, #1\n"
         "strd r11, r12, [sp, #36]\n"
         "bne 0b\n"
         "pop {r4-r11, pc}\n")

/* clang-format on */

#endif
