"""Run a decoder with LiteRT: the oracle for what a module plays."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latentrack.decoder.metadata import (
    OUTPUTS,
    DecoderInfo,
    parse_info,
    read_feel_latents,
    read_model_bytes,
)
from latentrack.decoder.model_file import ModelFile
from latentrack.decoder.quiet import quiet_terminal
from latentrack.errors import UserError
from latentrack.words import count

LATEST = 0.5
"""In steps: what an output of 1 stands for in timing."""


class Decoder:
    """Run a model file on this computer, by LiteRT, with the answers that a module has to give.

    Parameters
    ----------
    path_or_bytes : str, path-like or bytes
        A `.tflite` decoder, or what is in it.

    Attributes
    ----------
    info : DecoderInfo
        What the outputs are: kind, steps, voices, latent scale, groups.
    latents : int
        How many it takes, each from -info.latent_scale to +info.latent_scale.
    feel_latents : int
        How many of these, the last ones, move velocity and timing only.
    has_feel : bool
        Whether it decodes velocity and timing, too: see `decode_feel`.

    Raises
    ------
    UserError
        If there is no such file, or it is not a decoder that can be played.

    Examples
    --------
    >>> import latentrack as lt
    >>> decoder = lt.Decoder("groove.tflite")
    >>> decoder
    <Decoder of perdec: 6 latents (±3) to 16 steps × 12 voices>
    >>> decoder.pattern([[0.0, 0.0, 0.0, 0.0]], 0.4).shape
    (1, 16, 12)
    """

    def __init__(self, path_or_bytes: str | os.PathLike[str] | bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter

        if isinstance(path_or_bytes, bytes):
            name, data = "the model", path_or_bytes
        else:
            name, data = str(path_or_bytes), read_model_bytes(Path(path_or_bytes))
        self.info: DecoderInfo = parse_info(name, data)
        try:
            with quiet_terminal():
                self._interpreter = Interpreter(model_content=data)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            reason = str(error).strip().splitlines()[0].rstrip(".")
            raise UserError(
                f"{name} cannot be run by LiteRT ({reason}): make one with `latentrack train`."
            ) from error
        self._input = self._interpreter.get_input_details()[0]
        outputs = self._interpreter.get_output_details()
        self._hits = outputs[:1]
        self._feel: list[dict[str, Any]] = []
        if len(outputs) > 1:
            names = ModelFile.parse(data).output_names
            self._feel = [outputs[names.index(name)] for name in OUTPUTS[1:]]
        self.latents = int(self._input["shape"][-1])
        self.feel_latents = read_feel_latents(data)
        self.has_feel = bool(self._feel)

    def __repr__(self) -> str:
        info = self.info
        return (
            f"<Decoder of {info.kind}: {count(self.latents, 'latent')} (±{info.latent_scale}) to "
            f"{count(info.steps, 'step')} × {count(info.voices, 'voice')}>"
        )

    def decode(self, latents: ArrayLike) -> NDArray[np.float32]:
        """Decode positions into probabilities.

        One at a time, as a module decodes: in a batch LiteRT adds in another order, and the
        last bits differ. Integer outputs become probabilities by the model's own scale.

        Parameters
        ----------
        latents : array_like [shape=(n, latents) or (latents,)]
            In the model's own units, ± info.latent_scale. Those of the feel, the last ones, may be
            left out: they are 0 then.

        Returns
        -------
        np.ndarray [shape=(n, steps, voices), dtype=float32]
            Probabilities, 0 to 1.

        Raises
        ------
        ValueError
            If the latents have another shape.
        """
        return self._run(latents, self._hits)[0]

    def decode_feel(self, latents: ArrayLike) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Decode positions into the velocity and the timing of each cell.

        They hold where the cell sounds, by `pattern`.

        Parameters
        ----------
        latents : array_like [shape=(n, latents) or (latents,)]
            In the model's own units, ± info.latent_scale.

        Returns
        -------
        velocity : np.ndarray [shape=(n, steps, voices), dtype=float32]
            0 to 1; MIDI's velocity is 127 times that.
        timing : np.ndarray [shape=(n, steps, voices), dtype=float32]
            -0.5 to 0.5 of a step, + is late.

        Raises
        ------
        ValueError
            If the latents have another shape, or the model has no feel.
        """
        if not self.has_feel:
            raise ValueError("the model has no feel: it decodes hits only")
        velocity, timing = self._run(latents, self._feel)
        return velocity, timing * np.float32(LATEST)

    def _run(self, latents: ArrayLike, wanted: list[dict[str, Any]]) -> list[NDArray[np.float32]]:
        """These outputs at positions, each (n, steps, voices)."""
        points = np.atleast_2d(np.asarray(latents, np.float32))
        if points.ndim == 2 and points.shape[1] == self.latents - self.feel_latents:
            points = np.pad(points, [(0, 0), (0, self.feel_latents)])
        if points.ndim != 2 or points.shape[1] != self.latents:
            raise ValueError(f"latents must be (n, {self.latents}), not {points.shape}")
        shape = (len(points), self.info.steps, self.info.voices)
        results = [np.empty(shape, np.float32) for _ in wanted]
        for number, point in enumerate(_to_model(points, self._input)):
            self._interpreter.set_tensor(self._input["index"], point[np.newaxis])
            self._interpreter.invoke()
            for result, output in zip(results, wanted, strict=True):
                values = self._interpreter.get_tensor(output["index"])
                result[number] = _from_model(values, output).reshape(shape[1:])
        return results

    def pattern(self, latents: ArrayLike, threshold: float) -> NDArray[np.bool_]:
        """Decode positions into patterns, compared in float32 as a module does.

        Parameters
        ----------
        latents : array_like [shape=(n, latents) or (latents,)]
            In the model's own units, ± info.latent_scale.
        threshold : float
            Cells with a probability above this one sound, 0 to 1.

        Returns
        -------
        np.ndarray [shape=(n, steps, voices), dtype=bool]
            What sounds.

        Raises
        ------
        ValueError
            If the latents have another shape.
        """
        return self.decode(latents) > np.float32(threshold)


def _to_model(values: NDArray[np.float32], tensor: dict[str, Any]) -> NDArray[Any]:
    if tensor["dtype"] == np.float32:
        return values
    scale, zero = tensor["quantization"]
    limits = np.iinfo(tensor["dtype"])
    rounded = np.rint(values / scale) + zero
    return np.asarray(np.clip(rounded, limits.min, limits.max), tensor["dtype"])


def _from_model(values: NDArray[Any], tensor: dict[str, Any]) -> NDArray[np.float32]:
    if tensor["dtype"] == np.float32:
        return values.ravel()
    scale, zero = tensor["quantization"]
    return np.asarray((values.ravel().astype(np.float32) - zero) * scale, np.float32)
