/* Clock edges that do not come from the jack, steps between edges, and the clock for others.
 *
 * Source. An edge at the jack (rack_jack) is played while RACK_SOURCE is SOURCE_JACK; edges of MIDI
 * and of the own clock (rack_clock) while theirs is.
 *
 * Run gate. While it is low (rack_gate) no edge is played, whatever its source; steps and hits that
 * have been laid out play. When it rises tracks go on where they were. An edge at the jack that
 * came up to GATE_WINDOW_US before is played then, with its own time: clock and gate may rise
 * together.
 *
 * Own clock. With SOURCE_OWN, and while RACK_RUN is 1, an edge is due four times a beat of
 * RACK_TEMPO; the first at the tick that finds it switched on. rack_tick plays what is due, one
 * edge a tick, with the time at which it was due: what is laid out by it is exact, and it is heard
 * less than a tick late. Another tempo holds from the next edge on. Edges that are a second
 * late are not made up for: it goes on from there.
 *
 * Steps between edges. With MULTIPLY m a track plays m steps for one that its division has: one at
 * the edge and m - 1 more, evenly over the step's length as it is predicted (rack.h), at the
 * nearest tick. For all else a step is then the m-th part. What has not been played by the next
 * edge that is due is passed over: the position moves on, so the track is never out of phase. The
 * same where the length is not known. A pause and a reset end them; when the clock stops they play
 * to their end.
 *
 * Lost edges. With RACK_BRIDGE n, if an edge has not come at the jack by 1/8 of the predicted
 * interval after its time, rack_tick plays it, with the time at which it was due; at most n in a
 * row, and from the third edge on. An edge at the jack within half an interval behind such a time
 * is that edge: it is not played, and its time counts.
 *
 * Outputs. A channel of RACK_OUTS carries a clock (1 to 255: an edge of so many, counted from the
 * reset, also in a pause), a reset (OUT_RESET: the first edge after one) or whether it runs
 * (OUT_RUN: high while edges come that are played). Their gates are OUT_GATE_US long, at most half
 * an interval. A track that triggers such a channel makes a gate there as ever.
 */
#ifndef LATENTRACK_TEMPO_H
#define LATENTRACK_TEMPO_H

#include "rack.h"

#define OUT_GATE_US 10000u
#define GATE_WINDOW_US 2000u

/* From rack_tick, masked: edges of the own clock and those that were lost. */
void tempo_tick(struct rack *rack, uint32_t now_us);

/* The tracks whose next step between edges is due, one bit each. */
uint32_t tempo_steps_due(const struct rack *rack, uint32_t now_us);

/* When a track's next step between edges is due. */
uint32_t tempo_step_us(const struct track *track);

/* At an edge that is a step's: what has not been played of the step before is passed over, and the
   steps that follow this edge are laid out. */
void tempo_begin_steps(struct rack *rack, uint32_t index);

/* Moves a track on by a step that is not heard. */
void tempo_pass_over(struct track *track);

/* At an edge: the channels of clocks and resets that are due. */
uint32_t tempo_outs_due(const struct rack *rack);

/* When their gates end. */
void tempo_end_outs(struct rack *rack, uint32_t channels, uint32_t now_us);

/* From rack_tick, masked: channels that say whether it runs. */
void tempo_run_outs(struct rack *rack, uint32_t now_us);

#endif
