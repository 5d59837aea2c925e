"""Decodes with one reader of model files under valgrind, which counts instructions.

    valgrind --tool=callgrind --instr-atstart=no python count_x64.py COUNTED.so READER MODEL...

benchmarks/peers.py starts it. READER is "ours", "litert" or "tflite_micro". Each model's count is
reported under its file's name.
"""

import ctypes
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

TIMES = 5
LATENTS = np.array([[0.5, -1.25, 2.0]], np.float32)
THRESHOLD = 0.5


def ours(library: ctypes.CDLL, model: bytes) -> Callable[[], None]:
    """All decodes are one call, as the module makes them from C."""
    file = np.zeros(len(model) + 16, np.uint8)
    start = -file.ctypes.data % 16
    file[start : start + len(model)] = np.frombuffer(model, np.uint8)
    decoder = ctypes.create_string_buffer(1 << 13)
    at = ctypes.c_void_p(file.ctypes.data + start)
    assert library.tflite_load(decoder, at, ctypes.c_uint32(len(model))) == 0
    library.tflite_cutoff.restype = ctypes.c_float
    cutoff = library.tflite_cutoff(decoder, ctypes.c_float(THRESHOLD))
    scores, gates, work = (np.zeros(1 << 14, np.float32) for _ in range(3))
    arrays = [ctypes.c_void_p(each.ctypes.data) for each in (LATENTS, work, scores, gates)]

    def decode() -> None:
        latents, workspace, floats, bits = arrays
        more = ctypes.c_float(cutoff), bits, TIMES
        library.counted_decode(decoder, latents, workspace, floats, *more)

    decode.keep = file, decoder, scores, gates, work
    return decode


def litert(library: ctypes.CDLL, model: bytes) -> Callable[[], None]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], LATENTS)
    return lambda: [interpreter.invoke() for _ in range(TIMES)]


def tflite_micro(library: ctypes.CDLL, model: bytes) -> Callable[[], None]:
    from tflite_micro.python.tflite_micro.runtime import Interpreter

    interpreter = Interpreter.from_bytes(model, arena_size=1 << 20)
    interpreter.set_input(LATENTS, 0)
    return lambda: [interpreter.invoke() for _ in range(TIMES)]


def main() -> None:
    library = ctypes.CDLL(sys.argv[1])
    prepare = {"ours": ours, "litert": litert, "tflite_micro": tflite_micro}[sys.argv[2]]
    for path in map(Path, sys.argv[3:]):
        decode = prepare(library, path.read_bytes())
        decode()  # not counted: what is done once
        library.counted_start()
        decode()
        library.counted_report(path.stem.encode())


if __name__ == "__main__":
    main()
