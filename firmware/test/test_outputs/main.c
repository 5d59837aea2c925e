/* The outputs on hardware that behaves as the real one does, as far as a model can. */
#define REGISTERS_HOOKED

#include "check.h"

#include "dac8164.h"
#include "encoder.h"
#include "gpio.h"
#include "lpspi_model.h"
#include "registers.h"

/* The sources themselves, so that their registers are the model's. */
#include "dac8164.c"
#include "encoder.c"
#include "gpio.c"
#include "lpspi.c"

#define TCR_DISPLAY ((1u << 27) | (1u << 22) | 7u) /* prescaler 2, byte swap, 8 bits, mode 0 */
#define CONT (1u << 21)
#define CONTC (1u << 20)
#define RXMSK (1u << 19)

/* Registers that only the driver of machine.SPI touches. */
enum { CFGR1 = 0x24, CCR = 0x40 };

static struct lpspi bus;
static struct dac8164 dac;
static void connect_dac(uint32_t speed)
{
    const struct output_pin display = {MODEL_DR, MODEL_DR_SET, MODEL_DR_CLEAR, MODEL_DISPLAY};
    const struct output_pin select[2] = {
        {MODEL_DR, MODEL_DR_SET, MODEL_DR_CLEAR, MODEL_SYNC(0)},
        {MODEL_DR, MODEL_DR_SET, MODEL_DR_CLEAR, MODEL_SYNC(1)},
    };
    model_reset(speed);
    model.tcr = TCR_DISPLAY;
    lpspi_init(&bus, MODEL_LPSPI, &display);
    dac8164_init(&dac, &bus, select);
    dac.address[1] = 1; /* the model's second chip answers to address 1 */
}

static void flush(void)
{
    dac.base.flush(&dac.base, 0);
}

static void a_level_reaches_its_jack(void)
{
    connect_dac(3);
    for (uint32_t channel = 0; channel < 8; channel++) {
        dac.base.level(&dac.base, channel, (uint16_t)(1000 * channel + 3), 0);
        CHECK(model.written[channel] == 0);
    }
    flush();
    flush();
    for (uint32_t channel = 0; channel < 8; channel++) {
        CHECK(model.code[channel] == 1000 * channel + 3);
        CHECK(model.written[channel] == 1);
    }
    CHECK(model.complaint == NULL);
    CHECK(dac.late == 0 && dac.lost == 0);
    CHECK(model.tcr == TCR_DISPLAY);
    CHECK((model.sr & (1u << 10)) == 0); /* the owner must not take our frames for its own */
}

static void a_frame_is_laid_out_as_the_data_sheet_says(void)
{
    connect_dac(1);
    dac.address[0] = 2;
    dac.base.level(&dac.base, 3, 0xABCD, 0);
    flush();
    /* A1 A0 = 10, LD = 01, 0, channel 11, powered: 1001 0110, then the code. The model's first chip
       answers to address 0 only, so it must have complained. */
    CHECK(model.complaint != NULL);
    connect_dac(1);
    CHECK(dac8164_connect(&dac, 7, 0, 2, 5, 6) == 0);
    dac.base.level(&dac.base, 7, 0xABCD, 0);
    flush();
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
    flush();
    CHECK(model.code[0] == 65535 && model.code[6] == 100);
    dac.base.gates(&dac.base, 0x01, 0x41, 0);
    flush();
    CHECK(model.code[0] == 65535 && model.code[6] == 60000);
    CHECK(model.written[0] == 3 && model.written[6] == 2);
    CHECK(model.complaint == NULL);
}

static void all_jacks_get_a_safe_code_at_once(void)
{
    connect_dac(2);
    dac8164_connect(&dac, 0, 0, 0, 60000, 100);
    CHECK(dac8164_write_all(&dac, 32768) == 0);
    for (uint32_t jack = 0; jack < 8; jack++) {
        CHECK(model.code[jack] == 32768 && model.written[jack] == 1);
    }
    CHECK(model.complaint == NULL);
    model.cr = 0;
    CHECK(dac8164_write_all(&dac, 1) == -1);
}

static int logged(uint32_t place, uint32_t jack, uint32_t code)
{
    return model.logged > place && model.log[place].jack == jack && model.log[place].code == code;
}

static void a_pitch_stands_before_its_gate_rises(void)
{
    connect_dac(2);
    dac.base.gates(&dac.base, 0x02, 0, 0);
    flush();
    model.logged = 0;
    dac.base.gates(&dac.base, 0x03, 0x12, 0);
    dac.base.level(&dac.base, 7, 777, 0);
    flush();
    CHECK(model.logged == 5);
    CHECK(logged(0, 7, 777) && logged(1, 1, 0) && logged(2, 4, 0));
    CHECK(logged(3, 0, 65535) && logged(4, 1, 65535));
}

