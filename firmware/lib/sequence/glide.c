/* See glide.h. */
#include "glide.h"

#include <stdatomic.h>
#include <string.h>

/* Parts of the way, few enough for 32 bits: GLIDE_LONGEST_US times this. */
#define PARTS 4096u

static uint16_t position(const struct glide *glide, uint32_t channel, uint32_t now_us)
{
    uint32_t gone = now_us - glide->begun_us[channel];
    uint32_t takes = glide->takes_us[channel];
    int32_t way = glide->to[channel] - glide->from[channel];
    if ((int32_t)gone < 0) { /* a tick that an edge came before, with an earlier time */
        return glide->from[channel];
    }
    if (gone >= takes) {
        return glide->to[channel];
    }
    return (uint16_t)(glide->from[channel] +
                      way * (int32_t)(gone * PARTS / takes) / (int32_t)PARTS);
}

static uint32_t slew_of(const struct glide *glide, uint32_t channel)
{
    return atomic_load_explicit(&glide->slew_us[channel], memory_order_relaxed);
}

static void glide_level(struct outputs *self, uint32_t channel, uint16_t code, uint32_t now_us)
{
    struct glide *glide = (struct glide *)self;
    uint32_t bit = 1u << channel;
    uint32_t slew = slew_of(glide, channel);
    if (!slew || !(glide->known & bit)) {
        glide->known |= bit;
        glide->moving &= ~bit;
        glide->at[channel] = code;
        glide->next->level(glide->next, channel, code, now_us);
        return;
    }
    if (glide->moving & bit) {
        if (glide->to[channel] == code) {
            return; /* it is on its way there */
        }
        glide->at[channel] = position(glide, channel, now_us);
    }
    glide->from[channel] = glide->at[channel];
    glide->to[channel] = code;
    glide->begun_us[channel] = now_us;
    glide->takes_us[channel] = slew;
    glide->moving |= bit;
}

static void glide_gates(struct outputs *self, uint32_t set, uint32_t clear, uint32_t now_us)
{
    struct glide *glide = (struct glide *)self;
    glide->known &= ~(set | clear);
    glide->moving &= ~(set | clear);
    glide->next->gates(glide->next, set, clear, now_us);
}

static void glide_flush(struct outputs *self, uint32_t now_us)
{
    struct glide *glide = (struct glide *)self;
    for (uint32_t moving = glide->moving; moving; moving &= moving - 1) {
        uint32_t channel = (uint32_t)__builtin_ctz(moving);
        if (!slew_of(glide, channel)) {
            glide->takes_us[channel] = 0;
        }
        uint16_t code = position(glide, channel, now_us);
        if (now_us - glide->begun_us[channel] >= glide->takes_us[channel] &&
            code == glide->to[channel]) {
            glide->moving ^= 1u << channel;
        }
        if (code != glide->at[channel] || !(glide->moving >> channel & 1)) {
            glide->at[channel] = code;
            glide->next->level(glide->next, channel, code, now_us);
        }
    }
    outputs_flush(glide->next, now_us);
}

void glide_init(struct glide *glide)
{
    memset(glide, 0, sizeof *glide);
    glide->base.gates = glide_gates;
    glide->base.level = glide_level;
    glide->base.flush = glide_flush;
}

int glide_set(struct glide *glide, struct outputs **outputs, uint32_t channel, uint32_t us)
{
    if (channel >= OUTPUT_CHANNELS || us > GLIDE_LONGEST_US) {
        return -1;
    }
    atomic_store_explicit(&glide->slew_us[channel], us, memory_order_relaxed);
    if (us && *outputs != &glide->base) {
        glide->next = *outputs;
        /* An interrupt that finds one of them at one call and the other at the next writes to the
           same jacks. */
        __atomic_store_n(outputs, &glide->base, __ATOMIC_RELEASE);
    }
    return 0;
}
