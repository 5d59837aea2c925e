// The module: MicroPython, the chip and the electronics, and what is done at its panel.
//
// Its time is given by `runTo`. What happens is told to `told` with its time in microseconds:
// ["step", track, step], ["rise" | "fall" | "volts", jack, volts]. Nothing here knows of a page.
import { FLASH, startRuntime } from "../../../firmware/web/runtime.mjs";
import { FLOATS, LOW, Xen } from "./xen.mjs";

const HEAP_BYTES = 2 << 20;
const VERSION = "(1, 28, 0)";
const [EVENT_PIN, EVENT_ANALOG] = [1, 2];
const RECORD = 16; // bytes; firmware/virtual/board.h
const [PIN, SPI, STEP, , FAULT, RESET, BYTE] = [0, 1, 2, 3, 4, 5, 6];
const PULSE_VOLTS = 5;
const PULSE_US = 5000;
const GATE_VOLTS = 1;
// Contacts A and B while an encoder turns one step to the right; 0 is closed.
const QUADRATURE = [[0, 1], [0, 0], [1, 0], [1, 1]];
const CONTACT_US = 2000;
const BAR_EDGES = 16;
const BAR_SPACING_US = 20000;
const BAR_SETTLES = 25; // spacings
const SWAY_US = 2000; // between two voltages of a source that moves

/** The voltage of a source at a time, within what an input takes (studio/panel/source.py). */
export function voltsOf({ shape, volts, depth, hertz }, seconds) {
  const rounds = seconds * hertz;
  const part = rounds - Math.floor(rounds);
  const waves = {
    constant: () => 0,
    sine: () => Math.sin(2 * Math.PI * part),
    triangle: () => 1 - Math.abs(4 * ((part + 0.25) % 1) - 2),
    square: () => (part < 0.5 ? 1 : -1),
    random: () => noise(Math.floor(rounds)),
  };
  return Math.min(Math.max(volts + depth * waves[shape](), -5), 5);
}

// -1 to 1, the same for the same number. Its steps are those of Park and Miller's generator.
function noise(number) {
  let state = (number * 7919 + 1) % 2147483647;
  for (let i = 0; i < 3; i++) state = (state * 48271) % 2147483647;
  return (state / 2147483647) * 2 - 1;
}

export class Machine {
  /**
   * programs: what startRuntime needs of loadMicroPython, micropython, latentcore and rom.  pins,
   * analog: their numbers by name (firmware/chip/rt1062.def).  files: of the flash, by path.
   */
  static async start({ programs, pins, analog, files, told, printed }) {
    const machine = new Machine();
    machine.board = new Xen();
    machine.numbers = pins;
    machine.names = Object.fromEntries(Object.entries(pins).map(([name, number]) => [number, name]));
    machine.analog = analog;
    machine.told = told;
    machine.now = 0;
    machine.events = [];
    machine.sources = {};
    machine.tempo = null;
    machine.sent = {};
    machine.runtime = await startRuntime({
      ...programs, files, heapBytes: HEAP_BYTES, stdout: printed,
      reports: (bytes) => machine.hear(bytes),
    });
    machine.python = machine.runtime.python;
    machine.powerOn();
    return machine;
  }

  powerOn() {
    const { board } = this;
    const inputs = [
      ...Object.values(board.triggers).map((pin) => [pin, board.trigger(0)]),
      ...[...Object.values(board.buttons), ...Object.values(board.encoders).flat()].map((pin) => [
        pin, FLOATS,
      ]),
    ].map(([pin, drive]) => `(${this.numbers[pin]}, ${drive}), `);
    const codes = [
      ...Object.values(board.knobs).map((pin) => [pin, board.knob(0.5)]),
      ...Object.values(board.inputs).map((pin) => [pin, board.cv(0)]),
    ].map(([pin, value]) => `(${this.analog[pin]}, ${value}), `);
    this.run(`import boot; boot.power_on(${VERSION}, (${inputs.join("")}), (${codes.join("")}), 0)`);
    this.run(new TextDecoder().decode(this.python.FS.readFile(`${FLASH}/main.py`)));
  }

  /** Runs Python in __main__; what it raises is an Error. */
  run(source) {
    return this.python.runPython(source);
  }

  /** The value of a Python expression that json can write. */
  value(expression) {
    this.run(`import json as _json; _answer = _json.dumps(${expression})`);
    return JSON.parse(this.python.globals.get("_answer"));
  }

  // -- time ------------------------------------------------------------------------------------

  /** Lets time pass, in microseconds, and does what is due meanwhile. */
  runTo(time) {
    while (!this.runtime.halted()) {
      this.lookAhead(time);
      const due = this.events.length && this.events[0].time <= time ? this.events.shift() : null;
      const until = due ? due.time : time;
      while (this.runtime.run(until) && !this.runtime.halted());
      this.now = Math.max(this.now, until);
      if (!due) return;
      due.act();
    }
  }

  at(time, act) {
    const index = this.events.findIndex((event) => event.time > time);
    this.events.splice(index < 0 ? this.events.length : index, 0, { time, act });
  }

