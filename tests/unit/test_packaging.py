"""What reaches a user: the wheel, the constraints, the backend's name, the environment that the Makefile makes."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]


def ask(code: str, *path: Path, cwd: Path = ROOT) -> str:
    """What a fresh Python prints, with these folders first on its path."""
    line = f"import sys; sys.path[:0] = {[str(each) for each in path]!r}\n{code}"
    command = [sys.executable, "-P", "-c", line]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def constraints() -> str:
    return (ROOT / "constraints.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built wheel, unpacked as an installer would."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_holds_our_packages_and_nothing_else(wheel: Path) -> None:
    top = {each.name for each in wheel.iterdir() if not each.name.endswith(".dist-info")}
    assert top == {"labctl", "instruments", "procedures", "pyvisa_labctl.py"}


def test_every_data_file_travels_in_the_wheel(wheel: Path) -> None:
    here = {each.relative_to(ROOT / "data") for each in (ROOT / "data").rglob("*") if each.is_file()}
    there = {
        each.relative_to(wheel / "labctl/_data")
        for each in (wheel / "labctl/_data").rglob("*")
        if each.is_file()
    }
    assert here == there
    assert Path("benches/virtual_56x8.toml") in here


def test_every_script_and_template_beside_the_sources_travels_in_the_wheel(wheel: Path) -> None:
    kinds = (".lua", ".html", ".css", ".j2", ".toml")
    beside = [each for name in ("labctl", "instruments", "procedures") for each in (ROOT / name).rglob("*")]
    missing = [
        each for each in beside if each.suffix in kinds and not (wheel / each.relative_to(ROOT)).is_file()
    ]
    assert missing == []


def test_an_installed_wheel_finds_its_benches_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    found = ask(
        "from labctl.core.paths import find_bench; print(find_bench('virtual_56x8'))", wheel, cwd=tmp_path
    )
    assert found == str(wheel / "labctl" / "_data" / "benches" / "virtual_56x8.toml")


def test_pyvisa_lists_our_backend(tmp_path: Path) -> None:
    listed = ask("from pyvisa.highlevel import list_backends; print(list_backends())", ROOT, cwd=tmp_path)
    assert "'labctl'" in listed


def test_a_users_own_data_module_is_not_shadowed(tmp_path: Path) -> None:
    (tmp_path / "data.py").write_text("mine = True\n")
    assert ask("import data, labctl; print(data.mine)", ROOT, tmp_path) == "True"


def test_no_index_takes_an_upload(project: dict[str, Any]) -> None:
    assert "Private :: Do Not Upload" in project["classifiers"]


def test_the_constraints_name_no_index_and_no_machine(constraints: str) -> None:
    assert re.findall(r"https?:|file:|--\w|(?:^|\s)/\w+|[A-Z]:\\", constraints) == []


def test_one_version_of_every_package_holds_on_a_platform(constraints: str) -> None:
    lines = [
        Requirement(line) for line in constraints.splitlines() if line and not line.lstrip().startswith("#")
    ]
    for platform in ("linux", "win32"):
        for python in ("3.11", "3.12", "3.13"):
            machine = {
                "sys_platform": platform,
                "python_version": python,
                "python_full_version": f"{python}.1",
            }
            names = [
                each.name for each in lines if each.marker is None or each.marker.evaluate(dict(machine))
            ]
            assert len(names) == len(set(names))


def test_windows_gets_the_last_qt_that_has_a_wheel_there(constraints: str) -> None:
    pins = re.findall(r"^pyqt5-qt5==(\S+) ; sys_platform (==|!=) 'win32'$", constraints, re.MULTILINE)
    versions = {where: version for version, where in pins}
    assert versions["=="] == "5.15.2"
    assert versions["!="] != "5.15.2"


def test_every_dependency_is_constrained_to_a_version_that_it_allows(
    project: dict[str, Any], constraints: str
) -> None:
    wanted = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    pinned = [
        Requirement(line) for line in constraints.splitlines() if line and not line.lstrip().startswith("#")
    ]
    for requirement in map(Requirement, wanted):
        if requirement.marker is not None and not requirement.marker.evaluate(dict(default_environment())):
            continue
        name = canonicalize_name(requirement.name)
        versions = [
            next(iter(pin.specifier)).version for pin in pinned if canonicalize_name(pin.name) == name
        ]
        assert any(requirement.specifier.contains(version) for version in versions), requirement
