/* See lpspi_model.h. */
#define REGISTERS_HOOKED
#include "lpspi_model.h"

#include <string.h>

#include "registers.h"

enum {
    CR = MODEL_LPSPI + 0x10,
    CFGR1 = MODEL_LPSPI + 0x24,
    CCR = MODEL_LPSPI + 0x40,
    SR = MODEL_LPSPI + 0x14,
    DER = MODEL_LPSPI + 0x1C,
    FSR = MODEL_LPSPI + 0x5C,
    TCR = MODEL_LPSPI + 0x60,
    TDR = MODEL_LPSPI + 0x64
};

#define TCF (1u << 10)
#define MBF (1u << 24)

struct lpspi_model model;

void model_reset(uint32_t speed)
{
    memset(&model, 0, sizeof model);
    model.speed = speed;
    model.cr = 1;
    model.tcr = 7;
    model.interrupt_at = ~0u;
    model.pins = MODEL_DISPLAY | MODEL_SYNC(0) | MODEL_SYNC(1) | 0x40;
}

static void complain(const char *words)
{
    if (!model.complaint) {
        model.complaint = words;
    }
}

static void device_takes_bit(uint32_t bit)
{
    uint32_t mode = model.tcr >> 30; /* CPOL, CPHA */
    if (!(model.pins & MODEL_DISPLAY)) {
        if (mode != 0) {
            complain("the display needs mode 0");
        }
        if (model.shown_bits / 8 < MODEL_BYTES) {
            uint8_t *byte = &model.shown[model.shown_bits / 8];
            *byte = (uint8_t)(*byte << 1 | bit);
        }
        model.shown_bits++;
    }
    for (uint32_t chip = 0; chip < 2; chip++) {
        if (!(model.pins & MODEL_SYNC(chip))) {
            if (mode != 1) {
                complain("the converter needs mode 1");
            }
            model.shift[chip] = model.shift[chip] << 1 | bit;
            model.shift_bits[chip]++;
        }
    }
}

static void end_of_sync(uint32_t chip)
{
    uint32_t frame = model.shift[chip];
    if (model.shift_bits[chip] != 24) {
        complain("a converter's frame is not 24 bits");
    } else if (frame >> 22 != chip || (frame >> 20 & 3) != 1 || (frame >> 16 & 9)) {
        complain("a frame for another chip or of another kind");
    } else {
        uint32_t jack = chip * 4 + (frame >> 17 & 3);
        model.code[jack] = (uint16_t)frame;
        model.written[jack]++;
        if (model.logged < MODEL_LOG) {
            model.log[model.logged].jack = (uint8_t)jack;
            model.log[model.logged++].code = (uint16_t)frame;
        }
        model.frames[chip]++;
    }
    model.shift[chip] = 0;
    model.shift_bits[chip] = 0;
}

static void set_pins(uint32_t pins)
{
    uint32_t changed = model.pins ^ pins;
    if ((changed & MODEL_DISPLAY) && model.shown_bits % 8) {
        complain("a byte for the display was cut in two");
    }
    model.pins = pins;
    for (uint32_t chip = 0; chip < 2; chip++) {
        if (changed & pins & MODEL_SYNC(chip)) {
            end_of_sync(chip);
        }
    }
}

static void push(uint32_t command, uint32_t word)
{
    if (model.fill == 16) {
        complain("a write into a full FIFO");
        return;
    }
    model.fifo[model.fill].command = command;
    model.fifo[model.fill].word = word;
    model.fill++;
}

/* One bit's time. */
static void bus_bit(void)
{
    if (!(model.cr & 1)) {
        return;
    }
    if (!model.bits_left) {
        while (model.fill && model.fifo[0].command) {
            model.tcr = model.fifo[0].word;
            memmove(model.fifo, model.fifo + 1, --model.fill * sizeof model.fifo[0]);
            if (!model.active && model.tcr & (1u << 20)) {
                complain("a continuing command, but nothing to continue");
            }
            if (model.active && !(model.tcr & (1u << 20))) { /* CONTC */
                model.active = 0;
                model.sr |= TCF;
            }
        }
        int receives = !(model.tcr & (1u << 19)); /* RXMSK */
        if (!model.fill || (receives && model.received == 16)) {
            return;
        }
        model.shifting = model.fifo[0].word;
        memmove(model.fifo, model.fifo + 1, --model.fill * sizeof model.fifo[0]);
        model.bits_left = (model.tcr & 0xFFF) + 1;
        model.active = 1;
        model.received += receives;
    }
    device_takes_bit(model.shifting >> --model.bits_left & 1);
    if (!model.bits_left && !(model.tcr & (1u << 21))) { /* CONT */
        model.active = 0;
        model.sr |= TCF;
    }
}

/* The DMA serves a request some accesses after it was made, even if requests are off by then. */
static void dma(void)
{
    if (model.dma_delay && --model.dma_delay == 0) {
        push(0, *model.dma++);
        model.dma_left--;
    }
    if (!model.dma_delay && (model.der & 1) && model.dma_left && model.fill < 12) {
        model.dma_delay = MODEL_DMA_DELAY;
    }
}

static void access(void)
{
    dma();
    if (model.interrupt && model.accesses++ == model.interrupt_at) {
        void (*interrupt)(void) = model.interrupt;
        model.interrupt = 0;
        interrupt();
    }
    for (uint32_t i = 0; i < model.speed; i++) {
        bus_bit();
    }
}

uint32_t reg_read(uintptr_t address)
{
    access();
    switch (address) {
    case CR:
        return model.cr;
    case SR:
        return model.sr | (model.bits_left || model.active ? MBF : 0);
    case DER:
        return model.der;
    case FSR:
        return model.fill | model.received << 16;
    case TCR:
        /* The command in force, but not to be trusted while another waits in the FIFO. */
        for (uint32_t i = 0; i < model.fill; i++) {
            if (model.fifo[i].command) {
                return 0xDEADBEEF;
            }
        }
        return model.tcr;
    case MODEL_PSR:
        return model.inputs[0];
    case MODEL_PSR_GPIO4:
        return model.inputs[1];
    case MODEL_DR:
        return model.pins;
    default:
        complain("a read of what cannot be read");
        return 0;
    }
}

void reg_write(uintptr_t address, uint32_t value)
{
    access();
    switch (address) {
    case CR:
        if (value & 2) { /* RST: all registers but CR */
            model.sr = model.der = model.fill = model.received = model.active = 0;
            model.bits_left = 0;
            model.tcr = 0x1F;
        }
        if (!(value & 1) && (model.bits_left || model.active)) {
            complain("switched off in the middle of a transfer");
        }
        model.cr = value & 3;
        model.fill = value & 0x100 ? 0 : model.fill; /* RTF, RRF: flush */
        model.received = value & 0x200 ? 0 : model.received;
        break;
    case CFGR1:
    case CCR:
        if (model.cr & 1) {
            complain("set up while switched on");
        }
        break;
    case SR:
        model.sr &= ~value;
        break;
    case DER:
        model.der = value;
        break;
    case TCR:
        push(1, value);
        break;
    case TDR:
        push(0, value);
        break;
    case MODEL_DR_SET:
        set_pins(model.pins | value);
        break;
    case MODEL_DR_CLEAR:
        set_pins(model.pins & ~value);
        break;
    default:
        complain("a write to what cannot be written");
    }
}
