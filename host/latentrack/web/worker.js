// The thread in which the module runs, apart from the page's.
//
// Time comes from the sound, if there is one (player.js), else from the computer; the module is
// LEAD ahead of it, so what it plays is known before it is due.
import { loadMicroPython } from "micropython";
import { FLASH } from "../../../firmware/web/runtime.mjs";
import { Machine } from "./machine.mjs";
import { hitAt } from "./patch.js";

const LEAD_S = 0.08;
const TURN_MS = 8;
const SOUND_GONE_MS = 300;
// On a computer that is too busy the module's time stands still, rather than to come later and later.
const MOST_CATCHING_UP_US = 100000;
const WATCH_MS = 700;
const PRESS_US = 60000; // the module reads its buttons every 20 ms

let machine;
let model = { kind: "perdec", groups: [] };
let player = null;
let soundCame = -Infinity;
let waits = false;
let base = null; // { clock: "sound" or "computer", behind: seconds }
let hits = [];
let late = { latest: 0, hits: 0 };
const look = {
  number: 0, lights: Array(8).fill(false), edges: 0, step: -1, plays: [], waiting: [],
  knobs: { x: 0.5, y: 0.5, z: 0.5, threshold: 0.5 }, cv: {},
};
let drawn = -1;
let known = {};
const pressed = {};

function told(time, kind, index, value) {
  if (kind === "step") {
    if (look.edges === 0 || time !== told.edge) {
      told.edge = time;
      look.lights = Array(8).fill(false);
      look.edges = (look.edges + 1) & 0xffff;
    }
    if (index === 0) look.step = value;
  } else if (kind === "rise") {
    look.lights[index] = true;
    // Before the first word of the player its time is not known.
    const hit = base?.clock === "sound" && hitAt(index, machine.board.volts, model, machine.board);
    if (hit) hits.push({ ...hit, time: time / 1e6 + base.behind });
  } else if (kind === "fault" || kind === "reset") {
    postMessage({ kind: "ended", why: kind });
  }
}

// -- time ----------------------------------------------------------------------------------------

function advance(clock, seconds) {
  if (base?.clock !== clock) base = { clock, behind: seconds + LEAD_S - machine.now / 1e6 };
  let until = (seconds + LEAD_S - base.behind) * 1e6;
  const missed = until - machine.now - MOST_CATCHING_UP_US;
  if (missed > 0) {
    base.behind += missed / 1e6;
    until -= missed;
  }
  machine.runTo(until);
  if (hits.length && player) player.postMessage(hits);
  hits = [];
}

// Of words that have piled up the last one counts.
function hearPlayer({ data }) {
  soundCame = performance.now();
  if (!waits) {
    waits = true;
    setTimeout(() => {
      waits = false;
      advance("sound", late.time);
    });
  }
  late = data;
}

function takeTurn() {
  if (performance.now() - soundCame > SOUND_GONE_MS) advance("computer", performance.now() / 1000);
}

// -- the flash -----------------------------------------------------------------------------------

function walk(folder, found = {}) {
  const { FS } = machine.python;
  for (const name of FS.readdir(folder)) {
    const path = `${folder}/${name}`;
    if (name === "." || name === "..") continue;
    const { mode, mtime } = FS.stat(path);
    if (FS.isDir(mode)) walk(path, found);
    else found[path] = mtime.getTime();
  }
  return found;
}

// Tells the page what has changed in the flash; it keeps that over a reload.
function watchFlash() {
  const now = walk(FLASH);
  const changed = {};
  for (const path in now) {
    if (known[path] !== now[path]) changed[path] = machine.python.FS.readFile(path);
  }
  for (const path in known) if (!(path in now)) changed[path] = null;
  known = now;
  if (Object.keys(changed).length) {
    const short = Object.entries(changed).map(([path, data]) => [path.slice(FLASH.length + 1), data]);
    postMessage({ kind: "changed", files: Object.fromEntries(short) });
  }
  return changed;
}

