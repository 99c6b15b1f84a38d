"""Helpers for working on labctl; they need nothing but Python's own library and are not installed with it."""
