"""TensorFlow is started without a word and without a trace."""

import os
import subprocess
import sys

from tests.waiting import PATIENCE_S


def test_tensorflow_says_nothing_and_leaves_no_folder_of_keras(tmp_path):
    environment = {key: value for key, value in os.environ.items() if key != "KERAS_HOME"}
    done = in_python(
        "from latentrack.decoder.quiet import import_tensorflow\n"
        "print(import_tensorflow().constant(2).numpy())",
        environment | {"HOME": str(tmp_path)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "2\n", "")
    assert not (tmp_path / ".keras").exists()


def test_keras_is_loaded_for_who_asks_for_it_and_for_nobody_else():
    done = in_python(
        "import sys\n"
        "from latentrack.decoder.quiet import import_tensorflow\n"
        "tensorflow = import_tensorflow()\n"
        "print([name for name in ('keras', 'sklearn', 'matplotlib') if name in sys.modules])\n"
        "from tensorflow.keras import layers\n"
        "print(layers.Dense is tensorflow.keras.layers.Dense)",
        dict(os.environ),
    )
    assert (done.returncode, done.stdout) == (0, "[]\nTrue\n"), done.stderr


def in_python(source: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", source],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