  // The edges of the clock and the voltages of sources until then.
  lookAhead(time) {
    while (this.tempo && this.nextEdge <= time) {
      const edge = this.nextEdge;
      this.at(edge, () => this.trigger("clock"));
      this.nextEdge = edge + 15e6 / this.tempo;
    }
    const moving = Object.values(this.sources).some(({ shape }) => shape !== "constant");
    if (moving) this.nextSway = Math.max(this.nextSway ?? 0, this.now);
    while (moving && this.nextSway <= time) {
      this.at(this.nextSway, () => this.sway());
      this.nextSway += SWAY_US;
    }
  }

  sway() {
    for (const [jack, source] of Object.entries(this.sources)) {
      const code = this.board.cv(voltsOf(source, this.now / 1e6));
      const pin = this.board.inputs[jack];
      if (this.sent[pin] !== code) this.setAnalog(pin, code);
    }
  }

  // -- what is done at the panel ---------------------------------------------------------------

  /** A clock of this tempo in beats a minute, four edges a beat; null: it stops. */
  setTempo(tempo) {
    if (tempo && !this.tempo) this.nextEdge = this.now + 1000;
    this.tempo = tempo;
  }

  trigger(jack) {
    const pin = this.board.triggers[jack];
    this.setPin(pin, this.board.trigger(PULSE_VOLTS));
    this.at(this.now + PULSE_US, () => this.setPin(pin, this.board.trigger(0)));
  }

  turn(knob, position) {
    this.setAnalog(this.board.knobs[knob], this.board.knob(position));
  }

  press(control) {
    this.setPin(this.switchOf(control), LOW);
  }

  release(control) {
    this.setPin(this.switchOf(control), FLOATS);
  }

  encode(side, clicks) {
    const [a, b] = this.board.encoders[side];
    const back = [...QUADRATURE.slice(0, -1).reverse(), QUADRATURE.at(-1)];
    let time = Math.max(this.now, this.turnsUntil ?? 0);
    for (let click = 0; click < Math.abs(clicks); click++) {
      for (const [openA, openB] of clicks > 0 ? QUADRATURE : back) {
        this.at(time, () => {
          this.setPin(a, openA ? FLOATS : LOW);
          this.setPin(b, openB ? FLOATS : LOW);
        });
        time += CONTACT_US;
      }
    }
    this.turnsUntil = time;
  }

  patch(jack, source) {
    this.sources[jack] = source;
    this.sway();
  }

  /** The voltage at a CV input. */
  cvNow(jack) {
    const source = this.sources[jack];
    return source ? voltsOf(source, this.now / 1e6) : 0;
  }

  switchOf(control) {
    return this.board.buttons[control] ?? this.board.encoders[control][2];
  }

  setPin(pin, drive) {
    if (this.sent[pin] === drive) return;
    this.sent[pin] = drive;
    this.runtime.event(this.now, EVENT_PIN, this.numbers[pin], drive);
  }

  setAnalog(pin, code) {
    this.sent[pin] = code;
    this.runtime.event(this.now, EVENT_ANALOG, this.analog[pin], code);
  }

  /**
   * Plays bars as fast as it can: of each the knobs (0 to 1 by name) and clicks of the left encoder,
   * then, after half a second, 16 clock edges 20 ms apart. Returns of each bar `heard`, the latents
   * and the threshold that the module has then, and `reports`, what `told` gets meanwhile.
   */
  playBars(bars) {
    const told = this.told;
    const pass = (time, times = 1) => {
      for (let i = 0; i < times; i++) this.runTo(this.now + time);
    };
    let reports = [];
    this.told = (...report) => reports.push(report);
    try {
      pass(BAR_SPACING_US, BAR_SETTLES);
      return bars.map(({ knobs, clicks }) => {
        this.encode("left", clicks);
        for (const [knob, position] of Object.entries(knobs)) this.turn(knob, position);
        pass(BAR_SPACING_US, BAR_SETTLES);
        const heard = this.value("[list(track.latents), track.threshold]");
        reports = [];
        for (let edge = 0; edge < BAR_EDGES; edge++) {
          this.trigger("clock");
          pass(BAR_SPACING_US);
        }
        return { heard, reports };
      });
    } finally {
      this.told = told;
    }
  }

  // -- what the chip does ----------------------------------------------------------------------

  hear(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < bytes.length; ) {
      const time = Number(view.getBigUint64(at, true));
      const [kind, index, value] = [bytes[at + 8], bytes[at + 9], view.getUint16(at + 10, true)];
      at += RECORD;
      if (kind === PIN) {
        const name = this.names[index];
        if (name) this.written(time, name, value);
      } else if (kind === SPI) {
        const bits = index & 0x3f;
        const size = bits === 8 ? 1 : 4;
        for (let i = 0; i < value; i += size) {
          this.board.word(size === 1 ? bytes[at + i] : view.getUint32(at + i, true), bits);
        }
        at += value;
      } else if (kind === STEP) {
        this.told(time, "step", index, value);
      } else if (kind === BYTE) {
        at += 4;
      } else if (kind === FAULT || kind === RESET) {
        this.told(time, kind === FAULT ? "fault" : "reset", 0, view.getUint32(at - 4, true));
      }
    }
  }

  written(time, pin, level) {
    const before = [...this.board.volts];
    for (const [jack, volts] of this.board.pin(pin, level)) {
      const crosses = before[jack] < GATE_VOLTS !== volts < GATE_VOLTS;
      const kind = crosses ? (volts < GATE_VOLTS ? "fall" : "rise") : "volts";
      this.told(time, kind, jack, volts);
    }
  }
}