static void what_finds_a_busy_bus_is_written_at_the_next_flush(void)
{
    connect_dac(2);
    dac.base.gates(&dac.base, 0x01, 0, 0);
    flush();
    model.logged = 0;
    model.cr = 0;
    dac.base.level(&dac.base, 5, 55, 0);
    dac.base.gates(&dac.base, 0x03, 0x01, 0); /* 0 still stands and is triggered again */
    flush();
    flush();
    CHECK(model.logged == 0 && dac.late == 0);
    model.cr = 1;
    flush();
    CHECK(model.logged == 4 && dac.late == 3 && dac.lost == 0);
    CHECK(logged(0, 5, 55) && logged(1, 0, 0) && logged(2, 0, 65535) && logged(3, 1, 65535));
    flush();
    CHECK(model.logged == 4 && dac.late == 3);
}

static void a_short_gate_is_seen_even_if_it_ends_while_the_bus_is_busy(void)
{
    connect_dac(2);
    model.cr = 0;
    dac.base.gates(&dac.base, 0x04, 0, 0);
    flush();
    dac.base.gates(&dac.base, 0, 0x04, 0);
    flush();
    model.cr = 1;
    flush();
    CHECK(model.logged == 1 && logged(0, 2, 65535));
    flush();
    CHECK(model.logged == 2 && logged(1, 2, 0));
    CHECK(dac.lost == 0);
}

static void only_a_trigger_that_is_never_seen_is_lost(void)
{
    connect_dac(2);
    model.cr = 0;
    dac.base.gates(&dac.base, 0x01, 0, 0);
    dac.base.gates(&dac.base, 0, 0x01, 0);
    flush();
    dac.base.gates(&dac.base, 0x01, 0, 0); /* the one before never reached the jack */
    CHECK(dac.lost == 1);
    dac.base.level(&dac.base, 3, 1, 0);
    dac.base.level(&dac.base, 3, 2, 0); /* a newer level: nothing is lost */
    dac.base.gates(&dac.base, 0x08, 0, 0);
    dac.base.level(&dac.base, 3, 3, 0); /* takes the trigger's place */
    CHECK(dac.lost == 2);
    model.cr = 1;
    flush();
    CHECK(model.logged == 2 && logged(0, 3, 3) && logged(1, 0, 65535));
    flush();
    CHECK(model.logged == 2 && dac.lost == 2);
    /* A gate whose end found the bus busy still stands when it is triggered again. */
    model.cr = 0;
    dac.base.gates(&dac.base, 0, 0x01, 0);
    flush();
    dac.base.gates(&dac.base, 0x01, 0, 0);
    model.cr = 1;
    flush();
    CHECK(model.logged == 4 && logged(2, 0, 0) && logged(3, 0, 65535) && dac.lost == 2);
}

/* What the clock interrupts, and how often: `more_cuts` more edges follow the first, `gap` accesses
   apart; an edge that finds the bus busy is followed by a tick. */
static uint32_t cuts, more_cuts, gap, delayed;

static void timer_interrupt(void)
{
    uint32_t pins = model.pins;
    flush();
    CHECK(model.pins == pins);
}

static void clock_interrupt(void)
{
    uint32_t pins = model.pins, der = model.der;
    uint32_t fill = model.fill, tcr = fill ? 0 : model.tcr;
    dac.base.level(&dac.base, 1, 0x1234, 0);
    dac.base.level(&dac.base, 6, 0x5678, 0);
    dac.base.gates(&dac.base, 0x80, 0x01, 0);
    flush();
    CHECK(model.pins == pins);
    CHECK(model.der == der);
    CHECK(tcr == 0 || ((model.tcr ^ tcr) & ~CONTC) == 0);
    if (dac.delayed) {
        CHECK(!(model.cr & 1)); /* nothing else makes the bus busy */
        CHECK(model.fill == fill);
        delayed++;
    }
    if (cuts < more_cuts) {
        cuts++;
        model.interrupt_at = model.accesses + gap;
        model.interrupt = clock_interrupt;
    } else if (dac.delayed) {
        model.interrupt_at = model.accesses + gap;
        model.interrupt = timer_interrupt;
    }
}

