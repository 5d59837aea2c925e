"""TensorFlow is started without a word and without a trace."""

import os
import subprocess
import sys

from tests.waiting import PATIENCE_S


def test_tensorflow_says_nothing_and_leaves_no_folder_of_keras(tmp_path):
    environment = {key: value for key, value in os.environ.items() if key != "KERAS_HOME"}
    done = subprocess.run(
        [
            *(sys.executable, "-c"),
            "from latentrack.decoder.quiet import import_tensorflow\n"
            "print(import_tensorflow().constant(2).numpy())",
        ],
        env=environment | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "2\n", "")
    assert not (tmp_path / ".keras").exists()
