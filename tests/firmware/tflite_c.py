"""lib/tflite as a shared object: compiled once, called through ctypes."""

import ctypes
import subprocess
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "firmware" / "lib" / "tflite"
OUTPUTS = ("hits", "velocity", "timing")  # of a model with a feel, as its signature names them
STRICT = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"]


def compile_library(folder: Path) -> None:
    """Compiles the library and the tests' shim with this machine's gcc, into a folder."""
    target = folder / "tflite.so"
    sources = [*sorted(SOURCES.glob("*.c")), Path(__file__).with_name("tflite_shim.c")]
    command = ["gcc", *STRICT, "-shared", "-fPIC", f"-I{SOURCES}", *sources, "-o", target]
    subprocess.run(command, check=True)


def load_library(folder: Path) -> ctypes.CDLL:
    """What `compile_library` has made there."""
    library = ctypes.CDLL(str(folder / "tflite.so"))
    library.shim_new.restype = ctypes.c_void_p
    for name in ("shim_groups", "shim_trailing"):
        getattr(library, name).restype = ctypes.POINTER(ctypes.c_uint8)
    for name in ("tflite_load", "shim_kind"):
        getattr(library, name).restype = ctypes.c_char_p
    for name in ("tflite_cutoff", "tflite_probability"):
        getattr(library, name).argtypes = [ctypes.c_void_p, ctypes.c_float]
        getattr(library, name).restype = ctypes.c_float
    return library


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)


class Refused(Exception):
    """tflite_load's words."""


class Decoder:
    """One loaded decoder; scores and probabilities are arrays (n, outputs) of float32."""

    def __init__(self, library: ctypes.CDLL, model: bytes, shift: int = 0) -> None:
        self.library = library
        self.file = np.zeros(len(model) + 32, np.uint8)
        start = -self.file.ctypes.data % 16 + shift
        self.file[start : start + len(model)] = np.frombuffer(model, np.uint8)
        self.c = ctypes.c_void_p(library.shim_new())
        file = ctypes.c_void_p(self.file.ctypes.data + start)
        words = library.tflite_load(self.c, file, ctypes.c_uint32(len(model)))
        if words is not None:
            raise Refused(words.decode("ascii"))
        fields = np.zeros(10, np.uint32)
        library.shim_fields(self.c, _pointer(fields))
        self.latents, self.outputs, has, self.steps, self.voices = (int(x) for x in fields[:5])
        self.latent_scale, groups, trailing = (int(x) for x in fields[5:8])
        self.feel_latents, self.has_feel = int(fields[8]), bool(fields[9])
        self.has_metadata = bool(has)
        self.kind = library.shim_kind(self.c).decode("latin-1")
        self.groups = library.shim_groups(self.c)[:groups]
        self.trailing = bytes(library.shim_trailing(self.c)[:trailing]) if trailing else b""
        self.workspace = int(library.tflite_workspace(self.c))

    def scores(self, latents: np.ndarray, piece: int = 0) -> np.ndarray:
        latents = np.ascontiguousarray(latents, np.float32)
        assert latents.shape[1] == self.latents
        scores = np.empty((len(latents), self.outputs), np.float32)
        self.library.shim_scores(self.c, _pointer(latents), len(latents), piece, _pointer(scores))
        return scores

    def values(self, latents: np.ndarray, output: str) -> np.ndarray:
        """One of the model's own outputs (n, outputs), by its name."""
        latents = np.ascontiguousarray(latents, np.float32)
        assert latents.shape[1] == self.latents
        values = np.empty((len(latents), self.outputs), np.float32)
        which = OUTPUTS.index(output)
        self.library.shim_values(self.c, _pointer(latents), len(latents), which, _pointer(values))
        return values

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        values = np.array(scores, np.float32)
        self.library.shim_probabilities(self.c, _pointer(values), values.size)
        return values

    def cutoff(self, threshold: float) -> float:
        return self.library.tflite_cutoff(self.c, threshold)

    def probability(self, score: float) -> float:
        return self.library.tflite_probability(self.c, score)