/* machine.SPI(...): the driver resets the module and sets it up while it is off. */
static void display_setup(void)
{
    const uint32_t lpspi = MODEL_LPSPI;
    reg_write(lpspi + CR, 2);
    reg_write(lpspi + CR, 0);
    reg_write(lpspi + CFGR1, 1);
    reg_write(lpspi + CCR, 0x040404);
    reg_write(lpspi + CR, 1);
    reg_write(lpspi + TCR, TCR_DISPLAY);
    while ((reg_read(lpspi + FSR) & 31) != 0) {
    }
}

/* A transfer to the display as MicroPython's SPI.write makes it: wait for the one before; off, the
   command, on; flush, clear the flags, the command again, the bytes as there is room, wait for the
   end. Python holds the display's select meanwhile. */
static void display_write(const uint8_t *bytes, uint32_t count, uint32_t continuous)
{
    const uint32_t lpspi = MODEL_LPSPI;
    reg_write(MODEL_DR_CLEAR, MODEL_DISPLAY);
    uint32_t patience = 5000;
    while (reg_read(lpspi + SR) & SR_MBF && --patience) {
    }
    CHECK(patience); /* MicroPython would raise here */
    reg_write(lpspi + CR, reg_read(lpspi + CR) & ~1u);
    reg_write(lpspi + TCR, TCR_DISPLAY);
    reg_write(lpspi + CR, reg_read(lpspi + CR) | 1);
    reg_write(lpspi + CR, reg_read(lpspi + CR) | 0x300);
    reg_write(lpspi + SR, 0x3F00);
    uint32_t command = reg_read(lpspi + TCR) & ~(CONT | CONTC | RXMSK);
    reg_write(lpspi + TCR, command | continuous | RXMSK);
    while ((reg_read(lpspi + FSR) & 31) != 0) {
    }
    while (count--) {
        while ((reg_read(lpspi + FSR) & 31) == 16) {
        }
        reg_write(lpspi + TDR, *bytes++);
    }
    if (continuous) {
        while ((reg_read(lpspi + FSR) & 31) == 16) {
        }
        reg_write(lpspi + TCR, reg_read(lpspi + TCR) & ~CONTC);
        while (!(reg_read(lpspi + SR) & SR_TCF)) {
        }
    } else {
        while ((reg_read(lpspi + FSR) & 31) != 0 || reg_read(lpspi + SR) & SR_MBF) {
        }
    }
    reg_write(MODEL_DR_SET, MODEL_DISPLAY);
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
    CHECK(model.received == 0 && dac.delayed == 0);
    CHECK((dac.late != 0) == (delayed != 0));
}

static void interrupt_everywhere(uint32_t continuous)
{
    static const uint32_t speeds[] = {1, 3, 8, 50};
    uint32_t places = 0, found_busy = 0;
    for (uint32_t s = 0; s < 4; s++) {
        for (uint32_t at = 0;; at++) {
            connect_dac(speeds[s]);
            delayed = cuts = 0;
            more_cuts = at % 3;
            gap = at * 7 % 50;
            model.interrupt_at = at;
            model.interrupt = clock_interrupt;
            display_setup();
            display_write(picture, 9, continuous);
            display_write(picture + 9, sizeof picture - 9, continuous);
            if (model.interrupt && model.accesses <= at) {
                break; /* the transfer was over before it came */
            }
            if (dac.delayed) {
                flush(); /* the tick that comes after all of it */
            }
            places++;
            found_busy += delayed;
            check_picture_and_jacks();
            if (check_failed) {
                return;
            }
        }
    }
    CHECK(places > 250);
    CHECK(found_busy > 20);
}

static void the_clock_may_cut_into_a_display_transfer_anywhere(void)
{
    interrupt_everywhere(0);
}

static void the_clock_may_cut_into_a_continuous_transfer_anywhere(void)
{
    interrupt_everywhere(CONT);
}

/* The same with DMA, which keeps filling the FIFO unless it is switched off: the clock waits for
   the words that are in the FIFO and no longer. */
