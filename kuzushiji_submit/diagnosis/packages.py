"""Python and the packages: which versions there are, and whether they are those that the project asks for."""

import platform
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import kuzushiji_submit
from kuzushiji_submit.diagnosis.finding import Finding, Verdict

MINIMUM_PYTHON = (3, 11)
NEEDED_TO_READ = frozenset(
    {"torch", "torchvision", "numpy", "opencv-python", "pillow", "pydantic", "safetensors", "tqdm"}
)
STAND_INS = {"opencv-python": ("opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless")}
"""Packages that hold the same modules as the one that is asked for."""

_ROOT = Path(next(iter(kuzushiji_submit.__path__))).parent
INSTALL = "run bash scripts/setup.sh, or pip install --upgrade -r requirements.txt"


def look_at_python() -> Iterator[Finding]:
    """The project's version, and Python's."""
    yield Finding("kuzushiji", f"{kuzushiji_submit.__version__} ({_ROOT})")
    version = f"{platform.python_version()} on {platform.system()} {platform.machine()} ({sys.executable})"
    if sys.version_info < MINIMUM_PYTHON:
        needed = ".".join(map(str, MINIMUM_PYTHON))
        yield Finding("Python", version, Verdict.FAULT, f"install Python {needed} or newer")
    else:
        yield Finding("Python", version)


def look_at_packages(version_of: Callable[[str], str] = metadata.version) -> Iterator[Finding]:
    """What requirements.txt asks for: one line of all that is well, one for each package that is not.

    Args:
        version_of: the installed version by a package's name; raises PackageNotFoundError where there is none.
    """
    try:
        from packaging.requirements import Requirement

        required = _required()
    except (metadata.PackageNotFoundError, ImportError) as error:
        yield Finding("packages", f"not looked at ({error})", Verdict.NOTE, INSTALL)
        return
    well = []
    for requirement in map(Requirement, required):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        found = _find(requirement.name, version_of)
        # A pre-release of what is asked for, as of torch, is taken for what it is.
        if found is not None and requirement.specifier.contains(found[1], prereleases=True):
            well.append(" ".join(found))
        else:
            yield _lacking(requirement.name, str(requirement.specifier), found)
    yield Finding("packages", ", ".join(well))


def _required() -> list[str]:
    """What the checkout asks for, or else the installed package."""
    listed = _ROOT / "requirements.txt"
    if listed.is_file():
        return listed.read_text(encoding="utf-8").split()
    return metadata.requires("kuzushiji-submit") or []


def _find(name: str, version_of: Callable[[str], str]) -> tuple[str, str] | None:
    """Name and version of a package, or of one that stands in for it."""
    for candidate in (name, *STAND_INS.get(name, ())):
        try:
            return candidate, version_of(candidate)
        except metadata.PackageNotFoundError:
            continue
    return None


def _lacking(name: str, wanted: str, found: tuple[str, str] | None) -> Finding:
    state = f"{' '.join(found)} is installed, {wanted} is needed" if found else f"{name} is not installed"
    # An older one may do: the trial tells. Without one nothing can be read.
    fatal = found is None and name.lower() in NEEDED_TO_READ
    return Finding("packages", state, Verdict.FAULT if fatal else Verdict.NOTE, INSTALL)
