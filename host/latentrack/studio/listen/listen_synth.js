// The sounds: oscillators, noise, filters and envelopes, no recording of anything.
//
// Everything is built for a time in the future of any audio context, also one that renders into
// memory, and is exact to the sample.

const NOISE_SECONDS = 2;
const MOST_NOTES = 8;
// Frequencies without a common measure, as of a struck plate; after the square waves of early
// drum machines.
const METAL = [2.0, 3.0, 4.16, 5.43, 6.79, 8.21];

export class Synth {
  // Sounds come out of `out`, an AudioNode of `context`.
  constructor(context, out) {
    this.context = context;
    this.out = out;
    this.noise = noiseOf(context);
    this.notes = [];
    this.openHat = null;
  }

  // velocity: 1 to 127.  time: of the context, in seconds.  seconds: until the next step.
  play(sound, hertz, velocity, time, seconds) {
    const level = (velocity / 127) ** 1.5;
    const make = SOUNDS[sound] ?? SOUNDS.block;
    make(this, { time, level, hertz: hertz || 1000, seconds });
  }

  // A gain that begins at `level` (or rises to it within `attack`), and has fallen by 60 dB after
  // `decay` seconds.
  envelope({ time, level }, share, decay, attack = 0) {
    const node = this.context.createGain();
    const top = Math.max(level * share, 1e-5);
    if (attack) {
      node.gain.setValueAtTime(top * 0.01, time);
      node.gain.linearRampToValueAtTime(top, time + attack);
    } else {
      node.gain.setValueAtTime(top, time);
    }
    node.gain.exponentialRampToValueAtTime(top * 0.001, time + attack + decay);
    node.connect(this.out);
    return node;
  }

  filter(type, hertz, q, into) {
    const node = this.context.createBiquadFilter();
    node.type = type;
    node.frequency.value = hertz;
    node.Q.value = q;
    node.connect(into);
    return node;
  }

  tone(type, hertz, time, seconds, into) {
    const node = this.context.createOscillator();
    node.type = type;
    node.frequency.setValueAtTime(hertz, time);
    run(node, time, seconds, into);
    return node;
  }

  hiss(time, seconds, into) {
    const node = this.context.createBufferSource();
    node.buffer = this.noise;
    node.loop = true;
    run(node, time, seconds, into);
    return node;
  }

  // A tone that falls from one frequency to another, as a drum skin's does.
  drop(at, share, from, to, fall, decay) {
    const tone = this.tone("sine", from, at.time, decay, this.envelope(at, share, decay));
    tone.frequency.exponentialRampToValueAtTime(to, at.time + fall);
  }

  burst(at, share, type, hertz, q, decay, attack = 0) {
    const into = this.filter(type, hertz, q, this.envelope(at, share, decay, attack));
    this.hiss(at.time, attack + decay, into);
  }

  metal(at, share, hertz, above, decay) {
    const into = this.filter("highpass", above, 0.7, this.envelope(at, share, decay));
    for (const ratio of METAL) this.tone("square", hertz * ratio, at.time, decay, into);
  }

  // A hi-hat that closes ends the open one.
  hat(at, decay, open = false) {
    if (this.openHat) {
      this.openHat.gain.cancelScheduledValues(at.time);
      this.openHat.gain.setTargetAtTime(0, at.time, 0.008);
      this.openHat = null;
    }
    const end = this.envelope(at, 0.5, decay);
    this.hiss(at.time, decay, this.filter("highpass", 7500, 0.9, end));
    if (open) this.openHat = end;
  }

  // Two oscillators a little out of tune, a filter that closes, no more than a few at once.
  note(at) {
    const hold = Math.max(at.seconds * 0.9, 0.06);
    const release = 0.12;
    const end = this.context.createGain();
    const top = at.level * 0.22;
    end.gain.setValueAtTime(0, at.time);
    end.gain.linearRampToValueAtTime(top, at.time + 0.006);
    end.gain.exponentialRampToValueAtTime(top * 0.6, at.time + Math.max(hold, 0.05));
    end.gain.setTargetAtTime(0, at.time + hold, release / 4);
    end.connect(this.out);
    const filter = this.filter("lowpass", 1, 1.2, end);
    const ceiling = this.context.sampleRate / 2.2;
    const bright = Math.min(at.hertz * (3 + 6 * at.level), ceiling);
    filter.frequency.setValueAtTime(bright, at.time);
    filter.frequency.exponentialRampToValueAtTime(Math.min(at.hertz * 2, ceiling), at.time + 0.25);
    const length = hold + release;
    this.tone("sawtooth", at.hertz, at.time, length, filter).detune.value = -5;
    this.tone("square", at.hertz, at.time, length, filter).detune.value = 5;
    this.notes = this.notes.filter((note) => note.until > at.time);
    this.notes.push({ end, until: at.time + length });
    while (this.notes.length > MOST_NOTES) {
      const oldest = this.notes.shift();
      oldest.end.gain.cancelScheduledValues(at.time);
      oldest.end.gain.setTargetAtTime(0, at.time, 0.005);
    }
  }

