"""Measures everything there is to measure, prints it, and writes benchmarks/results.json and
docs/benchmarks.md.

    python benchmarks/run.py                    all
    python benchmarks/run.py decoder            one family, printed only
    python benchmarks/run.py --amend decoder    and put into docs/benchmarks.md

A family is a module of this folder with a function `measure(folder: Path) -> list[Result]`, where
folder is empty and goes away afterwards. Add one by adding a file, and its words to page.py.
"""

import importlib
import sys
import tempfile
from pathlib import Path

import page
from result import Result, show, write

HERE = Path(__file__).resolve().parent
FAMILIES = sorted({path.stem for path in HERE.glob("*.py")} - {"run", "result", "page"})


def main() -> None:
    amend = sys.argv[1:2] == ["--amend"]
    chosen = sys.argv[1 + amend :] or FAMILIES
    unknown = set(chosen) - set(FAMILIES)
    if unknown:
        sys.exit(
            f"no such benchmarks: {', '.join(sorted(unknown))}; there are {', '.join(FAMILIES)}"
        )
    results: list[Result] = []
    for family in chosen:
        with tempfile.TemporaryDirectory() as folder:
            results += importlib.import_module(family).measure(Path(folder))
    show(results)
    if len(chosen) == len(FAMILIES):
        write(results, page.RESULTS)
        page.write(results)
    elif amend:
        page.amend(results)
    for result in results:
        if not result.met:
            miss = abs(result.value / result.goal - 1) if result.goal else result.value
            print(f"{result.name} misses its goal by {miss:{'.0%' if result.goal else 'g'}}")


if __name__ == "__main__":
    main()
