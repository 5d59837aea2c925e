# latentcore as a user C module, for ports that build with make:
#
#     make -C ports/mimxrt BOARD=TEENSY41 USER_C_MODULES=<this repository>/firmware/mpy
#
# (MicroPython looks for micropython.mk in the folders below USER_C_MODULES and in it.)
LATENTCORE_DIR := $(USERMOD_DIR)
LATENTCORE_LIB := $(LATENTCORE_DIR)/../lib

SRC_USERMOD_C += $(LATENTCORE_DIR)/latentcore.c
SRC_USERMOD_LIB_C += $(wildcard $(LATENTCORE_LIB)/tflite/*.c $(LATENTCORE_LIB)/sequence/*.c \
    $(LATENTCORE_LIB)/outputs/*.c)

CFLAGS_USERMOD += -DLATENTCORE_IN_FIRMWARE -I$(LATENTCORE_DIR) -I$(LATENTCORE_LIB)/tflite \
    -I$(LATENTCORE_LIB)/sequence -I$(LATENTCORE_LIB)/outputs