static void the_clock_may_cut_into_dma_anywhere(void)
{
    static uint8_t long_picture[MODEL_BYTES];
    static const uint32_t speeds[] = {2, 16};
    const uint32_t lpspi = MODEL_LPSPI;
    cuts = more_cuts = 0;
    for (uint32_t i = 0; i < MODEL_BYTES; i++) {
        long_picture[i] = (uint8_t)(3 * i + 1);
    }
    for (uint32_t at = 0; at < 600; at++) {
        connect_dac(speeds[at % 2]);
        reg_write(MODEL_DR_CLEAR, MODEL_DISPLAY);
        reg_write(lpspi + TCR, TCR_DISPLAY | CONT | RXMSK);
        model.dma = long_picture;
        model.dma_left = sizeof long_picture;
        reg_write(lpspi + DER, DER_TDDE);
        for (uint32_t i = 0; i < at / 2; i++) {
            reg_read(lpspi + SR);
        }
        uint32_t shown_bits = model.shown_bits;
        dac.base.level(&dac.base, 1, 0x1234, 0);
        flush();
        CHECK(model.shown_bits - shown_bits <= 18 * 8);
        clock_interrupt();
        while ((reg_read(lpspi + FSR) & 31) || model.dma_left) {
        }
        reg_write(lpspi + TCR, TCR_DISPLAY);
        while (reg_read(lpspi + SR) & SR_MBF) {
        }
        reg_write(MODEL_DR_SET, MODEL_DISPLAY);
        CHECK(model.complaint == NULL && dac.late == 0 && model.frames[0] == 3);
        CHECK(model.shown_bits == 8 * sizeof long_picture);
        CHECK(memcmp(model.shown, long_picture, sizeof long_picture) == 0);
        if (check_failed) {
            return;
        }
    }
}

static void a_bus_that_stands_still_is_left_alone(void)
{
    connect_dac(4);
    reg_write(MODEL_DR_CLEAR, MODEL_DISPLAY);
    model.tcr = TCR_DISPLAY; /* a transfer that receives, and nothing reads what it received */
    model.received = 16;
    model.der = 3;
    reg_write(MODEL_LPSPI + TDR, 0x77);
    dac.base.gates(&dac.base, 1, 0, 0);
    flush();
    CHECK(model.der == 3 && model.tcr == TCR_DISPLAY && model.fill == 1);
    CHECK(!(model.pins & MODEL_DISPLAY));
    model.received = 0;
    while (reg_read(MODEL_LPSPI + FSR) & 31 || reg_read(MODEL_LPSPI + SR) & SR_MBF) {
    }
    CHECK(model.shown_bits == 8 && model.shown[0] == 0x77 && model.complaint == NULL);
    flush();
    CHECK(model.code[0] == 65535 && dac.late == 1);
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

static void any_gates_at_once_are_their_pins(void)
{
    static struct gpio gpio;
    static const uint8_t order[] = {5, 0, 7, 2, 3, 6, 1, 4, 2, 7}; /* two get another pin */
    uint32_t pin[8], connected = 0;
    connect_dac(1);
    gpio_init(&gpio, NULL);
    for (uint32_t i = 0; i < sizeof order; i++) {
        pin[order[i]] = 0x10000u << i;
        CHECK(gpio_connect(&gpio, order[i], MODEL_DR_SET, MODEL_DR_CLEAR, 0x10000u << i) == 0);
        connected |= 1u << order[i];
        for (uint32_t set = 0; set < 256; set++) {
            uint32_t wanted = 0;
            for (uint32_t channel = 0; channel < 8; channel++) {
                wanted |= set & connected & 1u << channel ? pin[channel] : 0;
            }
            model.pins = 0;
            gpio.base.gates(&gpio.base, set, 0, 0);
            CHECK(model.pins == wanted);
            gpio.base.gates(&gpio.base, 0, set, 0);
            CHECK(model.pins == 0);
        }
    }
}

static void ports_are_written_once_each(void)
{
    static struct gpio gpio;
    const uint32_t other_set = 0x401C4084;
    connect_dac(1);
    gpio_init(&gpio, &dac.base);
    for (uint32_t channel = 0; channel < 8; channel++) {
        CHECK(gpio_connect(&gpio, channel, MODEL_DR_SET, MODEL_DR_CLEAR, 1u << (16 + channel)) ==
              0);
    }
    CHECK(gpio.ports == 1);
    CHECK(gpio_connect(&gpio, 3, other_set, other_set, 1) == 0);
    CHECK(gpio.ports == 2 && gpio.port[1].channels == 8 && gpio.port[0].channels == 0xF7);
    model.accesses = 0;
    model.interrupt = clock_interrupt; /* never reached; makes the model count */
    gpio.base.gates(&gpio.base, 0xF7, 0, 0);
    CHECK(model.accesses == 1);
    model.interrupt = NULL;
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t more = 0x401C0084 - 0x8000 * i;
        CHECK(gpio_connect(&gpio, i, more, more, 1) == 0);
    }
    CHECK(gpio_connect(&gpio, 0, 0x42000084, 0x42000088, 1) == -1);
}

