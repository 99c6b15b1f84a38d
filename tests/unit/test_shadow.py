"""Foreign packages named `instruments` or `procedures` are noticed before anything of theirs is imported."""

import subprocess
import sys
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from labctl.core import shadow
from labctl.core.errors import LabError

ROOT = Path(__file__).resolve().parents[2]


def foreign(folder: Path, name: str) -> Path:
    package = folder / name
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    return package / "__init__.py"


def check_in_a_fresh_python(*path: Path) -> str:
    code = f"import sys; sys.path[:0] = {[str(each) for each in path]!r}\nfrom labctl.core import shadow, errors\n"
    code += "try: shadow.check()\nexcept errors.LabError as error: print(error)"
    asked = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return asked.stdout


def test_our_own_packages_are_accepted() -> None:
    shadow.check()


@pytest.mark.parametrize("name", shadow.NAMES)
def test_a_foreign_package_before_ours_is_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    found = foreign(tmp_path, name)
    said = check_in_a_fresh_python(tmp_path, ROOT)
    assert f"'{name}' is {found}, not labctl's own {ROOT / name / '__init__.py'}" in said
    assert said.count("\n") == 1


def test_a_foreign_package_behind_ours_is_no_matter(tmp_path: Path) -> None:
    foreign(tmp_path, "instruments")
    assert check_in_a_fresh_python(ROOT, tmp_path) == ""


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shadow, "NAMES", ("no_such_package",))
    with pytest.raises(LabError, match="'no_such_package' cannot be found"):
        shadow.check()


@pytest.mark.parametrize(("digest", "accepted"), [("", True), ("sha256=Zm9yZWlnbg", False)])
def test_a_file_written_over_ours_is_told_by_its_hash(
    digest: str, accepted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign(tmp_path, "instruments")  # Python 3.12 and newer leave out recorded files that are not there
    noted = tmp_path / "labctl-0.dist-info"
    noted.mkdir()
    (noted / "METADATA").write_text("Metadata-Version: 2.1\nName: labctl\nVersion: 0\n")
    (noted / "RECORD").write_text(f"instruments/__init__.py,{digest},\n")
    monkeypatch.setattr(shadow, "distribution", lambda name: PathDistribution(noted))
    if accepted:
        shadow.check()
    else:
        with pytest.raises(LabError, match="'instruments'"):
            shadow.check()
