"""Files of any size in the flash: written whole or not at all, compared, found.

What is stored is written under a temporary name, read back, compared, and renamed: whenever the
power goes, the file that was there is there, or the new one, whole. (What waits for a quiet clock,
and small texts with a checksum, is storage.py's.)
"""

import binascii
import hashlib
import os

FLASH = "/flash"
PIECE = 4096
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PARTIAL = ".partial"
_NEW_TEXT = ".txt.new"  # storage.py
# What `latentrack install` puts in the place of another, which is called so meanwhile.
_SWAPPED = ("latentcore.mpy", "latentrack", "board.txt", "SKIPSD", "main.py")


class NotText(ValueError):
    """What an editor has saved in another way than UTF-8: in which line, and what to do."""

    def __repr__(self):
        return str(self)


def decode(data, name):
    """The text of a file's bytes, without a byte order mark. Raises NotText; `name` is the file.

    `data` may be a memoryview: a copy of a large file may be more than the heap has in one piece.
    """
    if bytes(data[:3]) == _BYTE_ORDER_MARK:
        data = data[3:]
    try:
        text = str(data, "utf-8")
        if "\0" not in text:
            return text
    except UnicodeError:
        pass
    data = bytes(data)
    end = b"\n" if b"\n" in data else b"\r"
    for number, line in enumerate(data.split(end)):
        wrong = "a zero byte" if b"\0" in line else ""
        try:
            line.decode()
        except UnicodeError:
            wrong = wrong or "a letter that is not UTF-8"
        if wrong:
            raise NotText(f"{name}, line {number + 1}: {wrong}; save the file as UTF-8")


def read_words(path):
    """A short text, UTF-8 or else Latin-1, whatever its lines end with; "": no such file."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return ""
    try:
        text = decode(data, path)
    except NotText:
        text = "".join(chr(byte) for byte in data if byte)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def exists(path):
    """Whether there is a file or folder at a path."""
    try:
        os.stat(path)
        return True
    except OSError:
        return False


def hash_of(data):
    """The SHA-256 of bytes, in hexadecimal digits."""
    return binascii.hexlify(hashlib.sha256(data).digest()).decode()


def hash_of_file(path, busy=lambda: None):
    """The SHA-256 of a file; `busy` is called now and then, for that takes a while."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in _pieces(file):
            digest.update(piece)
            busy()
    return binascii.hexlify(digest.digest()).decode()


def is_same(path, data):
    """Whether a file has exactly the bytes of a memoryview."""
    at = 0
    with open(path, "rb") as file:
        for piece in _pieces(file):
            if piece != data[at : at + len(piece)]:
                return False
            at += len(piece)
    return at == len(data)


def _pieces(file):
    """What an open file holds, as memoryviews of one buffer: each is read before the next."""
    buffer = memoryview(bytearray(PIECE))
    while True:
        count = file.readinto(buffer)
        if not count:
            return
        yield buffer[:count]


def store(path, data, busy=lambda: None):
    """Writes a file and the folders it is in. Raises OSError, ValueError; then none has changed."""
    view = memoryview(data)
    pieces = (view[at : at + PIECE] for at in range(0, len(data), PIECE))
    _store(path, pieces, lambda: hash_of(data), busy)


def copy(path, to, busy=lambda: None):
    """Stores what is in the file `path` as `to`, piece by piece: memory may be nearly full."""
    with open(path, "rb") as file:
        _store(to, _pieces(file), lambda: hash_of_file(path, busy), busy)


def _store(path, pieces, expected, busy):
    make_folders(path)
    folder, _, name = path.rpartition("/")
    partial = folder + "/." + name + _PARTIAL
    try:
        with open(partial, "wb") as file:
            for piece in pieces:
                file.write(piece)
                busy()
        if hash_of_file(partial, busy) != expected():
            raise ValueError("what was written to flash reads otherwise")
        os.rename(partial, path)
    finally:
        if exists(partial):
            os.remove(partial)


def walk(folder):
    """The paths of all files in a folder and the folders in it, but for half-written ones."""
    return [path for path in _walk(folder) if not path.endswith(_PARTIAL)]


def tidy(folder):
    """Removes what a power cut has left half-written."""
    for path in list(_walk(folder)):
        hidden = path.rsplit("/", 1)[1][0] == "."
        if (hidden and path.endswith(_PARTIAL)) or path.endswith(_NEW_TEXT):
            os.remove(path)


def tidy_flash():
    """The same for all of the flash, and for what an install that was cut has left."""
    remove_folder(FLASH + "/install.new")
    for name in _SWAPPED:
        remove_folder(FLASH + "/" + name + ".old")
    tidy(FLASH)


def remove_folder(path):
    """Removes a file, or a folder and all that is in it, if it is there."""
    if not exists(path):
        return
    if os.stat(path)[0] & 0x4000:
        for name in os.listdir(path):
            remove_folder(path + "/" + name)
        os.rmdir(path)
    else:
        os.remove(path)


def _walk(folder):
    folders = [folder]
    while folders:
        folder = folders.pop()
        if exists(folder):
            for name, kind, *_ in os.ilistdir(folder):
                path = folder + "/" + name
                if kind & 0x4000:
                    folders.append(path)
                else:
                    yield path


def make_folders(path):
    """Makes the folders that a file is in."""
    at = path.find("/", len(FLASH) + 1)
    while at > 0:
        if not exists(path[:at]):
            os.mkdir(path[:at])
        at = path.find("/", at + 1)
