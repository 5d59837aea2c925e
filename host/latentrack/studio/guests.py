"""Who may use the studio: everybody on this computer, or whoever holds a link from the terminal.

A studio that listens beyond this computer answers only browsers that were let in. A link lets in
one: the first to open it gets a cookie, and the terminal prints the next link.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie

KEY = "key"
"""The name of the link's parameter."""
_BYTES = 24  # of a key or a cookie


class Guests:
    """The links that wait, and the browsers that were let in. Thread-safe.

    port: browsers send a cookie to every port of a computer, so its name tells it apart.
    used(link key): is told a new link's key after one was used; called in the server's thread.
    """

    def __init__(self, port: int, used: Callable[[str], None] = lambda _: None) -> None:
        self.cookie = f"latentrack-{port}"
        self._used = used
        self._keys: set[str] = set()
        self._cookies: set[str] = set()
        self._lock = threading.Lock()

    def new_key(self) -> str:
        """The key of one more link."""
        key = secrets.token_urlsafe(_BYTES)
        with self._lock:
            self._keys.add(key)
        return key

    def let_in(self, key: str) -> str | None:
        """The cookie for a browser that shows a link's key, which then is used up; None if the
        key is wrong or was used."""
        with self._lock:
            known = _among(key, self._keys)
            if known is None:
                return None
            self._keys.remove(known)
            cookie = secrets.token_urlsafe(_BYTES)
            self._cookies.add(cookie)
        self._used(self.new_key())
        return cookie

    def knows(self, cookie_header: str) -> bool:
        """Whether a request's Cookie header holds the cookie of a browser that was let in."""
        try:
            morsel = SimpleCookie(cookie_header).get(self.cookie)
        except CookieError:
            return False
        with self._lock:
            return morsel is not None and _among(morsel.value, self._cookies) is not None


def _among(given: str, known: set[str]) -> str | None:
    # Comparing takes as long whatever is given, so time tells nothing of the secret.
    found = None
    for each in known:
        if hmac.compare_digest(each.encode(), given.encode("utf-8", "replace")):
            found = each
    return found
