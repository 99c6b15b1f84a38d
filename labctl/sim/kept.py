"""A die whose state is on disk before anybody hears of it: a program that is killed takes nothing back."""

from __future__ import annotations

import struct
from pathlib import Path
from zlib import crc32

import numpy as np

from labctl.core.errors import LabError
from labctl.physics.die import Die

_CHECKSUM = struct.Struct("<I")
"""Of all that follows."""
_HEAD = struct.Struct("<Qd")
"""Which writing this was, s of the bench's clock up to which the die has lived; the arrays follow."""


class KeptDie:
    """A die and the file that it is kept in: two slots that are written in turn, so that one of them is always whole.

    lived: s of the bench's clock up to which it has lived.
    """

    def __init__(self, die: Die, path: Path, lived: float = 0.0) -> None:
        """`die` as it was kept at `path`, or as it is where there is no such file; LabError when that is damaged."""
        self.die, self.lived, self._path, self._writings = die, lived, path, 0
        if path.exists():
            self._restore()
        self._kept = die.cells.revision

    @property
    def is_changed(self) -> bool:
        """Whether its cells have moved since it was kept."""
        return self.die.cells.revision != self._kept

    def keep(self) -> None:
        """Write it into the slot that was not written last; a kill in the middle spoils no more than that one."""
        self._writings += 1
        arrays = b"".join(array.tobytes() for array in self.die.state().values())
        body = _HEAD.pack(self._writings, self.lived) + arrays
        slot = _CHECKSUM.pack(crc32(body)) + body
        place = self._writings % 2 * len(slot)
        if self._path.exists():
            with self._path.open("r+b", buffering=0) as file:
                file.seek(place)
                file.write(slot)
        else:  # there is no older slot yet that a kill would leave
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".new")
            fresh.write_bytes(bytes(place) + slot)
            fresh.replace(self._path)
        self._kept = self.die.cells.revision

    def _restore(self) -> None:
        state = self.die.state()
        size = _CHECKSUM.size + _HEAD.size + sum(array.nbytes for array in state.values())
        data = self._path.read_bytes()
        slots = [data[start : start + size] for start in (0, size)]
        bodies = [slot[_CHECKSUM.size :] for slot in slots if len(slot) == size and _is_whole(slot)]
        if not bodies or len(data) > 2 * size:
            raise LabError(
                f"The virtual device {self._path} cannot be read (no whole state of this device in it); "
                "`labctl bench new-sample` starts afresh."
            )
        newest = max(bodies, key=lambda body: int(_HEAD.unpack_from(body)[0]))
        self._writings, self.lived = _HEAD.unpack_from(newest)
        place = _HEAD.size
        for name, array in state.items():
            state[name] = np.frombuffer(newest, array.dtype, array.size, place).reshape(array.shape)
            place += array.nbytes
        self.die.restore(state)


def _is_whole(slot: bytes) -> bool:
    (told,) = _CHECKSUM.unpack_from(slot)
    return int(told) == crc32(slot[_CHECKSUM.size :])
