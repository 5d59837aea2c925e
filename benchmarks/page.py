"""docs/benchmarks.md: the figures of results.json, and what each of them means to a player.

python benchmarks/page.py     writes the page anew from the figures of the last `make bench`
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from result import Result

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.json"
PAGE = HERE.parent / "docs" / "benchmarks.md"

MORE_IS_BETTER = {
    "audio.onsets_right",
    "axes.density_rank",
    "axes.knob_density_rank",
    "axes.knob_syncopation_rank",
    "axes.syncopation_rank",
    "corpus.hits_kept",
    "corpus.odd_files_read",
    "groove.axis_timing",
    "groove.axis_velocity",
    "groove.timing_r2",
    "groove.velocity_r2",
    "model.default.coverage",
    "model.small_corpus_recall",
    "silicon.largest_block_share",
    "usb.push",
    "usb.push_ratio",
}
"""results.json does not say it; a test compares with the families."""

TEENSY_MHZ = 600


@dataclass(frozen=True)
class Family:
    """A part of the page: the beginnings of its figures' names, and what is said before them."""

    title: str
    names: tuple[str, ...]
    about: str


FAMILIES = (
    Family(
        "On the module",
        ("m7.", "silicon.dac_edge", "ram.", "mpy."),
        "Instructions of an emulated Cortex-M7, counted, so they are the same every time. An "
        "instruction is not a cycle: a Teensy 4.1 runs at 600 MHz, does up to two instructions a "
        "cycle when all goes well, and less than one when it waits for memory. The microseconds "
        "are at one a cycle. The drum model has 16 steps and 12 voices (layers 3-66-129-192), the "
        "note model 16 steps and 40 pitches (3-214-427-640).",
    ),
    Family(
        "Beside other readers of model files",
        ("x64.",),
        "Instructions of one decode of the same models on this computer's processor, counted by "
        "valgrind in this run. The peers are TensorFlow's own, from their Python packages: "
        "tflite-micro, made for microcontrollers, and LiteRT, made for phones and computers, which "
        "computes eight numbers at once. They give probabilities; Latentrack gives "
        "the gates. Here Latentrack's decoder is plain C, as in the virtual module; on a Teensy "
        "its inner loops are in assembly. No Python package has a peer for the Teensy's processor.",
    ),
    Family(
        "What broken things do",
        ("robust.",),
        "Models, cables and code that are not as they should be.",
    ),
    Family(
        "What a Teensy's chip refuses",
        ("silicon.",),
        "Measured on the virtual module and on the Teensy in software. The virtual module's heap "
        "leaves as many bytes free as a Teensy's. MicroPython and the device code are the real "
        "ones; objects of 64 bits take up to twice the bytes.",
    ),
    Family(
        "Over USB",
        ("usb.",),
        "Against the virtual module on this computer, with mpremote's own copy as the peer. The "
        "ratios mean something; the seconds say only that our way of talking is not what one waits "
        "for. A Teensy's USB and flash have their own speed.",
    ),
    Family(
        "Training",
        ("train.", "model."),
        "On the Groove recordings, human drumming in 4/4: the files of the official training split "
        "are learnt from, those of the validation split judge, the test split is not looked at. "
        "The peer of the times is a plain Keras `fit` of the same network in this run; the other "
        "peers are what the reference project reached with its own code, measured once.",
    ),
    Family(
        "What the knobs mean",
        ("axes.",),
        "On the same recordings, by rank correlation: 1 is always, 0 by chance.",
    ),
    Family(
        "Reading music",
        ("corpus.", "audio."),
        "The same recordings as MIDI files. The peers are music21, which the reference project "
        "uses, and for the parsing alone mido. The audio loops are rendered from known patterns.",
    ),
    Family(
        "Starting a command",
        ("start.",),
        "Processor time, which is about what one waits on a quiet computer. The peer is a Python "
        "that only loads the two libraries which every command needs.",
    ),
    Family(
        "On stage",
        ("perform.",),
        "The sequencer compiled for this computer, ticked once a millisecond as on the module.",
    ),
    Family(
        "Groove",
        ("groove.",),
        "Swing, and hits that are played early or late as the model has learned them.",
    ),
    Family("The studio", ("studio.",), "The page in the browser, `latentrack studio`."),
    Family(
        "The module in a web page",
        ("web.",),
        "In Chromium, from a folder. The peer of a decode is the module for x64, called in the "
        "same loop of MicroPython in this run.",
    ),
)

