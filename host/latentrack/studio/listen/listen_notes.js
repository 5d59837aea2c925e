// The notes: a synthesiser of two saws, a bass, and a plucked string.

import { dice } from "listen_dice";

const STRING_SECONDS = 1.6;
const MOST_STRINGS = 128; // kept, so that a string is not computed for each hit

export const NOTES = {
  // Two oscillators a little out of tune, a filter that closes.
  note(synth, at) {
    const { end, length } = held(synth, at, 0.2, 0.6, 0.14);
    const filter = synth.filter("lowpass", 1, 1.1, end);
    const bright = at.hertz * (2.5 + 8 * at.force);
    closes(synth, filter, at.time, bright, at.hertz * (1.6 + 1.2 * at.force), 0.3);
    synth.tone("sawtooth", at.hertz, at.time, length, filter).detune.value = -5;
    synth.tone("square", at.hertz, at.time, length, filter).detune.value = 5;
  },
  // A saw and its octave below, and a filter that opens the wider the harder the note is struck.
  bass(synth, at) {
    const { end, length } = held(synth, at, 0.34, 0.7, 0.08);
    const filter = synth.filter("lowpass", 1, 2 + 3 * at.force, end);
    closes(synth, filter, at.time, 220 + 2600 * at.force ** 1.5, 170 + 260 * at.force, 0.18);
    synth.tone("sawtooth", at.hertz, at.time, length, filter);
    const below = synth.context.createGain();
    below.gain.value = 0.5;
    below.connect(end);
    synth.tone("sine", at.hertz, at.time, length, below);
  },
  pluck(synth, at) {
    const end = synth.context.createGain();
    const length = Math.min(Math.max(at.seconds * 1.5, 0.5), STRING_SECONDS);
    end.gain.setValueAtTime(at.level * 0.7, at.time);
    end.gain.setTargetAtTime(0, at.time + length - 0.12, 0.03);
    end.connect(at.gate);
    const filter = synth.filter("lowpass", Math.max(900 * 14 ** at.force, 3 * at.hertz), 0.5, end);
    const node = synth.context.createBufferSource();
    node.buffer = stringOf(synth, at.hertz);
    node.connect(filter);
    node.start(at.time);
    node.stop(at.time + length);
    synth.hold(at, at.time + length);
  },
};

// The envelope of a note that is held: it rises at once, falls to `rest` of its top while it is
// held, and ends within `release` seconds.
function held(synth, at, share, rest, release) {
  const hold = Math.max(at.seconds * 0.9, 0.06);
  const length = hold + release;
  const end = synth.context.createGain();
  const top = at.level * share;
  end.gain.setValueAtTime(0, at.time);
  end.gain.linearRampToValueAtTime(top, at.time + 0.005);
  end.gain.exponentialRampToValueAtTime(top * rest, at.time + Math.max(Math.min(hold, 0.4), 0.05));
  end.gain.setTargetAtTime(0, at.time + hold, release / 5);
  end.connect(at.gate);
  synth.hold(at, at.time + length);
  return { end, length };
}

function closes(synth, filter, time, from, to, seconds) {
  filter.frequency.setValueAtTime(Math.min(from, synth.ceiling), time);
  filter.frequency.exponentialRampToValueAtTime(Math.min(to, synth.ceiling), time + seconds);
}

// A plucked string after Karplus and Strong, "Digital synthesis of plucked-string and drum
// timbres", 1983, tuned as in Jaffe and Smith's extension of it.
function stringOf(synth, hertz) {
  const key = hertz.toFixed(2);
  if (!synth.plucked.has(key)) {
    if (synth.plucked.size >= MOST_STRINGS) synth.plucked.clear();
    synth.plucked.set(key, plucked(synth.context, hertz));
  }
  return synth.plucked.get(key);
}

function plucked(context, hertz) {
  const rate = context.sampleRate;
  const buffer = context.createBuffer(1, Math.ceil(STRING_SECONDS * rate), rate);
  const samples = buffer.getChannelData(0);
  // The average of two samples delays by half a sample, the all-pass by what is left of a period.
  const period = rate / Math.min(hertz, rate / 8) - 0.5;
  const length = Math.floor(period - 0.3);
  const rest = period - length;
  const tuning = (1 - rest) / (1 + rest);
  const loss = 0.001 ** (1 / (Math.min(hertz, 4000) * 1.4)); // falls by 60 dB in about 1.4 s
  const line = new Float32Array(length);
  let mean = 0;
  for (let i = 0, next = dice(); i < length; i++) mean += (line[i] = next()) / length;
  for (let i = 0; i < length; i++) line[i] -= mean;
  let [at, before, came, went] = [0, 0, 0, 0];
  let most = 0;
  for (let i = 0; i < samples.length; i++) {
    const now = line[at];
    const soft = (loss * (now + before)) / 2;
    before = now;
    went = tuning * (soft - went) + came;
    came = soft;
    line[at] = went;
    at = at + 1 === length ? 0 : at + 1;
    samples[i] = now;
    most = Math.max(most, Math.abs(now));
  }
  for (let i = 0; i < samples.length; i++) samples[i] /= most;
  return buffer;
}
