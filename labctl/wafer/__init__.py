"""Wafers: a probe plan from its text to binned dies."""
