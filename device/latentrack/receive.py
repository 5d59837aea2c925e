"""Frames of bytes over USB: the module's end of the cable. The computer's end is
host/latentrack/module/frames.py; what may be asked is in requests.py.

    import latentrack.receive; latentrack.receive.serve(session, "hello")

at the raw prompt starts it, with a first call. Every frame that comes is answered by one with the
same number. Little-endian, both ways:

    0  0xF5          2  session, 16 bits      6  length of the body, 16 bits
    1  kind          4  number, 16 bits       8  check of these 8 bytes, 16 bits
    10 body          then the CRC-32 of header and body

    to the module:   C call: JSON [name, argument, ...]        D data: offset (32 bits), bytes
                     G get: offset (32 bits), length (16)      Q quit
    from the module: R ready: JSON [first call, answer]       A answer: JSON   P piece: bytes
                     E error: JSON {error, trace}
                     N not understood: JSON, the number that is expected   B busy, still at it

Frames are done in the order of their numbers, each once: one that comes again gets its old answer.
The computer may send some ahead of the answers. When something arrives damaged, all that is on its
way is let pass, and one N asks to go on from there. Nobody has to be at the other end: after
QUIET_MS without a frame the module leaves by itself, and when the rest of a frame does not come
Ctrl-C works again after PATIENCE_MS.
"""

import binascii
import json
import select
import struct
import sys
import time

import micropython
from machine import Timer
from micropython import const

# Constants are part of the code: no behaviour can give them other values.
MAGIC = const(0xF5)
HEAD = const(10)
MOST = const(4096)  # bytes of data in a frame
AHEAD = const(16)  # frames that may be on their way; so many answers are remembered
# Longer than a computer goes on without an answer: its bytes must not come to the prompt.
QUIET_MS = const(8000)
PATIENCE_MS = const(7000)
BUSY_MS = const(150)
_CTRL_C = 3
_CALL, _DATA, _GET, _QUIT = b"CDGQ"
# There is one session at a time; what it needs is there even when the heap is full.
_body = memoryview(bytearray(MOST + 64))
_READY, _ANSWER, _PIECE, _ERROR, _NOT, _BUSY = b"RAPENB"


def serve(session, *call):
    """Answers frames until the computer says goodbye, or is gone."""
    from latentrack.requests import Requests

    line = Line(session)
    requests = Requests(line.busy)
    micropython.kbd_intr(-1)
    try:
        line.serve(requests, list(call))
    except KeyboardInterrupt:
        pass  # Ctrl-C was given back, and somebody wants the prompt
    finally:
        # A second Ctrl-C must not come before the file that has come is released.
        micropython.kbd_intr(-1)
        requests.close()
        line.close()
        micropython.kbd_intr(_CTRL_C)