function tellModels() {
  const told = machine.value(
    "[library.models(), [t.model.name if t.model else None for t in tracks], " +
      "[track.model.kind, list(track.model.groups)] if track.model else None]",
  );
  look.plays = told[1];
  if (told[2]) model = { kind: told[2][0], groups: told[2][1] };
  postMessage({ kind: "models", models: told[0], plays: told[1] });
}

// -- what the page asks --------------------------------------------------------------------------

const asked = {
  async start({ assets, files }) {
    const compiled = (bytes) => WebAssembly.compile(bytes);
    machine = await Machine.start({
      programs: {
        loadMicroPython,
        micropython: await compiled(assets.micropython),
        latentcore: await compiled(assets.latentcore),
        rom: assets.rom,
      },
      pins: assets.pins,
      analog: assets.analog,
      files,
      told,
      printed: (bytes) => postMessage({ kind: "printed", bytes }),
    });
    machine.python.replInit();
    known = walk(FLASH);
    setInterval(takeTurn, TURN_MS);
    setInterval(() => {
      watchFlash();
      tellModels();
    }, WATCH_MS);
    postMessage({ kind: "started" });
    tellModels();
  },
  sound({ port }) {
    player = port;
    player.onmessage = hearPlayer;
  },
  poll({ number }) {
    const { glass } = machine.board;
    if (glass.changes !== drawn) {
      drawn = glass.changes;
      look.number++;
    }
    const picture = number !== look.number ? glass.image() : undefined;
    postMessage({
      kind: "look",
      look: {
        ...look, picture,
        lamps: machine.board.lamps.map((pin) => Boolean(machine.board.levels[pin])),
        levels: [...machine.board.volts],
        cv: Object.fromEntries(Object.keys(machine.board.inputs).map((jack) => [
          jack, machine.cvNow(jack),
        ])),
      },
      late,
      time: machine.now,
    });
  },
  turn({ knobs }) {
    for (const [knob, position] of Object.entries(knobs)) {
      look.knobs[knob] = position;
      machine.turn(knob, position);
    }
  },
  encode: ({ side, clicks }) => machine.encode(side, clicks),
  press({ control }) {
    pressed[control] = machine.now;
    machine.press(control);
  },
  release({ control }) {
    machine.at(Math.max(machine.now, (pressed[control] ?? 0) + PRESS_US), () =>
      machine.release(control),
    );
  },
  pulse: ({ jack }) => machine.trigger(jack),
  patch: ({ jack, source }) => machine.patch(jack, source),
  // What has come late until now does not count.
  forgive: () => player?.postMessage("forgive"),
  tempo: ({ tempo }) => machine.setTempo(tempo),
  type({ text }) {
    for (const byte of new TextEncoder().encode(text)) machine.python.replProcessChar(byte);
    watchFlash();
  },
  put({ path, data, then }) {
    const { FS } = machine.python;
    const parts = path.split("/");
    for (let i = 1; i < parts.length; i++) {
      const folder = `${FLASH}/${parts.slice(0, i).join("/")}`;
      if (!FS.analyzePath(folder).exists) FS.mkdir(folder);
    }
    FS.writeFile(`${FLASH}/${path}`, data);
    if (then) machine.run(then);
    watchFlash();
    tellModels();
  },
  // The kind of a model file, or why it cannot be played.
  describe({ data }) {
    machine.python.FS.writeFile(`${FLASH}/dropped.tmp`, data);
    try {
      return machine.value('__import__("latentcore").describe(open("/flash/dropped.tmp","rb").read())[0]');
    } finally {
      machine.python.FS.unlink(`${FLASH}/dropped.tmp`);
    }
  },
  // Plays bars at once; the module's time is then ahead of the clock, and begins anew from there.
  bars({ bars }) {
    const played = machine.playBars(bars);
    base = null;
    return played;
  },
  value: ({ expression }) => machine.value(expression),
  run({ source }) {
    machine.run(source);
    tellModels();
  },
};

self.onmessage = async ({ data }) => {
  try {
    const answer = await asked[data.kind](data);
    if (data.id !== undefined) postMessage({ kind: "answer", id: data.id, answer });
  } catch (error) {
    const text = String(error.message ?? error).trim().split("\n").at(-1);
    postMessage({ kind: "answer", id: data.id, error: text });
  }
};
