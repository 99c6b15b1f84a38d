"""What numpy raises for a damaged .npy or .npz file: its readers parse headers as Python and archives as zip files."""

import struct
import tokenize
import zipfile
import zlib

UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    AttributeError,
    LookupError,
    TypeError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    tokenize.TokenError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""All of them: an `except` clause that turns a damaged file into a sentence."""
