// Runs Python in the module of a web page, under Node: node in_node.mjs FOLDER < JOB
//
// FOLDER is firmware/build/web. JOB is JSON: `files` (base64 by path in the flash), `heap` (bytes),
// and `steps`, each of which has one of these:
//
//     python    source to run in __main__
//     edges     so many pulses of 100 us at the pin `pin`, 1000 us apart; `drives` is what a pulse and
//               the time after it are: 0 low, 1 high, 2 left to the pin's pull
//     run       so many microseconds
//
// Prints what Python has printed, and "REPORTS" and a line of base64: all that the board reported.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// A program of one long line would be printed with the error.
process.on("uncaughtException", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
const folder = process.argv[2];
const { startRuntime } = await import(pathToFileURL(join(folder, "runtime.mjs")));
const { loadMicroPython } = await import(pathToFileURL(join(folder, "micropython.mjs")));
const compiled = (name) => WebAssembly.compile(readFileSync(join(folder, name)));
const job = JSON.parse(readFileSync(0, "utf8"));
const reported = [];
const EVENT_PIN = 1;
const [SPACING, WIDTH] = [1000, 100]; // microseconds

const names = readdirSync(join(folder, "rom")).filter((name) => name.endsWith(".py"));
const module = await startRuntime({
  loadMicroPython,
  micropython: await compiled("micropython.wasm"),
  latentcore: await compiled("latentcore.wasm"),
  rom: Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, "rom", name), "utf8")])),
  files: Object.fromEntries(
    Object.entries(job.files ?? {}).map(([path, data]) => [path, Buffer.from(data, "base64")]),
  ),
  heapBytes: job.heap ?? 2 << 20,
  stdout: (bytes) => process.stdout.write(bytes),
  reports: (bytes) => reported.push(Buffer.from(bytes)),
});

let now = 0;
for (const step of job.steps) {
  if (step.python !== undefined) module.python.runPython(step.python);
  for (let edge = 0; edge < (step.edges ?? 0); edge++) {
    step.drives.forEach((drive, i) => {
      module.event(now + edge * SPACING + i * WIDTH, EVENT_PIN, step.pin, drive);
    });
  }
  now += (step.edges ?? 0) * SPACING + (step.run ?? 0);
  while (module.run(now));
}
process.stdout.write(`REPORTS\n${Buffer.concat(reported).toString("base64")}\n`);
