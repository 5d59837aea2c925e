/* The outputs on hardware that behaves as the real one does, as far as a model can. */
#define REGISTERS_HOOKED

#include "check.h"

#include "channel.h"
#include "dac8164.h"
#include "gpio.h"
#include "lpspi_model.h"
#include "registers.h"

/* The sources themselves, so that their registers are the model's. */
#include "dac8164.c"
#include "gpio.c"
#include "lpspi.c"

#define TCR_DISPLAY ((1u << 27) | (1u << 22) | 7u) /* prescaler 2, byte swap, 8 bits, mode 0 */
#define CONT (1u << 21)
#define CONTC (1u << 20)
#define RXMSK (1u << 19)

static struct lpspi bus;
static struct dac8164 dac;
static uint32_t tcr_before, der_before;
static uint32_t cuts, more_cuts, gap;

static void connect_dac(uint32_t speed)
{
    const struct output_pin display = {MODEL_DR, MODEL_DR_SET, MODEL_DR_CLEAR, MODEL_DISPLAY};
    const struct output_pin select[2] = {
        {MODEL_DR, MODEL_DR_SET, MODEL_DR_CLEAR, MODEL_SYNC(0)},
        {MODEL_DR, MODEL_DR_SET, MODEL_DR_CLEAR, MODEL_SYNC(1)},
    };
    model_reset(speed);
    model.tcr = TCR_DISPLAY;
    lpspi_init(&bus, model_lpspi, &display);
    dac8164_init(&dac, &bus, select);
    dac.address[1] = 1; /* the model's second chip answers to address 1 */
}

static void a_level_reaches_its_jack(void)
{
    connect_dac(3);
    for (uint32_t channel = 0; channel < 8; channel++) {
        dac.base.level(&dac.base, channel, (uint16_t)(1000 * channel + 3), 0);
    }
    for (uint32_t channel = 0; channel < 8; channel++) {
        CHECK(model.code[channel] == 1000 * channel + 3);
        CHECK(model.written[channel] == 1);
    }
    CHECK(model.complaint == NULL);
    CHECK(bus.missed == 0);
    CHECK(model.tcr == TCR_DISPLAY);
    CHECK((model.sr & (1u << 10)) == 0); /* nobody takes our frames for the end of his own */
}

static void a_frame_is_laid_out_as_the_data_sheet_says(void)
{
    connect_dac(1);
    dac.address[0] = 2;
    model.interrupt = NULL;
    dac.base.level(&dac.base, 3, 0xABCD, 0);
    /* A1 A0 = 10, LD = 01, 0, channel 11, powered: 1001 0110, then the code. The model's first chip
       answers to address 0 only, so it must have complained. */
    CHECK(model.complaint != NULL);
    connect_dac(1);
    CHECK(dac8164_connect(&dac, 7, 0, 2, 5, 6) == 0);
    dac.base.level(&dac.base, 7, 0xABCD, 0);
    CHECK(model.code[2] == 0xABCD);
    CHECK(dac8164_connect(&dac, 8, 0, 0, 0, 0) == -1);
    CHECK(dac8164_connect(&dac, 0, 2, 0, 0, 0) == -1);
    CHECK(dac8164_connect(&dac, 0, 0, 4, 0, 0) == -1);
}

static void gates_are_two_codes_and_low_comes_first(void)
{
    connect_dac(2);
    dac8164_connect(&dac, 6, 1, 2, 60000, 100); /* an output stage that inverts */
    dac.base.gates(&dac.base, 0x41, 0x00, 0);
    CHECK(model.code[0] == 65535 && model.code[6] == 100);
    dac.base.gates(&dac.base, 0x01, 0x41, 0);
    CHECK(model.code[0] == 65535 && model.code[6] == 60000);
    CHECK(model.written[0] == 3 && model.written[6] == 2);
    CHECK(model.complaint == NULL);
}

