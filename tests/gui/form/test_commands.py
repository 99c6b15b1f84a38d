"""What is copied does what the form would have done: the results are run."""

import re
import shlex

import pytest

from labctl.core.lines import Cell
from labctl.core.quantity import make
from labctl.gui.form.commands import command_line, write_python
from labctl.record.reading import read_run
from labctl.testing import virtual_lab
from procedures.catalogue import procedures
from procedures.forming import Forming
from tests.cli.conftest import labctl as labctl
from tests.gui.form.plans import Edge, Retention

TEXTS = {"word": "3", "bit": "5", "forming_step": "40 mV", "forming_scheme": "V/2", "form_again": "yes"}


def only_run(out):
    (folder,) = out.iterdir()
    return read_run(folder)


def test_the_copied_command_runs_what_the_form_says(labctl, tmp_path):
    out = tmp_path / "it's here; $HOME"
    line = command_line("forming", TEXTS, "virtual_56x8", str(out), windows=False)
    program, *words = shlex.split(line)
    assert program == "labctl"
    answer = labctl(*words)
    assert answer.code == 0, answer.err
    run = only_run(out)
    applied = {name: run.parameters[name]["applied"] for name in TEXTS}
    assert applied == {"word": 3, "bit": 5, "forming_step": 0.04, "forming_scheme": "V/2", "form_again": True}
    assert run.end["verdict"] == "formed"


def test_the_copied_python_runs_what_the_form_says(tmp_path, capsys):
    lab = virtual_lab(tmp_path)
    script = write_python(Forming, TEXTS, str(lab.bench_file), str(lab.out))
    names = {}
    exec(script, names)
    assert names["run"].parameters["forming_step"]["applied"] == 0.04
    assert names["run"].parameters["forming_scheme"]["applied"] == "V/2"
    assert names["run"].end["verdict"] == "formed"
    assert str(names["run"].folder) in capsys.readouterr().out


def test_python_is_the_five_lines_of_the_page():
    assert write_python(Forming, {"word": "3", "bit": "5"}, "virtual_56x8") == (
        "from labctl.scripting import open_bench\n"
        "from procedures.forming import Forming\n"
        "\n"
        'with open_bench("virtual_56x8") as bench:\n'
        "    run = bench.measure(Forming(word=3, bit=5))\n"
        "print(run.folder, run.outcome.value)\n"
    )


class _Bench:
    """Takes plans and gives back what a script asks of a run."""

    folder = "runs/1"
    value = "finished"

    def __init__(self):
        self.opened = ()
        self.plan = None

    outcome = property(lambda self: self)

    def open(self, *where, **more):
        self.opened = (*where, *more.values())
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def measure(self, plan):
        self.plan = plan
        return self


@pytest.mark.parametrize(
    "texts",
    [
        {"current": "1u"},
        {"current": "1u", "cells": "3,5 4,0-2", "edge": "falling edge", "is_fast": "yes", "factors": "0.1"},
        {
            "current": "3.3333u",
            "remark": 'say "no", it\'s µ\\n',
            "picture": "C:\\new\\table.png",
            "factors": "",
        },
    ],
)
def test_every_kind_of_value_is_written_as_python_has_it(texts, monkeypatch, capsys):
    bench = _Bench()
    monkeypatch.setattr("labctl.scripting.open_bench", bench.open)
    exec(write_python(Retention, texts, 'my "bench".toml', "C:\\runs"), {})
    assert bench.plan == make(Retention, texts)
    assert bench.opened == ('my "bench".toml', "C:\\runs")


def test_a_long_plan_is_broken_into_lines():
    texts = {"current": "1u", "cells": "0,0-7", "edge": "falling edge"}
    script = write_python(Retention, texts, "b")
    assert "            edge=Edge.DOWN,\n" in script
    assert max(map(len, script.splitlines())) < 220
    assert repr(Cell(0, 7)) in script
    assert str(Edge.__module__) in script


def power_shell_words(line):
    """As PowerShell takes a line of plain and single-quoted words apart."""
    found = re.findall(r"(?:'((?:[^']|'')*)'|(\S+))(?:\s+|$)", line)
    return [quoted.replace("''", "'") or plain for quoted, plain in found]


def test_the_command_for_windows_is_quoted_for_power_shell():
    texts = {
        "target": "C:\\my maps\\it's.csv",
        "known": "",
        "scheme": "V/2",
        "cells": "3,5 4,0-7",
        "x": "$HOME `a;b|c",
    }
    line = command_line("crossbar_program", texts, "virtual_56x8", "D:\\runs", windows=True)
    assert power_shell_words(line) == [
        *("labctl", "run", "crossbar_program", "--bench", "virtual_56x8", "--out", "D:\\runs"),
        *(word for name, text in texts.items() for word in ("--set", f"{name}={text}")),
    ]
    assert "'target=C:\\my maps\\it''s.csv'" in line
    assert " 'cells=3,5 4,0-7' " in line  # a bare comma would make a list of it


def test_inner_double_quotes_ask_power_shell_for_the_one_way_that_all_its_versions_know():
    line = command_line("forming", {"remark": 'say "no"'}, "b", "o", windows=True)
    assert line == (
        "$PSNativeCommandArgumentPassing = 'Legacy'; "
        "labctl run forming --bench b --out o --set 'remark=say \\\"no\\\"'"
    )


@pytest.mark.parametrize("name", procedures())
def test_python_can_be_written_for_every_procedure(name, qtbot):
    compile(write_python(procedures()[name], {}, "virtual_56x8"), name, "exec")
