// MicroPython with latentcore beside it, in one memory: for a web page's worker, and for Node.
//
// MicroPython is the program of its npm package. latentcore.wasm is linked as a shared library of
// WebAssembly: it gets a place in MicroPython's heap, and a table of functions of its own.

const STACK = 64 * 1024;
const WASM = "wasm"; // the module of JavaScript that rom/native.py imports
const VALUE_ERROR = 8; // of web.h
const MODULES = ["latentcore", "virtualboard"]; // of C, as page.c numbers them
const PYSTACK = 16 * 1024;
/** The folder, in memory, that is the flash. */
export const FLASH = "/store";

// The custom section "dylink.0" begins with a subsection that says how much memory is needed.
function neededMemory(module) {
  const bytes = new Uint8Array(WebAssembly.Module.customSections(module, "dylink.0")[0]);
  let at = 2; // kind and length
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  return { size: number(), alignment: 2 ** number(), table: number() };
}

// What C ends a call with; the error is in its results.
class Stopped extends Error {}

function writeFiles(FS, folder, files) {
  FS.mkdir(folder);
  for (const [path, data] of Object.entries(files)) {
    const parts = path.split("/").slice(0, -1);
    parts.forEach((_, i) => {
      const parent = `${folder}/${parts.slice(0, i + 1).join("/")}`;
      if (!FS.analyzePath(parent).exists) FS.mkdir(parent);
    });
    FS.writeFile(`${folder}/${path}`, data);
  }
}

/**
 * Starts MicroPython.
 *
 * loadMicroPython: of micropython.mjs.  micropython, latentcore: WebAssembly modules.  rom: files
 * that go into /rom, by name.  files: those of the flash, by path ("behaviours/drift.py").
 * heapBytes: MicroPython's memory.  stdout: called with bytes.  reports: called with what the board
 * reports (firmware/virtual/board.h), bytes.
 *
 * Returns { python, memory, event, run, halted }: MicroPython's interface; its memory; what
 * webboard.c says of `event` and `run`; and whether the chip stands still.
 */
export async function startRuntime({
  loadMicroPython, micropython, latentcore, rom, files, heapBytes, stdout, reports,
}) {
  let memory;
  const python = await loadMicroPython({
    heapsize: heapBytes,
    pystack: PYSTACK,
    stdout,
    stderr: stdout,
    linebuffer: false,
    instantiateWasm(imports, done) {
      WebAssembly.instantiate(micropython, imports).then((instance) => {
        memory = instance.exports.memory;
        done(instance, micropython);
      });
      return {};
    },
  });
  const needed = neededMemory(latentcore);
  const place = python._module._malloc(needed.size + needed.alignment + STACK);
  const base = Math.ceil(place / needed.alignment) * needed.alignment;
  new Uint8Array(memory.buffer, base, needed.size).fill(0);
  const top = (base + needed.size + STACK) & ~15;
  const stack = new WebAssembly.Global({ value: "i32", mutable: true }, top);
  let halted = false;
  let callObject; // of rom/native.py
  const { exports } = await WebAssembly.instantiate(latentcore, {
    env: {
      memory,
      __indirect_function_table: new WebAssembly.Table({
        element: "anyfunc", initial: needed.table + 1,
      }),
      __stack_pointer: stack,
      __memory_base: new WebAssembly.Global({ value: "i32" }, base),
      __table_base: new WebAssembly.Global({ value: "i32" }, 1),
    },
    page: {
      stop() {
        throw new Stopped();
      },
      python(called, argument) {
        callObject(called, argument);
      },
      reports(address, size) {
        reports?.(new Uint8Array(memory.buffer.slice(address, address + size)));
      },
      halt() {
        halted = true;
      },
    },
  });
  exports.__wasm_apply_data_relocs?.();
  exports.__wasm_call_ctors?.();

  // Python may call C, and C Python, within a call; what is thrown goes through C's frames, so the
  // stack pointer is put back.
  function guarded(call, otherwise) {
    return (...given) => {
      const before = stack.value;
      try {
        return call(...given);
      } catch (error) {
        stack.value = before;
        if (!(error instanceof Stopped)) throw error;
        return otherwise;
      }
    };
  }
  const { arguments_at, results_at, names, functions, constants, start } = exports;
  python.registerJsModule(WASM, {
    arguments_at, results_at, names, functions, constants, start,
    call: guarded(exports.call, VALUE_ERROR),
  });
  writeFiles(python.FS, "/rom", rom);
  MODULES.forEach((name, number) => {
    python.FS.writeFile(`/rom/${name}.py`, `import native\nnative.load(${number}, globals())\n`);
  });
  writeFiles(python.FS, FLASH, files);
  python.runPython("import sys; sys.path[:] = ['/rom']; del sys");
  callObject = python.pyimport("native").call_object;
  return {
    python,
    memory,
    event: guarded(exports.event),
    run: guarded(exports.run, 0),
    halted: () => halted,
  };
}
