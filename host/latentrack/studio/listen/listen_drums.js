// The drums: what each is struck from.  A harder hit is not only louder: it is brighter, its pitch
// falls from higher up, and it rings longer.

const PLATE = [205.3, 304.4, 369.6, 522.7, 540, 800]; // Hz, near those of early drum machines
const CRASH = [317, 423, 517, 689, 811, 1049];
const RIDE = [455, 611, 823, 1107, 1391, 1733];

export const DRUMS = {
  kick(synth, at) {
    const from = 120 + 150 * at.force;
    synth.drop(at, 0.8, from, 52, 0.045 + 0.02 * at.force, 0.42 + 0.1 * at.force);
    // The skin is heard a moment longer than the beater: what falls slowly below it.
    synth.drop(at, 0.22, 66, 45, 0.28, 0.5, 0.012);
    synth.burst(at, 0.4 * at.force, "bandpass", 2200 + 1800 * at.force, 0.6, 0.011);
    const knock = synth.envelope(at, 0.16 * at.force, 0.03);
    synth.tone("triangle", 420, at.time, 0.03, knock);
    synth.choke("kick", at);
  },
  snare(synth, at) {
    const ring = 0.13 + 0.07 * at.force;
    synth.drop(at, 0.38, 250 + 60 * at.force, 186, 0.03, ring);
    synth.drop(at, 0.18, 390, 331, 0.03, 0.7 * ring);
    const wires = synth.envelope(at, 0.5, 0.2 + 0.12 * at.force, 0.002);
    const dark = synth.filter("lowpass", 4500 + 9500 * at.force, 0.5, wires);
    synth.hiss(at.time, 0.33, synth.filter("highpass", 1100, 0.6, dark));
    synth.burst(at, 0.26 * at.force, "highpass", 5200, 0.7, 0.08);
    synth.burst(at, 0.35 * at.force, "bandpass", 1900, 0.8, 0.012);
  },
  rim(synth, at) {
    synth.tone("triangle", 1720, at.time, 0.045, synth.envelope(at, 0.42, 0.045));
    synth.tone("triangle", 512, at.time, 0.03, synth.envelope(at, 0.12, 0.03));
    synth.burst(at, 0.6 * at.force, "bandpass", 3200, 2, 0.014);
  },
  clap(synth, at) {
    // Several hands, the last of them in a room.
    for (const [late, share, decay] of [
      [0, 0.75, 0.014], [0.0095, 0.85, 0.014], [0.0205, 0.8, 0.016], [0.031, 1, 0.17],
    ]) {
      const hand = { ...at, time: at.time + late };
      const into = synth.envelope(hand, share * 2.7, decay + (decay > 0.1 ? 0.08 * at.force : 0));
      const dark = synth.filter("lowpass", 3200 + 6000 * at.force, 0.5, into);
      synth.hiss(hand.time, decay + 0.08, synth.filter("bandpass", 1250, 1.7, dark));
    }
  },
  "closed hat": (synth, at) => hat(synth, at, 0.035 + 0.035 * at.force, 8000),
  "pedal hat": (synth, at) => hat(synth, at, 0.08 + 0.03 * at.force, 6800),
  "open hat": (synth, at) => hat(synth, at, 0.38 + 0.22 * at.force, 7400),
  tom(synth, at) {
    // A lower skin rings longer; its second mode lies at 1.59 times its first.
    const ring = Math.min(0.75, 0.3 + 18 / at.hertz + 0.08 * at.force);
    const bend = 1.25 + 0.35 * at.force;
    synth.drop(at, 0.74, at.hertz * bend, at.hertz, 0.06, ring);
    synth.drop(at, 0.16, at.hertz * 1.59 * bend, at.hertz * 1.59, 0.05, 0.45 * ring);
    synth.burst(at, 0.25 * at.force, "lowpass", 1200 + 2200 * at.force, 0.7, 0.035);
  },
  conga(synth, at) {
    synth.drop(at, 0.62, at.hertz * (1.08 + 0.14 * at.force), at.hertz, 0.03, 0.24);
    synth.drop(at, 0.12 + 0.1 * at.force, at.hertz * 2.1, at.hertz * 1.98, 0.02, 0.09);
    synth.burst(at, 0.35 * at.force, "bandpass", 2100, 0.9, 0.012);
  },
  ride(synth, at) {
    synth.metal(at, 0.75, RIDE, 5000, 0.9 + 0.5 * at.force);
    synth.metal(at, 0.45, RIDE.map((hertz) => hertz * 2.71), 6500, 0.16);
    synth.burst(at, 0.08 + 0.12 * at.force, "highpass", 8200, 0.7, 0.5);
    synth.burst(at, 0.3 * at.force, "highpass", 6000, 1, 0.012); // the stick's tip
  },
  crash(synth, at) {
    wash(synth, at, 0.5, 4000, 1.2 + 0.6 * at.force);
    synth.burst(at, 0.3 * at.force, "bandpass", 5200, 0.7, 0.35, 0.002);
    synth.metal(at, 0.5, CRASH, 4600, 1.1);
  },
  splash(synth, at) {
    wash(synth, at, 0.6, 5000, 0.38 + 0.16 * at.force);
    synth.metal(at, 0.4, CRASH.map((hertz) => hertz * 1.5), 6000, 0.3);
  },
  bell(synth, at) {
    const into = synth.envelope(at, 0.5, 0.2 + 0.16 * at.force);
    const filter = synth.filter("bandpass", at.hertz * (1.1 + 0.4 * at.force), 1.6, into);
    synth.tone("square", at.hertz, at.time, 0.36, filter);
    synth.tone("square", at.hertz * 1.48, at.time, 0.36, filter);
  },
  block(synth, at) {
    synth.tone("sine", at.hertz, at.time, 0.09, synth.envelope(at, 0.55, 0.09));
    synth.tone("triangle", at.hertz * 2.42, at.time, 0.03, synth.envelope(at, 0.22 * at.force, 0.03));
  },
  shaker(synth, at) {
    const rise = 0.016 - 0.01 * at.force; // a hard shake begins sooner
    synth.burst(at, 0.6, "bandpass", 5600 + 1800 * at.force, 1, 0.075, rise);
  },
  triangle(synth, at) {
    const all = [4113, 6371, 9231, 11270];
    all.forEach((hertz, index) => {
      const into = synth.envelope(at, 0.17 / (1 + 0.4 * index), 1.1 / (1 + 0.5 * index));
      synth.tone("sine", hertz, at.time, 1.1, into);
    });
  },
};

// The noise of a cymbal.
function wash(synth, at, share, above, decay) {
  const into = synth.envelope(at, share, decay, 0.003);
  const dark = synth.filter("lowpass", 6500 + 14000 * at.force, 0.5, into);
  synth.hiss(at.time, 0.003 + decay, synth.filter("highpass", above, 0.6, dark));
}

// A hi-hat that closes ends the open one.
function hat(synth, at, decay, above) {
  synth.metal(at, 0.9, PLATE, above, decay);
  wash(synth, at, 0.45, above - 400, decay);
  synth.burst(at, 0.22 * at.force, "highpass", 9500, 0.8, 0.012);
  synth.choke("hat", at);
}
