/* See fit.h. */
#include "fit.h"

/* The margin of a group is how far its loudest voice is above its cut-off. The loss is 0 for a
   group that is right by LEAST_MARGIN and more, and grows with how far it is from there, up to
   MOST_MARGIN: what is hopeless must not outweigh what can be mended. */
#define LEAST_MARGIN 0.1f
#define MOST_MARGIN 6.0f

static void fit_step(struct fit *fit, const float *scores, const float *cutoffs,
                     const uint8_t *groups, uint32_t voices, uint32_t bar)
{
    float margin[FIT_GROUPS];
    uint32_t judged = 0, sounds = 0;
    for (uint32_t voice = 0; voice < voices; voice++) {
        uint32_t group = groups[voice];
        float above = scores[voice] - atomic_load_float(&cutoffs[voice]);
        if (group < FIT_GROUPS && (!(judged >> group & 1) || above > margin[group])) {
            margin[group] = above;
            judged |= 1u << group;
        }
    }
    for (uint32_t rest = judged; rest; rest &= rest - 1) {
        uint32_t group = (uint32_t)__builtin_ctz(rest);
        float above = margin[group];
        sounds |= (uint32_t)(above > 0) << group;
        float missing = LEAST_MARGIN - (bar >> group & 1 ? above : -above);
        if (missing > 0) {
            fit->loss += missing < MOST_MARGIN ? missing : MOST_MARGIN;
        }
    }
    fit->wrong += ((sounds ^ bar) & judged) != 0;
}

void fit_position(struct fit *fit, const struct model *model, const float *position,
                  const uint8_t *groups, const uint8_t *bar)
{
    struct blend blend;
    uint32_t steps = model->decoder.steps, voices = model->decoder.voices;
    blend_open(&blend, model, 0, position);
    const float *cutoffs = blend_cutoffs(&blend);
    fit->loss = 0;
    fit->wrong = 0;
    for (uint32_t first = 0; first < steps; first += blend_batch(&blend)) {
        uint32_t count = steps - first < blend_batch(&blend) ? steps - first : blend_batch(&blend);
        const float *scores = blend_scores(&blend, first, count);
        for (uint32_t i = 0; i < count; i++) {
            fit_step(fit, scores + i * voices, cutoffs, groups, voices, bar[first + i]);
        }
    }
}
