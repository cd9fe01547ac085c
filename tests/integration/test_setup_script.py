"""scripts/setup.sh with a Python that only notes what it is asked: what is said first, and what is not done twice."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Stands for every Python: notes its arguments, makes .venv of itself, and answers as the variables say.
PYTHON = """#!/usr/bin/env bash
echo "$*" >>"$CALLS"
case "$*" in
    "-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    "-c import torch") test -f .venv/torch ;;
    *torchvision.ops.nms*) test -z "${UNFIT:-}" ;;
    "scripts/choose_torch.py "*) printf '%s' "${PINS:-}" ;;
    "-m pip install "*) touch .venv/torch ;;
esac
"""
PINS = "torch==9.1+cpu\ntorchvision==8.1+cpu\n"
EDITABLE = "-m pip install --quiet --disable-pip-version-check --constraint .venv/constraints.txt --editable ."

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")


@pytest.fixture
def setup(tmp_path):
    """Runs the script in a checkout of its own: exit code, what it said, what Python was asked."""
    checkout, calls = tmp_path / "checkout", tmp_path / "calls"
    (checkout / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "setup.sh", checkout / "scripts")
    for name in ("requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, checkout)
        os.utime(checkout / name, (1, 1))
    tools = tmp_path / "tools"
    tools.mkdir()
    write_tool(tools / "python3", PYTHON)
    write_tool(tools / "uname", "#!/bin/sh\necho Linux\n")

    def run(*argv: str, **variables: str) -> tuple[int, str, list[str]]:
        calls.write_text("")
        kept = {name: value for name, value in os.environ.items() if name not in ("TORCH", "TORCH_INDEX", "PYTHON")}
        environment = {**kept, "PATH": f"{tools}:{os.environ['PATH']}", "CALLS": str(calls), **variables}
        write_tool(tools / "df", f"#!/bin/sh\necho head\necho disk 0 0 {variables.get('FREE', '90000000')} 0 /\n")
        command = ["bash", str(checkout / "scripts" / "setup.sh"), *argv]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=100)
        assert done.stdout == ""
        return done.returncode, done.stderr, calls.read_text().splitlines()

    return run


def write_tool(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def test_the_default_build_is_announced_and_installed_once(setup):
    code, said, calls = setup()
    assert code == 0
    assert (
        "installs PyTorch with CUDA and the other packages into .venv: downloads about 3.3 GB, takes about 6.3" in said
    )
    assert "100 Mbit/s" in said
    assert EDITABLE in calls
    assert not any("--index-url" in call for call in calls)
    code, said, calls = setup()
    assert (code, said, len(calls)) == (0, "", 1)  # the version alone was asked
    assert EDITABLE + "[dev]" in setup("dev")[2]


def test_builds_for_the_cpu_come_from_their_own_index_together(setup):
    code, said, calls = setup(PINS=PINS, TORCH_INDEX="http://mirror")
    assert code == 0
    assert "installs PyTorch for the CPU" in said
    pins = "-m pip install --quiet --disable-pip-version-check --index-url http://mirror -r .venv/constraints.txt"
    assert calls.index("scripts/choose_torch.py auto") < calls.index(pins) < calls.index(EDITABLE)


def test_another_choice_later_replaces_both(setup):
    setup(PINS=PINS)
    code, _, calls = setup(TORCH="default")
    assert code == 0
    assert calls.index("-m pip uninstall --quiet --yes torch torchvision") < calls.index(EDITABLE)
    assert len(setup(TORCH="default")[2]) == 1
    assert len(setup()[2]) == 1


def test_where_no_builds_for_the_cpu_are_to_be_had_it_is_said(setup):
    code, said, _ = setup(TORCH="cpu")
    assert code == 0
    assert "has no CPU builds of torch and torchvision" in said


def test_a_disk_that_is_too_small_is_named_before_anything_is_fetched(setup):
    code, said, calls = setup(FREE="4000000")
    assert code == 1
    assert said.endswith("setup: only 4.0 GB of disk are free here: make room, or put the checkout on a larger disk\n")
    assert not any("pip install" in call for call in calls)
    assert setup(FREE="4000000", PINS=PINS)[0] == 0


def test_builds_that_do_not_fit_together_are_no_success(setup):
    code, said, _ = setup(UNFIT="1")
    assert code == 1
    assert "torch and torchvision do not fit together" in said
    assert len(setup()[2]) > 1  # not taken for done


def test_a_choice_that_is_none(setup):
    code, said, calls = setup(TORCH="gpu")
    assert (code, said, len(calls)) == (1, "setup: TORCH=gpu: write auto, cpu or default\n", 1)
