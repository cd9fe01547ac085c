"""Opening the packages inside a code file."""

import base64
import hashlib
import os
import sys
import tempfile
from pathlib import Path

import pytest

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
