// The electronics of the reference hardware: the twin of host/latentrack/virtual/boards/xen.py,
// which says what they are.
import { Glass } from "./glass.mjs";

export const LOW = 0;
export const FLOATS = 2;
const MOST_VOLTS = 5;
const CONDUCTS_VOLTS = 0.7;
const CODES = 4096;
const [COMMAND, DISPLAY, RESET] = ["D6", "D5", "D0"];
// Select of each converter -> the jack of its channels 0 to 3.
const CONVERTERS = { D8: [3, 0, 1, 2], D9: [5, 6, 7, 4] };

const code = (share) => Math.round(Math.min(Math.max(share, 0), 1) * (CODES - 1));

/** A DAC8164: a frame of 24 bits between the edges of its select. */
class Converter {
  select() {
    this.shifted = 0;
    this.bits = 0;
  }

  shift(word, bits) {
    this.shifted = this.shifted * 2 ** bits + word;
    this.bits += bits;
  }

  // [channel, 14-bit code], or null without a valid frame.
  deselect() {
    if (this.bits !== 24) return null;
    const frame = this.shifted;
    if (frame >> 22 || ((frame >> 20) & 3) !== 1 || (frame >> 16) & 1) return null;
    return [(frame >> 17) & 3, (frame >> 2) & 0x3fff];
  }
}

export class Xen {
  constructor() {
    this.triggers = { clock: "D36", reset: "D35", trigger_3: "D34", trigger_4: "D33" };
    this.knobs = { x: "A7", y: "A2", z: "A3", threshold: "A6" };
    this.inputs = {
      x: "A11", y: "A10", z: "A1", threshold: "A0", 5: "D40", 6: "D41", 7: "A12", 8: "A13",
    };
    this.buttons = { 1: "D28", 2: "D38", 3: "D39", 4: "D29" };
    this.lamps = ["D30", "D31", "D32", "D37"];
    this.encoders = { left: ["D22", "D23", "D7"], right: ["D3", "D4", "D2"] };
    this.drumJacks = [0, 4, 1, 2, 3, 5, 6, 7];
    this.accentVolts = MOST_VOLTS;
    this.glass = new Glass();
    this.levels = {};
    this.volts = Array(8).fill(MOST_VOLTS);
    this.converters = Object.fromEntries(
      Object.keys(CONVERTERS).map((select) => [select, new Converter()]),
    );
    for (const converter of Object.values(this.converters)) converter.select();
  }

  // The drive of a trigger input's pin, the codes of a knob and of a CV input.
  trigger = (volts) => (volts > CONDUCTS_VOLTS ? LOW : FLOATS);
  knob = (position) => code(1 - position);
  cv = (volts) => code((MOST_VOLTS - volts) / (2 * MOST_VOLTS));

  /** A pin that the chip drives. Returns what is written to jacks, [jack, volts] each. */
  pin(name, level) {
    const before = this.levels[name] ?? 1;
    this.levels[name] = level;
    if (name === RESET && !level) this.glass.reset();
    const converter = this.converters[name];
    if (!converter || before === level) return [];
    if (!level) {
      converter.select();
      return [];
    }
    const written = converter.deselect();
    if (!written) return [];
    const jack = CONVERTERS[name][written[0]];
    this.volts[jack] = MOST_VOLTS - (2 * MOST_VOLTS * written[1]) / 0x3fff;
    return [[jack, this.volts[jack]]];
  }

  /** A word of `bits` bits on SPI. */
  word(word, bits) {
    for (const [select, converter] of Object.entries(this.converters)) {
      if (!this.levels[select]) converter.shift(word, bits);
    }
    if (this.levels[DISPLAY]) return;
    for (let shift = bits - 8; shift >= 0; shift -= 8) {
      const byte = (word >>> shift) & 0xff;
      if (this.levels[COMMAND]) this.glass.data(byte);
      else this.glass.command(byte);
    }
  }
}
