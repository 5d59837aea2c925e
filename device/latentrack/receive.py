"""Receive and answer frames of bytes over USB. The computer's side is
host/latentrack/module/frames.py; the requests are methods of requests.py.

    import latentrack.receive; latentrack.receive.serve(session, "hello")

at the raw prompt starts a session, with a first call. Each received frame is answered by one with
the same number. Little-endian, in both directions:

    0  0xF5          2  session, 16 bits      6  length of the body, 16 bits
    1  kind          4  number, 16 bits       8  check of these 8 bytes, 16 bits
    10 body          then the CRC-32 of header and body

    to the module:   C call: JSON [name, argument, ...]        D data: offset (32 bits), bytes
                     G get: offset (32 bits), length (16)      Q quit
    from the module: R ready: JSON [first call, answer]       A answer: JSON   P piece: bytes
                     E error: JSON {error, trace}
                     N damaged: JSON, the number that is expected   B busy with the request

Frames are served in the order of their numbers, each once: a repeated one gets its old answer. The
computer may send up to AHEAD frames before their answers, and none before that of a call. After a
damaged frame all bytes under way are discarded, and one N asks the computer to go on from the
expected number. The session ends after QUIET_MS without a frame. Within a frame that is cut off,
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

# `const` compiles them into the code, so that a behaviour cannot change them.
MAGIC = const(0xF5)
HEAD = const(10)
MOST = const(4096)  # bytes of data in a frame
AHEAD = const(16)  # frames under way at most, and answers kept
LARGE = const(256)  # bytes; of answers that are larger only the last is kept
# Longer than the computer goes on sending without an answer: its bytes must not reach the prompt.
QUIET_MS = const(8000)
PATIENCE_MS = const(7000)
BUSY_MS = const(150)
_CTRL_C = 3
_CALL, _DATA, _GET, _QUIT = b"CDGQ"
# Allocated once for all sessions: a session must be able to start when the heap is full.
_body = memoryview(bytearray(MOST + 64))
_READY, _ANSWER, _PIECE, _ERROR, _NOT, _BUSY = b"RAPENB"


def serve(session, *call):
    """Answer frames until the computer sends Q or has been silent for QUIET_MS.

    session: 16 bits that all frames of this session have.  call: the first request, a name and its
    arguments.
    """
    from latentrack.requests import Requests

    line = Line(session)
    requests = Requests(line.busy)
    micropython.kbd_intr(-1)
    try:
        line.serve(requests, list(call))
    except KeyboardInterrupt:
        pass  # Ctrl-C, enabled again after PATIENCE_MS: the user wants the prompt
    finally:
        # A second Ctrl-C must not interrupt the release of the received file.
        micropython.kbd_intr(-1)
        requests.close()
        line.close()
        micropython.kbd_intr(_CTRL_C)


class Line:
    """Reads and writes frames at the USB port."""

    def __init__(self, session):
        self._session = session
        self._in = sys.stdin.buffer
        self._out = sys.stdout.buffer
        self._poll = select.poll()
        self._poll.register(sys.stdin, select.POLLIN)
        self._head = bytearray(HEAD)
        self._body = _body
        self._tail = bytearray(4)
        self._number = self._length = 0  # of the last received frame
        self._next = 1  # the number of the frame to serve next
        self._answers = {}
        self._large = None  # the number of the only large answer kept
        self._waiting_since = None
        self._said_busy = 0
        self._watch = Timer(-1, period=500, callback=self._give_back_ctrl_c)

    def close(self):
        """Stop the timer that watches for a pulled cable."""
        self._watch.deinit()

    def serve(self, requests, call):
        """Answer the first call, then frames until Q or QUIET_MS of silence."""
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
            if behind:  # a repeated frame; a piece is not in _answers but is read again
                answer = self._answers[self._number] or self._do(requests, kind)
            else:
                self._said_busy = time.ticks_ms()
                # The computer has it: before the answer of a call it sends nothing. Sixteen
                # pictures of the screen would be more than the heap has.
                self._answers.pop(self._large, None)
                answer = self._do(requests, kind)
                self._answers[self._number] = answer if answer[0] != _PIECE else None
                if len(answer[1]) > LARGE:
                    self._large = self._number
                self._answers.pop((self._number - AHEAD) & 0xFFFF, None)
                self._next = (self._next + 1) & 0xFFFF
            try:
                self._send(answer[0], self._number, answer[1])
            except MemoryError as error:
                answer = _ERROR, json.dumps(in_words(error)).encode()
                self._answers[self._number] = answer
                self._send(answer[0], self._number, answer[1])
            if kind == _QUIT:
                return

    def busy(self):
        """Send B at most every BUSY_MS; long requests call this repeatedly."""
        now = time.ticks_ms()
        if time.ticks_diff(now, self._said_busy) > BUSY_MS:
            self._said_busy = now
            self._send(_BUSY, self._number, b"")

    def _send(self, kind, number, body):
        head = struct.pack("<BBHHH", MAGIC, kind, self._session, number, len(body))
        head += struct.pack("<H", binascii.crc32(head) & 0xFFFF)
        check = binascii.crc32(body, binascii.crc32(head))
        # A single write: text printed meanwhile must not split a frame.
        self._out.write(head + body + struct.pack("<I", check))

    def _do(self, requests, kind):
        """Serve the received frame; return kind and body of the answer."""
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

    # -- receiving --------------------------------------------------------------------------

    def _receive(self):
        """Read a frame; return its kind, _NOT if it is damaged, None to end the session.

        _number has its number, _body[:_length] its body.
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
            if session == self._session:  # else a frame of an earlier session
                self._number, self._length = number, length
                return kind

    def _let_pass(self):
        """Discard bytes until none has come for 3 ms; return _NOT."""
        while self._ready(3):
            self._in.read(1)
        return _NOT

    def _first_byte(self):
        """Wait for a frame's first byte: MAGIC, _NOT after noise, None to end the session.

        The session ends after QUIET_MS, or after Ctrl-C alone or behind a return, with which a
        program asks for the prompt.
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
        """Fill the memory with received bytes, without a time limit."""
        if len(memory):
            self._waiting_since = time.ticks_ms()
            self._in.readinto(memory)
            self._waiting_since = None

    def _give_back_ctrl_c(self, timer):
        since = self._waiting_since
        if since is not None and time.ticks_diff(time.ticks_ms(), since) > PATIENCE_MS:
            micropython.kbd_intr(_CTRL_C)


def in_words(error):
    """Return an exception as {"error": last line of the traceback, "trace": all of it}."""
    import io

    text = io.StringIO()
    sys.print_exception(error, text)
    trace = text.getvalue()
    return {"error": trace.strip().rsplit("\n", 1)[-1], "trace": trace}
