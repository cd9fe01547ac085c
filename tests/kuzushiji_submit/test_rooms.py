"""The house's plan: which room may import which, and what must stay light."""

import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

import kuzushiji_submit
from kuzushiji_submit.cli.command_groups import COMMANDS, command_module

PACKAGE = Path(next(iter(kuzushiji_submit.__path__)))
ROOT = PACKAGE.parent
LIGHT = (
    "kuzushiji_submit",
    "kuzushiji_submit.cli",
    "kuzushiji_submit.competition.scoring",
    "kuzushiji_submit.competition.submission",
    "kuzushiji_submit.core.boxes",
    "kuzushiji_submit.core.charset",
    "kuzushiji_submit.core.errors",
    "kuzushiji_submit.core.files",
    "kuzushiji_submit.core.page.ink",
    "kuzushiji_submit.core.page.read",
    "kuzushiji_submit.core.settings",
    "kuzushiji_submit.reading.predict",
    "kuzushiji_submit.report.build_report",
    "detection.ink.detector",
)


# What both stages have, each its own, and what rooms have in common.
MIRRORED = {
    "augment",
    "config",
    "detector",
    "ensemble",
    "inference",
    "module",
    "network",
    "registry",
    "render",
    "run",
    "stages",
    "step",
    "weights_file",
}


def test_two_files_of_one_name_mean_the_same() -> None:
    """Either it is the command that does what the other is for, or a name that several rooms use alike."""
    paths = [path for room in ("kuzushiji_submit", "detection", "recognition") for path in (ROOT / room).rglob("*.py")]
    commands = {PACKAGE / "cli" / f"{command_module(command)}.py" for command in COMMANDS}
    assert commands < set(paths)
    names = Counter(path.stem for path in paths if path not in commands and not path.stem.startswith("__"))
    assert {name for name, count in names.items() if count > 1} == MIRRORED


def test_every_room_stands_in_the_contract_of_layers() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in contracts["contracts"] if contract["type"] == "layers")
    named = {module.strip() for layer in layers for module in layer.replace("|", ":").split(":")}
    rooms = {f"kuzushiji_submit.{path.parent.name}" for path in PACKAGE.glob("*/__init__.py")}
    assert named == rooms | {"detection", "recognition"}


def test_no_module_stands_outside_a_room() -> None:
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py"}


@pytest.mark.parametrize("module", LIGHT)
def test_it_loads_without_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
