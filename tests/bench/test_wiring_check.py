"""The proof of the wiring: every kind of fault of the truth is found by looking, and nothing is harmed by it."""

import re
from pathlib import Path

import numpy as np
import pytest
import pyvisa

from labctl.bench import open_bench
from labctl.bench.checks import PROOF_CURRENT, PROOF_VOLTAGE
from labctl.bench.wiring_proof import Outcome, kept, standing_proof
from labctl.benchfile import load_bench
from labctl.core.errors import RouteRefused
from labctl.core.lines import Cell, Line, LineKind
from labctl.core.route import Role, Scheme
from tests.bench.truth import make_sample
from tests.faults.lab import small_bench

WORDS, BITS = 6, 3
FORMED = np.random.default_rng(73).permutation(np.geomspace(10e-6, 190e-6, WORDS * BITS)).reshape(WORDS, BITS)
FRESH = np.full((WORDS, BITS), 1e-9)
COLUMNS = '"1-6" = "word 0-5"'


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path))


def truth_and_belief(tmp_path: Path, *changes: tuple[str, str], faults: str = "") -> tuple[Path, Path]:
    """A bench with `changes` and `faults` in its wires, and the bench file of somebody who knows of neither."""
    truth = small_bench(tmp_path, words=WORDS, bits=BITS)
    text = truth.read_text(encoding="utf-8")
    belief = tmp_path / "belief.toml"
    there = f'library = "{truth.as_posix()}@labctl"'
    belief.write_text(text.replace('library = "{this_file}@labctl"', there), encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    truth.write_text(f"{text}\n[virtual.faults]\n{faults}\n", encoding="utf-8")
    return truth, belief


def proof_of(belief: Path, *, read_first: bool = False):
    """Findings by subject, each (outcome, text)."""
    with open_bench(belief) as bench:
        if read_first:
            read_all(bench)
        return bench.prove_wiring()


def read_all(bench):
    for word in range(WORDS):
        for bit in range(BITS):
            with bench.connect_cell(bench.router.cell_read(Cell(word, bit), 0.1)) as view:
                view.read(0.1)


def remembered_rightly(tmp_path, belief):
    """Read every cell over right wires, so that the ledger of `belief`'s sample knows them."""
    right = tmp_path / "right.toml"
    text = re.sub(r"library = .*", 'library = "{this_file}@labctl"', belief.read_text(encoding="utf-8"))
    right.write_text(text, encoding="utf-8")
    with open_bench(right) as bench:
        read_all(bench)


def faults(proof):
    return {each.subject: each.text for each in proof.faults}


def test_right_wires_are_proven_and_what_nobody_can_see_is_said(tmp_path):
    truth, belief = truth_and_belief(tmp_path)
    make_sample(truth, FORMED)
    proof = proof_of(belief, read_first=True)
    assert faults(proof) == {}
    proven = {each.subject: each.text for each in proof.findings if each.outcome is Outcome.PROVEN}
    assert set(proven) >= {f"row {row}" for row in "ABCDEFH"} | {
        "bit 0-2",
        "word 0-5",
        "neighbours",
        "neuron 0-2",
    }
    assert proven["word 0-5"].startswith("their cells conduct as last read")
    assert "smu1.b" in proven["row B"]
    assert "20.0" in proven["row H"]
    assert "kohm" in proven["row H"]
    assert any("exchanged together" in each.text for each in proof.inconclusive)
    assert any("which output belongs to which neuron" in each.text for each in proof.inconclusive)


def test_fresh_cells_leave_word_lines_inconclusive(tmp_path):
    truth, belief = truth_and_belief(tmp_path)
    make_sample(truth, FRESH)
    proof = proof_of(belief)
    assert faults(proof) == {}
    (words,) = [each for each in proof.inconclusive if each.subject == "word 0-5"]
    assert "once cells are formed" in words.text


EXCHANGED_ROWS = (('A = "smu1.a"', 'A = "smu1.b"'), ('B = "smu1.b"', 'B = "smu1.a"'))


@pytest.mark.parametrize(
    ("changes", "wrong", "subject", "words"),
    [
        (EXCHANGED_ROWS, "", "row A", "smu1.b does: exchanged"),
        (EXCHANGED_ROWS, "", "row B", "smu1.a does: exchanged"),
        ([('D = "smu2.b"', 'D = { terminal = "smu2.b", series = "10 Mohm" }')], "", "row D", "its wire is open"),
        ([('G = "ground"', 'G = { terminal = "ground", series = "10 Mohm" }')], "", "row G", "wire is open"),
        ([('series = "20 kohm"', 'series = "2 kohm"')], "", "row H", "2.00"),
        ([('series = "20 kohm"', 'series = "0 ohm"'),
          ('F = "smu3.b"', 'F = { terminal = "smu3.b", series = "20 kohm" }')
          ], "", "row F", "20.0"),
        ([], 'dead_crosspoints = ["B4"]', "column 4 (word 3)", "do not both close"),
        ([('"57-59" = "bit 0-2"', '"57" = "bit 0"\n"59" = "bit 2"')], "", "bit 1", "is open"),
        ([('"57-59" = "bit 0-2"', '"57" = "bit 1"\n"58" = "bit 0"\n"59" = "bit 2"')], "", "bit 0", "bit 1"),
        ([('"smu3 1-3" = "heater 0-2"', '"smu3 1" = "heater 0"\n"smu3 2" = "heater 2"\n"smu3 3" = "heater 1"')],
         "", "bit 2", "relay of heater 1"),
        ([('"smu3 1-3" = "heater 0-2"', '"smu3 1-2" = "heater 0-1"')], "", "bit 2", "is not seen"),
        ([], "heaters_connected = [2]", "bit 2", "though its isolation relay is open"),
        ([('"65-67" = "neuron 0-2"', '"65" = "neuron 0"\n"67" = "neuron 2"')], "", "neuron 1", "its line is open"),
        ([], 'shorts = { "word 3" = "word 4" }', "word 3 and word 4", "touch"),
        ([], 'shorts = { "bit 0" = "bit 1" }', "bit 0 and bit 1", "touch"),
        ([], 'shorts = { "word 5" = "bit 0" }', "word 5 and bit 0", "they touch"),
        ([], 'shorts = { "bit 2" = "neuron 0" }', "bit 2 and neuron 0", "touch"),
        ([(COLUMNS, '"1-5" = "word 0-4"\n"57" = "word 5"'),
          ('"57-59" = "bit 0-2"', '"6" = "bit 0"\n"58-59" = "bit 1-2"')],
         "", "bit 0", "found on column 6"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("cells", [FORMED, FRESH], ids=["formed", "fresh"])
def test_every_kind_of_fault_is_found(tmp_path, changes, wrong, subject, words, cells):
    truth, belief = truth_and_belief(tmp_path, *changes, faults=wrong)
    make_sample(truth, cells)
    found = faults(proof_of(belief))
    assert subject in found, found
    assert words in found[subject]


@pytest.mark.parametrize(
    ("changes", "subject", "words"),
    [
        ([(COLUMNS, '"1-2" = "word 0-1"\n"3" = "word 3"\n"4" = "word 2"\n"5-6" = "word 4-5"')], "word 2", "word 3"),
        ([(COLUMNS, '"1-2" = "word 0-1"\n"4-6" = "word 3-5"')], "word 2", "the line is open"),
        (
            [('"57-59" = "bit 0-2"', '"57" = "bit 1"\n"58" = "bit 0"\n"59" = "bit 2"'),
             ('"smu3 1-3" = "heater 0-2"', '"smu3 1" = "heater 1"\n"smu3 2" = "heater 0"\n"smu3 3" = "heater 2"')],
            "bit 0", "bit 1",
        ),
    ],
)  # fmt: skip
def test_what_only_known_cells_can_tell(tmp_path, changes, subject, words):
    truth, belief = truth_and_belief(tmp_path, *changes)
    make_sample(truth, FORMED)
    remembered_rightly(tmp_path, belief)
    found = faults(proof_of(belief))
    assert words in found.get(subject, ""), found


def test_the_proof_is_kept_with_file_and_instruments_and_a_run_says_so(tmp_path):
    truth, belief = truth_and_belief(tmp_path)
    make_sample(truth, FORMED)
    with open_bench(belief) as bench:
        assert bench.proven() == {"state": "never proven"}
        proof = bench.prove_wiring()
        assert bench.proven()["state"] == "proven"
        identities = bench.identities()
    file = load_bench(belief)
    assert kept(file) == proof
    assert standing_proof(file, {**identities, "smu1": "another"})["state"].startswith("other instruments")
    belief.write_text(belief.read_text(encoding="utf-8") + "# a note\n", encoding="utf-8")
    assert standing_proof(load_bench(belief), identities)["state"].startswith("the bench file was changed")


def test_looking_harms_nothing(tmp_path):
    truth, belief = truth_and_belief(
        tmp_path, faults='shorts = { "word 3" = "word 4" }\nheaters_connected = [1]'
    )
    make_sample(truth, FORMED)
    with open_bench(belief) as bench:
        world = pyvisa.ResourceManager(bench.file.library).visalib._world
        before = world.die.cells.log_conductance.copy()
        bench.prove_wiring()
        assert bench.at_rest
        assert np.abs(world.die.cells.log_conductance - before).max() < 0.05
        assert not world.relay_record()[1], "no relay moved hot"
        assert bench.ledger.books.pulses == 0


def test_a_proof_route_is_for_nothing_else(tmp_path):
    _, belief = truth_and_belief(tmp_path)
    word, bit = Line(LineKind.WORD, 1), Line(LineKind.BIT, 1)
    with open_bench(belief) as bench:
        plan = bench.router.proof
        with pytest.raises(RouteRefused, match="proven with at most"):
            plan({"B": [word]}, {"B": 1.0}, 2.0 * PROOF_VOLTAGE, PROOF_CURRENT)
        with pytest.raises(RouteRefused, match="proven with at most"):
            plan({"B": [word]}, {"B": 1.0}, PROOF_VOLTAGE, 2.0 * PROOF_CURRENT)
        with pytest.raises(RouteRefused, match="two sources"):
            plan({"B": [word], "A": [word]}, {"B": 1.0}, PROOF_VOLTAGE, PROOF_CURRENT)
        with pytest.raises(RouteRefused, match="two sources"):
            plan({"G": [word], "B": [word], "A": [word]}, {"B": 1.0}, PROOF_VOLTAGE, PROOF_CURRENT)
        route = plan({"B": [word], "G": [word, bit]}, {"B": 1.0}, PROOF_VOLTAGE, PROOF_CURRENT)
        assert route.worst_case.min() == PROOF_VOLTAGE
        assert {feed.role for feed in route.feeds} == {Role.PROBE}
        write = bench.router.cell_write(Cell(1, 1), 1.0, Scheme.HALF, 1e-4)
        assert len({column for _, column in write.crosspoints}) == len(write.crosspoints)
