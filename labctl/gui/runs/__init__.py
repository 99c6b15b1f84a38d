"""Runs: what goes on now, what waits, what was measured earlier."""
