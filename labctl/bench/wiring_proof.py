"""What is kept of a proof of the wiring: when, of which bench file and instruments, what was seen and what was not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from labctl.bench.lock import lock_path
from labctl.benchfile import BenchFile

FORMAT = "labctl-wiring-proof-1"
NEVER = "never proven"


class Outcome(Enum):
    """What became of one belief about the wires."""

    PROVEN = "proven"
    FAULT = "fault"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Finding:
    """One belief about the wires: what it is about, what became of it, and what was seen, as a sentence."""

    subject: str
    outcome: Outcome
    text: str


@dataclass(frozen=True)
class WiringProof:
    """What one look at all wires found. `when` is ISO 8601 with offset, `sha256` that of the bench file's text."""

    bench: str
    when: str
    sha256: str
    identities: Mapping[str, str]
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> list[Finding]:
        """What is not as the bench file says."""
        return [each for each in self.findings if each.outcome is Outcome.FAULT]

    @property
    def inconclusive(self) -> list[Finding]:
        """What could not be told apart."""
        return [each for each in self.findings if each.outcome is Outcome.INCONCLUSIVE]


def made(file: BenchFile, identities: Mapping[str, str], findings: Iterable[Finding]) -> WiringProof:
    """The proof of this moment."""
    when = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
    return WiringProof(file.name, when, file.sha256, dict(identities), tuple(findings))


def keep(file: BenchFile, proof: WiringProof) -> Path:
    """Write `proof` down in the place of an earlier one of the same instruments; where."""
    path = proof_path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    found = [asdict(each) | {"outcome": each.outcome.value} for each in proof.findings]
    words = asdict(proof) | {"format": FORMAT, "findings": found}
    new = path.with_suffix(".new")
    new.write_text(json.dumps(words, indent=1, ensure_ascii=False), encoding="utf-8")
    new.replace(path)
    return path


def kept(file: BenchFile) -> WiringProof | None:
    """The latest proof of these instruments; None when there is none that can be read."""
    try:
        words = json.loads(proof_path(file).read_text(encoding="utf-8"))
        if words.pop("format") != FORMAT:
            return None
        found = [
            Finding(each["subject"], Outcome(each["outcome"]), each["text"]) for each in words["findings"]
        ]
        return WiringProof(**words | {"findings": tuple(found)})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def proof_path(file: BenchFile) -> Path:
    """Where the proof of these instruments lies: the same for every bench file that names the same addresses."""
    return lock_path(file).with_suffix(".wiring.json")


def standing_proof(file: BenchFile, identities: Mapping[str, str]) -> dict[str, Any]:
    """What a run says of the wires it ran on, for its record: `state` in words, and when and what was found.

    A proof holds for the bench file as it was, letter by letter, and for the instruments that answered then.
    """
    proof = kept(file)
    if proof is None:
        return {"state": NEVER}
    if proof.sha256 != file.sha256:
        state = "the bench file was changed after its wiring was proven"
    elif dict(proof.identities) != dict(identities):
        state = "other instruments answer than those whose wiring was proven"
    elif proof.faults:
        state = "faults were found"
    else:
        state = "proven"
    told = {"when": proof.when, "faults": len(proof.faults), "inconclusive": len(proof.inconclusive)}
    return {"state": state, **told, "bench_sha256": proof.sha256}
