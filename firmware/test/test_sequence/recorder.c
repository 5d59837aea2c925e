/* See recorder.h. */
#ifndef REGISTERS_HOOKED
#define REGISTERS_HOOKED
#endif
#include "recorder.h"

#include "registers.h"

#define RECORDS 65536u

static struct record ring[RECORDS];
static uint32_t written, taken;
static struct outputs recorder;

static void put(uint32_t time_us, uint32_t what)
{
    ring[written++ % RECORDS] = (struct record){time_us, what};
}

static void record_gates(struct outputs *self, uint32_t set, uint32_t clear, uint32_t now_us)
{
    (void)self;
    put(now_us, (uint32_t)RECORD_GATES << 24 | clear << 8 | set);
}

static void record_level(struct outputs *self, uint32_t channel, uint16_t code, uint32_t now_us)
{
    (void)self;
    put(now_us, (uint32_t)RECORD_LEVEL << 24 | channel << 16 | code);
}

void reg_trace(uint32_t track, uint32_t step)
{
    put(0, (uint32_t)RECORD_STEP << 24 | track << 16 | step);
}

struct outputs *recorder_start(void)
{
    recorder = (struct outputs){.gates = record_gates, .level = record_level};
    taken = written;
    return &recorder;
}

uint32_t recorder_read(struct record *records, uint32_t count)
{
    uint32_t copied = 0;
    while (copied < count && taken != written) {
        records[copied++] = ring[taken++ % RECORDS];
    }
    return copied;
}