static void clock_interrupt(void)
{
    uint32_t pins = model.pins;
    tcr_before = model.fill ? 0 : model.tcr;
    der_before = model.der;
    dac.base.level(&dac.base, 1, 0x1234, 0);
    dac.base.level(&dac.base, 6, 0x5678, 0);
    dac.base.gates(&dac.base, 0x80, 0x01, 0);
    CHECK(model.pins == pins);
    CHECK(model.der == der_before);
    CHECK(tcr_before == 0 || ((model.tcr ^ tcr_before) & ~CONTC) == 0);
    if (cuts < more_cuts) {
        cuts++;
        model.interrupt_at = model.accesses + gap;
        model.interrupt = clock_interrupt;
    }
}

/* A transfer to the display as MicroPython's SPI.write makes it: flush, clear the flags, command,
   bytes as there is room, wait for the end. Python holds the display's select meanwhile. */
static void display_write(const uint8_t *bytes, uint32_t count, uint32_t continuous)
{
    volatile uint32_t *lpspi = model_lpspi;
    register_write(MODEL_DR_CLEAR, MODEL_DISPLAY);
    uint32_t patience = 5000;
    while (register_read(lpspi + SR) & SR_MBF && --patience) {
    }
    CHECK(patience); /* MicroPython would raise here */
    register_write(lpspi + CR, register_read(lpspi + CR) | 0x300);
    register_write(lpspi + SR, 0x3F00);
    uint32_t command = register_read(lpspi + TCR) & ~(CONT | CONTC | RXMSK);
    register_write(lpspi + TCR, command | continuous | RXMSK);
    while (count--) {
        while ((register_read(lpspi + FSR) & 31) == 16) {
        }
        register_write(lpspi + TDR, *bytes++);
    }
    if (continuous) {
        while ((register_read(lpspi + FSR) & 31) != 0) {
        }
        register_write(lpspi + TCR, register_read(lpspi + TCR) & ~CONTC);
        while (!(register_read(lpspi + SR) & SR_TCF)) {
        }
    } else {
        while ((register_read(lpspi + FSR) & 31) != 0 || register_read(lpspi + SR) & SR_MBF) {
        }
    }
    register_write(MODEL_DR_SET, MODEL_DISPLAY);
}

static const uint8_t picture[24] = {0x2C, 1,  2,  3,  4,  5,  0xFF, 0, 0x80, 9,    10, 11,
                                    12,   13, 14, 15, 16, 17, 18,   0, 0x55, 0xAA, 22, 23};

static void check_picture_and_jacks(void)
{
    CHECK(model.complaint == NULL);
    CHECK(model.shown_bits == 8 * sizeof picture);
    CHECK(memcmp(model.shown, picture, sizeof picture) == 0);
    CHECK(model.code[1] == 0x1234 && model.code[6] == 0x5678);
    CHECK(model.code[7] == 65535 && model.code[0] == 0);
    CHECK(model.frames[0] == 2 * (cuts + 1) && model.frames[1] == 2 * (cuts + 1));
    CHECK(bus.missed == 0 && model.received == 0);
}

static void interrupt_everywhere(uint32_t continuous)
{
    static const uint32_t speeds[] = {1, 3, 8, 50};
    uint32_t places = 0;
    for (uint32_t s = 0; s < 4; s++) {
        for (uint32_t at = 0;; at++) {
            connect_dac(speeds[s]);
            cuts = 0;
            more_cuts = at % 3;
            gap = at * 7 % 50;
            model.interrupt_at = at;
            model.interrupt = clock_interrupt;
            display_write(picture, 9, continuous);
            display_write(picture + 9, sizeof picture - 9, continuous);
            if (model.interrupt && cuts == 0) {
                break; /* the transfer was over before it came */
            }
            cuts -= model.interrupt != NULL; /* the last one may not have come */
            places++;
            check_picture_and_jacks();
            if (check_failed) {
                return;
            }
        }
    }
    CHECK(places > 250);
}

static void the_clock_may_cut_into_a_display_transfer_anywhere(void)
{
    interrupt_everywhere(0);
}

static void the_clock_may_cut_into_a_continuous_transfer_anywhere(void)
{
    interrupt_everywhere(CONT);
}

/* The same with DMA, which keeps filling the FIFO unless it is put off: the clock waits for the
   words that are in the FIFO and no longer. */
