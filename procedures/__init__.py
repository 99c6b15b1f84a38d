"""Experiments: frozen dataclasses of SI quantities, each with a `run(bench)` generator that yields rows."""
