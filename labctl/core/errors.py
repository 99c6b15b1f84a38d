"""Every error a person at the bench can meet: one root, one sentence each."""

from collections.abc import Sequence


class LabError(Exception):
    """Root of all: its text is a sentence that says which device, what value, what limit, what to do."""


class BenchFileError(LabError):
    """A bench file (or preset) that cannot be used; holds every mistake at once."""

    def __init__(self, source: str, mistakes: Sequence[str]) -> None:
        self.source = source
        self.mistakes = tuple(mistakes)
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        super().__init__(f"{source}: {count}\n" + "\n".join(f"  - {mistake}" for mistake in mistakes))


class PlanError(LabError):
    """Parameters of a procedure that are missing, unknown, of the wrong kind or out of range."""


class UnreadableFile(LabError):
    """A text file that is missing, or whose bytes have no certain meaning as text."""


class SettingOutOfRange(LabError):
    """A value that the instrument cannot take."""


class NotConfirmed(LabError):
    """A setting read back from the instrument is not the one written: nothing may be connected."""


class InstrumentError(LabError):
    """The instrument reported an error, or answered what cannot be understood."""


class LinkLost(InstrumentError):
    """The instrument does not answer: its state is unknown until it is read again."""


class RouteRefused(LabError):
    """A connection that would harm the sample or an instrument."""


class HotSwitchRefused(LabError):
    """A relay was asked to move while one of its sides carries voltage or current."""


class LimitExceeded(LabError):
    """A level, compliance or dose beyond what the bench file permits."""


class UnsupportedByBench(LabError):
    """This bench lacks what the procedure needs."""


class RecordError(LabError):
    """A run folder or record file that cannot be written or read."""


class Aborted(LabError):
    """Somebody ordered the run to end at once."""
