"""The state of OSC in the studio: where it receives and sends, and what has come of it."""

from __future__ import annotations

from dataclasses import dataclass

from latentrack.osc.endpoint import IN, OUT
from latentrack.studio.signals import Signal
from latentrack.studio.store import Store


@dataclass(frozen=True)
class OscState:
    """listens, sends: whether it receives messages, and tells of everything.  address_in,
    address_out: where, "HOST:PORT".

    heard: messages that were followed since it began to listen.  ignored: the last one that was
    not, and why; "": there was none.
    """

    listens: bool = False
    sends: bool = False
    address_in: str = IN
    address_out: str = OUT
    heard: int = 0
    ignored: str = ""


class OscStore(Store[OscState]):
    """The newest state, and its signals.

    ends_changed: it receives or sends at other addresses, or not any more.  messages_changed: a
    message was followed or ignored.
    """

    def __init__(self, state: OscState) -> None:
        self.ends_changed = Signal()
        self.messages_changed = Signal()
        super().__init__(
            state,
            {
                self.ends_changed: ("listens", "sends", "address_in", "address_out"),
                self.messages_changed: ("heard", "ignored"),
            },
        )