# {us}: the microseconds on a Teensy.
WORDS = {
    "m7.drum_f32.pattern": "A new bar of drums: {us}. A step at 120 BPM lasts 125,000 µs, so turn "
    "a knob as late as you like: the next bar has it.",
    "m7.drum_f32.step": "Decoding one step, in follow `step`: {us}. This is why CV may move "
    "the music within the bar, even from a fast clock.",
    "m7.drum_f16.pattern": "The bar from a file of half the size: {us}. A weight of 16 bits costs "
    "a conversion, and these alone take more than the goal, 1.25 times float32, leaves. It is not "
    "heard.",
    "m7.drum_dynamic.pattern": "The bar from a file of a quarter of the size that still reckons in "
    "float32: {us}. The slowest kind, and far from being heard.",
    "m7.drum_int8.pattern": "The bar from a file of a quarter of the size, all in 8 bits: {us}.",
    "m7.note_f32.pattern": "A new bar of notes, from a network with 366,000 weights: {us}.",
    "m7.note_f32.step": "Decoding one step of notes: {us}.",
    "m7.note_int8.pattern": "A bar of notes in 8 bits: {us}.",
    "m7.clock_edge": "A clock edge in the interrupt, from the edge to the end: {us}. It is the "
    "same whatever the knobs, the screen or the prompt are doing.",
    "m7.clock_edge_performed": "The same with everything on that a performance may have: a mute, "
    "ways of their own for all voices, ratchets, swing, steps between the edges, a clock for "
    "others. The most is taken where a pattern is new: the way of each voice is then worked out "
    "at the edge, about 65 instructions each.",
    "m7.clock_edge_performed_median": "The same at most edges: what the voices' ways lead to has "
    "been worked out after the edge before.",
    "silicon.dac_edge_instructions": "A clock edge of five gates and three accents through the "
    "converters: {us}, and the time of eight frames on their bus, 10 to 12 µs at 20 MHz.",
    "ram.note_f32": "Memory that a note model takes beside its file.",
    "mpy.armv7emdp": "The file that stock MicroPython loads on a Teensy. The sequencer takes 15 kB "
    "of it, the decoder 11, the binding 9; 5 are the names and addresses by which it is loaded, 3 "
    "the sentences that say what is wrong.",
    "mpy.x64": "The same for the virtual module.",
    **{
        f"x64.{model}.decode{beside}": f"A bar of {music}, beside {peer}."
        for model, music in {
            "drum_f32": "drums",
            "drum_int8": "drums in 8 bits",
            "note_f32": "notes",
            "note_int8": "notes in 8 bits",
        }.items()
        for beside, peer in {"": "tflite-micro", "_litert": "LiteRT"}.items()
    },
    "robust.wrong_models": "Of 20,000 model files in which one field or two say another thing, "
    "those that the module takes and LiteRT refuses, or decodes otherwise. What plays is what the "
    "file says.",
    "robust.kills": "Of 500 kills of a command or of the module's power, at a random byte of a "
    "stored push, rm, sync, install, restore or live: those after which something was lost, or the "
    "same command, run again, did not bring it to a good end.",
    "robust.behaviours": "Of 200 hostile behaviours (loops, sleeps, allocations, exceptions, "
    "recursion, prints, imports, changes of Latentrack's own code, deletions) those after which a "
    "push failed or took longer than 5 s, or a clock edge was lost, before or after a power cut. "
    "Where only a reset of the chip helps, the edges meanwhile are not counted.",
    "silicon.unknown_addresses": "Register addresses that the Teensy's chip lacks, of all that the "
    "Teensy's own machine code touches on both boards. One would stop a Teensy for good.",
    "silicon.lost_writes": "Triggers lost of a million clock edges, while the display is written "
    "to on the same bus without a pause.",
    "silicon.frame_alloc_bytes": "Memory that a frame takes while nothing is turned. With 0 there "
    "is nothing to collect, and nothing that holds knobs and screen up.",
    "silicon.largest_block_share": "The largest model that fits after a million steps of swapped "
    "models, reloads, failed pushes and lines at the prompt, of the largest that fitted at boot.",
    "usb.push": "How fast a model goes over, checked and decoded, while the old one plays.",
    "usb.push_ratio": "The same, as a ratio to mpremote's copy of the same bytes.",
    "usb.sync_unchanged_s": "`latentrack sync` of a hundred models of which none has changed. "
    "Do it as often as you like.",
    "usb.sync_unchanged_trips": "It asks once, and is answered once.",
    "usb.edges_lost": "Clock edges lost or out of order while models, files and code come in "
    "without end, at an edge every millisecond. With 0 no beat stumbles.",
    "usb.edge_p50_us": "From edge to output, half of all edges, during all that. The peer is the "
    "same module at rest.",
    "usb.edge_p99_9_us": "The latest one of a thousand, on this computer, whose own scheduling is "
    "in it. The peer is the same module at rest.",
    "train.epoch_s": "Once through all the music.",
    "train.to_loss_s": "Until it is as good as the reference project's model after 500 epochs, "
    "which are the peer. You wait for seconds, and try again.",
    "model.small.bce": "How surprised a small model is by music that it has never seen, in nats a "
    "cell. Lower: your bars come back more exactly.",
    "model.default.bce": "The same for the model that `latentrack train` makes by default: four "
    "latents, X and Y with a meaning.",
    "model.three_latents.bce": "The same with three latents and no axes, as the reference has it.",
    "model.default.coverage": "How much of the space the music fills. More: fewer places of the "
    "knobs where little happens.",
    "model.default.saturated": "Latents that sit at the end of their way. Fewer: knobs that do "
    "something over all of it.",
    "model.small_corpus_recall": "Of 16 bars of one's own, all that a model is trained on, those "
    "that come back without a wrong hit.",
    "model.first_beat_s": "From `latentrack jam` to the first light on the panel.",
    "model.dead_latents": "Of twenty trainings, those with a knob that changes nothing.",
    "axes.bce": "How surprised such a model is by music that it has never seen, in nats a cell. "
    "The peers of this row and of the next two are the same model without axes.",
    "axes.smoothness_mean": "Gates that a step of 1/64 of a knob's way changes, on average over "
    "all knobs. Fewer: a turn that you can steer.",
    "axes.smoothness_worst": "The most that such a step changes: a jump.",
    "axes.density_rank": "Of bars that the model has never heard, how truly the busier one lies "
    "further along X.",
    "axes.syncopation_rank": "The same of the more syncopated one, and Y.",
    "axes.knob_density_rank": "How truly turning X up makes what plays busier, wherever the other "
    "knobs are.",
    "axes.knob_syncopation_rank": "How truly turning Y up makes it more syncopated.",
    "perform.gestures": "The most actions of a hand that any gesture of the table in "
    "[Perform](playing.md#perform) takes, from the performing page.",
    "perform.clock_jitter_us": "How far steps of the module's own clock come from an even one, in "
    "a minute each of six tempi from 20 to 400 BPM. The tick comes once a millisecond.",
    "perform.edges_lost": "Of 1,000,000 clock edges at 300 BPM, with eight ratchets of up to four "
    "each, those of which a hit was lost or doubled.",
    "groove.velocity_r2": "How much of what makes one hit louder than another the feel gives back, "
    "in music that it has never seen. The mean of each cell explains a fifth.",
    "groove.timing_r2": "The same of what is early and what is late. The mean of each cell "
    "explains nothing.",
    "groove.hits_bce": "The hits of the same models: a feel does not make them worse.",
    "groove.axis_velocity": "How truly the first knob of the feel makes what plays louder. At 1 it "
    "always does.",
    "groove.axis_timing": "The same for the second knob, and later.",
    "corpus.hits_kept": "Hits of the recordings that are in a cell afterwards. The peer has no "
    "drum for some, and moves hits to thirds of a beat.",
    "corpus.file_s": "One file, from the disk to the dataset. A thousand are read while you watch.",
    "corpus.parse_s": "The parsing alone.",
    "corpus.cached_s": "All 1,021 files a second time, to try another rule.",
    "corpus.account_gap": "Notes of all recordings and chorales that are neither kept nor left out "
    "for a reason that is said.",
    "corpus.odd_files_read": "Files that are odd in one of 85 ways, of which every note is read. "
    "The rest is refused, with what is true of it.",
    "audio.onsets_right": "Of 48 loops rendered from known patterns (eight kits, 60 to 180 BPM, "
    "one, two and four bars, tails, rooms, inverted channels, ten formats, 8 to 96 kHz), the steps "
    "that are right: hits found on a right step, over hits of the pattern and wrong ones together; "
    "the mean over the loops. What is missed is mostly struck softly right behind something loud.",
    "groove.onset_error_us": "Of a million hits at random tempos (40 to 300 BPM, new ones within "
    "the bar), with random swing, feel and patterns: how far from its time the worst one is "
    "played. A hit away from its clock edge is played at a tick of 1,000 µs.",
    "groove.wrong_hits": "Those of them that are lost or doubled.",
    "studio.move_alone_p50_ms": "From a movement of the mouse over the map to the pattern there, "
    "half of all movements.",
    "studio.move_alone_p95_ms": "The slow ones, one in twenty. Below 50 ms eye and hand take it "
    "for the same moment.",
    "studio.move_training_p50_ms": "The same while a model is being trained.",
    "studio.move_training_p95_ms": "The slow ones meanwhile.",
    "studio.draw_ms": "From a click in the grid to its sound being scheduled: while nothing plays, "
    "at once, in the page; while it plays, until the page hears that the sequencer has it. The "
    "slow ones, one click in twenty, all of which are of the second kind.",
    "studio.actions_to_sound": "Clicks from an empty studio to music: Play opens a model that "
    "comes with Latentrack.",
    "studio.axe_violations": "Elements with which axe-core finds anything wrong: on each page, "
    "light and dark, 390, 1,280 and 1,920 pixels wide.",
    "studio.hidden_steps_lost": "Of 2,000 steps of a hidden tab, on a busy computer, at "
    "27 steps a second: its scripts stand still for nine tenths of each second.",
    "start.help": "`latentrack --help`",
    "web.first_beat_s": "From opening the page, never seen before, to the first sound.",
    "web.steps_late_ms": "How late the latest hit of 2,000 steps at 400 BPM came, while the page's "
    "own thread was busy for 180 ms of every 200. 0 is none late: each was played at its sample.",
    "web.decode_us": "One call of `latentcore.decode`, a small drum model of four latents.",
    "web.size_mb": "The page without models, compressed as web servers do.",
    "start.push_help": "`latentrack push --help`",
    "start.live_help": "`latentrack live --help`",
    "start.devices": "`latentrack devices`, with none plugged in",
    "start.push_no_file": "`latentrack push` of a file that is not there: a slip of the finger is "
    "said at once",
}


