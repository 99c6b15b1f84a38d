"""Helpers for working on labctl; they need nothing but Python's own library and are not installed with it."""

import sys

if sys.version_info < (3, 7):  # too old to read the rest, which looks for a newer one
    sys.exit("labctl needs Python 3.11 or newer: name one, as in 'make demo PYTHON=python3.11'.")
