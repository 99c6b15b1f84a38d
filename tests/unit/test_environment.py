"""The environment that `python -m tools.make` makes: once, with what a job needs, anew when the project changes."""

import sys
from pathlib import Path

import pytest

from tools import make, venv, windows


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "constraints.txt").write_text("numpy==2\n")
    return tmp_path


@pytest.fixture
def installs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What would have been made and installed, in order; every environment counts as working once it is made."""
    done: list[tuple[str, ...]] = []
    made: set[Path] = set()

    def create(folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        made.add(venv.python_of(folder))
        done.append(("create",))

    def install(python: Path, extras: frozenset[str], root: Path) -> None:
        done.append(("install", *sorted(extras)))

    monkeypatch.setattr(venv, "_create", create)
    monkeypatch.setattr(venv, "_install", install)
    monkeypatch.setattr(venv, "works", made.__contains__)
    return done


def ensure(project: Path, *extras: str) -> None:
    assert venv.ensure(frozenset(extras), project / ".venv", project) == venv.python_of(project / ".venv")


def test_an_environment_is_made_once(
    project: Path, installs: list[tuple[str, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    ensure(project)
    assert "about a minute" in capsys.readouterr().out
    ensure(project)
    assert installs == [("create",), ("install",)]
    assert capsys.readouterr().out == ""


def test_extras_are_added_and_stay(project: Path, installs: list[tuple[str, ...]]) -> None:
    ensure(project)
    ensure(project, "gui")
    ensure(project, "dev")
    ensure(project)
    assert installs == [("create",), ("install",), ("install", "gui"), ("install", "dev", "gui")]


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_project_is_installed_anew(
    name: str, project: Path, installs: list[tuple[str, ...]]
) -> None:
    ensure(project, "dev")
    (project / name).write_text("changed\n")
    ensure(project)
    assert installs == [("create",), ("install", "dev"), ("install", "dev")]


def test_an_installation_that_broke_off_is_repeated(
    project: Path, installs: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(python: Path, extras: frozenset[str], root: Path) -> None:
        raise venv.SetUpError("no network")

    ensure(project)
    with monkeypatch.context() as broken:
        broken.setattr(venv, "_install", break_off)
        with pytest.raises(venv.SetUpError, match="no network"):
            ensure(project, "gui")
    ensure(project)
    assert installs == [("create",), ("install",), ("install",)]


def test_too_old_a_python_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(venv.SetUpError, match=r"needs Python 3\.11 or newer, and this is 3\.9 .*: install"):
        venv.base_python()


def test_a_newer_python_on_the_path_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setattr("shutil.which", {"python3.12": "/somewhere/python3.12"}.get)
    assert venv.base_python() == "/somewhere/python3.12"


def test_a_python_without_venv_is_refused_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(venv.SetUpError, match="sudo apt-get install python3-venv"):
        venv._create(tmp_path / ".venv")
    assert not (tmp_path / ".venv").exists()


def test_every_makefile_target_is_a_job() -> None:
    makefile = (venv.ROOT / "Makefile").read_text(encoding="utf-8")
    targets = makefile.split(".PHONY:")[1].splitlines()[0].split()
    assert sorted(targets) == sorted(make.JOBS)


def test_all_lines_of_a_job_run_and_the_first_failure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(make, "ensure", lambda extras, folder: Path("python"))
    monkeypatch.setattr(make, "run", lambda command: ran.append(command) or len(ran) - 1)
    assert make.main(["lint", "--some", "more"]) == 1
    assert [command[2] for command in ran] == ["ruff", "ruff", "mypy", "tools.layers"]
    assert ran[-1][-2:] == ["--some", "more"]


def test_the_lines_for_windows_are_those_whose_markers_hold_there() -> None:
    constraints = (
        "a==1 ; sys_platform != 'win32'\na==2 ; sys_platform == 'win32'\n    # via b\nb==3  # note\n"
    )
    assert windows.windows_lines(constraints) == ["a==2", "b==3"]
