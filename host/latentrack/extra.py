"""The extra `train`: large libraries that an installation which only plays does without."""

from __future__ import annotations

from importlib.util import find_spec

INSTALL = "pip install 'latentrack[train]'"
"""The command that brings them."""


def missing(library: str, what: str) -> str:
    """Why a library cannot be used, as a clause with its remedy; "" if it is installed.

    what: what needs it, with its verb, such as "training needs TensorFlow".
    """
    try:
        if find_spec(library) is not None:
            return ""
    except ValueError:
        pass  # sys.modules has None for it
    return f"{what}, which is not installed: `{INSTALL}`"
