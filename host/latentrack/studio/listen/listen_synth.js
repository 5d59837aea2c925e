// The parts that sounds are made of: oscillators, noise, filters and envelopes, no recordings.
//
// Everything is built for a time in the future of any audio context, also one that renders into
// memory, and is exact to the sample.  `at` is a hit: time and seconds (until the next step, or as
// long as a note is held) in seconds, hertz, force 0 to 1, level (the force as a gain).

import { dice } from "listen_dice";
import { DRUMS } from "listen_drums";
import { NOTES } from "listen_notes";
import { master, room } from "listen_master";

const NOISE_SECONDS = 2;
const MOST_NOTES = 8;
const KEPT_SECONDS = 8; // of hits that another may end
// How much of a sound goes to the room, and where it stands, -1 (left) to 1.
const PLACES = {
  kick: [0.03, 0], snare: [0.3, 0], rim: [0.25, -0.15], clap: [0.4, 0.05],
  "closed hat": [0.1, 0.22], "pedal hat": [0.1, 0.22], "open hat": [0.16, 0.22],
  tom: [0.3, 0], conga: [0.25, -0.2], ride: [0.2, 0.3], crash: [0.35, -0.3],
  splash: [0.3, -0.25], bell: [0.2, 0.15], block: [0.25, -0.2], shaker: [0.15, -0.3],
  triangle: [0.35, 0.3], note: [0.35, 0], bass: [0.02, 0], pluck: [0.4, 0],
};
const ELSEWHERE = [0.2, 0];

export const SOUNDS = { ...DRUMS, ...NOTES };

export class Synth {
  // Sounds come out of `out`, and as much of them as the room gets out of `send`: two AudioNodes
  // of `context`; null: there is no room.  samples: sounds of one's own by name, AudioBuffers.
  constructor(context, out, send = null, samples = new Map()) {
    this.context = context;
    this.out = out;
    this.send = send;
    this.samples = samples;
    this.noise = noiseOf(context);
    this.ceiling = context.sampleRate / 2.2;
    this.strips = new Map();
    this.sounding = new Map(); // what another hit may end, by name
    this.notes = [];
    this.plucked = new Map();
  }

  // velocity: 1 to 127.  time: of the context, in seconds.  seconds: until the next step, or as
  // long as a note is held.  Returns the hit's gate, an AudioNode with a gain that ends it.
  play(sound, hertz, velocity, time, seconds) {
    const force = Math.min(Math.max(velocity / 127, 0), 1);
    const own = this.samples.get(sound);
    const name = own || sound in SOUNDS ? sound : "block";
    const gate = this.context.createGain();
    gate.connect(this.strip(name));
    const at = { time, force, level: force ** 1.5, hertz: hertz || 1000, seconds, gate };
    if (own) this.sample(at, name, own);
    else SOUNDS[name](this, at);
    return gate;
  }

  // What all hits of a sound go through: where it stands, and its way to the room.
  strip(sound) {
    if (!this.strips.has(sound)) {
      const [share, side] = PLACES[sound] ?? ELSEWHERE;
      const strip = this.context.createGain();
      let end = strip;
      if (side) {
        end = this.context.createStereoPanner();
        end.pan.value = side;
        strip.connect(end);
      }
      end.connect(this.out);
      if (this.send) {
        const send = this.context.createGain();
        send.gain.value = share;
        end.connect(send);
        send.connect(this.send);
      }
      this.strips.set(sound, strip);
    }
    return this.strips.get(sound);
  }

  // A gain that begins at `share` of the hit's level (or rises to it within `attack` seconds), and
  // has fallen by 60 dB after `decay` seconds.
  envelope(at, share, decay, attack = 0) {
    const node = this.context.createGain();
    const top = Math.max(at.level * share, 1e-5);
    if (attack) {
      node.gain.setValueAtTime(top * 0.01, at.time);
      node.gain.linearRampToValueAtTime(top, at.time + attack);
    } else {
      node.gain.setValueAtTime(top, at.time);
    }
    node.gain.exponentialRampToValueAtTime(top * 0.001, at.time + attack + decay);
    node.connect(at.gate);
    return node;
  }

  filter(type, hertz, q, into) {
    const node = this.context.createBiquadFilter();
    node.type = type;
    node.frequency.value = Math.min(hertz, this.ceiling);
    node.Q.value = q;
    node.connect(into);
    return node;
  }

