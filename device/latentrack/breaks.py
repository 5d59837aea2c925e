"""Where compiled code can be stopped: the first instruction of each function, and each jump back.

Nothing in MicroPython ends a loop that runs on its scheduler: neither Ctrl-C nor an exception made
pending is looked at there. But what a player writes is compiled on the module, so its bytecode lies
in memory. A byte at the right addresses makes the next pass of any loop, and the next call, raise
RuntimeError. latentcore's tick writes it when time is up (guard.py).

Layout: MicroPython's py/bc0.h (mpy version 6: 1.19 and newer), objfun.h and emitglue.h (1.27 and
newer). What does not look as expected there has no addresses, and can then not be stopped.
"""

from array import array

import uctypes

_WORD = len(bytes(array("L", (0,))))
_BYTECODE = 2
_MAKE_CLOSURE, _MAKE_CLOSURE_DEFARGS, _MAKE_FUNCTION, _MAKE_FUNCTION_DEFARGS = (
    0x20,
    0x21,
    0x32,
    0x33,
)
_UNWIND_JUMP, _JUMP, _POP_JUMP_IF_TRUE, _POP_JUMP_IF_FALSE = 0x40, 0x42, 0x43, 0x44
_LOAD_NONE = 0x51
_POP_EXCEPT_JUMP, _RETURN, _RAISE_LAST, _RAISE_OBJ, _RAISE_FROM = 0x4A, 0x63, 0x64, 0x65, 0x66
# Instructions that jump as far as the number says, less this: 0 is half of what can be written.
_SIGNED = (_UNWIND_JUMP, _JUMP, _POP_JUMP_IF_TRUE, _POP_JUMP_IF_FALSE)
_NEVER_GOES_ON = (
    _UNWIND_JUMP,
    _JUMP,
    _POP_EXCEPT_JUMP,
    _RETURN,
    _RAISE_LAST,
    _RAISE_OBJ,
    _RAISE_FROM,
)
_MOST = 1 << 16


def addresses(code, whole=True):
    """Addresses in what `compile` gave: an array("L"). ValueError: it is not laid out as known.

    Without `whole` those in functions only, not in the body that has made them. Behind the last
    of them are 0 and the addresses of the functions' bytecode: whoever keeps the array keeps that
    in memory, as the collector looks into every block.
    """
    found, kept = array("L"), array("L", (0,))
    # A code object holds the function that is the module's body.
    body = _word(id(code) + _WORD)
    _function(_word(body + 3 * _WORD), _word(body + 2 * _WORD), found, kept, whole)
    found.extend(kept)
    return found


def silence(addresses):
    """Makes every function with such addresses return None at once, for as long as it lives."""
    behind = False
    for start in addresses:
        if behind:
            code = uctypes.bytearray_at(start, _MOST)
            at = _prelude(code)
            code[at], code[at + 1] = _LOAD_NONE, _RETURN
        behind = behind or not start


def _word(address):
    return int.from_bytes(bytes(uctypes.bytearray_at(address, _WORD)), "little")


def _function(start, children, found, kept, counts=True):
    """Adds the addresses in the code at `start`, if it counts, and in the functions it makes."""
    code = uctypes.bytearray_at(start, _MOST)
    at = _prelude(code)
    if counts:
        kept.append(start)
        found.append(start + at)
    made = set()
    end = at
    while True:
        if at >= _MOST - 8:
            raise ValueError("bytecode without an end")
        op = code[at]
        here = at
        at += 1
        kind = op >> 4
        if kind in (1, 2, 3):
            number = 0
            while True:
                byte = code[at]
                at += 1
                number = number << 7 | byte & 0x7F
                if byte < 0x80:
                    break
            if op in (_MAKE_FUNCTION, _MAKE_FUNCTION_DEFARGS, _MAKE_CLOSURE, _MAKE_CLOSURE_DEFARGS):
                made.add(number)
        elif kind == 4:
            offset, middle = code[at] & 0x7F, 0x40
            if code[at] & 0x80:
                offset |= code[at + 1] << 7
                middle = 0x4000
                at += 1
            at += 1
            if op in _SIGNED:
                offset -= middle
            if offset < 0 and counts:
                found.append(start + here)
            # Counted from behind the offset, before the extra byte.
            end = max(end, at + offset)
        elif kind == 0:
            raise ValueError("an unknown instruction")
        if op & 0x9E == 0:
            at += 1
        if op in _NEVER_GOES_ON and at > end:
            break
    for child in made:
        # Raw code: two bytes, its kind and whether it is a generator; its bytecode; its children.
        raw = _word(children + child * _WORD)
        if uctypes.bytearray_at(raw, 4)[2] == _BYTECODE:
            _function(_word(raw + _WORD), _word(raw + 2 * _WORD), found, kept)


def _prelude(code):
    """Where the first instruction is, behind the signature, the sizes, names and lines."""
    at = 0
    while code[at] & 0x80:
        at += 1
    at += 1
    info = cells = shift = 0
    while True:
        byte = code[at]
        at += 1
        cells |= (byte & 1) << shift
        info |= (byte >> 1 & 0x3F) << (6 * shift)
        shift += 1
        if byte < 0x80:
            return at + info + cells
