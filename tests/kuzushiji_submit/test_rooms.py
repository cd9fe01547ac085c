"""The house's plan: which room may import which, and what must stay light."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import kuzushiji_submit

PACKAGE = Path(next(iter(kuzushiji_submit.__path__)))
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


def test_every_room_stands_in_the_contract_of_layers() -> None:
    contracts = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
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
