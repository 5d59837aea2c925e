/* The virtual board's channel between a writer and a reader, for ThreadSanitizer.
 *
 * The writer numbers its records in the time and repeats a scramble of the number in the gates; the
 * reader must see numbers that only rise, each with its scramble, and together with `lost` all.
 *
 * usage: channel RECORDS
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "channel.h"

static struct channel channel;
static struct channel_record ring[64];
static atomic_uint done;
static uint32_t count;

static uint32_t scramble(uint32_t number)
{
    return (number * 2654435761u) >> 24;
}

static void *write_records(void *unused)
{
    for (uint32_t i = 0; i < count; i++) {
        channel.base.gates(&channel.base, scramble(i), scramble(~i), i);
        /* By turns a thousand at the reader's pace and a hundred at full speed. */
        while (i % 1100 < 1000 && atomic_load(&channel.head) - atomic_load(&channel.tail) > 40) {
            sched_yield();
        }
    }
    atomic_store(&done, 1);
    return unused;
}

int main(int argc, char **argv)
{
    struct channel_record got[10];
    uint32_t next = 0, seen = 0, wrong = 0;
    pthread_t thread;

    count = argc > 1 ? (uint32_t)atoi(argv[1]) : 1000;
    channel_init(&channel, ring, 64);
    pthread_create(&thread, NULL, write_records, NULL);
    for (;;) {
        uint32_t last = atomic_load(&done);
        uint32_t taken = channel_read(&channel, got, 10);
        for (uint32_t i = 0; i < taken; i++) {
            uint32_t number = got[i].time_us;
            wrong += number < next || got[i].what != (scramble(~number) << 8 | scramble(number));
            next = number + 1;
        }
        seen += taken;
        if (last && !taken) {
            break;
        }
    }
    pthread_join(thread, NULL);
    wrong += seen + atomic_load(&channel.lost) != count;
    printf("%u seen, %u lost, %u wrong\n", seen, atomic_load(&channel.lost), wrong);
    return wrong != 0 || seen < count / 2;
}