def write(results: Iterable[Result] | None = None) -> None:
    """Writes the page; without figures, from those of the last whole run."""
    if results is None:
        results = [
            Result(**entry, at_least=entry["name"] in MORE_IS_BETTER)
            for entry in json.loads(RESULTS.read_text(encoding="utf-8"))
        ]
    temporary = PAGE.with_suffix(".writing")
    temporary.write_text(render(list(results), machine()), encoding="utf-8")
    os.replace(temporary, PAGE)


def amend(results: Iterable[Result]) -> None:
    """Writes the page with these figures in place of those of the same names; the others stay."""
    rows = read(PAGE.read_text(encoding="utf-8")) | _rows(results)
    temporary = PAGE.with_suffix(".writing")
    temporary.write_text(_page(rows, machine()), encoding="utf-8")
    os.replace(temporary, PAGE)


@dataclass(frozen=True)
class Row:
    """A figure on the page. goal: it has one.  miss: by how much it is missed, in words; or ""."""

    line: str
    goal: bool
    miss: str


def read(text: str) -> dict[str, Row]:
    """The rows of a page by the names of their figures."""
    missed = dict(re.findall(r"`([\w.]+)` misses its own by (.+?)\.(?: |$)", text, re.M))
    rows = {}
    for line in re.findall(r"^\| `.*$", text, re.M):
        cells = [cell.strip() for cell in line.split("|")]
        name = cells[1].strip("`")
        rows[name] = Row(line, cells[5] != "", missed.get(name, ""))
    return rows


