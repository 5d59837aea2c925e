"""Save and load a run: the folder with all that a training knows.

    run.toml      settings, where the music came from, what came of it; for reading, too
    weights.npz   encoder and decoder
    history.csv   one line an epoch
    dataset.npz   the music itself, so that one can train on or look closer when all else has moved

A run is written whole or not at all, and replaces an earlier one of the same name. What a training
has reached while it goes on is the same without the music, which lies elsewhere.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np

from latentrack.corpus.dataset import Dataset
from latentrack.errors import UserError
from latentrack.limits import DAMAGE
from latentrack.model.measures import natural_threshold
from latentrack.model.run_header import HEADER, read_header, write_header
from latentrack.model.run_history import HISTORY, joined, read_history, write_history
from latentrack.model.run_weights import WEIGHTS, read_weights, write_weights
from latentrack.model.trained_run import Run as Run
from latentrack.model.training import Epoch, Training, decoder_info, rows

DATASET = "dataset.npz"

_MOST_JUDGED = 5_000  # sequences, which take a tenth of a second


def save_run(
    folder: str | os.PathLike[str],
    training: Training,
    dataset: Dataset,
    *,
    music: str = "",
    earlier: tuple[Epoch, ...] = (),
) -> Run:
    """Write a training to its folder, whole or not at all.

    An earlier run of the same name is replaced.

    Parameters
    ----------
    folder : str or path-like
        Where the run goes; folders above it are made.
    training : Training
        What `train` returned.
    dataset : Dataset
        What it was trained on. It is kept in the run.
    music : str, default ""
        A name for the dataset, for people to read.
    earlier : tuple of Epoch, default ()
        The history of the run that was trained on from.

    Returns
    -------
    Run
        As `load_run` reads it.

    Raises
    ------
    UserError
        If the folder cannot be written, or something that is not a run lies there.

    Examples
    --------
    >>> import latentrack as lt
    >>> music = lt.Dataset.load("groove.npz")
    >>> lt.save_run("small.run", lt.train(music, lt.Settings(epochs=2, latent_dim=2)), music)
    <Run small.run: vae, 2 latents to 16 steps × 12 voices, trained on 473 sequences, threshold ...>
    """
    check_place(Path(folder))
    write_run(folder, training, dataset, music=music, earlier=earlier)
    return load_run(folder)


def write_run(
    folder: str | os.PathLike[str],
    training: Training,
    dataset: Dataset,
    *,
    music: str = "",
    earlier: tuple[Epoch, ...] = (),
    with_dataset: bool = True,
) -> None:
    """As `save_run`, without reading the run back.

    with_dataset: False leaves the music out, which is kept elsewhere; `load_run` has to be given it
    then. As such a run is written again and again, its threshold is that of a part of much music.

    Where nothing lies at `folder` it comes to be there in one step, and is on the disk then. Raises
    UserError.
    """
    target = Path(folder)
    history = joined(earlier, training.history)
    judged = training.trained_on
    if not with_dataset:
        judged = judged[:: 1 + len(judged) // _MOST_JUDGED]
    threshold = natural_threshold(training.model, rows(dataset.sequences, judged))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        write_header(
            temporary / HEADER,
            training,
            dataset,
            history=history,
            music=music,
            threshold=threshold,
        )
        write_weights(temporary / WEIGHTS, training.model, training.validated_on, training.feel)
        write_history(temporary / HISTORY, history)
        if with_dataset:
            dataset.save(temporary / DATASET)
        for file in temporary.iterdir():
            _flush(file)
        _replace(temporary, target)
    except OSError as error:
        raise UserError(
            f"Could not write the run {target} ({error.strerror or error}): "
            "name a folder that you may write to."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def load_run(folder: str | os.PathLike[str], *, dataset: Dataset | None = None) -> Run:
    """Read a run back from its folder.

    Parameters
    ----------
    folder : str or path-like
        What `save_run` or `latentrack train` wrote.
    dataset : Dataset, default None
        The music of a run that was written without it. None reads it from the folder.

    Returns
    -------
    Run
        With its model, music and history.

    Raises
    ------
    UserError
        If there is no run, or it is damaged.

    Examples
    --------
    >>> import latentrack as lt
    >>> run = lt.load_run("groove.run")
    >>> run.model.decode([[0.0, 0.0, 0.0, 0.0]]).shape
    (1, 16, 12)
    """
    source = Path(folder)
    if not (source / HEADER).is_file():
        raise UserError(f"{source} is not a run: `latentrack train` makes one beside each model.")
    music = Dataset.load(source / DATASET) if dataset is None else dataset
    try:
        header = read_header(source / HEADER)
        # Runs of version 0.1 hashed the hits alone.
        if header.digest not in (music.digest, music.digest_of_hits):
            raise UserError(
                f"The dataset in {source} is not the one that the model was trained on: "
                "train again."
            )
        info = decoder_info(music, header.settings.latent_scale)
        model, held, feel = read_weights(source / WEIGHTS, header, info, len(music))
        mask = np.ones(len(music), bool)
        mask[held] = False
        return Run(
            folder=source,
            settings=header.settings,
            model=model,
            history=read_history(source / HISTORY),
            dataset=music,
            trained_on=np.flatnonzero(mask),
            validated_on=held,
            threshold=header.threshold,
            about=header.about,
            feel=feel,
        )
    except OSError as error:
        raise UserError(
            f"Could not read the run {source} ({error.strerror or error}): train again."
        ) from error
    except DAMAGE as error:
        raise UserError(
            f"The run {source} is damaged: train again from {source / DATASET}."
        ) from error


def check_place(target: Path) -> None:
    """UserError if something lies at `target` that is not a run, and so must not be replaced."""
    if target.exists() and not (target / HEADER).is_file():
        raise UserError(f"{target} exists and is not a run: name another folder for the run.")


def _flush(file: Path) -> None:
    """Have what was written to a file on the disk."""
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


def _replace(new: Path, target: Path) -> None:
    """Put the folder `new` in the place of `target`; a folder cannot be replaced in one go."""
    if not target.exists():
        os.replace(new, target)
        return
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    os.replace(target, old)
    try:
        os.replace(new, target)
    except OSError:
        os.replace(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)
