"""Where things lie: benches and presets that travel with labctl, samples and caches in the user's folders."""

import os
from importlib.resources import files
from pathlib import Path

from platformdirs import user_cache_path, user_data_path, user_state_path

from labctl.core.errors import LabError
from labctl.core.names import kept_path
from labctl.core.textfile import printable

SAMPLE, LEDGER, RELAYS, DEVICES = ".npz", ".ledger.jsonl", ".relays.jsonl", ".devices"
"""How the files of a sample end, and the folder of a wafer's devices."""
CAMPAIGN_FILE = "campaign.json"
"""What lies in the folder of a wafer, above the folders of its dies."""


def data_folder() -> Path:
    """The data that travels with labctl: inside an installed wheel, or the `data` folder of a checkout."""
    package = Path(str(files("labctl")))
    installed = package / "_data"
    return installed if installed.is_dir() else package.parent / "data"


def user_path(typed: str | Path) -> Path:
    """A path as somebody typed it, `~` being the home folder.

    Raises LabError when it names the home of a user who does not exist.
    """
    try:
        return Path(typed).expanduser()
    except RuntimeError:
        raise LabError(
            f"'{typed}' begins with a home folder that does not exist: write the whole path, or ./{typed}."
        ) from None


def find_bench(name_or_path: str | Path) -> Path:
    """A bench file by its path, or by its name among those that travel with labctl.

    Raises LabError naming the benches that exist.
    """
    path = user_path(name_or_path)
    if path.suffix.lower() == ".toml":
        if path.is_file():
            return path.resolve()
        raise LabError(f"There is no bench file {printable(path)}.")
    shipped = data_folder() / "benches"
    found = shipped / f"{name_or_path}.toml"
    if found.is_file():
        return found
    names = ", ".join(sorted(each.stem for each in shipped.glob("*.toml")))
    raise LabError(
        f"There is no bench '{name_or_path}'; these travel with labctl: {names}. Or give the path of a .toml."
    )


def find_wafer_plan(name_or_path: str | Path) -> Path:
    """A wafer plan by its path, or by its name among those that travel with labctl.

    Raises LabError naming the plans that exist.
    """
    path = user_path(name_or_path)
    if path.suffix.lower() == ".toml":
        if path.is_file():
            return path.resolve()
        raise LabError(f"There is no wafer plan {printable(path)}.")
    shipped = data_folder() / "wafers"
    found = shipped / f"{name_or_path}.toml"
    if found.is_file():
        return found
    names = ", ".join(sorted(each.stem for each in shipped.glob("*.toml")))
    raise LabError(
        f"There is no wafer plan '{name_or_path}'; these travel with labctl: {names}. Or give the path of a .toml."
    )


def find_preset(name_or_path: str | Path) -> Path:
    """A device preset by its path, or by its name among those that travel with labctl."""
    path = user_path(name_or_path)
    if path.suffix.lower() == ".toml" and path.is_file():
        return path.resolve()
    found = data_folder() / "presets" / f"{name_or_path}.toml"
    if found.is_file():
        return found
    names = ", ".join(sorted(each.stem for each in found.parent.glob("*.toml")))
    raise LabError(f"There is no device preset '{name_or_path}'; these travel with labctl: {names}.")


def samples_folder() -> Path:
    """Where virtual samples outlive the program; the variable LABCTL_SAMPLES moves it."""
    moved = os.environ.get("LABCTL_SAMPLES")
    return Path(moved) if moved else user_data_path("labctl", appauthor=False) / "samples"


def state_folder() -> Path:
    """Where programs leave notes for one another, such as who holds a bench; moves with LABCTL_SAMPLES."""
    moved = os.environ.get("LABCTL_SAMPLES")
    return Path(moved) / "state" if moved else user_state_path("labctl", appauthor=False)


def sample_file(named: str) -> Path:
    """The file of a virtual sample: `named` itself when it ends in `.npz`, else a name in the samples folder."""
    path = user_path(named)
    return path if path.suffix.lower() == ".npz" else kept_path(samples_folder(), named, SAMPLE)


def sample_ledger(file: Path) -> Path:
    """What has been done to the virtual sample at `file`."""
    return file.with_suffix(LEDGER)


def relay_ledger(file: Path) -> Path:
    """What the relays have done that came with the virtual sample at `file`."""
    return file.with_suffix(RELAYS)


def devices_folder(wafer: Path) -> Path:
    """What is kept of each device of a wafer, given its path without suffix."""
    return wafer.with_name(f"{wafer.name}{DEVICES}")


def device_name(x: int, y: int, dx: float = 0.0, dy: float = 0.0) -> str:
    """The device `dx`, `dy` m from the reference point of die (x, y), as a file's name: `x003_y-002_+1500_-20um`.

    Two places less than a micrometre apart are the same.
    """
    microns = round(dx * 1e6), round(dy * 1e6)
    offset = f"_{microns[0]:+d}_{microns[1]:+d}um" if any(microns) else ""
    numbers = (f"{'-' if number < 0 else ''}{abs(number):03d}" for number in (x, y))
    return "x{}_y{}".format(*numbers) + offset


def use_compiler_cache() -> None:
    """Keep compiled code in the user's cache folder, whoever owns the installation."""
    os.environ.setdefault("NUMBA_CACHE_DIR", str(user_cache_path("labctl", appauthor=False) / "numba"))
