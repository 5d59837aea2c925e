"""The module's prompt in this terminal: lines, history and completion are the terminal's own.

What is typed half is on this computer, so it stays whatever other commands do with the module.
"""

from __future__ import annotations

import codeop
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latentrack.module.prompt import Prompt

_PROMPT, _MORE = ">>> ", "... "
_PAUSE_S = 0.1


def converse(prompt: Prompt, interrupted: Callable[[], None]) -> None:
    """Reads lines and runs them until the end of input; `interrupted` is called at Ctrl-C.

    At an empty line Ctrl-X leaves, as in mpremote, and so does Ctrl-D. What the module says
    meanwhile is printed above the line that is being typed.
    """
    _set_up_editing(prompt)
    end = threading.Event()
    watcher = threading.Thread(target=_listen, args=(prompt, end), daemon=True)
    watcher.start()
    try:
        with _leaving_by_ctrl_x():
            _read_and_run(prompt, interrupted)
    finally:
        end.set()
        watcher.join()


def _read_and_run(prompt: Prompt, interrupted: Callable[[], None]) -> None:
    while True:
        try:
            source = _read()
            if source.strip():
                prompt.run(source, _show)
        except KeyboardInterrupt:
            interrupted()
        except EOFError:
            print()
            return


def print_above(text: str) -> None:
    """Prints a line; at a terminal where one is being typed, above that."""
    typed = ""
    if sys.stdin.isatty() and sys.stdout.isatty():
        with contextlib.suppress(ImportError):
            import readline

            typed = readline.get_line_buffer()
        text = f"\r\x1b[K{text}\n{_PROMPT}{typed}"
    else:
        text += "\n"
    print(text, end="", flush=True)


def _read() -> str:
    """A line, or a block, which ends with an empty line."""
    source = input(_PROMPT)
    while source.strip() and not _is_whole(source):
        source += "\n" + input(_MORE)
    return source + "\n"


def _is_whole(source: str) -> bool:
    try:
        return codeop.compile_command(source, symbol="single") is not None
    except (SyntaxError, ValueError, OverflowError):
        return True  # the module says what is wrong with it


def _show(text: str) -> None:
    print(text, end="", flush=True)


def _listen(prompt: Prompt, end: threading.Event) -> None:
    from latentrack.errors import UserError
    from latentrack.module.link import ModuleError

    while not end.wait(_PAUSE_S):
        # Where the module has gone the next line that is typed says so.
        with contextlib.suppress(UserError, ModuleError):
            for text in prompt.said():
                print_above(text.rstrip())


def _set_up_editing(prompt: Prompt) -> None:
    with contextlib.suppress(ImportError):
        import readline

        readline.set_completer(prompt.complete)
        readline.parse_and_bind("tab: complete")
        # Ctrl-D does what Ctrl-X does.
        readline.parse_and_bind('"\\C-d": "\\C-x"')


@contextlib.contextmanager
def _leaving_by_ctrl_x() -> Iterator[None]:
    """Has the terminal take Ctrl-X for the end of input; readline looks there, too."""
    if os.name != "posix" or not sys.stdin.isatty():
        yield
        return
    import termios

    before = termios.tcgetattr(sys.stdin)
    changed = termios.tcgetattr(sys.stdin)
    changed[6][termios.VEOF] = b"\x18"
    termios.tcsetattr(sys.stdin, termios.TCSADRAIN, changed)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
