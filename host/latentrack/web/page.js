// The page: the panel of the studio, the clock, the sound, the prompt and the files of the module.
import { createApp, h, ref } from "vue";
import Panel from "../studio/panel/panel.js";
import { render } from "../studio/listen/listen_synth.js";
import { SOUNDS } from "./patch.js";
import { KeptFiles } from "./kept_files.js";

const { assets, scripts, bars } = globalThis.LATENTRACK; // of data.js
const kept = new KeptFiles();
const printed = document.querySelector("#printed");
const MOST_PRINTED = 20000;

const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
const textOf = (base64) => new TextDecoder().decode(bytesOf(base64));
// A page that was opened from a folder may load neither a worker from a file nor a worklet from a
// blob; these two ways work everywhere.
const workerAddress = (base64) =>
  URL.createObjectURL(new Blob([bytesOf(base64)], { type: "text/javascript" }));
const workletAddress = (base64) => `data:text/javascript;base64,${base64}`;

// -- the module's thread -------------------------------------------------------------------------

const worker = new Worker(workerAddress(scripts.worker));
const waiting = new Map();
let asked = 0;
const tell = (kind, more = {}) => worker.postMessage({ kind, ...more });
const ask = (kind, more = {}) =>
  new Promise((resolve, reject) => {
    waiting.set(++asked, { resolve, reject });
    worker.postMessage({ kind, id: asked, ...more });
  });

const connected = ref(false);
const sources = ref({});
const models = ref([]);
const plays = ref([]);
const files = ref([]);
const problem = ref("");
let panel;
/** What a test or a script of the page's may read: see docs/web.md. */
const state = (globalThis.latentrack = { look: null, late: null, ready: false, ask, tell });

worker.onmessage = ({ data }) => {
  const heard = {
    async started() {
      if (bars) await playBars();
      connected.value = true;
      state.ready = true;
    },
    look() {
      state.look = data.look;
      state.late = data.late;
      state.time = data.time;
      panel?.shown(data.look);
    },
    printed() {
      const text = new TextDecoder().decode(data.bytes).replaceAll("\r", "");
      printed.textContent = (printed.textContent + text).slice(-MOST_PRINTED);
      printed.scrollTop = printed.scrollHeight;
    },
    models() {
      models.value = data.models;
      plays.value = data.plays;
    },
    async changed() {
      await kept.keep(data.files);
      files.value = await kept.names();
    },
    answer() {
      const { resolve, reject } = waiting.get(data.id) ?? {};
      waiting.delete(data.id);
      if (data.error) {
        problem.value = data.error;
        reject?.(new Error(data.error));
      } else {
        resolve?.(data.answer);
      }
    },
    ended() {
      connected.value = false;
      problem.value =
        data.why === "reset" ? "The module has been reset." : "The module stands still: a bus fault.";
    },
  };
  heard[data.kind]();
};
worker.onerror = (event) => {
  problem.value = `The module does not start: ${event.message}`;
};

async function start() {
  const own = {};
  for (const [path, data] of Object.entries(assets.files)) own[path] = bytesOf(data);
  const stored = await kept.all();
  files.value = Object.keys(stored).sort();
  for (const [path, data] of Object.entries(stored)) {
    if (data === null) delete own[path];
    else own[path] = data;
  }
  const rom = Object.fromEntries(
    Object.entries(assets.rom).map(([name, data]) => [name, textOf(data)]),
  );
  tell("start", {
    files: own,
    assets: {
      rom,
      micropython: bytesOf(assets.micropython),
      latentcore: bytesOf(assets.latentcore),
      pins: assets.pins,
      analog: assets.analog,
    },
  });
}

// `latentrack demo --web` has sent bars: what the module plays of them goes back to it.
async function playBars() {
  const body = JSON.stringify(await ask("bars", { bars }));
  await fetch("played", { method: "POST", headers: { "Content-Type": "application/json" }, body });
}

// -- the sound -----------------------------------------------------------------------------------