def render(results: list[Result], about: list[tuple[str, str]]) -> str:
    """The page as Markdown. A figure that nobody has described stands there without words."""
    return _page(_rows(results), about)


def _rows(results: Iterable[Result]) -> dict[str, Row]:
    return {
        each.name: Row(_row(each), each.goal is not None, "" if each.met else _miss(each))
        for each in results
    }


def _page(rows: dict[str, Row], about: list[tuple[str, str]]) -> str:
    missed = {name: row.miss for name, row in rows.items() if row.miss}
    goals = sum(row.goal for row in rows.values())
    lines = [
        "<!-- benchmarks/page.py writes this page. -->",
        "",
        "# Benchmarks",
        "",
        "What is claimed of Latentrack, measured by `make bench` on one machine, a figure and its "
        "peer in one run. Nothing here was measured on a Teensy.",
        "",
        f"Of {goals} goals {goals - len(missed)} are met."
        + "".join(f" `{name}` misses its own by {miss}." for name, miss in missed.items()),
        "",
        "The machine: " + ", ".join(f"{name} {value}".strip() for name, value in about) + ".",
        "",
        "The ratio says how many times better than the peer it is. A goal is the most that a "
        "figure may be, or with ≥ the least; ✗ marks one that is not met.",
    ]
    left = dict(rows)
    families = [*FAMILIES, Family("More", ("",), "")]
    for family in families:
        ours = [left.pop(name).line for name in [*left] if name.startswith(family.names)]
        if not ours:
            continue
        lines += ["", f"## {family.title}", ""]
        if family.about:
            lines += [family.about, ""]
        lines += [
            "| figure | here | peer | ratio | goal | what it means to you |",
            "| --- | ---: | ---: | ---: | ---: | --- |",
            *ours,
        ]
    return "\n".join(lines) + "\n"


