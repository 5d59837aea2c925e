"""What a player does on stage, and how: counted from the performing page, which is one push away.

`docs/playing.md` has it as a table, `test_gesture_table.py` does each at the panel of a virtual
module, and `benchmarks/perform.py` counts the actions.
"""

from __future__ import annotations

from dataclasses import dataclass

BUTTON, HOLD, PUSH, TURN, KNOB, TRIGGER, CV = (
    "button", "hold", "push", "turn", "knob", "trigger", "cv",
)  # fmt: skip


@dataclass(frozen=True)
class Gesture:
    """One thing to do.

    what: in the player's words.  actions: (control, which, how far) each: one movement of a hand,
    a pulse or a voltage that comes by cable.  line: the same at the prompt.  shows: an expression
    at the prompt that becomes `then`.  before: code that makes the situation; a cable's assignment
    is made once, at home.
    """

    what: str
    actions: tuple[tuple[str, int | str, float], ...]
    line: str
    shows: str
    then: object
    before: str = ""

    @property
    def words(self) -> str:
        """The actions as the manual says them."""
        return ", ".join(_words(*action) for action in self.actions)


def _words(control: str, which: int | str, far: float) -> str:
    if control == TURN:
        return f"turn the {which} encoder"
    if control in (PUSH, HOLD) and isinstance(which, str):
        return f"{'hold' if control == HOLD else 'push'} the {which} encoder"
    if control == HOLD:
        return f"hold button {which}"
    if control == KNOB:
        return f"turn knob {which if which == 'threshold' else str(which).upper()}"
    if control == TRIGGER:
        return f"a trigger on *{which}*"
    return f"a voltage on *{which}*" if control == CV else f"{control} {which}"


def _trigger(
    what: str, action: str, line: str, shows: str, then: object, before: str = ""
) -> Gesture:
    return Gesture(what, ((TRIGGER, action, 0),), line, shows, then, before)


_SWUNG = "history.close()\ntrack.swing = 70\nhistory.close()"
_ON_PATH = "track.path = 'rise'"
_STORED = "track.swing = 60\npresets.store({})\ntrack.swing = 50"

GESTURES = (
    Gesture("mute or unmute a voice", ((BUTTON, 2, 0),), "track.mute2 = 'on'", "track.mute2", "on"),
    Gesture(
        "mute one of voices 5 to 8",
        ((TURN, "left", 1), (BUTTON, 1, 0)),
        "track.mute5 = 'on'",
        "track.mute5",
        "on",
    ),
    Gesture(
        "hear one voice alone",
        ((TRIGGER, "1.solo", 0),),
        "track.solo = 1",
        "track.solo",
        1,
    ),
    Gesture("a fill", ((KNOB, "x", 0.75),), "track.fill = 'on'", "track.fill", "on"),
    Gesture(
        "ratchets",
        ((KNOB, "y", 0.5),),
        "track.ratchet = 2",
        "track.ratchet",
        2,
    ),
    Gesture("the tempo", ((KNOB, "z", 0.5),), "tempo(210)", "round(patch.tempo / 10)", 21),
    Gesture(
        "more or fewer hits",
        ((KNOB, "threshold", 0.25),),
        "track.threshold = 0.25",
        "0.24 < track.threshold < 0.26",
        True,
    ),
    Gesture(
        "recall a slot",
        ((TURN, "right", 1), (PUSH, "right", 0)),
        "slots.recall(2)",
        "track.swing",
        60,
        _STORED.format(2),
    ),
    Gesture(
        "keep what is heard",
        ((HOLD, "right", 0),),
        "presets.store(1)",
        "presets.used()",
        [1],
    ),
    _trigger("the next slot", "next_slot", "slots.next_slot()", "track.swing", 60,
             _STORED.format(1)),
    Gesture(
        "a slot by a voltage",
        ((CV, "slot", 0.9),),
        "slots.recall(2)",
        "track.swing",
        60,
        _STORED.format(2),
    ),
    _trigger("keep it in the first empty slot", "keep", "slots.keep()", "presets.used()", [1]),
    _trigger("undo", "undo", "history.undo()", "track.swing", 50, _SWUNG),
    _trigger("redo", "redo", "history.redo()", "track.swing", 70, _SWUNG + "\nhistory.undo()"),
    _trigger("mutate", "mutate", "history.mutate()", "track.x != 0", True,
             "track.x = 0\npatch.mutation = 1"),
    _trigger("another draw", "1.draw", 'track.advance("draw")', "track.draw", 1),
    _trigger("start and stop the own clock", "run", "tempo.run()", "patch.clock_from", "own"),
    Gesture(
        "tap the tempo",
        ((TRIGGER, "tap", 0), (TRIGGER, "tap", 0)),
        "tempo.tap(); tempo.tap()",
        "patch.tempo != 120",
        True,
    ),
    Gesture(
        "have the clock run while a gate is high",
        ((CV, "run gate", 5.0),),
        "patch.cv_5_to = 'off'",
        "__import__('latentcore').count(0, 0) != _edges",
        True,
        "tempo.start()\n_edges = __import__('latentcore').count(0, 0)",
    ),
    _trigger("decode now", "decode", "track.decode()", "track.model.name is not None", True),
    Gesture(
        "from one preset to another",
        ((CV, "patch.preset_morph", 5.0),),
        "patch.preset_morph = 0.5",
        "round(track.swing)",
        60,
        "presets.store(1)\ntrack.swing = 70\npresets.store(2)\npresets.morph(1, 2)",
    ),
    Gesture(
        "along a path",
        ((PUSH, "left", 0), (KNOB, "x", 0.5)),
        "track.path_at = 0.5",
        "0.45 < track.path_at < 0.55",
        True,
        _ON_PATH,
    ),
    Gesture(
        "along a path by a voltage",
        ((CV, "1.path_at", 4.0),),
        "track.path_at = 0.4",
        "track.walk is not None and 0.35 < track.walk.share < 0.45",
        True,
        _ON_PATH,
    ),
    Gesture(
        "along a path bar by bar, or by hand again",
        ((PUSH, "left", 0), (PUSH, "right", 0)),
        "track.path_by = 'bar'",
        "track.path_by",
        "bar",
        _ON_PATH,
    ),
    _trigger("the same", "1.path_by", 'track.advance("path_by")', "track.path_by", "bar",
             _ON_PATH),
    Gesture(
        "lock a voice, or let it follow",
        ((PUSH, "left", 0), (BUTTON, 3, 0)),
        "track.lock(3)",
        "track.locked",
        (3,),
    ),
    Gesture(
        "lock one of voices 5 to 8",
        ((PUSH, "left", 0), (HOLD, 1, 0)),
        "track.lock(5)",
        "track.locked",
        (5,),
    ),
    _trigger("lock a voice, or let it follow", "lock 3", "instrument.toggle_lock(3)",
             "track.locked", (3,)),
    Gesture(
        "help: what each control does",
        ((HOLD, "left", 0), (HOLD, "left", 0)),
        "controls.begin_help()",
        "controls.helper is None",
        False,
    ),
    _trigger("play a bar in, and end it", "play in", "instrument.play_in.begin()",
             "instrument.play_in.recording", True),
)  # fmt: skip


def table() -> str:
    """The table of docs/playing.md."""
    rows = ["| | actions | by hand or by cable | at the prompt |", "| --- | --- | --- | --- |"]
    rows += [f"| {g.what} | {len(g.actions)} | {g.words} | `{g.line}` |" for g in GESTURES]
    return "\n".join(rows) + "\n"
