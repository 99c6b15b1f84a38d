"""A bench server at work in a thread of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from labctl.sim.server import BenchServer


@contextmanager
def at_work(server: BenchServer, patience: float = 10.0) -> Iterator[None]:
    """Its workbench belongs to that thread until it is over, `patience` s after it was stopped at the latest."""
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield
    finally:
        server.stop()
        thread.join(patience)
        assert not thread.is_alive()
