// The sound of this browser tab: hits come with the server's time of their sounding, and sound at
// that time, to the sample, whatever the page is doing.

import { master, room } from "listen_master";
import { Synth, render } from "listen_synth";

const KEPT_EXCHANGES = 15;
const KEPT_GLANCES = 24;
// Clocks drift apart, and are seen unsteadily. So what is known of one moves by this much a step
// at the most, which nobody hears, unless it is quite wrong. In seconds.
const MOST_SLEW = 0.0002;
const QUITE_WRONG = 0.04;
const MOST_LATE = 0.05; // seconds: what comes later is not sounded
const MOST_LATENCY = 0.05;
const KEPT_LOG = 4096;
const KEPT_SECONDS = 8; // of steps that were told of
const SAME_TIME = 0.0005; // seconds: a step that is told of again comes no other time than before

// What one clock shows more than another.
class Difference {
  constructor() {
    this.value = null;
  }

  toward(seen) {
    const error = this.value === null ? Infinity : seen - this.value;
    if (Math.abs(error) > QUITE_WRONG) this.value = seen;
    else this.value += Math.max(-MOST_SLEW, Math.min(MOST_SLEW, error));
    return this.value;
  }
}

class Sound {
  constructor() {
    this.context = null;
    this.volume = 0.8;
    this.reverb = 0;
    this.tempo = 120;
    this.auditioned = null; // what is heard by itself
    this.planned = new Map(); // steps that are going to sound, by their count
    this.samples = new Map(); // sounds of one's own: AudioBuffers by name
    this.addresses = {}; // where those are fetched
    this.wanted = false;
    this.exchanges = [];
    this.glances = [];
    this.fromServer = new Difference(); // to this page's clock
    this.fromAudio = new Difference();
    this.log = []; // what was sounded and when, for whoever wants to look
    this.render = render;
  }

  get running() {
    return this.context !== null && this.context.state === "running";
  }

  // Switches on; browsers allow it after a click or a key.
  async wake() {
    this.wanted = true;
    if (this.context === null) {
      this.context = new AudioContext({ latencyHint: "interactive" });
      this.master = master(this.context, this.volume);
      this.analyser = this.context.createAnalyser();
      this.master.output.connect(this.analyser);
      this.analyser.connect(this.context.destination);
      this.room = room(this.context, this.master.input, this.reverb);
      this.renew();
      this.fetchSamples();
    }
    if (this.context.state !== "running") {
      this.glances = [];
      await this.context.resume();
    }
  }

  async sleep() {
    this.wanted = false;
    if (this.context !== null) {
      this.halt();
      await this.context.suspend();
    }
  }

  setVolume(volume) {
    this.volume = volume;
    if (this.context === null) return;
    this.master.input.gain.setTargetAtTime(volume, this.context.currentTime, 0.01);
  }

  setReverb(share) {
    this.reverb = share;
    if (this.context === null) return;
    this.room.level.gain.setTargetAtTime(share, this.context.currentTime, 0.02);
  }

  // Sounds of one's own: an address for each name.  What cannot be fetched sounds as it did.
  setSamples(addresses) {
    for (const name of this.samples.keys()) {
      if (addresses[name] !== this.addresses[name]) this.samples.delete(name);
    }
    this.addresses = { ...addresses };
    if (this.context !== null) this.fetchSamples();
  }

  fetchSamples() {
    for (const [name, address] of Object.entries(this.addresses)) {
      if (!this.samples.has(name)) this.fetchSample(name, address);
    }
  }

  async fetchSample(name, address) {
    try {
      const answer = await fetch(address);
      if (!answer.ok) return;
      const samples = await this.context.decodeAudioData(await answer.arrayBuffer());
      if (this.addresses[name] === address) this.samples.set(name, samples);
    } catch (error) {
      console.warn(`the sample of ${name} cannot be used: ${error}`);
    }
  }

  // A question about the server's time was sent, the server had this time, the answer came.
  meet(sent, server, received) {
    this.exchanges.push({ trip: received - sent, offset: (sent + received) / 2 - server });
    if (this.exchanges.length > KEPT_EXCHANGES) this.exchanges.shift();
  }

  // The page's clock, in seconds, for a server's time.
  pageTime(due) {
    if (this.exchanges.length === 0) return now();
    const usual = median(this.exchanges.map((each) => each.trip));
    const quick = this.exchanges.filter((each) => each.trip <= usual);
    return due + this.fromServer.toward(median(quick.map((each) => each.offset)));
  }

