"""What tflite-micro answers: a second expectation that the C decoder is held against."""

import numpy as np
from tflite_micro.python.tflite_micro.runtime import Interpreter, InterpreterConfig

ARENA = 1 << 20  # bytes


def decode(model: bytes, latents: np.ndarray) -> np.ndarray:
    """The outputs (n, outputs) as tflite-micro gives them: float32, or int8 where the model is so.

    RuntimeError where it does not take the model: it knows neither float16 nor dynamic weights."""
    interpreter = _interpreter(model)
    source = interpreter.get_input_details(0)
    answers = []
    for latent in latents:
        interpreter.set_input(_as_input(source, latent), 0)
        interpreter.invoke()
        answers.append(np.ravel(interpreter.get_output(0)).copy())
    return np.array(answers)


def probabilities(model: bytes, latents: np.ndarray) -> np.ndarray:
    """As decode, but what int8 outputs stand for."""
    outputs = decode(model, latents)
    if outputs.dtype != np.int8:
        return outputs
    scale, zero = _quantisation(_interpreter(model).get_output_details(0))
    return (outputs.astype(np.float32) - np.float32(zero)) * np.float32(scale)


def _interpreter(model: bytes) -> Interpreter:
    config = InterpreterConfig.kPreserveAllTensors
    return Interpreter.from_bytes(model, arena_size=ARENA, intrepreter_config=config)


def _quantisation(details: dict) -> tuple[float, int]:
    parameters = details["quantization_parameters"]
    return parameters["scales"][0], parameters["zero_points"][0]


def _as_input(source: dict, latent: np.ndarray) -> np.ndarray:
    values = latent.astype(np.float32)
    if source["dtype"] == np.int8:
        scale, zero = _quantisation(source)
        steps = np.rint(values / np.float32(scale)) + zero
        values = np.clip(steps, -128, 127).astype(np.int8)
    return values.reshape(source["shape"])
