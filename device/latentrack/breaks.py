"""Find the addresses at which bytecode can be stopped: function starts and backward jumps.

MicroPython cannot interrupt a loop that runs on its scheduler: the scheduler checks neither Ctrl-C
nor pending exceptions. A user's script is compiled on the module, so its bytecode lies in writeable
memory. One byte written at each of these addresses makes the next pass of any loop, and the next
call, raise RuntimeError. latentcore's tick writes the bytes when the time limit has passed
(guard.py).

Layout: MicroPython's py/bc0.h (mpy version 6: 1.19 and newer), objfun.h and emitglue.h (1.27 and
newer). Code with another layout yields no addresses and cannot be stopped.
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
# Jumps with a signed offset: half of the number's range is subtracted from it.
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
    """Return the addresses in a code object that `compile` returned, as an array("L").

    With whole=False the module's body is left out and only its functions are included. The
    addresses are followed by 0 and the start of each function's bytecode: a reference to the array
    keeps the bytecode in memory, because the collector scans every block. Raises ValueError if the
    layout of the bytecode is unknown.
    """
    found, kept = array("L"), array("L", (0,))
    # A code object has a pointer to the function that is the module's body.
    body = _word(id(code) + _WORD)
    if _word(body) != id(type(addresses)):
        raise ValueError("an unknown code object")
    _function(_word(body + 3 * _WORD), _word(body + 2 * _WORD), found, kept, whole)
    found.extend(kept)
    return found


def silence(addresses):
    """Overwrite each function in the result of `addresses` with `return None`, permanently."""
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
    """Append the addresses of the code at `start` (if `counts`) and of the functions it creates.

    children: address of the table of the functions that the code creates.  found: receives the
    addresses.  kept: receives the start of each bytecode.
    """
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
            # The offset counts from the byte after it, before the extra byte.
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
    """Return the offset of the first instruction, after signature, sizes, names and lines."""
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