class Line:
    """The cable, frame by frame."""

    def __init__(self, session):
        self._session = session
        self._in = sys.stdin.buffer
        self._out = sys.stdout.buffer
        self._poll = select.poll()
        self._poll.register(sys.stdin, select.POLLIN)
        self._head = bytearray(HEAD)
        self._body = _body
        self._tail = bytearray(4)
        self._number = self._length = 0  # of the frame that came last
        self._next = 1  # the number of the one to be done next
        self._answers = {}
        self._waiting_since = None
        self._said_busy = 0
        self._watch = Timer(-1, period=500, callback=self._give_back_ctrl_c)

    def close(self):
        """Stops watching for a cable that was pulled."""
        self._watch.deinit()

    def serve(self, requests, call):
        """Answers the first call, then frames until Q or QUIET_MS of silence."""
        try:
            answer = _READY, json.dumps([call, getattr(requests, call[0])(*call[1:])]).encode()
        except Exception as error:
            answer = _ERROR, json.dumps(in_words(error)).encode()
        self._send(answer[0], 0, answer[1])
        while True:
            kind = self._receive()
            if kind is None:
                return
            behind = (self._next - self._number) & 0xFFFF
            if kind == _NOT or (behind and self._number not in self._answers):
                self._send(_NOT, self._number, str(self._next).encode())
                continue
            if behind:  # it came twice, or its answer was lost; a piece is not kept but read again
                answer = self._answers[self._number] or self._do(requests, kind)
            else:
                self._said_busy = time.ticks_ms()
                answer = self._do(requests, kind)
                self._answers[self._number] = answer if answer[0] != _PIECE else None
                self._answers.pop((self._number - AHEAD) & 0xFFFF, None)
                self._next = (self._next + 1) & 0xFFFF
            self._send(answer[0], self._number, answer[1])
            if kind == _QUIT:
                return

    def busy(self):
        """Says that a long request is still being done; a request calls it now and then."""
        now = time.ticks_ms()
        if time.ticks_diff(now, self._said_busy) > BUSY_MS:
            self._said_busy = now
            self._send(_BUSY, self._number, b"")

    def _send(self, kind, number, body):
        head = struct.pack("<BBHHH", MAGIC, kind, self._session, number, len(body))
        head += struct.pack("<H", binascii.crc32(head) & 0xFFFF)
        check = binascii.crc32(body, binascii.crc32(head))
        # In one piece, so that what somebody prints meanwhile comes between frames.
        self._out.write(head + body + struct.pack("<I", check))

    def _do(self, requests, kind):
        """Does what the frame asks; returns the kind and the body of the answer."""
        body = self._body[: self._length]
        try:
            if kind == _CALL:
                name, *arguments = json.loads(bytes(body))
                if name[0] == "_":
                    raise ValueError(name)
                return _ANSWER, json.dumps(getattr(requests, name)(*arguments)).encode()
            if kind == _GET:
                return _PIECE, requests.get(*struct.unpack("<IH", body))
            if kind == _DATA:
                requests.put(struct.unpack("<I", body)[0], body[4:])
            return _ANSWER, b"null"
        except Exception as error:
            return _ERROR, json.dumps(in_words(error)).encode()

    # -- what comes in ----------------------------------------------------------------------

    def _receive(self):
        """The kind of the next frame; _NOT for a damaged one, None when it is time to leave.

        Its number is in _number, its body in _body[:_length].
        """
        head = self._head
        while True:
            first = self._first_byte()
            if first != MAGIC:
                return first
            head[0] = first
            self._read(memoryview(head)[1:])
            _, kind, session, number, length, check = struct.unpack("<BBHHHH", head)
            if check != binascii.crc32(memoryview(head)[:8]) & 0xFFFF or length > len(self._body):
                return self._let_pass()
            self._read(self._body[:length])
            self._read(self._tail)
            check = binascii.crc32(self._body[:length], binascii.crc32(head))
            if struct.unpack("<I", self._tail)[0] != check:
                return self._let_pass()
            if session == self._session:  # else from one who has gone
                self._number, self._length = number, length
                return kind

    def _let_pass(self):
        """What is on its way is of no use after damage: waits until the cable is quiet."""
        while self._ready(3):
            self._in.read(1)
        return _NOT

    def _first_byte(self):
        """MAGIC when a frame begins, _NOT after noise, None when it is time to leave.

        That is when nobody is there, or when Ctrl-C stands alone or behind a return: so begins
        who wants the prompt.
        """
        since = time.ticks_ms()
        noise = b""
        while True:
            if self._ready(20):
                byte = self._in.read(1)
                if byte[0] == MAGIC:
                    return MAGIC
                noise += byte
                if noise == b"\r\x03":
                    return None
                if len(noise) > HEAD:
                    return self._let_pass()
            elif noise == b"\x03" or time.ticks_diff(time.ticks_ms(), since) > QUIET_MS:
                return None
            else:
                noise = b""

    def _ready(self, ms):
        for _ in self._poll.ipoll(ms):
            return True
        return False

    def _read(self, memory):
        """Fills the memory, and waits as long as that takes."""
        if len(memory):
            self._waiting_since = time.ticks_ms()
            self._in.readinto(memory)
            self._waiting_since = None

    def _give_back_ctrl_c(self, timer):
        since = self._waiting_since
        if since is not None and time.ticks_diff(time.ticks_ms(), since) > PATIENCE_MS:
            micropython.kbd_intr(_CTRL_C)


def in_words(error):
    """An exception for the computer: its last line, and the traceback."""
    import io

    text = io.StringIO()
    sys.print_exception(error, text)
    trace = text.getvalue()
    return {"error": trace.strip().rsplit("\n", 1)[-1], "trace": trace}
