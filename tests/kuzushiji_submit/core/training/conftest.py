"""Fixtures of the training room's tests."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest


@pytest.fixture
def small_disk() -> Callable[[Path, str, Sequence[str]], list[str]]:
    """A command that runs another one with so small a disk at a folder, which nobody else sees; needs root."""
    if shutil.which("unshare") is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespace to be had here")

    def wrap(folder: Path, size: str, command: Sequence[str]) -> list[str]:
        mount = f"mount -t tmpfs -o size={size} tmpfs {shlex.quote(str(folder))}"
        return ["unshare", "-m", "sh", "-c", f"{mount} && exec {shlex.join(map(str, command))}"]

    return wrap