def machine() -> list[tuple[str, str]]:
    """What the figures were measured on: names and versions."""
    processor = _first(Path("/proc/cpuinfo"), r"model name\s*: (.*)") or platform.machine()
    memory = _first(Path("/proc/meminfo"), r"MemTotal:\s*(\d+)")
    found = [("", f"{processor} with {os.cpu_count()} cores")]
    if memory:
        found.append(("", f"{int(memory) / 2**20:.0f} GB of memory"))
    found += [
        (platform.system(), platform.release().split("-")[0]),
        ("Python", platform.python_version()),
    ]
    for package in ("latentrack", "tensorflow", "ai-edge-litert", "mpremote"):
        try:
            found.append((package, version(package)))
        except PackageNotFoundError:
            continue
    for name, command in (("gcc for ARM", "arm-none-eabi-gcc"), ("QEMU", "qemu-system-arm")):
        try:
            said = subprocess.run([command, "--version"], capture_output=True, text=True).stdout
        except OSError:
            continue
        number = re.search(r"\d+\.\d+\.\d+", said)
        found += [(name, number[0])] if number else []
    busy = os.getloadavg()[0]
    if busy > (os.cpu_count() or 1) + 1:
        found.append(("", f"and about {busy:.0f} programs at once, so times are longer than alone"))
    return found


def _row(result: Result) -> str:
    goal = ""
    if result.goal is not None:
        goal = ("≥ " if result.at_least else "") + _number(result.goal)
        goal += "" if result.met else " ✗"
    peer = "" if result.peer is None else _number(result.peer)
    words = WORDS.get(result.name, "").format(us=_microseconds(result.value))
    here = f"{_number(result.value)} {_unit(result)}".strip()
    return f"| `{result.name}` | {here} | {peer} | {_ratio(result)} | {goal} | {words} |"


def _unit(result: Result) -> str:
    return {"instructions": "instr."}.get(result.unit, result.unit)


def _ratio(result: Result) -> str:
    if not result.peer or not result.value:
        return ""
    ratio = result.value / result.peer if result.at_least else result.peer / result.value
    return f"{ratio:,.0f} ×" if ratio >= 10 else f"{ratio:.3g} ×"


def _miss(result: Result) -> str:
    assert result.goal is not None
    return f"{abs(result.value / result.goal - 1):.0%}" if result.goal else _number(result.value)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def _microseconds(instructions: float) -> str:
    time = instructions / TEENSY_MHZ
    return f"{time:,.0f} µs" if time >= 10 else f"{time:.1f} µs"


def _first(file: Path, pattern: str) -> str | None:
    """The first group of the pattern's first match in a file that may not be there."""
    try:
        found = re.search(pattern, file.read_text(encoding="utf-8"))
    except OSError:
        return None
    return found[1] if found else None


if __name__ == "__main__":
    write()
