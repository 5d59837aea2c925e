"""Run one epoch of Adam as one compiled function, for any loss.

The data lies in memory as one tensor and XLA compiles the loop over its batches, gradients and
Adam included, so an epoch of 16,000 bars takes a tenth of a second. (A short training is over
before it would be compiled, and is not.) Nothing random happens inside: XLA draws random numbers
slowly, and a seed should give the same model anywhere. So the order of the sequences, the noise and
the masks are made outside, an epoch at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentrack.decoder.quiet import import_tensorflow

DECAY, DECAY2, TINY = 0.9, 0.999, 1e-7
"""Adam's, as Keras has them."""

WORTH_COMPILING = 3000
"""Steps: fewer are done before XLA would have compiled them (6 s, and 1.4 ms a step saved)."""

_Form = tuple[tuple[int, ...], str]

State = tuple[Any, Any, Any, Any]
"""All weights in one row, Adam's two moments of each, and the number of steps done.

To hand TensorFlow three long tensors instead of three for each layer saves a millisecond a call,
a third of an epoch of a few bars."""


def initial_state(weights: Sequence[NDArray[Any]]) -> State:
    """The state before the first step: moments of zero, no steps done."""
    tf = import_tensorflow()
    row = tf.constant(np.concatenate([np.ravel(value) for value in weights]).astype(np.float32))
    zeros = tf.zeros_like(row)
    return row, zeros, zeros, tf.constant(0.0)


def weights_of(state: State, like: Sequence[NDArray[Any]]) -> list[NDArray[np.float32]]:
    """The weights in a state, in the shapes of those that it began with."""
    ends = np.cumsum([value.size for value in like])
    parts = np.split(np.asarray(state[0]), ends[:-1])
    return [part.reshape(value.shape) for part, value in zip(parts, like, strict=True)]


def compiled_epoch(
    loss: Callable[..., Any],
    data: Any,
    weights: Sequence[NDArray[Any]],
    inputs: Sequence[NDArray[Any]],
    batches: int,
    bits: int = 0,
    *,
    steps: int,
) -> Any:
    """The function that runs one epoch, or a part of one: (state, order, rates, *inputs) ->
    (state, mean loss).

    To compile takes seconds, so the last ones are kept: an equal loss with the same shapes is not
    compiled again. A training of few steps is not compiled at all.

    data: an array or a tensor, which is not copied.  weights: as `initial_state` gets them; they
    only tell the shapes, and in which pieces the loss gets them.  bits: how many cells a row has,
    where each byte of `data` has eight of them, as np.packbits makes it.  order: (batches, batch)
    indices into `data`, int32.  rates: the learning rate at each batch.  inputs: what else the loss
    wants at each batch, one row a batch; the arrays given here only tell the shapes.  loss:
    (weights, rows of data as float32, a row of each input) -> what to make small, and the loss to
    tell of.  steps: how many batches the whole training takes.
    """
    rows = import_tensorflow().convert_to_tensor(data)
    shapes = tuple(value.shape for value in weights)
    others = tuple(_form(value) for value in inputs)
    worth = steps >= WORTH_COMPILING
    return partial(compiled(loss, shapes, _form(rows), others, batches, bits, worth), rows)


def _form(value: Any) -> _Form:
    """The shape and the type of an array or a tensor."""
    return tuple(value.shape), import_tensorflow().as_dtype(value.dtype).name


@lru_cache(maxsize=8)
def compiled(
    loss: Callable[..., Any],
    shapes: tuple[tuple[int, ...], ...],
    rows: _Form,
    inputs: tuple[_Form, ...],
    batches: int,
    bits: int,
    worth: bool,
) -> Any:
    """What `epoch` makes, but of the music too: (rows, state, order, rates, *inputs) -> the same.

    shapes: of the weights.  rows, inputs: their shapes and types.  worth: whether XLA is to
    compile it.
    """
    tf = import_tensorflow()
    shifts = tf.constant(range(7, -1, -1), tf.uint8)
    sizes = [math.prod(shape) for shape in shapes]

    def pieces(row: Any) -> list[Any]:
        parts = tf.split(row, sizes)
        return [tf.reshape(part, shape) for part, shape in zip(parts, shapes, strict=True)]

    def joined(parts: Sequence[Any]) -> Any:
        return tf.concat([tf.reshape(part, [-1]) for part in parts], 0)

    def run(music: Any, state: Any, order: Any, rates: Any, *inputs: Any) -> Any:
        def step(i: Any, total: Any, weights: Any, first: Any, second: Any, count: Any) -> Any:
            cells = tf.gather(music, order[i])
            if bits:
                each = tf.bitwise.right_shift(cells[:, :, tf.newaxis], shifts)
                each = tf.bitwise.bitwise_and(each, tf.constant(1, tf.uint8))
                cells = tf.reshape(each, (-1, 8 * music.shape[1]))[:, :bits]
            cells = tf.cast(cells, tf.float32)
            with tf.GradientTape() as tape:
                tape.watch(weights)
                objective, value = loss(weights, cells, *(each[i] for each in inputs))
            slopes = tape.gradient(objective, weights)
            count += 1.0
            first = [DECAY * m + (1 - DECAY) * g for m, g in zip(first, slopes, strict=True)]
            second = [
                DECAY2 * v + (1 - DECAY2) * g * g for v, g in zip(second, slopes, strict=True)
            ]
            rate = rates[i] * tf.sqrt(1 - DECAY2**count) / (1 - DECAY**count)
            weights = [
                w - rate * m / (tf.sqrt(v) + TINY)
                for w, m, v in zip(weights, first, second, strict=True)
            ]
            return i + 1, total + value, weights, first, second, count

        *rowwise, count = state
        begin = (tf.constant(0), tf.constant(0.0), *map(pieces, rowwise), count)
        _, total, *ended, count = tf.while_loop(lambda i, *_: i < batches, step, begin)
        return (*map(joined, ended), count), total / batches

    def spec(form: _Form) -> Any:
        return tf.TensorSpec(*form)

    row = tf.TensorSpec((sum(sizes),), tf.float32)
    state = row, row, row, tf.TensorSpec((), tf.float32)
    order, rates = tf.TensorSpec((batches, None), tf.int32), tf.TensorSpec((batches,), tf.float32)
    compiled = tf.function(run, jit_compile=worth, autograph=False)
    return compiled.get_concrete_function(spec(rows), state, order, rates, *map(spec, inputs))
