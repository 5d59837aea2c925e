"""Run a decoder with LiteRT: the oracle for what a module plays."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latentrack.decoder.metadata import DecoderInfo, parse_info, read_model_bytes
from latentrack.decoder.quiet import quiet_terminal
from latentrack.errors import UserError
from latentrack.words import count


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

    Raises
    ------
    UserError
        If there is no such file, or it is not a decoder that can be played.

    Examples
    --------
    >>> import latentrack as lt
    >>> decoder = lt.Decoder("groove.tflite")
    >>> decoder
    <Decoder of perdec: 3 latents (±3) to 16 steps × 12 voices>
    >>> decoder.pattern([[0.0, 0.0, 0.0]], 0.4).shape
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
        self._output = self._interpreter.get_output_details()[0]
        self.latents = int(self._input["shape"][-1])

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
            In the model's own units, ± info.latent_scale.

        Returns
        -------
        np.ndarray [shape=(n, steps, voices), dtype=float32]
            Probabilities, 0 to 1.

        Raises
        ------
        ValueError
            If the latents have another shape.
        """
        points = np.atleast_2d(np.asarray(latents, np.float32))
        if points.ndim != 2 or points.shape[1] != self.latents:
            raise ValueError(f"latents must be (n, {self.latents}), not {points.shape}")
        result = np.empty((len(points), self.info.steps * self.info.voices), np.float32)
        for row, point in zip(result, _to_model(points, self._input), strict=True):
            self._interpreter.set_tensor(self._input["index"], point[np.newaxis])
            self._interpreter.invoke()
            row[:] = _from_model(self._interpreter.get_tensor(self._output["index"]), self._output)
        return result.reshape(-1, self.info.steps, self.info.voices)

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
