"""Settings that are declared once: their checks, options and tables."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import typer
from typer.testing import CliRunner

from latentrack.commands.declared_options import values_of, with_options_of
from latentrack.declared import changed, check, declarations, declare, markdown
from latentrack.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Oven:
    """Something with each kind of setting."""

    heat: float = declare(180.0, label="Heat", help="How hot.", low=50, high=250, unit="°C")
    eggs: int | None = declare(None, label="Eggs", help="How many.", low=1, high=12)
    mode: str = declare(
        "top", label="Mode", help="From where.", choices={"top": "above", "all": "all around"}
    )
    fan: bool = declare(False, label="Fan", help="Whether it blows.")
    trays: tuple[int, ...] | None = declare(None, label="Trays", help="Where.", low=1, high=5)
    names: tuple[str, ...] = declare((), label="Names", help="Of the cakes.")
    spices: tuple[str, ...] | None = declare(
        None, label="Spices", help="What is in it.", choices={"anise": "", "clove": ""},
        separator=",",
    )  # fmt: skip
    thickness: float = declare(1.0, label="Thickness", help="Of the dough.", above=0, high=3)

    def __post_init__(self) -> None:
        check(self)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"heat": 49.9}, "heat is 49.9: choose 50 to 250."),
        ({"heat": float("nan")}, "heat is nan: choose 50 to 250."),
        ({"eggs": 0}, "eggs is 0: choose 1 to 12."),
        ({"mode": "side"}, "Unknown value 'side' for mode: choose top or all."),
        ({"trays": (1, 6)}, "trays is 1-6: give 1 to 7 sizes from 1 to 5."),
        ({"spices": ("clove", "salt")}, "Unknown value 'salt' for spices: choose anise or clove."),
        ({"trays": ()}, "trays is empty: give 1 to 7 sizes from 1 to 5."),
        ({"thickness": 0}, "thickness is 0: choose more than 0, up to 3."),
    ],
)
def test_what_is_out_of_range_is_one_sentence(values: dict, says: str) -> None:
    with pytest.raises(UserError) as refused:
        Oven(**values)
    assert str(refused.value) == says


def test_the_ends_of_a_range_and_none_are_right() -> None:
    Oven(heat=50)
    Oven(heat=250, eggs=12, trays=(1, 5), thickness=3)
    assert changed(Oven(eggs=None, fan=True)) == {"fan": True}


def test_kinds_come_from_the_types() -> None:
    kinds = {name: each.kind for name, each in declarations(Oven).items()}
    assert kinds == {
        "heat": float, "eggs": int, "mode": str, "fan": bool, "trays": tuple, "names": tuple,
        "spices": tuple, "thickness": float,
    }  # fmt: skip


def asked(*words: str) -> Oven:
    """The settings that a command makes of what is typed."""
    made = []

    @with_options_of(Oven)
    def bake(**named: object) -> None:
        made.append(Oven(**values_of(Oven, named)))

    app = typer.Typer()
    app.command()(bake)
    CliRunner().invoke(app, words, catch_exceptions=False)
    return made[0]


def test_a_command_takes_each_as_an_option() -> None:
    assert asked() == Oven()
    typed = "--heat 99.5 --eggs 3 --mode all --fan --trays 2-4 --names a --names b --thickness 0.5"
    assert asked(*typed.split()) == Oven(
        heat=99.5, eggs=3, mode="all", fan=True, trays=(2, 4), names=("a", "b"), thickness=0.5
    )


def test_a_list_of_texts_is_typed_as_one() -> None:
    assert asked("--spices", "clove, anise").spices == ("clove", "anise")
    assert asked("--spices", "none").spices == ()
    assert asked().spices is None
    with pytest.raises(UserError, match="Unknown value 'salt' for spices"):
        asked("--spices", "clove,salt")


def test_sizes_that_are_none_are_refused() -> None:
    with pytest.raises(UserError, match="2x is not a list of sizes for trays"):
        asked("--trays", "2x")


def test_a_table_has_default_range_and_help() -> None:
    rows = markdown(Oven).splitlines()
    assert rows[2] == "| `heat` | 180 | 50 to 250 °C | How hot. |"
    assert rows[4] == "| `mode` | top | top or all | From where. |"
    assert rows[5] == "| `fan` | off | on or off | Whether it blows. |"
