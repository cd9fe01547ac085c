"""Opening the packages inside a code file."""

import base64
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from kuzushiji_submit.core.scratch import sweep
from kuzushiji_submit.kaggle_kernels.bootstrap import open_bundle
from kuzushiji_submit.kaggle_kernels.bundle import pack_packages


@pytest.fixture
def bundle(tmp_path, monkeypatch) -> bytes:
    (tmp_path / "detection").mkdir()
    (tmp_path / "detection" / "code.py").write_text("ANSWER = 42\n")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "path", [*sys.path])
    return pack_packages(tmp_path)


@pytest.mark.parametrize("before", [None, "/elsewhere"])
def test_this_process_and_its_children_import_from_it(bundle, monkeypatch, before):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    if before:
        monkeypatch.setenv("PYTHONPATH", before)
    text = base64.b64encode(bundle).decode()
    wrapped = "\n".join(text[start : start + 60] for start in range(0, len(text), 60))
    folder = open_bundle(f"\n{wrapped}\n", hashlib.sha256(bundle).hexdigest())
    assert (folder / "detection" / "code.py").read_text() == "ANSWER = 42\n"
    assert Path(sys.path[0]) == folder
    assert os.environ["PYTHONPATH"].split(os.pathsep) == [str(folder), *([before] if before else [])]


def test_a_bundle_that_was_changed_is_refused(bundle):
    with pytest.raises(SystemExit, match="damaged"):
        open_bundle(base64.b64encode(bundle[:-1]).decode(), hashlib.sha256(bundle).hexdigest())


@pytest.mark.parametrize("end", ["", "os.kill(os.getpid(), 9)"])
def test_the_packages_go_with_the_session_or_at_the_next_start(bundle, tmp_path, monkeypatch, end):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    text, digest = base64.b64encode(bundle).decode(), hashlib.sha256(bundle).hexdigest()
    code = f"import os\nfrom {open_bundle.__module__} import open_bundle\nopen_bundle({text!r}, {digest!r})\n{end}"
    environment = {**os.environ, "TMPDIR": str(temporary)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert len(list(temporary.iterdir())) == bool(end)
    sweep(temporary)
    assert list(temporary.iterdir()) == []


def test_the_packages_of_a_living_session_stay(bundle, tmp_path):
    folder = open_bundle(base64.b64encode(bundle).decode(), hashlib.sha256(bundle).hexdigest())
    sweep(tmp_path)
    assert (folder / "detection" / "code.py").is_file()
