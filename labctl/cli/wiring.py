"""A proof of the wiring as a table for people."""

from __future__ import annotations

from rich.console import Console

from labctl.bench.wiring_proof import Outcome, WiringProof
from labctl.cli.terminal import columns

STYLES = {Outcome.PROVEN: "", Outcome.FAULT: "bold red", Outcome.INCONCLUSIVE: "yellow"}


def print_proof(console: Console, proof: WiringProof) -> None:
    """Every finding, then how many there are of each kind."""
    table = columns("wiring", "outcome", "what was seen")
    for outcome in (Outcome.FAULT, Outcome.PROVEN, Outcome.INCONCLUSIVE):
        for each in proof.findings:
            if each.outcome is outcome:
                table.add_row(each.subject, each.outcome.value, each.text, style=STYLES[outcome])
    console.print(table)
    count = len(proof.faults)
    faults = "no fault" if not count else "1 fault" if count == 1 else f"{count} faults"
    console.print(f"Wiring: {faults} found, {len(proof.inconclusive)} inconclusive; the proof is kept.")
