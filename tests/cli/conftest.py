"""Commands run in this process, with a virtual sample of their own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from labctl import cli
from tests.cli.command import Answer, Command


@pytest.fixture
def labctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `labctl WORDS...`."""
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path / "samples"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def command(*words: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["labctl", *map(str, words)])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        captured = capsys.readouterr()
        return Answer(int(exit_.value.code or 0), captured.out, captured.err)

    return command
