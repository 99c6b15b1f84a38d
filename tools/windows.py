"""Resolve constraints.txt for Windows with pip, installing nothing: every version must have a wheel there.

pip's `--platform` chooses wheels but still judges markers and Python versions by the machine it runs on, so the lines
that hold on Windows are picked out here, and the Python resolved for is the one that runs this.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.requirements import Requirement

from tools.venv import ROOT

WINDOWS = {
    "os_name": "nt",
    "platform_machine": "AMD64",
    "platform_system": "Windows",
    "sys_platform": "win32",
}


def windows_lines(constraints: str) -> list[str]:
    """The `name==version` lines that hold on 64-bit Windows with this Python, without their markers."""
    lines = (line.split("#")[0].strip() for line in constraints.splitlines())
    requirements = [Requirement(line) for line in lines if line]
    holding = (each for each in requirements if each.marker is None or each.marker.evaluate(dict(WINDOWS)))
    return [f"{each.name}{each.specifier}" for each in holding]


def resolve(lines: list[str]) -> int:
    """Let pip resolve the lines and what they depend on for 64-bit Windows; pip's exit code."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--ignore-installed"]
        command += ["--disable-pip-version-check", "--platform", "win_amd64", "--only-binary=:all:"]
        return subprocess.call([*command, "--target", str(Path(scratch) / "nowhere"), *lines])


def main() -> int:
    """Resolve and say how it went in one line; 0 when every package is there."""
    lines = windows_lines((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    python = ".".join(map(str, sys.version_info[:2]))
    failed = resolve(lines)
    verdict = "does not resolve (pip's lines above say why)" if failed else f"resolves: {len(lines)} packages"
    print(f"constraints.txt for win_amd64 with Python {python} {verdict}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
