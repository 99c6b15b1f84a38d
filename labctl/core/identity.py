"""What an instrument answers to `*IDN?`, taken apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_NO_SERIAL = ("", "0", "none", "n/a")


def identified(identity: str) -> dict[str, str]:
    """Maker, model, serial and firmware as IEEE 488.2 orders them in an answer to `*IDN?`; empty for another answer."""
    parts = [part.strip() for part in identity.split(",")]
    names = ("maker", "model", "serial", "firmware")
    return dict(zip(names, parts, strict=True)) if len(parts) == len(names) else {}


def met_twice(identities: Mapping[str, str], addresses: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each instrument that another name of the bench leads to as well: maker, model and serial agree."""
    met: dict[tuple[str, str, str], str] = {}
    for name, identity in identities.items():
        parts = identified(identity)
        if parts.get("serial", "").casefold() in _NO_SERIAL:
            continue
        key = (parts["maker"].casefold(), parts["model"].casefold(), parts["serial"].casefold())
        other = met.setdefault(key, name)
        if other != name:
            yield (
                f"{other} ({addresses[other]}) and {name} ({addresses[name]}) are the same instrument, "
                f"{parts['model']} with serial number {parts['serial']}: correct [visa.addresses], nothing was "
                "switched on"
            )
