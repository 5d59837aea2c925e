"""What a test claims to show of parameters, and whether it did.

    @covers("length")
    def test_length(rig, decoded): ...

says that the test shows what `length` does. When it has passed, what its modules put out must bear
that out: with two values of `length`, and all else equal, something else came out.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

CLAIMED: set[str] = set()
"""The parameters that some test claims to show."""


@dataclass(frozen=True)
class Observation:
    """What a module put out.

    way: how it was asked and what its inputs stood at; only what was observed in the same way is
    compared.  values: what was set meanwhile, by the name of the parameter.  output: what came out,
    from its beginning on.
    """

    way: object
    values: dict[str, Any]
    output: tuple[Any, ...]

    def differs(self, other: Observation) -> bool:
        """Whether something else came out, as far as both were observed."""
        return any(a != b for a, b in zip(self.output, other.output, strict=False))


def covers(*names: str, moving: Iterable[str] = ()) -> Callable[[Any], Any]:
    """Claims that a test shows what these parameters do; it fails if it does not.

    `moving`: parameters that they move themselves. Those may differ, too, where two observations
    are compared, and so may the others that are claimed.
    """
    CLAIMED.update(names)
    free = {*names, *moving}

    def claim(test: Any) -> Any:
        @functools.wraps(test)
        def checked(*, rig: Callable[..., Any], **fixtures: Any) -> None:
            made: list[Any] = []

            def observed(*models: str, **how: Any) -> Any:
                made.append(rig(*models, **how))
                made[-1].observe()
                return made[-1]

            test(rig=observed, **fixtures)
            seen = [observation for module in made for observation in module.observed]
            unseen = [name for name in names if not shown(name, free, seen)]
            assert not unseen, f"{test.__name__} claims to cover {unseen} and does not show it"

        assert "rig" in inspect.signature(test).parameters, test
        return checked

    return claim


def shown(name: str, free: Iterable[str], seen: Iterable[Observation]) -> bool:
    """Whether two observations differ in this parameter and in what came out, and in no other
    parameter that is not among the `free` ones."""
    free = {name, *free}
    return any(
        one.way == other.way
        and one.values[name] != other.values[name]
        and all(one.values[key] == other.values[key] for key in one.values if key not in free)
        and one.differs(other)
        for one, other in combinations(seen, 2)
    )
