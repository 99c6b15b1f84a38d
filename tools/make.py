"""Run one of the project's jobs in its environment: `python -m tools.make demo`.

The Makefile calls this and nothing else, so that a machine without make gives the same line.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys

from tools.venv import ROOT, SetUpError, ensure

CHECKED = ("labctl", "instruments", "procedures", "tools", "pyvisa_labctl.py")

COMPILE: tuple[str, ...] = (
    "uv",
    "pip",
    "compile",
    "pyproject.toml",
    "--universal",
    "--all-extras",
    "--python-version=3.11",
)
COMPILE += (
    "--upgrade",
    "--quiet",
    "--custom-compile-command=make constraints",
    "--output-file=constraints.txt",
)


class Job:
    """What `make NAME` does: extras that the environment must have, and `python -m` lines in their order."""

    def __init__(self, purpose: str, extras: str, *lines: tuple[str, ...]) -> None:
        self.purpose = purpose
        self.extras = frozenset(extras.split())
        self.lines = lines


JOBS = {
    "demo": Job(
        "form and program a virtual crossbar, turn a photograph into feature maps", "", ("labctl", "demo")
    ),
    "wafer": Job(
        "test 20 dies of a virtual wafer by a plan; bins, results and report in runs/wafer",
        "",
        ("labctl", "wafer", "run", "demo_20", "--out", "runs/wafer"),
    ),
    "test": Job("run the tests", "gui dev", ("pytest", "-n", "auto", "--dist", "worksteal")),
    "faults": Job(
        "kill the suite 200 times, disturb every message of a run",
        "gui dev",
        ("pytest", "tests/faults", "--all-faults", "-n", "auto", "--dist", "worksteal"),
    ),
    "lint": Job(
        "check style, types and layers",
        "gui dev",
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy", "--strict", *CHECKED),
        ("tools.layers",),
    ),
    "bench": Job("measure what we claim to be fast", "gui dev", ("benchmarks",)),
    "gui": Job("open the window", "gui", ("labctl", "gui")),
    "screenshots": Job("take the documentation's pictures of the window", "gui", ("tools.screenshots",)),
    "constraints": Job("resolve constraints.txt anew for all platforms", "dev", COMPILE),
    "windows": Job("resolve constraints.txt for Windows without installing", "dev", ("tools.windows",)),
}


def run(command: list[str]) -> int:
    """Run a command to its own end: Ctrl-C is the command's to answer, who may need time to make a bench safe."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return subprocess.Popen(command, cwd=ROOT).wait()
    finally:
        signal.signal(signal.SIGINT, before)


def main(arguments: list[str]) -> int:
    """Make the environment and run the job's lines, all of them even when one fails; the first failure's exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.make", description=__doc__.splitlines()[0])
    jobs = "; ".join(f"{name}: {job.purpose}" for name, job in JOBS.items())
    parser.add_argument("job", choices=JOBS, metavar="job", help=jobs)
    parser.add_argument("more", nargs=argparse.REMAINDER, help="handed on to the job's last line")
    chosen = parser.parse_args(arguments)
    job = JOBS[chosen.job]
    try:
        python = ensure(job.extras, ROOT / ".venv")
    except SetUpError as error:
        print(error, file=sys.stderr)
        return 1
    *first, last = job.lines
    codes = [run([str(python), "-m", *line]) for line in (*first, (*last, *chosen.more))]
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
