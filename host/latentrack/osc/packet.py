"""OSC packets: the messages in one, however deep its bundles.

python-osc reads the messages. Bundles are read here: a size below zero in one makes python-osc 1.10
go round in a circle for ever.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_BUNDLE = b"#bundle\0"
_TIME_TAG = 8
_DEEPEST = 8


def messages(packet: bytes, depth: int = 0) -> Iterator[tuple[str, list[object]]]:
    """(address, values) of each message; all are for now, whatever the bundle's time tag says.

    Raises ValueError if it is not OSC; what stood before that has been given.
    """
    from pythonosc.osc_message import OscMessage

    if not packet.startswith(_BUNDLE):
        if not packet.startswith(b"/"):
            raise ValueError("it is not OSC")
        try:
            message = OscMessage(packet)
        except Exception as error:  # whatever a parser runs into in bytes that are no OSC
            raise ValueError("it is not OSC") from error
        yield message.address, list(message.params)
        return
    offset = len(_BUNDLE) + _TIME_TAG
    if depth > _DEEPEST or len(packet) < offset:
        raise ValueError("it is not OSC")
    while offset < len(packet):
        if offset + 4 > len(packet):
            raise ValueError("it is not OSC")
        (size,) = struct.unpack_from(">i", packet, offset)
        offset += 4
        if not 0 < size <= len(packet) - offset:
            raise ValueError("it is not OSC")
        yield from messages(packet[offset : offset + size], depth + 1)
        offset += size
