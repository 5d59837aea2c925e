"""What LiteRT answers: the expectation that the C decoder is held against."""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter


def decode(model: bytes, latents: np.ndarray, output: str | None = None) -> np.ndarray:
    """The outputs (n, outputs) as LiteRT gives them: float32, or int8 where the model says so.

    output: its name in the model's signature; by default the model's first output."""
    interpreter = Interpreter(model_content=model)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]
    target = _target(interpreter, model, output)
    answers = []
    for latent in latents:
        values = as_input(source, latent).reshape(source["shape"])
        interpreter.set_tensor(source["index"], values)
        interpreter.invoke()
        answers.append(interpreter.get_tensor(target["index"]).ravel())
    return np.array(answers)


def probabilities(model: bytes, latents: np.ndarray, output: str | None = None) -> np.ndarray:
    """As decode, but what int8 outputs stand for."""
    outputs = decode(model, latents, output)
    if outputs.dtype != np.int8:
        return outputs
    scale, zero = output_quantisation(model, output)
    return (outputs.astype(np.float32) - np.float32(zero)) * np.float32(scale)


def named_outputs(model: bytes) -> dict[str, int]:
    """Which tensor each output is, by the names in the model's first signature."""
    signatures = schema.ModelT.InitFromPackedBuf(model, 0).signatureDefs or []
    return {
        entry.name.decode(): entry.tensorIndex for each in signatures[:1] for entry in each.outputs
    }


def _target(interpreter: Interpreter, model: bytes, output: str | None) -> dict:
    targets = interpreter.get_output_details()
    if output is None:
        return targets[0]
    wanted = named_outputs(model)[output]
    return next(target for target in targets if target["index"] == wanted)


def as_input(source: dict, latent: np.ndarray) -> np.ndarray:
    """A latent in the number type of the model's input."""
    if source["dtype"] == np.float32:
        return latent.astype(np.float32)
    scale, zero = source["quantization"]
    steps = np.rint(latent.astype(np.float32) / np.float32(scale)) + zero
    return np.clip(steps, -128, 127).astype(np.int8)


def output_quantisation(model: bytes, output: str | None = None) -> tuple[float, int]:
    """Scale and zero point of the int8 output; (0, 0) for float."""
    interpreter = Interpreter(model_content=model)
    return _target(interpreter, model, output)["quantization"]


def made_float(model: bytes) -> bytes:
    """The same network with its int8 weights made float32: what dynamic range approximates."""
    tree = schema.ModelT.InitFromPackedBuf(model, 0)
    for tensor in tree.subgraphs[0].tensors:
        if tensor.type != schema.TensorType.INT8:
            continue
        data = tree.buffers[tensor.buffer].data.view(np.int8).reshape(tensor.shape)
        scale = np.asarray(tensor.quantization.scale, np.float32).reshape(-1, 1)
        values = (data.astype(np.float32) * scale).astype("<f4")
        tree.buffers[tensor.buffer].data = np.frombuffer(values.tobytes(), np.uint8)
        tensor.type = schema.TensorType.FLOAT32
        tensor.quantization = None
    builder = flatbuffers.Builder(1024)
    builder.Finish(tree.Pack(builder), b"TFL3")
    return bytes(builder.Output())
