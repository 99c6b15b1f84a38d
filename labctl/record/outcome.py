"""How a run ended, as its record says it."""

from enum import Enum


class Outcome(Enum):
    """The four ends that a program can write down. A record without any was killed, or is still running."""

    FINISHED = "finished"
    STOPPED = "stopped"
    ABORTED = "aborted"
    FAILED = "failed"
