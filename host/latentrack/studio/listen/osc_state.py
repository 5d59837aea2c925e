"""The state of OSC in the studio: addresses, whether they are in use, and message counts."""

from __future__ import annotations

from dataclasses import dataclass

from latentrack.osc.endpoint import IN, OUT
from latentrack.studio.signals import Signal
from latentrack.studio.store import Store


@dataclass(frozen=True)
class OscState:
    """listens, sends: whether receiving and sending are on.  address_in, address_out: the addresses
    received at and sent to, "HOST:PORT".

    heard: number of accepted messages since receiving was switched on.  ignored: the last rejected
    message and the reason; "" if there was none.
    """

    listens: bool = False
    sends: bool = False
    address_in: str = IN
    address_out: str = OUT
    heard: int = 0
    ignored: str = ""


class OscStore(Store[OscState]):
    """The latest OscState and its signals.

    ends_changed: an address, or whether it is in use, has changed.  messages_changed: a message was
    accepted or rejected.
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
