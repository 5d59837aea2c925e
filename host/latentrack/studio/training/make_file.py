"""The process that makes a report or a model file of a run.

python -m latentrack.studio.training.make_file report RUN
python -m latentrack.studio.training.make_file export RUN MODEL.tflite PRECISION [count]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from latentrack.errors import UserError
from latentrack.model.run import load_run
from latentrack.model.sizes import in_words
from latentrack.studio.training.child import ChildVoice, listen, step_back
from latentrack.studio.training.run_files import REPORT


def report(voice: ChildVoice, run: str) -> str:
    """Write the run's report beside it; return ""."""
    from latentrack.model.report import write_report

    write_report(load_run(run), Path(run) / REPORT, lambda words: voice.say("part", words=words))
    return ""


def export(voice: ChildVoice, run: str, target: str, precision: str, *count: str) -> str:
    """Write the run's model file to `target`; return what the precision costs, in words.

    Without `count` nothing is counted, and the words are "".
    """
    loaded = load_run(run)
    voice.say("part", words="Converting")
    precision = loaded.precision_of_file(precision)
    loaded.export(target, precision=precision)
    if not count:
        return ""
    from latentrack.model.report import gates_of

    voice.say("part", words="Counting what changed")
    gates = gates_of(loaded, precision)
    return f"{in_words(gates.size)} in {precision}: {gates.words}."


def main() -> None:
    """Make the file that the command line names, and send progress and outcome to the studio."""
    voice = ChildVoice()
    step_back()
    listen(lambda _: None, lambda: os._exit(1))
    what, *arguments = sys.argv[1:]
    try:
        words = report(voice, *arguments) if what == "report" else export(voice, *arguments)
        voice.say("done", words=words)
    except UserError as error:
        voice.say("failed", words=str(error))


if __name__ == "__main__":
    main()