static void the_clock_may_cut_into_dma_anywhere(void)
{
    static uint8_t long_picture[MODEL_BYTES];
    volatile uint32_t *lpspi = model_lpspi;
    cuts = more_cuts = 0;
    for (uint32_t i = 0; i < MODEL_BYTES; i++) {
        long_picture[i] = (uint8_t)(3 * i + 1);
    }
    for (uint32_t at = 0; at < 300; at++) {
        connect_dac(2);
        register_write(MODEL_DR_CLEAR, MODEL_DISPLAY);
        register_write(lpspi + TCR, TCR_DISPLAY | CONT | RXMSK);
        model.dma = long_picture;
        model.dma_left = sizeof long_picture;
        register_write(lpspi + DER, DER_TDDE);
        for (uint32_t i = 0; i < at; i++) {
            register_read(lpspi + SR);
        }
        uint32_t shown_bits = model.shown_bits;
        dac.base.level(&dac.base, 1, 0x1234, 0);
        CHECK(model.shown_bits - shown_bits <= 17 * 8);
        clock_interrupt();
        while ((register_read(lpspi + FSR) & 31) || model.dma_left) {
        }
        register_write(lpspi + TCR, TCR_DISPLAY);
        while (register_read(lpspi + SR) & SR_MBF) {
        }
        register_write(MODEL_DR_SET, MODEL_DISPLAY);
        CHECK(model.complaint == NULL && bus.missed == 0 && model.frames[0] == 3);
        CHECK(model.shown_bits == 8 * sizeof long_picture);
        CHECK(memcmp(model.shown, long_picture, sizeof long_picture) == 0);
        if (check_failed) {
            return;
        }
    }
}

static void a_bus_that_cannot_be_had_is_left_alone(void)
{
    connect_dac(1);
    model.cr = 0; /* being set up */
    dac.base.level(&dac.base, 0, 1, 0);
    CHECK(bus.missed == 1 && model.fill == 0 && model.written[0] == 0);
    connect_dac(4);
    register_write(MODEL_DR_CLEAR, MODEL_DISPLAY);
    model.tcr = TCR_DISPLAY; /* a transfer that receives, and nobody takes what it received */
    model.received = 16;
    model.der = 3;
    register_write(model_lpspi + TDR, 0x77);
    dac.base.gates(&dac.base, 1, 0, 0);
    CHECK(bus.missed == 1);
    CHECK(model.der == 3 && model.tcr == TCR_DISPLAY && model.fill == 1);
    CHECK(!(model.pins & MODEL_DISPLAY));
    model.received = 0;
    while (register_read(model_lpspi + FSR) & 31 || register_read(model_lpspi + SR) & SR_MBF) {
    }
    CHECK(model.shown_bits == 8 && model.shown[0] == 0x77 && model.complaint == NULL);
}

/* GPIO: two ports whose registers are told apart by what was written to them. */
static void gates_reach_their_pins_and_no_others(void)
{
    static struct gpio gpio;
    connect_dac(1);
    model.pins = 0x40; /* somebody else's pin */
    gpio_init(&gpio, NULL);
    for (uint32_t channel = 0; channel < 6; channel++) {
        CHECK(gpio_connect(&gpio, channel, MODEL_DR_SET, MODEL_DR_CLEAR, 0x10000u << channel) == 0);
    }
    gpio.base.gates(&gpio.base, 0x21, 0, 0);
    CHECK(model.pins == 0x210040);
    gpio.base.gates(&gpio.base, 0x02, 0x20, 0);
    CHECK(model.pins == 0x030040);
    gpio.base.gates(&gpio.base, 0x03, 0x03, 0); /* low first, then high */
    CHECK(model.pins == 0x030040);
    gpio.base.gates(&gpio.base, 0xC0, 0, 0); /* no pins */
    CHECK(model.pins == 0x030040);
    gpio.base.level(&gpio.base, 3, 1, 0); /* nobody writes levels */
    CHECK(gpio_connect(&gpio, 8, MODEL_DR_SET, MODEL_DR_CLEAR, 1) == -1);
}

