// The sounds of the page, in an AudioWorklet: hits at their sample, from sounds that were rendered.
//
// It is the module's clock, too: it tells the worker how far the sound has come, and the worker
// plays so far ahead of it. Neither needs the page's own thread, which may be busy.
const REPORT_FRAMES = 384; // 8 ms at 48 kHz
const FADE = 0.995; // of a sound that another one ends, a sample

class Player extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.sounds = processorOptions.sounds; // samples by name
    this.waiting = []; // hits by their time
    this.voices = [];
    this.latest = 0; // the most that a hit has come late, in seconds
    this.hits = 0;
    this.told = 0;
    this.port.onmessage = ({ data }) => {
      this.worker = data.worker;
      this.worker.onmessage = (message) => this.take(message.data);
    };
  }

  take(hits) {
    if (hits === "forgive") {
      this.latest = 0;
      return;
    }
    for (const hit of hits) {
      this.hits++;
      this.latest = Math.max(this.latest, currentTime - hit.time);
      const index = this.waiting.findIndex((other) => other.time > hit.time);
      this.waiting.splice(index < 0 ? this.waiting.length : index, 0, hit);
    }
  }

  process(_, [[left, right]]) {
    const frames = left.length;
    const end = currentTime + frames / sampleRate;
    while (this.waiting.length && this.waiting[0].time < end) {
      const hit = this.waiting.shift();
      const at = Math.max(0, Math.round((hit.time - currentTime) * sampleRate));
      if (hit.group) {
        for (const voice of this.voices) if (voice.group === hit.group) voice.ends = true;
      }
      const samples = this.sounds[hit.sound];
      if (samples) this.voices.push({ ...hit, samples, at: -at * hit.rate, gain: 1 });
    }
    for (const voice of this.voices) this.mix(voice, left);
    this.voices = this.voices.filter(
      (voice) => voice.at < voice.samples.length - 1 && voice.gain > 1e-3,
    );
    right?.set(left);
    if (currentFrame - this.told >= REPORT_FRAMES) {
      this.told = currentFrame;
      this.worker?.postMessage({ time: currentTime, latest: this.latest, hits: this.hits });
    }
    return true;
  }

  mix(voice, out) {
    const { samples, rate, level } = voice;
    for (let i = 0; i < out.length; i++, voice.at += rate) {
      if (voice.at < 0) continue;
      const whole = Math.floor(voice.at);
      if (whole >= samples.length - 1) return;
      const part = voice.at - whole;
      if (voice.ends) voice.gain *= FADE;
      out[i] += level * voice.gain * (samples[whole] * (1 - part) + samples[whole + 1] * part);
    }
  }
}

registerProcessor("latentrack-player", Player);
