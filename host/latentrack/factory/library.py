"""Find the factory models that are built, and read from their files what they are."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from latentrack import assets
from latentrack.decoder.metadata import (
    parse_info,
    read_extras,
    read_feel_latents,
    read_model_bytes,
)
from latentrack.decoder.model_file import ModelFile
from latentrack.errors import UserError
from latentrack.factory.recipes import BY_NAME
from latentrack.playing.kinds import Kind

ENDING = ".tflite"
RUN = ".run"


@dataclass(frozen=True)
class FactoryModel:
    """A built factory model, as its file describes it.

    size: of the file, in bytes.  latents: how many, those of the feel included.  feel_latents: how
    many of these, the last ones, move velocity and timing only.  axes: the attribute of each
    latent, "" for none; () where the file has none.  styles: of its music.  music: the corpus.
    sequences: how many it was trained on.  origin: who wrote the corpus, and licence: that of the
    model; "" where the file does not say.
    """

    name: str
    file: Path
    kind: Kind
    size: int
    latents: int
    feel_latents: int
    axes: tuple[str, ...]
    styles: tuple[str, ...]
    music: str
    sequences: int
    origin: str
    licence: str


def names() -> list[str]:
    """The names of the models that are built, in the order of their recipes; [] if none is."""
    built = {file.stem for file in assets.factory_folder().glob(f"*{ENDING}")}
    return [name for name in BY_NAME if name in built]


def file_of(name: str, refusal: str = "") -> Path:
    """The file of a factory model. UserError if no recipe has that name, or it is not built.

    refusal: the beginning of the sentence for an unknown name, by default that there is no such
    factory model.
    """
    if name not in BY_NAME:
        refusal = refusal or f"There is no factory model {name}"
        close = get_close_matches(name.lower(), BY_NAME, 1)
        remedy = f"; did you mean {close[0]}?" if close else ": `latentrack models` lists them."
        raise UserError(refusal + remedy)
    if name not in names():
        raise not_built(f"The factory model {name} is")
    return assets.factory_folder() / f"{name}{ENDING}"


def runs() -> dict[str, Path]:
    """The runs of the models that are built, by name, in the order of their recipes."""
    folder = assets.factory_folder()
    found = {name: folder / f"{name}{RUN}" for name in names()}
    return {name: run for name, run in found.items() if run.is_dir()}


def not_built(which: str = "The factory models are") -> UserError:
    """What to do where models are not built; `which` begins the sentence."""
    if assets.INSTALLED:
        return UserError(
            f"{which} not in this installation: `make wheel` in a checkout makes a wheel that has "
            "all of them."
        )
    return UserError(f"{which} not built yet: run `make factory` in {assets.CHECKOUT}.")


def read(name: str) -> FactoryModel:
    """Read a factory model. UserError if there is none of that name, or its file is not a model."""
    file = file_of(name)
    data = read_model_bytes(file)
    info = parse_info(str(file), data)
    extras = read_extras(data)
    trained = extras.trained
    return FactoryModel(
        name=name,
        file=file,
        kind=next(kind for kind in Kind if kind.code == info.kind),
        size=len(data),
        latents=ModelFile.parse(data).inputs[0].size,
        feel_latents=read_feel_latents(data),
        axes=extras.axes,
        styles=tuple(str(trained.get("styles", "")).split(", ")),
        music=str(trained.get("music", "")),
        sequences=int(trained.get("sequences", 0)),
        origin=str(trained.get("origin", "")),
        licence=str(trained.get("licence", "")),
    )