  pluck(at) {
    const decay = 0.3;
    const end = this.envelope(at, 0.5, decay);
    const filter = this.filter("lowpass", 1, 2, end);
    const ceiling = this.context.sampleRate / 2.2;
    filter.frequency.setValueAtTime(Math.min(at.hertz * 10, ceiling), at.time);
    filter.frequency.exponentialRampToValueAtTime(Math.min(at.hertz * 1.5, ceiling), at.time + 0.1);
    this.tone("triangle", at.hertz, at.time, decay, filter);
    this.tone("square", at.hertz * 2.005, at.time, decay / 2, filter);
    this.burst(at, 0.15, "bandpass", 2500, 1, 0.02);
  }
}

export const SOUNDS = {
  kick(synth, at) {
    synth.drop(at, 1.0, 170, 48, 0.09, 0.38);
    synth.burst(at, 0.12, "lowpass", 1500, 0.7, 0.012);
  },
  snare(synth, at) {
    synth.drop(at, 0.45, 230, 180, 0.04, 0.14);
    synth.burst(at, 0.9, "bandpass", 3600, 0.5, 0.2);
  },
  rim(synth, at) {
    synth.tone("triangle", 1700, at.time, 0.04, synth.envelope(at, 0.5, 0.04));
    synth.burst(at, 0.5, "bandpass", 2600, 3, 0.03);
  },
  clap(synth, at) {
    for (const [late, decay] of [[0, 0.02], [0.011, 0.02], [0.023, 0.18]]) {
      synth.burst({ ...at, time: at.time + late }, 1.1, "bandpass", 1300, 2, decay);
    }
  },
  "closed hat": (synth, at) => synth.hat(at, 0.06),
  "pedal hat": (synth, at) => synth.hat(at, 0.1),
  "open hat": (synth, at) => synth.hat(at, 0.5, true),
  tom: (synth, at) => synth.drop(at, 0.9, at.hertz * 1.7, at.hertz, 0.07, 0.35),
  conga(synth, at) {
    synth.drop(at, 0.7, at.hertz * 1.2, at.hertz, 0.03, 0.2);
    synth.burst(at, 0.12, "bandpass", 1800, 1, 0.015);
  },
  ride(synth, at) {
    synth.metal(at, 0.14, 760, 5200, 0.9);
    synth.burst(at, 0.2, "highpass", 8000, 0.7, 0.4);
  },
  crash(synth, at) {
    synth.burst(at, 0.45, "highpass", 4200, 0.7, 1.5);
    synth.metal(at, 0.08, 610, 4800, 1.1);
  },
  splash: (synth, at) => synth.burst(at, 0.5, "highpass", 5000, 0.7, 0.5),
  bell(synth, at) {
    const into = synth.filter("bandpass", at.hertz * 1.3, 2, synth.envelope(at, 0.5, 0.3));
    synth.tone("square", at.hertz, at.time, 0.3, into);
    synth.tone("square", at.hertz * 1.48, at.time, 0.3, into);
  },
  block: (synth, at) =>
    synth.tone("triangle", at.hertz, at.time, 0.08, synth.envelope(at, 0.6, 0.08)),
  shaker: (synth, at) => synth.burst(at, 0.5, "bandpass", 6800, 1.2, 0.08, 0.008),
  triangle(synth, at) {
    const into = synth.envelope(at, 0.2, 0.8);
    for (const hertz of [4100, 6370, 9230]) synth.tone("sine", hertz, at.time, 0.8, into);
  },
  pluck: (synth, at) => synth.pluck(at),
  note: (synth, at) => synth.note(at),
};

// What stands between the sounds and the ear: a volume, and a compressor that keeps a loud bar
// from being cut off. The last node is not connected to anything yet.
export function master(context, volume) {
  const input = context.createGain();
  input.gain.value = volume;
  const output = context.createDynamicsCompressor();
  output.threshold.value = -12;
  output.ratio.value = 6;
  output.knee.value = 12;
  output.attack.value = 0.004;
  output.release.value = 0.15;
  input.connect(output);
  return { input, output };
}

// Renders hits [sound, hertz, velocity, time, seconds] into memory: one channel of samples.
// Without the master the samples are exactly where they belong: a compressor looks ahead.
export async function render(hits, seconds, { rate = 48000, mastered = false } = {}) {
  const context = new OfflineAudioContext(1, Math.ceil(seconds * rate), rate);
  let into = context.destination;
  if (mastered) {
    const chain = master(context, 1);
    chain.output.connect(context.destination);
    into = chain.input;
  }
  const synth = new Synth(context, into);
  for (const hit of hits) synth.play(...hit);
  return (await context.startRendering()).getChannelData(0);
}

function run(node, time, seconds, into) {
  node.connect(into);
  node.start(time);
  node.stop(time + seconds);
}

// The same noise each time: a sound that is rendered twice is the same.
function noiseOf(context) {
  const buffer = context.createBuffer(1, NOISE_SECONDS * context.sampleRate, context.sampleRate);
  const samples = buffer.getChannelData(0);
  let state = 22222;
  for (let i = 0; i < samples.length; i++) {
    // Park and Miller's generator, "Random number generators: good ones are hard to find", 1988.
    state = (state * 48271) % 2147483647;
    samples[i] = (state / 2147483647) * 2 - 1;
  }
  return buffer;
}
