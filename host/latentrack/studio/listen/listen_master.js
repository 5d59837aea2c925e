// What stands between the sounds and the ear: a volume, a room, and what keeps a loud bar from
// being cut off.

import { dice } from "listen_dice";

const ROOM_SECONDS = 1.7;
const CEILING = 0.96;
const KNEE = 0.7;

// A volume, no direct current, a compressor, and at last a curve that no sample goes beyond.  The
// last node is not connected to anything yet.
export function master(context, volume) {
  const input = context.createGain();
  input.gain.value = volume;
  const low = context.createBiquadFilter();
  low.type = "highpass";
  low.frequency.value = 22;
  const compressor = context.createDynamicsCompressor();
  compressor.threshold.value = -12;
  compressor.ratio.value = 6;
  compressor.knee.value = 12;
  compressor.attack.value = 0.004;
  compressor.release.value = 0.15;
  const output = context.createWaveShaper();
  output.curve = curve();
  input.connect(low);
  low.connect(compressor);
  compressor.connect(output);
  return { input, output };
}

// A room whose sound goes into `into`.  share: 0 to 1, how much of it is heard.
export function room(context, into, share) {
  const input = context.createConvolver();
  input.buffer = echoOf(context);
  const level = context.createGain();
  level.gain.value = share;
  input.connect(level);
  level.connect(into);
  return { input, level };
}

// Straight up to the knee, and from there ever flatter towards the ceiling.
function curve() {
  const points = new Float32Array(4097);
  const left = CEILING - KNEE;
  for (let i = 0; i < points.length; i++) {
    const x = (i / (points.length - 1)) * 2 - 1;
    const over = Math.abs(x) - KNEE;
    points[i] = over <= 0 ? x : Math.sign(x) * (KNEE + left * Math.tanh(over / left));
  }
  return points;
}

// Noise that dies away, on either side another, and the higher the sooner: walls swallow it.
function echoOf(context) {
  const rate = context.sampleRate;
  const buffer = context.createBuffer(2, ROOM_SECONDS * rate, rate);
  const first = Math.round(0.012 * rate); // the nearest wall
  for (let side = 0; side < 2; side++) {
    const samples = buffer.getChannelData(side);
    const next = dice(1234 + 4321 * side);
    let smooth = 0;
    for (let i = first; i < samples.length; i++) {
      const t = (i - first) / rate;
      const open = 0.12 + 0.75 * Math.exp(-3.2 * t);
      smooth += open * (next() - smooth);
      samples[i] = smooth * 0.001 ** (t / ROOM_SECONDS) * Math.min(1, t / 0.004);
    }
  }
  return buffer;
}