  tone(type, hertz, time, seconds, into) {
    const node = this.context.createOscillator();
    node.type = type;
    node.frequency.setValueAtTime(Math.min(hertz, this.ceiling), time);
    run(node, time, seconds, into);
    return node;
  }

  // The same noise from another place for each hit: hits that are exactly alike sound like a
  // machine gun.
  hiss(time, seconds, into) {
    const node = this.context.createBufferSource();
    node.buffer = this.noise;
    node.loop = true;
    node.connect(into);
    node.start(time, (time * 7.31) % (NOISE_SECONDS / 2));
    node.stop(time + seconds);
    return node;
  }

  // A tone that falls from one frequency to another, as a drum skin's does.
  drop(at, share, from, to, fall, decay, attack = 0) {
    const into = this.envelope(at, share, decay, attack);
    const tone = this.tone("sine", from, at.time, attack + decay, into);
    tone.frequency.exponentialRampToValueAtTime(to, at.time + fall);
    return into;
  }

  burst(at, share, type, hertz, q, decay, attack = 0) {
    const into = this.envelope(at, share, decay, attack);
    this.hiss(at.time, attack + decay, this.filter(type, hertz, q, into));
    return into;
  }

  // Square waves at frequencies without a common measure, as of a struck plate.
  metal(at, share, all, above, decay) {
    const into = this.envelope(at, share / all.length, decay);
    const filter = this.filter("highpass", above, 0.7, into);
    for (const hertz of all) this.tone("square", hertz, at.time, decay, filter);
    return into;
  }

  // A hit ends the one before it of the same name, and is ended by the one after it. (Hits are not
  // always told of in the order in which they sound.)
  choke(name, { time, gate }) {
    const all = (this.sounding.get(name) ?? []).filter((each) => each.time > time - KEPT_SECONDS);
    for (const other of all) {
      if (other.time <= time) end(other.gate, time, 0.006);
      else end(gate, other.time, 0.006);
    }
    this.sounding.set(name, [...all, { time, gate }]);
  }

  // No more than a few notes at once: the oldest gives way.  until: when the note has ended.
  hold({ time, gate }, until) {
    this.notes = this.notes.filter((note) => note.until > time);
    this.notes.push({ gate, until });
    while (this.notes.length > MOST_NOTES) end(this.notes.shift().gate, time, 0.005);
  }

  // A sound of one's own: softer hits are darker, and a hit ends the one before it.
  sample(at, name, buffer) {
    const level = this.context.createGain();
    level.gain.setValueAtTime(at.level, at.time);
    level.connect(at.gate);
    const filter = this.filter("lowpass", 1500 * 14 ** at.force, 0.5, level);
    const node = this.context.createBufferSource();
    node.buffer = buffer;
    run(node, at.time, buffer.duration, filter);
    this.choke(name, at);
  }
}

// Renders hits [sound, hertz, velocity, time, seconds] into memory: one channel of samples, or two
// after one another.  Without the master the samples are exactly where they belong: a compressor
// looks ahead.  reverb: 0 to 1, how much of the room is heard with the master.
export async function render(hits, seconds, options = {}) {
  const { rate = 48000, mastered = false, reverb = 0, channels = 1 } = options;
  const context = new OfflineAudioContext(channels, Math.ceil(seconds * rate), rate);
  let into = context.destination;
  let send = null;
  if (mastered) {
    const chain = master(context, 1);
    chain.output.connect(context.destination);
    into = chain.input;
    if (reverb) send = room(context, chain.input, reverb).input;
  }
  const synth = new Synth(context, into, send);
  for (const hit of hits) synth.play(...hit);
  const made = await context.startRendering();
  if (channels === 1) return made.getChannelData(0);
  const both = new Float32Array(2 * made.length);
  both.set(made.getChannelData(0));
  both.set(made.getChannelData(1), made.length);
  return both;
}

function run(node, time, seconds, into) {
  node.connect(into);
  node.start(time);
  node.stop(time + seconds);
}

function end(gate, time, within) {
  gate.gain.setTargetAtTime(0, time, within);
}

// The same noise each time: a sound that is rendered twice is the same.
function noiseOf(context) {
  const buffer = context.createBuffer(1, NOISE_SECONDS * context.sampleRate, context.sampleRate);
  const samples = buffer.getChannelData(0);
  for (let i = 0, next = dice(); i < samples.length; i++) samples[i] = next();
  return buffer;
}