const RATE = 48000;
let sound = null;
// Rendered while the module starts, so that the first beat need not wait for it.
const rendered = Promise.all(
  SOUNDS.map(async ([name, hertz, seconds]) => [
    name, await render([[name, hertz, 127, 0, seconds / 2]], seconds, { rate: RATE }),
  ]),
);

async function startSound() {
  if (sound) return sound.resume();
  sound = new AudioContext({ latencyHint: "interactive", sampleRate: RATE });
  await sound.audioWorklet.addModule(workletAddress(scripts.player));
  const player = new AudioWorkletNode(sound, "latentrack-player", {
    numberOfInputs: 0,
    outputChannelCount: [2],
    processorOptions: { sounds: Object.fromEntries(await rendered) },
  });
  const volume = new GainNode(sound, { gain: 0.6 });
  player.connect(volume).connect(sound.destination);
  const { port1, port2 } = new MessageChannel();
  player.port.postMessage({ worker: port1 }, [port1]);
  worker.postMessage({ kind: "sound", port: port2 }, [port2]);
  await sound.resume();
  return sound;
}

// -- models --------------------------------------------------------------------------------------

const FOLDERS = { per: "perc", seq: "notes", rhy: "rhythm" };

// A model's name on the module: letters, digits and underlines.
const nameOf = (file) =>
  file.replace(/\.tflite$/i, "").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_|_$/g, "") ||
  "model";

async function drop(file) {
  problem.value = "";
  const data = new Uint8Array(await file.arrayBuffer());
  if (!/\.tflite$/i.test(file.name)) {
    problem.value = `${file.name} is not a model; drop a .tflite file, as \`latentrack train\` writes.`;
    return;
  }
  let kind;
  try {
    kind = await ask("describe", { data });
  } catch (error) {
    problem.value = `The module cannot play ${file.name}: ${error.message}.`;
    return;
  }
  const name = nameOf(file.name);
  const path = `models/${FOLDERS[kind.slice(0, 3)]}/${name}.tflite`;
  await ask("put", { path, data, then: `library.play(${JSON.stringify(name)})` });
}

document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  for (const file of event.dataTransfer.files) drop(file);
});

// -- the page ------------------------------------------------------------------------------------

const tempo = ref(120);
const running = ref(false);

async function setClock(runs) {
  running.value = runs;
  if (runs) await startSound();
  tell("tempo", { tempo: runs ? tempo.value : null });
}

createApp({
  setup: () => () =>
    h(Panel, {
      ref: (component) => (panel = component),
      hosted: true,
      connected: connected.value,
      sources: sources.value,
      onPoll: (number) => connected.value && tell("poll", { number }),
      onTurn: (knobs) => tell("turn", { knobs: { ...knobs } }),
      onEncode: ({ side, clicks }) => tell("encode", { side, clicks }),
      onPress: (control) => tell("press", { control }),
      onRelease: (control) => tell("release", { control }),
      onPulse: (jack) => tell("pulse", { jack }),
      onPatch: ({ jack, ...source }) => {
        sources.value = { ...sources.value, [jack]: source };
        tell("patch", { jack, source });
      },
    }),
}).mount("#panel");

createApp({
  template: "#side",
  setup: () => ({
    connected, tempo, running, models, plays, files, problem, setClock,
    setTempo: () => running.value && tell("tempo", { tempo: tempo.value }),
    play: (name) => ask("run", { source: `library.play(${JSON.stringify(name)})` }).catch(() => {}),
    choose: (event) => [...event.target.files].forEach(drop),
    async save(path) {
      const data = (await kept.all())[path];
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([data]));
      link.download = path.split("/").at(-1);
      link.click();
    },
    async forget() {
      if (!confirm("Delete everything that this page has kept: settings, presets, models?")) return;
      await kept.forget();
      location.reload();
    },
  }),
}).mount("#controls");

const line = document.querySelector("#line");
line.addEventListener("keydown", (event) => {
  if (event.key === "Enter") {
    tell("type", { text: `${line.value}\r` });
    line.value = "";
  } else if (event.key === "c" && event.ctrlKey && line.selectionStart === line.selectionEnd) {
    tell("type", { text: "\x03" });
    line.value = "";
  }
});

start().catch((error) => (problem.value = String(error.message ?? error)));
