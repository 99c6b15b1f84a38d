"""Valid files as somebody's disk, transfer or editor leaves them: cut short, bits flipped, pieces replaced."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

TOKENS = (
    b"",
    b"-",
    b"+",
    b"nan",
    b"inf",
    b"1e999",
    b"0x10",
    b"1_000",
    b"=1+1",
    b'"',
    b"\xff\xfe",
    b"\x00",
    b";",
)
thorough = settings(max_examples=250, deadline=None, derandomize=True)


@st.composite
def mutated(draw, valid: bytes) -> bytes:
    """`valid` cut short, with some bytes changed, or with a few of them replaced by a token."""
    at = draw(st.integers(0, len(valid) - 1))
    kind = draw(st.sampled_from(["truncate", "flip", "replace"]))
    if kind == "truncate":
        return valid[:at]
    if kind == "flip":
        changed = bytearray(valid)
        for each in draw(st.lists(st.integers(0, len(valid) - 1), min_size=1, max_size=8)):
            changed[each] ^= 1 << draw(st.integers(0, 7))
        return bytes(changed)
    return valid[:at] + draw(st.sampled_from(TOKENS)) + valid[at + draw(st.integers(0, 6)) :]
