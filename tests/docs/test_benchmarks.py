"""The page of figures: every figure has words, and the page says what the figures say."""

from __future__ import annotations

import re
import sys
from types import ModuleType

import pytest

from tests.conftest import ROOT
from tests.docs.pages import DOCS

BENCHMARKS = ROOT / "benchmarks"
# A figure's name as it stands in a family's source: `Result("usb.push", …, at_least=True)`.
FIGURE = re.compile(r'Result\(\s*f?"([\w.{}]+)"(.*?)\)(?=,?\s*(?:\n|\]|$))', re.S)


@pytest.fixture(scope="module")
def page() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        import page  # type: ignore[import-not-found]

        yield page
        for name in ("page", "result"):
            sys.modules.pop(name, None)


def test_every_figure_that_a_family_names_has_words(page: ModuleType) -> None:
    sources = {file: file.read_text() for file in BENCHMARKS.glob("*.py")}
    named = {n for text in sources.values() for n, _ in FIGURE.findall(text) if "{" not in n}
    assert len(named) > 15
    assert not named - set(page.WORDS), "no words for them in benchmarks/page.py"


def test_what_of_it_more_is_better_is_what_the_families_say(page: ModuleType) -> None:
    said = {
        name
        for file in BENCHMARKS.glob("*.py")
        for name, rest in FIGURE.findall(file.read_text())
        if "at_least=True" in rest
    }
    assert said == page.MORE_IS_BETTER


def test_a_page_of_known_figures(page: ModuleType) -> None:
    """Ratios, goals and misses, reckoned by hand."""
    results = [
        page.Result("m7.drum_f32.pattern", 60_000, "instructions", 180_000, 66_000),
        page.Result("m7.drum_f16.pattern", 90_000, "instructions", None, 75_000),
        page.Result("usb.push", 3000, "KB/s", 150, at_least=True),
        page.Result("usb.push_ratio", 9, "times", None, 10, at_least=True),
        page.Result("new.one", 0.25, "s", None, None),
    ]
    text = page.render(results, [("processor", "one that counts")])
    rows = {
        row[0]: row[1:] for row in re.findall(r"\| `([\w.]+)` " + r"\| (.*?) ?" * 4 + r"\|", text)
    }
    assert rows["m7.drum_f32.pattern"] == ("60,000 instr.", "180,000", "3 ×", "66,000")
    assert rows["m7.drum_f16.pattern"] == ("90,000 instr.", "", "", "75,000 ✗")
    assert rows["usb.push"] == ("3,000 KB/s", "150", "20 ×", "")
    assert rows["usb.push_ratio"] == ("9 times", "", "", "≥ 10 ✗")
    assert rows["new.one"] == ("0.25 s", "", "", "")
    assert "100 µs. A step" in text and "The machine: processor one that counts." in text
    assert "Of 3 goals 1 are met." in text
    assert "`m7.drum_f16.pattern` misses its own by 20%" in text


def test_a_page_is_amended_row_by_row(page: ModuleType) -> None:
    old = [
        page.Result("m7.drum_f32.pattern", 60_000, "instructions", 180_000, 66_000),
        page.Result("m7.drum_f16.pattern", 90_000, "instructions", None, 75_000),
        page.Result("usb.push", 3000, "KB/s", 150, at_least=True),
    ]
    about = [("processor", "one that counts")]
    rows = page.read(page.render(old, about))
    assert [(row.goal, row.miss) for row in rows.values()] == [
        (True, ""), (True, "20%"), (False, "")
    ]  # fmt: skip
    new = page.Result("m7.drum_f16.pattern", 70_000, "instructions", None, 75_000)
    added = page.Result("groove.wrong_hits", 0, "hits", None, 0)
    whole = page.render([old[0], new, old[2], added], about)
    amended = page.read(whole)
    assert {**rows, **page.read(page.render([new, added], about))} == amended


def test_the_page_that_is_kept_is_of_a_whole_run(page: ModuleType) -> None:
    """Every figure with words of its families is in it, and it was written by this program."""
    kept = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    there = set(re.findall(r"^\| `([\w.]+)` \|", kept, re.M))
    assert {name.partition(".")[0] for name in there} >= {"m7", "train", "corpus", "start"}
    for family in page.FAMILIES:
        if f"## {family.title}\n" in kept:
            assert not {name for name in page.WORDS if name.startswith(family.names)} - there
            assert family.about in kept, (
                f"write it anew: python benchmarks/page.py ({family.title})"
            )


def test_the_page_that_is_kept_counts_its_goals() -> None:
    kept = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    goals = re.findall(r"^\| `[\w.]+` (?:\|[^|]*){3}\|([^|]*[^|\s][^|]*)\|", kept, re.M)
    missed = sum("✗" in goal for goal in goals)
    assert f"Of {len(goals)} goals {len(goals) - missed} are met." in kept
