"""Keithley: source-measure units and switch matrices."""
