/* A rack that plays to the recorder, for Python's ctypes: no struct is known outside. */
#include <stdlib.h>

#include "fake_tflite.h"
#include "rack.h"
#include "recorder.h"
#include "registers.h"

struct world {
    struct rack rack;
};

struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof *world);
    if (world) {
        rack_init(&world->rack, recorder_start());
    }
    return world;
}

void world_free(struct world *world)
{
    free(world);
}

struct rack *world_rack(struct world *world)
{
    return &world->rack;
}

struct track *world_track(struct world *world, uint32_t index)
{
    return &world->rack.track[index];
}

/* Free with free_block. NULL: model_init refused. */
struct model *world_model(const char *kind, uint8_t latents, uint8_t steps, uint8_t voices,
                          const uint8_t *sizes, uint8_t groups, bool feel)
{
    static struct tflite_decoder decoder;
    fake_decoder(&decoder, kind, latents, steps, voices, sizes, groups);
    decoder.has_feel = feel;
    uint32_t size = model_size(&decoder);
    void *block = size ? aligned_alloc(8, size) : NULL;
    return block ? model_init(block, size, &decoder) : NULL;
}

void free_block(void *block)
{
    free(block);
}

uint32_t world_playing(const struct world *world, uint32_t index, uint8_t *cells)
{
    const struct pattern *pattern = track_playing(&world->rack.track[index]);
    if (!pattern) {
        return 0;
    }
    for (uint32_t i = 0; i < (uint32_t)pattern->steps * pattern->voices; i++) {
        cells[i] = (uint8_t)pattern_cell(pattern, i / pattern->voices, i % pattern->voices);
    }
    return pattern->number;
}

/* Velocities and timings of the cells that play; 0: nothing plays, or it has no feel. */
uint32_t world_feel(const struct world *world, uint32_t index, uint8_t *velocity, int8_t *timing)
{
    const struct pattern *pattern = track_playing(&world->rack.track[index]);
    if (!pattern || !pattern->feel) {
        return 0;
    }
    memcpy(velocity, pattern->velocity, (uint32_t)pattern->steps * pattern->voices);
    memcpy(timing, pattern->timing, (uint32_t)pattern->steps * pattern->voices);
    return pattern->number;
}

/* Clock edges at these times, and ticks every `every_us` from *tick_us on, which is left at the
   next one's time. A tick at the time of an edge comes after it. */
void world_run(struct world *world, const uint32_t *edge_us, uint32_t edges, uint32_t *tick_us,
               uint32_t every_us)
{
    for (; edges; edges--, edge_us++) {
        for (; (int32_t)(*edge_us - *tick_us) > 0; *tick_us += every_us) {
            rack_tick(&world->rack, *tick_us);
        }
        rack_clock(&world->rack, *edge_us);
    }
}

#ifdef REGISTERS_HOOKED
/* No UART is connected here, so nothing is read or written. */
uint32_t reg_read(uintptr_t address)
{
    (void)address;
    return 0;
}

void reg_write(uintptr_t address, uint32_t value)
{
    (void)address;
    (void)value;
}
#endif
