"""What a test run cannot do for lack of system libraries is left out, and listed at the end with the line that installs
them. With LABCTL_REQUIRE_SYSTEM_LIBRARIES=1 the run fails instead.
"""

import os
from pathlib import Path

import pytest

from tests.system_libraries import LIBRARIES, missing

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
collect_ignore = [library.folder for name, library in LIBRARIES.items() if library.folder and missing(name)]


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Take pytest-qt out before it imports a Qt that does not load, which would end the whole run."""
    parser.addoption(
        "--bench", default=None, help="bench file of real instruments for the tests marked hardware"
    )
    if missing("qt"):
        pluginmanager.set_blocked("pytest-qt")


def pytest_configure() -> None:
    """Where the system libraries are required, end the run at once when one is missing."""
    lacks = [f"{library.what}: {missing(name)}" for name, library in LIBRARIES.items() if missing(name)]
    if lacks and os.environ.get("LABCTL_REQUIRE_SYSTEM_LIBRARIES") == "1":
        raise pytest.UsageError("; ".join(["system libraries are required here and missing", *lacks]))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what needs real instruments without --bench, and what needs a system library that is missing."""
    for item in items:
        if item.get_closest_marker("hardware") and config.getoption("--bench") is None:
            item.add_marker(pytest.mark.skip(reason="needs real instruments: --bench FILE"))
        for name in (name for marker in item.iter_markers("needs") for name in marker.args):
            if missing(name):
                item.add_marker(pytest.mark.skip(reason=f"needs {name}: {missing(name)}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was left out for lack of system libraries, with the one line that installs all of them."""
    reasons = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    left_out = {
        name: library
        for name, library in LIBRARIES.items()
        if (library.folder and missing(name) and (Path(__file__).parent / library.folder).is_dir())
        or any(f"needs {name}:" in reason for reason in reasons)
    }
    if not left_out:
        return
    terminalreporter.section("not run for lack of system libraries")
    for name, library in left_out.items():
        terminalreporter.line(f"{library.what}: {missing(name)}")
    packages = " ".join(library.packages for library in left_out.values())
    terminalreporter.line(f"On Debian or Ubuntu:  sudo apt-get install {packages}")
