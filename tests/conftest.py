"""What a test run cannot do for lack of system libraries is left out, and listed at the end with the line that installs
them. With LABCTL_REQUIRE_SYSTEM_LIBRARIES=1 the run fails instead.

Every virtual bench that any test opens is judged, in this process and in those that the test starts: `invariants`.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from labctl.bench.station import Bench
from labctl.sim.server import BenchServer
from labctl.sim.workbench import Workbench
from tests.bench.watching import OBSERVER, Observer
from tests.system_libraries import LIBRARIES, missing

settings.register_profile("labctl", derandomize=True, deadline=None)
settings.load_profile("labctl")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ELSEWHERE = Path(__file__).parent / "elsewhere"
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


@pytest.fixture(scope="session", autouse=True)
def _judges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Judges over the benches of this process and, by their first import, of every one that a test starts."""
    found = tmp_path_factory.mktemp("found")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABCTL_TESTS_FOUND", str(found))
        patch.setenv("PYTHONPATH", str(ELSEWHERE), prepend=os.pathsep)
        OBSERVER.watch_instruments(patch, Workbench)
        OBSERVER.watch_servers(patch, BenchServer)
        OBSERVER.watch_suite(patch, Bench)
        yield found
    assert not OBSERVER.violations, "left by the last test"


@pytest.fixture(autouse=True)
def invariants(_judges: Path) -> Iterator[Observer]:
    """The observer of this test's benches; a test that breaks a rule on purpose calls `forgive`."""
    OBSERVER.begin(_judges)
    yield OBSERVER
    OBSERVER.account()
    found = OBSERVER.violations
    OBSERVER.forgive()
    assert not found


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
