"""Finds where text is built into markup: what is written in the source is markup, and only that.

Names of files, runs and styles come from anybody. A string that is put together and then read as
markup, as properties, as a style or as a script lets them say more than their name. NiceGUI has a
way beside each that takes a value: `page_parts.named`, `page_parts.heading`, `element.props[…]`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

# What NiceGUI reads as something else than text, by the name of the function or the argument.
READ_AS_MARKUP = {
    "props", "style", "html", "markdown", "run_javascript", "add_slot", "add_head_html",
    "add_body_html", "default_props", "default_style", "mermaid", "restructured_text",
}  # fmt: skip
ARGUMENTS = {"js_handler", "add", "remove"}
# Of our own elements' scripts: what writes markup, or runs a text.
IN_SCRIPTS = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|v-html|new Function"
    r"|setTimeout\(\s*[\"'`]|setInterval\(\s*[\"'`])"
)
TEMPLATE = re.compile(r"template:\s*`(.*?)`", re.S)


def in_python(source: str) -> Iterator[tuple[int, str]]:
    """The lines at which markup is put together, and what is called there."""
    tree = ast.parse(source)
    constants = _constants(tree)
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if name in READ_AS_MARKUP:
            given = [*call.args[:1], *(k.value for k in call.keywords if k.arg in ARGUMENTS)]
        else:
            given = [k.value for k in call.keywords if k.arg == "js_handler"]
        for value in given:
            if not _written(value, constants):
                yield call.lineno, name or "js_handler"


def in_javascript(source: str) -> Iterator[tuple[int, str]]:
    """The lines at which a script writes markup, or builds its own template."""
    for found in IN_SCRIPTS.finditer(source):
        yield source.count("\n", 0, found.start()) + 1, found[1]
    for template in TEMPLATE.finditer(source):
        if "${" in template[1]:
            yield source.count("\n", 0, template.start()) + 1, "template"


def _constants(tree: ast.Module) -> set[str]:
    """The module's names that are bound once, to a text in the source."""
    return {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id.isupper()
    }


def _written(value: ast.expr, constants: set[str]) -> bool:
    """Whether a value is a text in the source, or one of several."""
    if isinstance(value, ast.IfExp):
        return _written(value.body, constants) and _written(value.orelse, constants)
    if isinstance(value, ast.Name):
        return value.id in constants
    return isinstance(value, ast.Constant)