  // count: of the steps since playing began; a step may be told of twice, first as it would be if
  // nothing changed.  hits: [sound, hertz, velocity, seconds after the step; below 0: before it;
  // how long it is held].  due: the server's time.  seconds: until the next step.
  step(count, number, due, seconds, hits) {
    if (!this.wanted || !this.running) return;
    const told = this.planned.get(count);
    const content = JSON.stringify(hits);
    if (told && told.content === content && Math.abs(told.due - due) < SAME_TIME) return;
    const wanted = this.audioTime(this.pageTime(due));
    const here = this.context.currentTime;
    const late = here - wanted;
    // What has sounded is not taken back.
    if (told && (late > 0 || told.entry.when <= here)) return;
    if (told) this.takeBack(told);
    const times = [];
    const gates = [];
    for (const [sound, hertz, velocity, after = 0, held = seconds] of hits) {
      if (late - after >= MOST_LATE) continue;
      times.push(Math.max(wanted + after, here));
      gates.push(this.synth.play(sound, hertz, velocity, times.at(-1), held));
    }
    const when = Math.max(wanted, here);
    const sounded = late < MOST_LATE;
    const entry = { count, number, due, when, late, sounded, hits: hits.length, times };
    this.log.push(entry);
    if (this.log.length > KEPT_LOG) this.log.shift();
    this.planned.set(count, { content, due, gates, entry });
    for (const [each, { due: was }] of this.planned) {
      if (was < due - KEPT_SECONDS) this.planned.delete(each);
    }
  }

  takeBack({ gates, entry }) {
    for (const gate of gates) gate.disconnect();
    this.log = this.log.filter((each) => each !== entry);
  }

  // One sound now, to hear what it is.
  async preview(sound, hertz, velocity = 100) {
    const wanted = this.wanted;
    await this.wake();
    this.wanted = wanted;
    this.synth.play(sound, hertz, velocity, this.context.currentTime + 0.01, 0.25);
  }

  // Some hits [sound, hertz, velocity, seconds, how long held] by themselves, from now on: what plays
  // is not heard meanwhile.  done: called when they have ended, or were ended.
  async audition(hits, seconds, done) {
    this.endAudition();
    const bus = {};
    this.auditioned = { bus, done, timer: 0 };
    const { wanted, auditioned } = this;
    await this.wake();
    this.wanted = wanted;
    if (this.auditioned !== auditioned) return;
    const start = this.context.currentTime + 0.03;
    for (const each of this.buses) {
      each.gain.setTargetAtTime(0, start - 0.03, 0.008);
      each.gain.setTargetAtTime(1, start + seconds, 0.008);
    }
    bus.dry = this.context.createGain();
    bus.wet = this.context.createGain();
    bus.dry.connect(this.master.input);
    bus.wet.connect(this.room.input);
    const synth = new Synth(this.context, bus.dry, bus.wet, this.samples);
    for (const [sound, hertz, velocity, after, held] of hits) {
      synth.play(sound, hertz, velocity, start + Math.max(0, after), held);
    }
    auditioned.timer = setTimeout(() => this.endAudition(), 1000 * (seconds + 0.05));
  }

  // The same of a bar, at the tempo of what plays.  hits: [sound, hertz, velocity, step].
  auditionBar(hits, steps, beat, done) {
    const each = 60 / this.tempo / beat;
    const timed = hits.map(([sound, hertz, velocity, step]) =>
      [sound, hertz, velocity, step * each, each]);
    return this.audition(timed, steps * each, done);
  }

  endAudition() {
    const ended = this.auditioned;
    if (!ended) return;
    this.auditioned = null;
    clearTimeout(ended.timer);
    const now = this.context?.currentTime;
    for (const each of Object.values(ended.bus)) {
      each.gain.setTargetAtTime(0, now, 0.03);
      setTimeout(() => each.disconnect(), 400);
    }
    if (this.context) {
      for (const each of this.buses) {
        each.gain.cancelScheduledValues(now);
        each.gain.setTargetAtTime(1, now, 0.008);
      }
    }
    ended.done?.();
  }

  // Everything that sounds, or was going to, ends.
  halt() {
    if (this.context === null) return;
    for (const bus of this.buses) {
      bus.gain.setTargetAtTime(0, this.context.currentTime, 0.008);
      setTimeout(() => bus.disconnect(), 200);
    }
    this.renew();
  }

  // The loudest sample of the last moment.
  level() {
    if (this.context === null) return 0;
    const samples = new Float32Array(this.analyser.fftSize);
    this.analyser.getFloatTimeDomainData(samples);
    return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  }

  renew() {
    this.planned.clear();
    const [dry, wet] = (this.buses = [this.context.createGain(), this.context.createGain()]);
    dry.connect(this.master.input);
    wet.connect(this.room.input);
    this.synth = new Synth(this.context, dry, wet, this.samples);
  }

  audioTime(pageTime) {
    this.glances.push(now() - this.context.currentTime);
    if (this.glances.length > KEPT_GLANCES) this.glances.shift();
    const latency = Math.min(this.context.outputLatency || 0, MOST_LATENCY);
    return pageTime - this.fromAudio.toward(median(this.glances)) - latency;
  }
}

export function now() {
  return performance.now() / 1000;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

// One of a tab, however often its page is built: also what the buttons of the page Listen play.
window.latentrackSound ??= new Sound();
export const sound = window.latentrackSound;
