/* Whether the code is compiled for a Cortex-M7 as the Teensy 4.x has it: DSP instructions, fused
 * multiply-add, floats passed in registers. */
#ifndef TFLITE_M7_H
#define TFLITE_M7_H

#if defined __ARM_ARCH_7EM__ && defined __ARM_FEATURE_DSP && defined __ARM_FEATURE_FMA &&          \
    defined __ARM_PCS_VFP
#define TFLITE_M7 1
#endif

#endif
