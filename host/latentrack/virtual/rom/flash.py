"""The module's flash: a folder of the computer that behaves as a board's file system does.

MicroPython's own VfsPosix does most of it. With a root folder it cannot rename (v1.29: both names
end up in the same buffer), does not say how large files are, and is never full; this does. It is as
large as a Teensy 4.1's, in blocks of the same size, and ENOSPC comes where it would.
"""

import io
import os
import time

# What stock firmware leaves of the 8 MB, and littlefs's block there.
SIZE = 7 * 1024 * 1024
BLOCK = 4096
# How long a write takes; a Teensy's takes tens of milliseconds a block. Fault tests change it.
WRITE_US = 0
_ENOSPC = 28
_WRITES = "wa+x"


class Flash:
    """The file system of a board: the folder `root`, with SIZE bytes."""

    def __init__(self, root):
        self._root = root
        self._vfs = os.VfsPosix(root)
        self._computer = os.VfsPosix()
        for method in ("chdir", "getcwd", "mkdir", "remove", "rmdir", "stat"):
            setattr(self, method, getattr(self._vfs, method))

    def mount(self, readonly, mkfs):
        """As os.mount calls it."""
        self._vfs.mount(readonly, mkfs)

    def umount(self):
        """As os.umount calls it."""
        self._vfs.umount()

    def open(self, path, mode):
        """A file; one that is written to has only the room that is free."""
        file = self._vfs.open(path, mode)
        if any(letter in mode for letter in _WRITES):
            return File(file, "b" in mode, self)
        return file

    def rename(self, old, new):
        """Renames a file or folder in the flash, over one that is there."""
        self._computer.rename(self._path(old), self._path(new))

    def ilistdir(self, folder):
        """(name, kind, 0, size in bytes) of each entry; 0x4000 is a folder."""
        for entry in self._vfs.ilistdir(folder):
            name, kind = entry[:2]
            path = folder + ("/" if folder and folder[-1] != "/" else "") + name
            yield (name, kind, 0, 0 if kind & 0x4000 else self._vfs.stat(path)[6])

    def statvfs(self, path):
        """As littlefs tells it, in blocks of BLOCK bytes."""
        blocks = SIZE // BLOCK
        free = max(0, blocks - self.used())
        return (BLOCK, BLOCK, blocks, free, free, 0, 0, 0, 0, 255)

    def used(self):
        """Blocks that files and folders take."""
        blocks = 2  # the root
        folders = [self._root]
        while folders:
            folder = folders.pop()
            for name, kind, *_ in self._computer.ilistdir(folder):
                path = folder + "/" + name
                if kind & 0x4000:
                    blocks += 2
                    folders.append(path)
                else:
                    blocks += -(-self._computer.stat(path)[6] // BLOCK)
        return blocks

    def _path(self, path):
        # What is relative is so to the process's own working folder, which chdir has set.
        return self._root + path if path[:1] == "/" else path


class File(io.IOBase):
    """A file that is being written, as long as there is room."""

    def __init__(self, file, binary, flash):
        self._file = file
        self._binary = binary
        self._room = (SIZE // BLOCK - flash.used()) * BLOCK

    def write(self, data):
        """Writes, and takes as long as a flash. Raises OSError(ENOSPC) without room."""
        size = len(data)
        if size > self._room:
            raise OSError(_ENOSPC)
        self._room -= size
        time.sleep_us(WRITE_US)
        # print() and json.dump() bring bytes to text files, too.
        if not self._binary and not isinstance(data, str):
            data = str(data, "utf-8")
        return self._file.write(data)

    def readinto(self, memory):
        """Read up to len(memory) bytes into `memory`; return their number."""
        data = self._file.read(len(memory))
        memory[: len(data)] = data if self._binary else data.encode()
        return len(data)

    def ioctl(self, request, argument):
        """Close the file on request 4, MP_STREAM_CLOSE; ignore all other requests."""
        if request == 4:  # close
            self._file.close()
        return 0

    def read(self, *size):
        """Read at most `size` bytes or characters, by default all that is left."""
        return self._file.read(*size)

    def seek(self, *where):
        """Move to (offset, whence); return the new offset in bytes."""
        return self._file.seek(*where)

    def tell(self):
        """The offset in bytes."""
        return self._file.tell()

    def flush(self):
        """Hand buffered bytes to the computer."""
        self._file.flush()

    def close(self):
        """Close the file."""
        self._file.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()
