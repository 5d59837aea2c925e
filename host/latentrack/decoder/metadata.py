"""Write and read the metadata of a `.tflite`: what a decoder's outputs mean.

The form is the reference project's: a TFLite metadata buffer `TFLITE_METADATA` holds a
ModelMetadata flatbuffer (identifier `M001`) whose description is `xen:`, a type of six
characters, and one byte a number:

    perdec   voices, steps, latent scale, number of groups, the size of each group
    seqdec   voices (pitches), steps, latent scale
    rhythm   the same as seqdec; ours, for hits that step through a list of pitches

The reference's firmware does not follow the flatbuffer: it takes the first `xen:` of the file
and the 18 bytes behind it. So an entry that we add lies in front of everything else.

What else is good to know of a model (`Extras`) lies in a second entry, `LATENTRACK`, as JSON.
The reference's firmware never looks at it. A third, `LATENTRACK_TITLE`, has the name of the file
that a module was given, as UTF-8, where the module's own name for it is another. Two bytes under
`LATENTRACK_FEEL` say of a model with a feel that this is version 1, and how many of its latents,
the last ones, are the feel's.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from latentrack.decoder import model_file, playable, rewrite
from latentrack.decoder.model_file import Malformed, ModelFile, Table
from latentrack.errors import UserError
from latentrack.limits import MODEL_BYTES, read_file, read_json
from latentrack.playing.kinds import Kind
from latentrack.words import count

METADATA_NAME = "TFLITE_METADATA"
MARK = b"xen:"
EXTRAS_NAME = "LATENTRACK"
FEEL_NAME = playable.FEEL.decode()
OUTPUTS = tuple(name.decode() for name in playable.OUTPUTS)
"""What the signature of a model with a feel calls its outputs, in the order of the file."""
TITLE_NAME = "LATENTRACK_TITLE"
TITLE_BYTES = 4096
"""So many bytes from a file's beginning on have its title, if `with_title` wrote it."""
_GROUPED = {kind.code for kind in Kind if kind.grouped}

_MODEL_METADATA_DESCRIPTION = 1
_MAX_LATENTS = 8
_WANTED = "latentrack needs a decoder (1 to 8 latents in, steps × voices probabilities out)"
_REMEDY = "make one with `latentrack train`"


@dataclass(frozen=True)
class DecoderInfo:
    """What the `steps × voices` outputs of a decoder are, voice fastest.

    kind: six characters, "perdec" (percussion), "seqdec" (notes) or "rhythm", or another
    project's own.
    steps, voices: 1 to 255.  latent_scale: each latent runs from -latent_scale to +latent_scale.
    groups: for percussion, the sizes of the runs of consecutive voices that share a trigger.
    """

    kind: str
    steps: int
    voices: int
    latent_scale: int
    groups: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if len(self.kind) != 6 or not self.kind.isascii():
            raise ValueError(f"a decoder's kind is six ASCII characters, not {self.kind!r}")
        numbers = {"steps": self.steps, "voices": self.voices, "latent_scale": self.latent_scale}
        numbers |= {f"group {i + 1}": size for i, size in enumerate(self.groups)}
        for name, value in numbers.items():
            if not 1 <= value <= 255:
                raise ValueError(f"{name} is {value}; the model file has room for 1 to 255")
        if sum(self.groups) > self.voices:
            raise ValueError(
                f"groups {self.groups} hold more than the {count(self.voices, 'voice')}"
            )


@dataclass(frozen=True)
class Extras:
    """The contents of the entry `LATENTRACK`; none of it is needed to play.

    voices: the name of each voice, or ().  lowest_pitch: of notes, the MIDI note number of voice 0.
    threshold: the probability, 0 to 1, above which the model plays as many hits as its music has.
    trained: where the model comes from, as words or numbers by name.  axes: what each latent is
    ordered by, "" where nothing is said; () is nothing of any.
    """

    voices: tuple[str, ...] = ()
    lowest_pitch: int | None = None
    threshold: float | None = None
    trained: dict[str, str | int | float] = field(default_factory=dict)
    axes: tuple[str, ...] = ()


def read_extras(path_or_bytes: str | os.PathLike[str] | bytes) -> Extras:
    """The extras of a `.tflite`; empty where there are none that we understand, for a model plays
    without. UserError: no such file, or no `.tflite`."""
    name, data = _named_bytes(path_or_bytes)
    text = _parse_file(name, data).metadata.get(EXTRAS_NAME, b"")
    try:
        given = read_json(text)
        voices, pitch, threshold = (given.get(n) for n in ("voices", "lowest_pitch", "threshold"))
        trained, axes = given.get("trained"), given.get("axes")
    except (UnicodeError, ValueError, AttributeError, RecursionError):
        return Extras()
    return Extras(
        tuple(map(str, voices)) if isinstance(voices, list) else (),
        pitch if type(pitch) is int and 0 <= pitch <= 127 else None,
        float(threshold) if isinstance(threshold, int | float) and 0 <= threshold <= 1 else None,
        {k: v for k, v in trained.items() if isinstance(v, str | int | float)}
        if isinstance(trained, dict)
        else {},
        tuple(name if isinstance(name, str) else "" for name in axes)
        if isinstance(axes, list)
        else (),
    )


