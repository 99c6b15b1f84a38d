"""Everything that can be run by its name: procedures on the array, and whole jobs composed of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from labctl.core.errors import PlanError
from labctl.nn.orders import ImageMaps
from procedures import catalogue

_JOBS: Mapping[str, type] = {"image_maps": ImageMaps}


@cache
def procedures() -> Mapping[str, type]:
    """Every procedure and job by its name, sorted.

    Raises PlanError when an installed package offers what is no procedure, or a name that is taken.
    """
    found = catalogue.procedures()
    taken = ", ".join(sorted(set(found) & set(_JOBS)))
    if taken:
        raise PlanError(f"An installed package offers a procedure '{taken}', which exists already.")
    return dict(sorted({**found, **_JOBS}.items()))


def find(name: str) -> type:
    """The procedure or job of this name (`image_maps`, `image-maps`); PlanError naming those that exist."""
    return catalogue.find(name, procedures())
