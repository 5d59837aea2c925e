"""Keep libraries written in C++ from writing to the terminal."""

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator
from typing import Any

from latentrack.errors import UserError
from latentrack.extra import missing


@contextlib.contextmanager
def quiet_terminal() -> Iterator[None]:
    """Swallow what is written to the process's stderr, below Python too.

    stdout stays open: that is where progress is drawn meanwhile.
    """
    sys.stderr.flush()
    saved = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


def import_tensorflow() -> Any:
    """The module `tensorflow`, imported and started without its greetings. UserError without it.

    Its logging levels are read once, at import; a user's own settings are respected.
    """
    if sys.modules.get("tensorflow") is not None:
        return sys.modules["tensorflow"]
    if lacks := missing("tensorflow", "Training and exporting a model need TensorFlow"):
        raise UserError(f"{lacks}.")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Keras would make ~/.keras: where no folder can be made it does without.
    os.environ.setdefault("KERAS_HOME", os.path.join(os.devnull, "keras"))
    with quiet_terminal(), _without_keras():
        tensorflow = importlib.import_module("tensorflow")
        tensorflow.config.list_logical_devices()  # looks for graphics cards, and says so
    return tensorflow


@contextlib.contextmanager
def _without_keras() -> Iterator[None]:
    """Keep `import tensorflow` from importing Keras, which nobody here uses.

    Keras takes a third of that time: it imports scikit-learn and Matplotlib. TensorFlow goes on
    without it; who asks for `tensorflow.keras` afterwards gets it.
    """
    core = "keras.src"
    if core in sys.modules:
        yield
        return
    sys.modules[core] = None  # type: ignore[assignment]  # the import system's word for "missing"
    try:
        yield
    finally:
        del sys.modules[core]