def read_info(path_or_bytes: str | os.PathLike[str] | bytes) -> DecoderInfo:
    """The metadata of a `.tflite`, from its path or its bytes.

    UserError: no such file, no `.tflite`, cut short, without metadata, or of another kind.
    """
    return parse_info(*_named_bytes(path_or_bytes))


def parse_info(name: str, data: bytes) -> DecoderInfo:
    """As `read_info`, for the bytes of a file called `name` in the error's sentence."""
    file = _parse_file(name, data)
    _refuse_other_kinds(name, file)
    try:
        playable.check_operators(data)
    except Malformed as error:
        raise UserError(f"{name} {error}: change that, or {_REMEDY}.") from None
    body = _description(name, file)
    outputs = file.outputs[0].size
    faults = []
    for reading in _readings(body):
        try:
            info = _parse_body(reading)
        except ValueError as error:
            faults.append(str(error))
            continue
        if info.steps * info.voices == outputs:
            _refuse_network(name, data)
            return info
        faults.append(
            f"{count(info.steps, 'step')} × {count(info.voices, 'voice')}, but the network has "
            f"{count(outputs, 'output')}"
        )
    raise UserError(f"{name} has metadata that does not fit ({faults[-1]}): {_REMEDY}.")


def read_feel_latents(path_or_bytes: str | os.PathLike[str] | bytes) -> int:
    """How many of a model's latents, the last ones, are the feel's; 0 where nothing is said.

    `read_info` refuses a file whose entry does not fit. UserError: no such file, or no `.tflite`.
    """
    entry = _parse_file(*_named_bytes(path_or_bytes)).metadata.get(FEEL_NAME, b"")
    return entry[1] if len(entry) == 2 else 0


def attach_info(
    tflite_bytes: bytes,
    info: DecoderInfo,
    name: str = "latentrack",
    extras: Extras | None = None,
    feel_latents: int = 0,
) -> bytes:
    """The same model with `info` (and `extras`) as its metadata; earlier ones are replaced.

    feel_latents: how many of its latents, the last ones, are the feel's.

    What else the file holds stays as it is (rewrite.py). Raises UserError as `read_info` does.
    """
    try:
        file = ModelFile.parse(tflite_bytes)
    except Malformed as error:
        raise UserError(f"the model {error}: {_REMEDY}.") from None
    _refuse_other_kinds("the model", file)
    if file.outputs[0].size != info.steps * info.voices:
        outputs = count(file.outputs[0].size, "output")
        raise ValueError(f"{info} does not fit a network of {outputs}")
    content = {METADATA_NAME: _model_metadata(info, name)}
    if extras:
        content = {**content, EXTRAS_NAME: _json(extras)}
    if feel_latents:
        content = {**content, FEEL_NAME: bytes([playable.FEEL_VERSION, feel_latents])}
    dropped = (METADATA_NAME, EXTRAS_NAME, TITLE_NAME, FEEL_NAME)
    try:
        return rewrite.with_entries(tflite_bytes, content, dropped)
    except Malformed as error:
        raise UserError(f"the model {error}: {_REMEDY}.") from None


def read_title(front: bytes) -> str:
    """What a model is called where its file's name cannot say it; "" if nothing is said.

    front: the bytes of a `.tflite`, or its first TITLE_BYTES, in which a title lies.
    """
    front = front[:TITLE_BYTES]
    if front[4:8] != model_file.IDENTIFIER:
        return ""
    try:
        text = model_file.entry_near_front(front, TITLE_NAME.encode())
    except Malformed:
        return ""
    return text.decode("utf-8", "replace")


def with_title(tflite_bytes: bytes, title: str) -> bytes:
    """The same model, called `title`; "" takes a title away.

    These are the same bytes if the title is that already. Raises UserError as `read_info` does.
    """
    if read_title(tflite_bytes) == title:
        return tflite_bytes
    kept = _parse_file("the model", tflite_bytes).metadata.get(METADATA_NAME)
    # The reference's firmware takes the first `xen:` of the file, and a title may hold one.
    content = {} if kept is None else {METADATA_NAME: kept}
    if title:
        content[TITLE_NAME] = title.encode()
    try:
        return rewrite.with_entries(tflite_bytes, content, (METADATA_NAME, TITLE_NAME))
    except Malformed as error:
        raise UserError(f"the model {error}: {_REMEDY}.") from None


def read_model_bytes(path: Path) -> bytes:
    """The file's bytes; UserError if it is not there, a folder, or may not be read."""
    try:
        return read_file(path, MODEL_BYTES)
    except IsADirectoryError:
        raise UserError(f"{path} is a folder: name one .tflite file.") from None
    except ValueError as error:
        raise UserError(f"{path} {error}: name one .tflite file.") from None
    except FileNotFoundError:
        raise UserError(f"{path} is not there: {_REMEDY}.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).") from None


