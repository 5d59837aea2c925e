// Plays the page's module under Node, without a page: node play.mjs FOLDER < JOB > ANSWER
//
// FOLDER is firmware/build/web. JOB is JSON: `files` (base64 by path in the flash), `pins` and
// `analog` (their numbers by name), and `bars`: each has `knobs` (0 to 1 by name) and `clicks` of
// the left encoder. Each bar is 16 clock edges, 20 ms apart, after the module has had half a second.
// ANSWER is JSON: of each bar `heard` (the latents and the threshold that the module has then) and
// `reports`, [time_us, kind, number, value] each; and the last picture of the glass, in base64.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Machine } from "../../host/latentrack/web/machine.mjs";

process.on("uncaughtException", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
const folder = process.argv[2];
const { loadMicroPython } = await import(pathToFileURL(join(folder, "micropython.mjs")));
const compiled = (name) => WebAssembly.compile(readFileSync(join(folder, name)));
const job = JSON.parse(readFileSync(0, "utf8"));
const rom = join(folder, "rom");
let reports = [];
const machine = await Machine.start({
  programs: {
    loadMicroPython,
    micropython: await compiled("micropython.wasm"),
    latentcore: await compiled("latentcore.wasm"),
    rom: Object.fromEntries(readdirSync(rom).map((name) => [name, readFileSync(join(rom, name))])),
  },
  pins: job.pins,
  analog: job.analog,
  files: Object.fromEntries(
    Object.entries(job.files).map(([path, data]) => [path, Buffer.from(data, "base64")]),
  ),
  told: (...report) => reports.push(report),
  printed: (bytes) => process.stderr.write(bytes),
});

const SETTLES_US = 500000;
const SPACING_US = 20000;
const pass = (time) => machine.runTo(machine.now + time);
const wait = () => {
  for (let i = 0; i < SETTLES_US / SPACING_US; i++) pass(SPACING_US);
};
wait();
const bars = job.bars.map(({ knobs, clicks }) => {
  machine.encode("left", clicks);
  for (const [knob, position] of Object.entries(knobs)) machine.turn(knob, position);
  wait();
  const heard = machine.value("[list(track.latents), track.threshold]");
  reports = [];
  for (let edge = 0; edge < 16; edge++) {
    machine.trigger("clock");
    pass(SPACING_US);
  }
  return { heard, reports };
});
const glass = Buffer.from(machine.board.glass.image()).toString("base64");
const failed = machine.value("[str(instrument.failed_parts), str(instrument.stopped_parts)]");
process.stdout.write(JSON.stringify({ bars, glass, failed }));