static void gpio_flushes_its_levels_before_its_gates(void)
{
    static struct gpio gpio;
    connect_dac(1);
    gpio_init(&gpio, NULL);
    CHECK(gpio.base.flush == NULL);
    gpio_use_levels(&gpio, &dac.base);
    CHECK(gpio_connect(&gpio, 0, MODEL_DR_SET, MODEL_DR_CLEAR, 0x10000) == 0);
    gpio.base.level(&gpio.base, 2, 777, 0);
    CHECK(model.code[2] == 0);
    gpio.base.gates(&gpio.base, 1, 0, 0);
    CHECK(model.code[2] == 777 && (model.pins & 0x10000));
    gpio.base.level(&gpio.base, 2, 778, 0);
    gpio.base.flush(&gpio.base, 0);
    CHECK(model.code[2] == 778 && model.complaint == NULL);
}

/* Contacts of a click to the right, (A, B), as the encoder's data sheet draws them. */
static const uint8_t right[4][2] = {{0, 1}, {0, 0}, {1, 0}, {1, 1}};

static void set_contacts(uint32_t a, uint32_t b)
{
    /* Other pins of the ports come and go. */
    model.inputs[0] = (a ? 0x400 : 0) | (model.inputs[0] + 1) % 256;
    model.inputs[1] = (b ? 0x2 : 0) | 0x80000001;
}

static void connect_encoder(struct encoder *encoder)
{
    connect_dac(1);
    memset(encoder, 0, sizeof *encoder);
    encoder_read(encoder); /* not connected: reads nothing */
    set_contacts(1, 1);
    encoder_connect(encoder, MODEL_PSR, 0x400, MODEL_PSR_GPIO4, 0x2);
}

static void an_encoder_counts_four_quarters_a_click(void)
{
    static struct encoder encoder;
    connect_encoder(&encoder);
    for (int32_t quarter = 1; quarter <= 12; quarter++) {
        set_contacts(right[(quarter + 3) % 4][0], right[(quarter + 3) % 4][1]);
        encoder_read(&encoder);
        encoder_read(&encoder);
        CHECK(encoder_turned(&encoder) == quarter);
    }
    for (int32_t quarter = 11; quarter >= -12; quarter--) {
        set_contacts(right[(quarter + 15) % 4][0], right[(quarter + 15) % 4][1]);
        encoder_read(&encoder);
        CHECK(encoder_turned(&encoder) == quarter);
    }
    CHECK(model.complaint == NULL);
}

static void contacts_that_bounce_cancel_out(void)
{
    static struct encoder encoder;
    uint32_t random = 1;
    int32_t place = 0;
    connect_encoder(&encoder);
    for (uint32_t move = 0; move < 500; move++) {
        random = random * 1664525u + 1013904223u;
        int32_t before = place;
        place += random >> 31 ? 1 : -1;
        /* The one contact that changes is read here and there for a while, then it rests. */
        for (uint32_t bounce = random >> 24 & 7; bounce; bounce--) {
            random = random * 1664525u + 1013904223u;
            const uint8_t *read = right[((random >> 30 & 1 ? place : before) + 1003) % 4];
            set_contacts(read[0], read[1]);
            encoder_read(&encoder);
        }
        set_contacts(right[(place + 1003) % 4][0], right[(place + 1003) % 4][1]);
        encoder_read(&encoder);
        CHECK(encoder_turned(&encoder) == place);
    }
}

int main(void)
{
    RUN(a_level_reaches_its_jack);
    RUN(a_frame_is_laid_out_as_the_data_sheet_says);
    RUN(gates_are_two_codes_and_low_comes_first);
    RUN(all_jacks_get_a_safe_code_at_once);
    RUN(a_pitch_stands_before_its_gate_rises);
    RUN(what_finds_a_busy_bus_is_written_at_the_next_flush);
    RUN(a_short_gate_is_seen_even_if_it_ends_while_the_bus_is_busy);
    RUN(only_a_trigger_that_is_never_seen_is_lost);
    RUN(the_clock_may_cut_into_a_display_transfer_anywhere);
    RUN(the_clock_may_cut_into_a_continuous_transfer_anywhere);
    RUN(the_clock_may_cut_into_dma_anywhere);
    RUN(a_bus_that_stands_still_is_left_alone);
    RUN(gates_reach_their_pins_and_no_others);
    RUN(any_gates_at_once_are_their_pins);
    RUN(ports_are_written_once_each);
    RUN(gpio_flushes_its_levels_before_its_gates);
    RUN(an_encoder_counts_four_quarters_a_click);
    RUN(contacts_that_bounce_cancel_out);
    return check_result();
}
