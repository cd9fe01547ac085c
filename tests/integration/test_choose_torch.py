"""Which builds of PyTorch the set-up takes, from package indexes that the test makes."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "choose_torch.py"


def write_wheel(index: Path, name: str, version: str) -> None:
    """A package without content in a folder of the simple index (PEP 503)."""
    folder = index / name
    folder.mkdir(parents=True, exist_ok=True)
    wheel = f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / wheel, "w") as archive:
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    links = "".join(f'<a href="{path.name}">{path.name}</a>\n' for path in folder.glob("*.whl"))
    (folder / "index.html").write_text(f"<!DOCTYPE html><html><body>\n{links}</body></html>\n")


def choose(index: object, choice: str = "cpu") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    environment |= {"TORCH_INDEX": str(index), "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "0"}
    command = [sys.executable, str(SCRIPT), choice]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=250)


@pytest.mark.parametrize(
    ("torch", "torchvision", "pins"),
    [
        ("99.1+cpu", "98.1+cpu", ["torch==99.1+cpu", "torchvision==98.1+cpu"]),
        ("99.1+cpu", "98.1", []),
        ("99.1", "98.1", []),
        ("99.1+cpu", None, []),
        ("1.0+cpu", "0.1+cpu", []),
    ],
)
def test_both_builds_or_neither(tmp_path, torch, torchvision, pins):
    for name, version in (("torch", torch), ("torchvision", torchvision)):
        if version:
            write_wheel(tmp_path, name, version)
    done = choose(tmp_path.as_uri())
    assert (done.returncode, done.stdout.split()) == (0, pins)


def test_an_index_that_does_not_answer_has_none():
    done = choose("http://127.0.0.1:9/simple")
    assert (done.returncode, done.stdout.split()) == (0, [])


def test_the_default_builds_ask_no_index():
    assert choose("http://127.0.0.1:9/simple", "default").stdout == ""
    done = choose("http://127.0.0.1:9/simple", "gpu")
    assert (done.returncode, done.stderr) == (2, "choose_torch: TORCH=gpu: write auto, cpu or default\n")
