"""Drivers: a folder per maker, a file per instrument family."""
