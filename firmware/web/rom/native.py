"""Modules of C in a web page: their functions and constants, as Python's.

The C code (firmware/web/page.c) shares MicroPython's memory, but is a program of its own. A
call goes by JavaScript; its arguments and its result are values in memory that C gives.
"""

from struct import pack_into, unpack_from

import uctypes
import wasm

_NONE, _BOOL, _INT, _FLOAT, _TEXT, _BUFFER, _TUPLE, _BYTES, _ERROR, _OBJECT, _NATIVE = range(11)
_VALUE = "<IIIIf"  # struct value of web.h
_SIZE = 20
_MOST_ARGUMENTS, _MOST_RESULTS = 8, 24
_WORD = 0xFFFFFFFF
_LARGEST = 3e38  # what a float of 32 bits has

_arguments = uctypes.bytearray_at(wasm.arguments_at(), _MOST_ARGUMENTS * _SIZE)
_call = wasm.call  # looked up once: each time takes a call of JavaScript
_results = uctypes.bytearray_at(wasm.results_at(), _MOST_RESULTS * _SIZE)
_errors = {
    "ValueError": ValueError,
    "RuntimeError": RuntimeError,
    "TypeError": TypeError,
    "SystemExit": SystemExit,
}
# Objects that C knows by their number.
_objects = []


class Function:
    """A function of C. As an interrupt's handler C calls it without Python."""

    def __init__(self, module, index):
        self._module = module
        self._index = index
        self.number = module << 8 | index

    def __call__(self, *arguments):
        """Call it; raises what C raises."""
        at = 0
        for argument in arguments:
            if at == _MOST_ARGUMENTS * _SIZE:
                raise TypeError("function takes fewer arguments")
            _put(at, argument)
            at += _SIZE
        kind = _call(self._module, self._index, len(arguments))
        return None if kind == _NONE else _result(0)


def _put(at, thing):
    if isinstance(thing, (int, bool)):
        thing = int(thing)
        pack_into(_VALUE, _arguments, at, _INT, thing & _WORD, 0, 0, thing)
    elif thing is None:
        pack_into(_VALUE, _arguments, at, _NONE, 0, 0, 0, 0)
    elif isinstance(thing, float):
        word = int(thing) & _WORD if -_LARGEST < thing < _LARGEST else 0
        pack_into(_VALUE, _arguments, at, _FLOAT, word, 0, 0, thing)
    elif isinstance(thing, (str, bytes)):
        data = thing.encode() if isinstance(thing, str) else thing
        _kept[at] = data
        address = uctypes.addressof(data) if data else 0
        pack_into(_VALUE, _arguments, at, _TEXT, address, len(data), 0, 0)
    elif isinstance(thing, Function):
        pack_into(_VALUE, _arguments, at, _NATIVE, thing.number, 0, 0, 0)
    else:
        try:
            address = uctypes.addressof(thing)
        except TypeError:
            pack_into(_VALUE, _arguments, at, _OBJECT, number_of(thing), 0, 0, 0)
        else:
            pack_into(_VALUE, _arguments, at, _BUFFER, address, len(thing), id(thing), 0)


# Text of the call that is going on, by its place: only its address is in C's hands.
_kept = {}


def _result(at):
    kind, word, size, typecode, number = unpack_from(_VALUE, _results, at)
    if kind == _INT:
        return word - (1 << 32) if size and word >> 31 else word
    if kind == _BOOL:
        return word != 0
    if kind == _FLOAT:
        return number
    if kind == _TUPLE:
        return tuple(_result((i + 1) * _SIZE) for i in range(size))
    if kind == _ERROR:
        text, error = _text(word, size), _text(typecode)
        if error == "OSError":
            raise OSError(int(text))
        raise _errors[error](text)
    return _text(word, size) if kind == _TEXT else bytes(uctypes.bytearray_at(word, size))


def _text(address, size=None):
    if size is None:
        size = 0
        while uctypes.bytearray_at(address + size, 1)[0]:
            size += 1
    return str(bytes(uctypes.bytearray_at(address, size)), "utf-8")


def number_of(thing):
    """The number by which C knows an object; it is kept for good."""
    for number, known in enumerate(_objects):
        if known is thing:
            return number
    _objects.append(thing)
    return len(_objects) - 1


def call_object(function, argument):
    """Call a Python function that C knows by its number; what it raises is printed."""
    try:
        _objects[function](_objects[argument])
    except (Exception, KeyboardInterrupt) as error:
        import sys

        sys.print_exception(error)


def load(number, into):
    """Put the functions and constants of a module (0 latentcore, 1 virtualboard) into a dict."""
    address = wasm.names(number)
    functions = wasm.functions(number)
    for index in range(functions + wasm.constants(number)):
        name = _text(address)
        address += len(name) + 1
        is_function = index < functions
        into[name] = Function(number, index) if is_function else index - functions
    wasm.start(number)
