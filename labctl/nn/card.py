"""The model card: how a network wants its pixels. It belongs to the weights, and is never guessed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from labctl.core.errors import LabError
from labctl.core.paths import data_folder, user_path
from labctl.core.textfile import read_text

FORMAT = "labctl-card-1"
WHITE = 255.0


class ModelCard(BaseModel):
    """Channel order, mean (pixel units 0..255, in channel order) and scale of a network's input."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
    format: str
    name: str
    channels: str
    mean: tuple[float, float, float]
    scale: float

    @field_validator("format")
    @classmethod
    def _known_format(cls, value: str) -> str:
        if value != FORMAT:
            raise ValueError(f"'{value}' is not known, this version reads '{FORMAT}'")
        return value

    @field_validator("mean", mode="before")
    @classmethod
    def _as_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("channels")
    @classmethod
    def _known_channels(cls, value: str) -> str:
        if value not in ("RGB", "BGR"):
            raise ValueError(f"'{value}' is not known (allowed RGB, BGR)")
        return value

    @field_validator("scale")
    @classmethod
    def _positive(cls, value: float) -> float:
        if value <= 0.0:
            raise ValueError("must be above 0")
        return value

    def prepare(self, image: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Network input (3, rows, columns) of an image (rows, columns, 3) given as red, green, blue."""
        ordered = image if self.channels == "RGB" else image[..., ::-1]
        centred = (ordered.astype(np.float64) - np.array(self.mean)) * self.scale
        return np.moveaxis(centred, -1, 0)

    def __str__(self) -> str:
        """All of it in one line: what a record tells of it."""
        mean = ", ".join(repr(value) for value in self.mean)
        return f"{self.name}: {self.channels}, mean ({mean}), scale {self.scale!r}"

    @property
    def span(self) -> float:
        """Largest |input| that any pixel 0..255 can give."""
        mean = np.array(self.mean)
        return float(np.max(np.maximum(mean, WHITE - mean)) * self.scale)


def find_card(name_or_path: str | Path) -> Path:
    """The file of a model card, by path or by name among those that travel with labctl; LabError names those."""
    path = user_path(name_or_path)
    if path.suffix.lower() != ".toml":
        path = data_folder() / "cards" / f"{name_or_path}.toml"
    if not path.is_file():
        names = ", ".join(sorted(each.stem for each in (data_folder() / "cards").glob("*.toml")))
        raise LabError(f"There is no model card '{name_or_path}'; these travel with labctl: {names}.")
    return path


def load_card(name_or_path: str | Path) -> ModelCard:
    """A model card by path or by name among those that travel with labctl; LabError names every mistake."""
    path = find_card(name_or_path)
    try:
        return ModelCard.model_validate(tomllib.loads(read_text(path)))
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"The model card {path} is not valid TOML: {error}.") from None
    except ValidationError as error:
        told = "; ".join(
            f"{item['loc'][0]}: {item['msg'].removeprefix('Value error, ')}" for item in error.errors()
        )
        raise LabError(f"The model card {path} cannot be used: {told}.") from None