def _named_bytes(path_or_bytes: str | os.PathLike[str] | bytes) -> tuple[str, bytes]:
    """What a sentence calls the file, and its bytes."""
    if isinstance(path_or_bytes, bytes):
        return "the model", path_or_bytes
    return str(path_or_bytes), read_model_bytes(Path(path_or_bytes))


def _parse_file(name: str, data: bytes) -> ModelFile:
    try:
        return ModelFile.parse(data)
    except Malformed as error:
        if data[4:8] == model_file.IDENTIFIER:
            raise UserError(f"{name} {error}: copy it again, or {_REMEDY}.") from None
        raise UserError(f"{name} {error}: {_WANTED}; {_REMEDY}.") from None


def _refuse_network(name: str, data: bytes) -> None:
    """Refuses what the module's own reader would, before a file is sent."""
    try:
        playable.check(data)
    except Malformed as error:
        raise UserError(f"{name} {error}: {_REMEDY}.") from None


def _json(extras: Extras) -> bytes:
    given: dict[str, Any] = {"latentrack": 1}
    given |= {name: value for name, value in asdict(extras).items() if value not in (None, (), {})}
    return json.dumps(given, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _refuse_other_kinds(name: str, file: ModelFile) -> None:
    """A decoder has one input (1, latents) and one output, or three; an image classifier not."""
    ok = (
        len(file.inputs) == 1
        and len(file.outputs) in (1, len(OUTPUTS))
        and len(file.inputs[0].shape) == 2
        and 1 <= file.inputs[0].shape[1] <= _MAX_LATENTS
    )
    if not ok:
        inputs = ", ".join(str(port) for port in file.inputs) or "nothing"
        outputs = ", ".join(str(port) for port in file.outputs) or "nothing"
        raise UserError(
            f"{name} is a .tflite of another kind ({inputs} in, {outputs} out): "
            f"{_WANTED}; {_REMEDY}."
        )


def _description(name: str, file: ModelFile) -> bytes:
    """What follows `xen:`."""
    packed = file.metadata.get(METADATA_NAME)
    if packed is not None:
        try:
            description = Table.root(packed).raw(_MODEL_METADATA_DESCRIPTION)
        except Malformed as error:
            raise UserError(f"{name} has metadata that {error}: {_REMEDY}.") from None
        if description.startswith(MARK):
            return description[len(MARK) :]
    raise UserError(
        f"{name} is a decoder without metadata (nothing says how many steps and voices "
        f"make its {count(file.outputs[0].size, 'output')}): {_REMEDY}, or give it some with "
        f"latentrack.decoder.metadata.attach_info."
    )


def _readings(body: bytes) -> list[bytes]:
    """The body as it lies, and as it was meant where its writer encoded numbers as UTF-8."""
    readings = [body]
    try:
        meant = body.decode("utf-8").encode("latin-1")
    except UnicodeError:
        return readings
    return readings if meant == body else [meant, body]


def _parse_body(body: bytes) -> DecoderInfo:
    if not body[:6].isascii():
        raise ValueError("a kind that is not six ASCII letters")
    kind, numbers = body[:6].decode("ascii"), body[6:]
    if len(numbers) < 3:
        raise ValueError("cut short")
    voices, steps, scale = numbers[:3]
    groups: tuple[int, ...] = ()
    if kind in _GROUPED:
        groups = tuple(numbers[4 : 4 + numbers[3]]) if len(numbers) > 3 else ()
        if len(numbers) > 3 and len(groups) != numbers[3]:
            raise ValueError("fewer groups than announced")
        if sum(groups) != voices:
            raise ValueError(
                f"groups of {count(sum(groups), 'voice')} altogether, but {count(voices, 'voice')}"
            )
    return DecoderInfo(kind, steps, voices, scale, groups)


def _body(info: DecoderInfo) -> bytes:
    body = info.kind.encode("ascii") + bytes([info.voices, info.steps, info.latent_scale])
    if info.kind in _GROUPED:
        body += bytes([len(info.groups), *info.groups])
    return body


def _model_metadata(info: DecoderInfo, name: str) -> bytes:
    """The inner flatbuffer: TensorFlow's ModelMetadata with a name and our description."""
    import flatbuffers

    builder = flatbuffers.Builder(256)
    version = builder.CreateString("1.0.0")
    description = builder.CreateString(MARK + _body(info))
    title = builder.CreateString(name)
    builder.StartObject(8)
    builder.PrependUOffsetTRelativeSlot(0, title, 0)
    builder.PrependUOffsetTRelativeSlot(_MODEL_METADATA_DESCRIPTION, description, 0)
    builder.PrependUOffsetTRelativeSlot(7, version, 0)  # the oldest parser that understands it
    builder.Finish(builder.EndObject(), b"M001")
    return bytes(builder.Output())
