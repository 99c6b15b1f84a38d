"""The PyVISA library of a bench: opened once, with the clock that counts there."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pyvisa
from pyvisa.errors import Error as VisaError

from labctl.core.clock import Clock, WallClock
from labctl.core.errors import LabError


class Library:
    """An open PyVISA library; drivers that name the same library share it."""

    def __init__(self, name: str) -> None:
        """Open the library `name`: "" for the installed VISA, "@py", "NAME@BACKEND".

        Raises LabError when there is no such library.
        """
        try:
            self._manager = pyvisa.ResourceManager(name)
        except (VisaError, OSError, ValueError) as error:
            raise LabError(
                f"The VISA library '{name or 'installed on this computer'}' cannot be opened: {error}. "
                'Install a VISA library, or set library = "@py" in the bench file.'
            ) from error
        self.name = name

    def clock(self, between: Callable[[], None] = lambda: None) -> Clock:
        """The library's own clock when it keeps one, else the wall's, which calls `between` while it waits."""
        own = getattr(self._manager.visalib, "clock", None)
        return WallClock(between) if own is None else cast(Clock, own)

    def addresses(self) -> tuple[str, ...]:
        """Addresses at which something answers."""
        try:
            return tuple(self._manager.list_resources("?*"))
        except VisaError as error:
            raise LabError(f"The VISA library '{self.name}' cannot list its instruments: {error}") from error

    def listed(self) -> str:
        """What the bus lists, in words, for a sentence about an address where nothing answers."""
        try:
            found = self.addresses()
        except LabError:
            return "the VISA library does not list what is there"
        return (
            f"the VISA library lists {', '.join(found)}" if found else "the VISA library lists no instrument"
        )

    def close(self) -> None:
        """Close the library and every session that it still has."""
        self._manager.close()
