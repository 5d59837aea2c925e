"""The module's flash: a folder of the computer that behaves as a board's file system does.

MicroPython's own VfsPosix does most of it. With a root folder it cannot rename (v1.29: both names
end up in the same buffer) and does not say how large files are; this does.
"""

import os


class Flash:
    def __init__(self, root):
        self._root = root
        self._vfs = os.VfsPosix(root)
        self._computer = os.VfsPosix()
        for method in ("open", "chdir", "getcwd", "mkdir", "remove", "rmdir", "stat", "statvfs"):
            setattr(self, method, getattr(self._vfs, method))

    def mount(self, readonly, mkfs):
        self._vfs.mount(readonly, mkfs)

    def umount(self):
        self._vfs.umount()

    def rename(self, old, new):
        self._computer.rename(self._path(old), self._path(new))

    def ilistdir(self, folder):
        for entry in self._vfs.ilistdir(folder):
            name, kind = entry[:2]
            path = folder + ("/" if folder and folder[-1] != "/" else "") + name
            yield (name, kind, 0, 0 if kind & 0x4000 else self._vfs.stat(path)[6])

    def _path(self, path):
        # What is relative is so to the process's own working folder, which chdir has set.
        return self._root + path if path[:1] == "/" else path
