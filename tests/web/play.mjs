// Plays the page's module under Node, without a page: node play.mjs FOLDER < JOB > ANSWER
//
// FOLDER is firmware/build/web. JOB is JSON: `files` (base64 by path in the flash), `pins` and
// `analog` (their numbers by name), and `bars`, as Machine.playBars takes them. ANSWER is JSON: what
// it returns, the last picture of the glass in base64, and the parts of frames that failed.
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
  told() {},
  printed: (bytes) => process.stderr.write(bytes),
});

const bars = machine.playBars(job.bars);
const glass = Buffer.from(machine.board.glass.image()).toString("base64");
const failed = machine.value("[str(instrument.failed_parts), str(instrument.stopped_parts)]");
process.stdout.write(JSON.stringify({ bars, glass, failed }));
