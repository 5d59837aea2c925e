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
    # TensorFlow brings Keras along, which nobody here uses and which would make ~/.keras: where
    # no folder can be made it does without.
    os.environ.setdefault("KERAS_HOME", os.path.join(os.devnull, "keras"))
    with quiet_terminal():
        tensorflow = importlib.import_module("tensorflow")
        tensorflow.config.list_logical_devices()  # looks for graphics cards, and says so
    return tensorflow
