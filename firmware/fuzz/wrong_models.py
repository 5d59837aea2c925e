"""Counts models that are broken by meaning and that our reader takes for something else.

    python firmware/fuzz/wrong_models.py --count 20000

Each of them (see broken_models.py) is given to lib/tflite. What it refuses is done with. What it
accepts must be accepted by LiteRT, too, and decoded alike; tflite-micro is asked besides, where it
takes the model. A model is wrong if not.
"""

from __future__ import annotations

import argparse
import collections
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tests" / "firmware")]

import broken_models  # noqa: E402
import oracle  # noqa: E402
import seeds  # noqa: E402
import tflite_c  # noqa: E402
from litert_oracle import made_float  # noqa: E402

BOUND = 1e-6  # of a probability in float, as in tests/firmware/test_tflite_litert.py


@dataclass
class Count:
    """How many models were made, accepted, compared with each interpreter; and the wrong ones."""

    models: int = 0
    accepted: int = 0
    micro: int = 0
    wrong: list[str] = field(default_factory=list)
    fields: collections.Counter[str] = field(default_factory=collections.Counter)


class Comparison:
    """Compares our reader with LiteRT and TFLite Micro, on random latents."""

    def __init__(self, folder: Path) -> None:
        tflite_c.compile_library(folder)
        self._library = tflite_c.load_library(folder)
        self._litert = oracle.Oracle("litert")
        self._micro = oracle.Oracle("tflite_micro")
        self._latents = np.random.default_rng(3)

    def close(self) -> None:
        for each in (self._litert, self._micro):
            each.__exit__(None, None, None)

    def compare(self, model: bytes, count: Count) -> str | None:
        """What is wrong with how our reader takes the model, or None."""
        try:
            decoder = tflite_c.Decoder(self._library, model)
        except tflite_c.Refused:
            return None
        count.accepted += 1
        latents = self._latents.uniform(-3, 3, (4, decoder.latents)).astype(np.float32)
        ours = decoder.probabilities(decoder.scores(latents))
        wrong = self._ask_litert(model, latents, ours)
        for output in tflite_c.OUTPUTS if decoder.has_feel else ():
            ours_named = decoder.values(latents, output)
            wrong = wrong or self._ask_litert(model, latents, ours_named, output)
        return wrong or self._ask_micro(model, latents, ours, count)

    def _ask_litert(
        self, model: bytes, latents: np.ndarray, ours: np.ndarray, output: str | None = None
    ) -> str | None:
        what = f"{output or 'the output'}: "
        try:
            expected = self._litert.decode(model, latents, output)
        except oracle.Refused as refused:
            return f"{what}LiteRT refuses: {refused}"
        if is_dynamic(model):
            # LiteRT rounds what comes into a layer; the same network in float32 does not. tanh
            # spans twice as much as a probability.
            if _apart(ours, expected) > (1 if output == "timing" else 0.5):
                return f"{what}far from LiteRT: {_apart(ours, expected):.2g}"
            expected = self._litert.decode(made_float(model), latents, output)
        apart = _apart(ours, expected)
        if not apart <= (0 if is_int8(model) else BOUND):
            return f"{what}{apart:.2g} from LiteRT"
        return None

    def _ask_micro(
        self, model: bytes, latents: np.ndarray, ours: np.ndarray, count: Count
    ) -> str | None:
        try:
            expected = self._micro.decode(model, latents)
        except oracle.Refused:
            return None  # it knows fewer kinds of models than LiteRT
        count.micro += 1
        apart = _apart(ours, expected)
        # int8: it rounds otherwise, and a unit of a hidden layer may be many of the output's.
        if not apart <= (0.1 if is_int8(model) else BOUND):
            return f"{apart:.2g} from tflite-micro"
        return None


def _apart(ours: np.ndarray, expected: np.ndarray) -> float:
    """The greatest difference; NaN on both sides counts as equal."""
    if ours.shape != expected.shape:
        return np.inf
    same = (ours == expected) | (np.isnan(ours) & np.isnan(expected))
    with np.errstate(invalid="ignore"):
        apart = np.abs(ours - expected, dtype=np.float64)
    return float(np.where(same, 0, np.where(np.isnan(apart), np.inf, apart)).max())


def is_int8(model: bytes) -> bool:
    """Whether any layer reckons in int8."""
    graph = broken_models.unpack(model).subgraphs[0]
    return any(
        graph.tensors[int(operator.inputs[0])].type == seeds.I8
        and graph.tensors[int(operator.outputs[0])].type == seeds.I8
        for operator in graph.operators
    )


def is_dynamic(model: bytes) -> bool:
    """Whether any layer has weights of int8 and reckons in float32."""
    graph = broken_models.unpack(model).subgraphs[0]
    return any(
        len(operator.inputs) > 1
        and graph.tensors[int(operator.inputs[0])].type == seeds.F32
        and graph.tensors[int(operator.inputs[1])].type == seeds.I8
        for operator in graph.operators
    )


def count_wrong(models: dict[str, bytes], folder: Path, count: int, seed: int = 1) -> Count:
    """Judges `count` models broken by meaning."""
    comparison, found = Comparison(folder), Count()
    try:
        for name, changes, model in broken_models.generate(models, count, seed):
            found.models += 1
            found.fields.update(change.field for change in changes)
            wrong = comparison.compare(model, found)
            if wrong:
                found.wrong.append(f"{name}: {'; '.join(map(str, changes))}: {wrong}")
    finally:
        comparison.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=20_000, help="how many models")
    parser.add_argument("--seed", type=int, default=1, help="others with another number")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = count_wrong(seeds.small_models(), Path(folder), chosen.count, chosen.seed)
    print(*found.wrong, sep="\n")
    print(
        f"wrong models: {len(found.wrong)} of {found.models}, {found.accepted} accepted, "
        f"{found.micro} of them by tflite-micro, too"
    )
    sys.exit(bool(found.wrong))


if __name__ == "__main__":
    main()
