"""The bench: instruments composed by the bench file into routes, connections and safety."""

from labctl.bench.station import Bench, open_bench

__all__ = ["Bench", "open_bench"]
