"""The module's flash: a folder of the computer that behaves like a board's file system.

It is built on MicroPython's VfsPosix, which with a root folder cannot rename (v1.29: both names end
up in the same buffer), gives no file sizes, and is never full. This class does all three. Its size
and its blocks are those of a Teensy 4.1, so that ENOSPC is raised where a Teensy raises it.
"""

import io
import os
import time

# The bytes that stock firmware leaves of the 8 MB, and the bytes of a littlefs block there.
SIZE = 7 * 1024 * 1024
BLOCK = 4096
_ENOSPC = 28
_WRITES = "wa+x"


class Flash:
    """The file system of a board: the folder `root`, with SIZE bytes.

    `write_us` is how long a write takes, in microseconds.
    """

    def __init__(self, root, write_us):
        self._root = root
        self.write_us = write_us
        self._vfs = os.VfsPosix(root)
        self._computer = os.VfsPosix()
        for method in ("chdir", "getcwd", "mkdir", "remove", "rmdir", "stat"):
            setattr(self, method, getattr(self._vfs, method))

    def mount(self, readonly, mkfs):
        """Mount the file system; called by os.mount."""
        self._vfs.mount(readonly, mkfs)

    def umount(self):
        """Unmount the file system; called by os.umount."""
        self._vfs.umount()

    def open(self, path, mode):
        """Open a file; writing is limited to the free space."""
        file = self._vfs.open(path, mode)
        if any(letter in mode for letter in _WRITES):
            return File(file, "b" in mode, self)
        return file

    def rename(self, old, new):
        """Rename a file or folder in the flash; an existing file is replaced."""
        self._computer.rename(self._path(old), self._path(new))

    def ilistdir(self, folder):
        """Yield (name, kind, 0, size in bytes) of each entry; kind 0x4000 is a folder."""
        for entry in self._vfs.ilistdir(folder):
            name, kind = entry[:2]
            path = folder + ("/" if folder and folder[-1] != "/" else "") + name
            yield (name, kind, 0, 0 if kind & 0x4000 else self._vfs.stat(path)[6])

    def statvfs(self, path):
        """Size and free space as littlefs gives them, in blocks of BLOCK bytes."""
        blocks = SIZE // BLOCK
        free = max(0, blocks - self.used())
        return (BLOCK, BLOCK, blocks, free, free, 0, 0, 0, 0, 255)

    def used(self):
        """The number of blocks that files and folders take."""
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
        # A relative path is relative to the process's working folder, which chdir has set.
        return self._root + path if path[:1] == "/" else path


class File(io.IOBase):
    """A file that is open for writing, limited to the flash's free space at its opening."""

    def __init__(self, file, binary, flash):
        self._file = file
        self._binary = binary
        self._room = (SIZE // BLOCK - flash.used()) * BLOCK
        self._write_us = flash.write_us

    def write(self, data):
        """Write, which takes `Flash.write_us`. Raises OSError(ENOSPC) if the flash is full."""
        size = len(data)
        if size > self._room:
            raise OSError(_ENOSPC)
        self._room -= size
        time.sleep_us(self._write_us)
        # print() and json.dump() write bytes to text files, too.
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
