"""Text files as editors on any system save them: read where the meaning is certain, else refused in one sentence."""

from __future__ import annotations

import codecs
from pathlib import Path

from labctl.core.errors import UnreadableFile

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_text(path: Path) -> str:
    r"""Read a file that a person wrote: UTF-8, or UTF-16 and UTF-32 with their byte-order mark; lines end with \n.

    Raises UnreadableFile, in a sentence with file, line and remedy, for bytes that are none of these: another
    encoding has other characters in their places, micro and ohm among them.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{printable(path)} cannot be read: {error.strerror or error}.") from None
    return decode(data, path)


def decode(data: bytes, source: Path) -> str:
    """Decode the bytes of the file at `source` as `read_text` does."""
    mark, encoding = next((each for each in _MARKS if data.startswith(each[0])), (b"", "utf-8"))
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        line = data[len(mark) : len(mark) + error.start].decode(encoding, "replace").count("\n") + 1
        byte = data[len(mark) + error.start]
        name = encoding.upper()[:6].rstrip("-")
        raise UnreadableFile(
            f"{printable(source)}, line {line}, cannot be read: the byte 0x{byte:02X} is not valid {name}; "
            "open the file in an editor and save it with the encoding UTF-8."
        ) from None
    if "\0" in text:
        raise UnreadableFile(
            f"{printable(source)} holds bytes of value 0 and is not a text file in UTF-8; open it in an editor and "
            "save it with the encoding UTF-8."
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def printable(text: object) -> str:
    r"""`text` without what no file can hold: bytes of a path that are not UTF-8, and control characters, as `\xe4`."""
    return "".join(map(_printable, str(text)))


def _printable(each: str) -> str:
    if "\udc80" <= each <= "\udcff" or (each < " " and each not in "\t\n") or each == "\x7f":
        return rf"\x{ord(each) & 0xFF:02x}"
    return rf"\u{ord(each):04x}" if "\ud800" <= each <= "\udfff" else each