static void ports_are_written_once_each(void)
{
    static struct gpio gpio;
    static volatile uint32_t other_set;
    connect_dac(1);
    gpio_init(&gpio, &dac.base);
    for (uint32_t channel = 0; channel < 8; channel++) {
        CHECK(gpio_connect(&gpio, channel, MODEL_DR_SET, MODEL_DR_CLEAR, 1u << (16 + channel)) ==
              0);
    }
    CHECK(gpio.ports == 1);
    CHECK(gpio_connect(&gpio, 3, &other_set, &other_set, 1) == 0);
    CHECK(gpio.ports == 2 && gpio.port[1].channels == 8 && gpio.port[0].channels == 0xF7);
    model.accesses = 0;
    model.interrupt = clock_interrupt; /* never reached; makes the model count */
    gpio.base.gates(&gpio.base, 0xF7, 0, 0);
    CHECK(model.accesses == 1);
    model.interrupt = NULL;
    gpio.base.level(&gpio.base, 2, 777, 0);
    CHECK(model.code[2] == 777);
    for (uint32_t i = 0; i < 2; i++) {
        static volatile uint32_t more[2];
        CHECK(gpio_connect(&gpio, i, &more[i], &more[i], 1) == 0);
    }
    static volatile uint32_t fifth;
    CHECK(gpio_connect(&gpio, 0, &fifth, &fifth, 1) == -1);
}

static void the_channel_tells_what_happened_in_order(void)
{
    static struct channel channel;
    struct channel_record ring[8];
    struct channel_record got[10];
    channel_init(&channel, ring, 8);
    channel.base.step(&channel.base, 3, 254, 10);
    channel.base.level(&channel.base, 7, 0xFFFF, 10);
    channel.base.gates(&channel.base, 0x81, 0x42, 11);
    CHECK(channel_read(&channel, got, 10) == 3);
    CHECK(got[0].time_us == 10 && got[0].what == 0x020300FE);
    CHECK(got[1].time_us == 10 && got[1].what == 0x0107FFFF);
    CHECK(got[2].time_us == 11 && got[2].what == 0x00004281);
    CHECK(channel_read(&channel, got, 10) == 0);
}

static void a_full_channel_drops_and_counts(void)
{
    static struct channel channel;
    struct channel_record ring[10];
    struct channel_record got[10];
    channel_init(&channel, ring, 10); /* holds 8 */
    for (uint32_t start = 0xFFFFFFF8u, round = 0; round < 3; round++) {
        atomic_store(&channel.head, start + 3 * round); /* across the wrap */
        atomic_store(&channel.tail, start + 3 * round);
        atomic_store(&channel.lost, 0);
        for (uint32_t i = 0; i < 11; i++) {
            channel.base.gates(&channel.base, i, 0, i);
        }
        CHECK(atomic_load(&channel.lost) == 3);
        CHECK(channel_read(&channel, got, 5) == 5);
        CHECK(got[0].what == 0 && got[4].what == 4);
        channel.base.gates(&channel.base, 99, 0, 99);
        CHECK(channel_read(&channel, got, 10) == 4);
        CHECK(got[2].what == 7 && got[3].what == 99);
    }
    channel_init(&channel, ring, 1);
    channel.base.gates(&channel.base, 5, 0, 0);
    CHECK(channel_read(&channel, got, 10) == 1 && got[0].what == 5);
}

int main(void)
{
    RUN(a_level_reaches_its_jack);
    RUN(a_frame_is_laid_out_as_the_data_sheet_says);
    RUN(gates_are_two_codes_and_low_comes_first);
    RUN(the_clock_may_cut_into_a_display_transfer_anywhere);
    RUN(the_clock_may_cut_into_a_continuous_transfer_anywhere);
    RUN(the_clock_may_cut_into_dma_anywhere);
    RUN(a_bus_that_cannot_be_had_is_left_alone);
    RUN(gates_reach_their_pins_and_no_others);
    RUN(ports_are_written_once_each);
    RUN(the_channel_tells_what_happened_in_order);
    RUN(a_full_channel_drops_and_counts);
    return check_result();
}
